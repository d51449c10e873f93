#!/usr/bin/perl

# The vrrp process as a process of nginx: its descriptors, and that it never
# outlives its master or its time.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $VIP = $VRRP::Lab::VIP;

my $classic = VRRP::Classic->new(profile => 'v3');
my $lab = VRRP::Lab->new(nodes => ['lb1']);
my $node = $lab->node('lb1');

my $nginx = $lab->start_nginx('lb1', expect => qr/on signal 9/,
    vrrp => $classic->vrrp('lb1'), http => $classic->status_server);
$lab->wait_for_holder('lb1', 10);


# When a vrrp process ends, the master makes all processes close its channel,
# including workers of an earlier configuration that still have a client.
subtest 'old workers' => sub {
    my ($worker) = $nginx->workers;
    my $before = descriptors_of($worker);

    my @clients = map { slow_client() } 1 .. 8;
    $lab->wait_until('the worker to have a client', 5,
                     sub { keys descriptors_of($worker)->%* > keys %$before });

    for my $round (1 .. 3) {
        replaced_by(sub { $nginx->command('reload') });

        my $now = descriptors_of($worker);
        is_deeply([@$now{0 .. 2}], [@$before{0 .. 2}],
                  "reload $round: its descriptors are its own");
    }

    # worker_shutdown_timeout
    sleep 3.5;
    unlike($nginx->log_text, qr/master process died/,
           'the end of their time is not that of the master');

    $node->reap($_) for @clients;
};


subtest 'logs of earlier configurations are closed' => sub {
    replaced_by(sub { reload(logging_to('first.log')) });

    is(join(' ', logs_open()), 'error.log error.log first.log',
       'the logs of the configuration, and stderr');

    for my $name ('second.log', 'third.log') {
        rename $nginx->error_log, $nginx->error_log . ".before-$name";
        replaced_by(sub { reload(logging_to($name)) });

        is(join(' ', logs_open()), "error.log error.log $name",
           "$name in place of the one before");
    }
};


# The kernel has taken the address away when the next vrrp process starts, and
# that one cannot take it: workers have nothing to wait for when they quit.
subtest 'a killed one holds nothing' => sub {
    my ($pid) = $nginx->vrrp_processes;

    kill 'STOP', $nginx->masters;
    kill 'KILL', $pid;
    $lab->wait_until('the lease to end', 5, sub { !$node->has_address($VIP) });
    $node->run(qw(ip link set vrlab0 down));
    kill 'CONT', $nginx->masters;
    $lab->wait_until('the next to know', 5, sub { $nginx->state eq 'FAULT' });

    my $started = time;
    $nginx->command('quit');
    $nginx->wait_gone;
    cmp_ok(time - $started, '<', 2.5, 'quit does not wait');

    $node->run(qw(ip link set vrlab0 up));
};


# The next vrrp process waits for the first result of a new tracker, for 0.25 s,
# and the old one waits for it.
subtest 'QUIT in the middle of a reload' => sub {
    my %whole = (vrrp => $classic->vrrp('lb1'));
    $nginx->configure(%whole);
    $nginx->start;
    $lab->wait_for_holder('lb1', 10);

    reload(vrrp => $classic->vrrp('lb1',
        instance => 'track_script "/bin/sleep 1" timeout=2s;'));
    $lab->wait_until('two vrrp processes', 5,
                     sub { $nginx->vrrp_processes == 2 });
    my $started = time;
    kill 'QUIT', $nginx->masters;
    $nginx->wait_gone(40);
    cmp_ok(time - $started, '<', 8, 'the old one does not wait longer');
    like($nginx->log_text, qr/MASTER -> INIT: nginx is shutting down/,
         'and gives the address up');

    $nginx->configure(%whole);
};


# nginx's documented way back from a binary upgrade. Its master starts workers
# for that, and nothing else.
subtest 'USR2, WINCH and HUP to the old master, QUIT to the new' => sub {
    $nginx->start;
    $lab->wait_for_holder('lb1', 10);

    my ($old) = $nginx->masters;
    kill 'USR2', $old;
    $lab->wait_until('the new nginx', 10,
        sub { $nginx->masters == 2 && $nginx->vrrp_processes == 2 });
    my ($new) = grep { $_ != $old } $nginx->masters;

    kill 'WINCH', $old;
    $lab->wait_until('the old one to rest', 10,
        sub { $nginx->workers == 2 && $nginx->vrrp_processes == 1 });
    unlike($nginx->log_text, qr/no vrrp process/, 'not yet');

    kill 'HUP', $old;
    $lab->wait_until('the log to tell', 5,
        sub { $nginx->log_text =~ /its workers but not the vrrp process/ });

    kill 'QUIT', $new;
    $lab->wait_until('the new one to end', 10, sub { $nginx->masters == 1 });

    kill 'HUP', $old;
    $lab->wait_for_holder('lb1', 10);
    pass('a reload makes it good');

    $nginx->stop;
};


