package VRRP::Bench::Event;

# What is done to the node that has the address, by name: title, act, and how it
# is undone (undo) after some time (lasts, s). Both get what
# VRRP::Bench::System::start() returns.

use v5.36;

use VRRP::Lab;

our %EVENTS = (
    nothing => {
        title => '(nothing)',
        act   => sub ($system) { },
    },
    reload => {
        title => '`nginx -s reload`',
        act   => sub ($system) { $system->nginx->command('reload') },
    },
    quit => {
        title => '`nginx -s quit`',
        act   => sub ($system) { $system->nginx->command('quit') },
    },
    stop => {
        title => '`nginx -s stop` (TERM)',
        act   => sub ($system) { $system->nginx->command('stop') },
    },
    master => {
        title => '`kill -9` of the master process',
        act   => sub ($system) { kill 'KILL', $system->nginx->masters },
    },
    workers => {
        title => '`kill -9` of all workers',
        act   => sub ($system) { kill 'KILL', $system->nginx->workers },
    },
    killall => {
        title => '`killall -9 nginx`',
        act   => sub ($system) {
            $system->lab->node('lb1')->run(qw(killall -9),
                                           $system->command_name);
        },
    },
    speaker => {
        title => '`kill -9` of the VRRP process',
        act   => sub ($system) { kill 'KILL', $system->speakers },
    },

    # None of them sees another one's end.
    everything => {
        title => '`kill -9` of everything',
        act   => sub ($system) {
            my @pids = $system->everything;
            kill 'STOP', @pids;
            kill 'KILL', @pids;
        },
    },
    freeze => {
        title => 'SIGSTOP of everything, SIGCONT after 6 s',
        act   => sub ($system) { kill 'STOP', $system->everything },
        undo  => sub ($system) { kill 'CONT', $system->everything },
        lasts => 6,
    },
    hang => {
        title => 'all workers hang (SIGSTOP)',
        act   => sub ($system) { kill 'STOP', $system->nginx->workers },
    },
    address => {
        title => 'VIP deleted by hand',
        act   => sub ($system) {
            $system->lab->node('lb1')->run(qw(ip address del),
                "$VRRP::Lab::VIP/24", 'dev', $VRRP::Node::INTERFACE);
        },
    },
    link => {
        title => 'link down',
        act   => sub ($system) { $system->lab->unplug('lb1') },
    },
);


sub named ($class, $name) {
    return $EVENTS{$name} // die "no event \"$name\"\n";
}


1;