# Enough instances that their status needs another size of shared memory.
subtest 'removed instances, and smaller shared memory' => sub {
    my $one = sub ($i) {
        return "vrrp_instance V$i { interface vrlab0; advert_int 1s;"
            . " virtual_router_id $i; virtual_ipaddress 10.0.$i.1;"
            . " track_nginx off; }\n";
    };

    $nginx->configure(vrrp => join '', map { $one->($_) } 1 .. 160);
    $nginx->start;
    $lab->wait_until('all to be held', 20, sub {
        return 160 == grep { /^10\./ } $node->addresses;
    });

    replaced_by(sub { reload(vrrp => $one->(1)) });
    is(join(' ', grep { /^10\./ } $node->addresses), '10.0.1.1',
       'only what is configured is left');

    $nginx->stop;
};


# A listening socket, the channel and a client are three.
subtest 'a worker has all of its worker_connections' => sub {
    $nginx->configure(vrrp => $classic->vrrp('lb1'), workers => 1,
        connections => 3, http => $classic->status_server);
    $nginx->start;
    $lab->wait_for_holder('lb1', 10);
    is($nginx->state, 'MASTER', 'it answers');
    $nginx->stop;
};


# The new vrrp process has all the old workers to watch at first.
subtest 'from 60 workers to 1 in a reload' => sub {
    $nginx->configure(workers => 60, connections => 64);
    $nginx->start;
    $lab->wait_for_holder('lb1', 20);
    my $before = length $nginx->log_text;

    replaced_by(sub { reload(workers => 1) });
    $lab->wait_until('one worker', 10, sub { $nginx->workers == 1 });

    my $log = substr $nginx->log_text, $before;
    unlike($log, qr/connections are not enough/, 'there is room for all');
    unlike($log, qr/\w+ -> \w+: /, 'and no state changes');
    is($nginx->state, 'MASTER', 'it answers');
    $nginx->stop;
};


subtest 'one that stands aside ends with its master' => sub {
    $nginx->configure(wrapper =>
        ['setpriv', '--bounding-set', '-net_admin,-net_raw', '--']);
    $nginx->start;

    $lab->wait_until('the status to say why', 5, sub {
        ($nginx->status->{instances}[0]{reason} // '') =~ /CAP_NET_ADMIN/;
    });

    kill 'KILL', $nginx->masters;
    $nginx->wait_gone;
    pass('nothing is left');
};

$lab->finish;
done_testing;


# A request that is never complete.
sub slow_client () {
    return $node->spawn({ tag => 'slow' }, 'bash', '-c',
        'exec 3<>/dev/tcp/127.0.0.1/8080; printf "GET " >&3; exec sleep 60');
}


sub logging_to ($name) {
    return http => 'access_log ' . $nginx->dir . "/$name;"
        . $classic->status_server;
}


sub reload (%changes) {
    $nginx->configure(%changes);
    $nginx->command('reload');
}


# Another vrrp process comes in the place of the one there is.
sub replaced_by ($act) {
    my ($old) = $nginx->vrrp_processes;

    $act->();

    $lab->wait_until('another vrrp process', 10, sub {
        my @now = $nginx->vrrp_processes;
        return @now == 1 && $now[0] != $old;
    });
}


# The descriptors of the vrrp process.
sub open_files () {
    my ($pid) = $nginx->vrrp_processes;

    return grep { defined } map { readlink } glob "/proc/$pid/fd/*";
}


# The same of another process, by number.
sub descriptors_of ($pid) {
    return { map { m{/(\d+)$} => readlink } glob "/proc/$pid/fd/*" };
}


sub logs_open () {
    my $dir = $nginx->dir;

    return sort grep { !/\.vrrp_\w+$/ }
           map { m{^\Q$dir\E/(.*)} ? $1 : () } open_files();
}
