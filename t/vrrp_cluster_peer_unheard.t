#!/usr/bin/perl

# "takeover_check peer": advertisements are lost, but the MASTER lives and says
# so on the peer link. The BACKUP does not take over, and reports it. It takes
# over from a MASTER that is killed or frozen. Two nodes that hear each other
# on the link only agree which of them is MASTER.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my ($VIP, $VIP6) = ($VRRP::Lab::VIP, 'fd64::200');
my %PRIORITY = (lb1 => 200, lb2 => 100);
my $PATIENCE = 5;

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
my $peers = join ' ', map { 'peer=' . $lab->node($_)->address } qw(lb1 lb2);
my $fifo = $lab->node('lb2')->dir . '/events';
my %nginx = map { $_ => start($_) } qw(lb1 lb2);

$lab->node('lb2')->spawn({ output => "$fifo.text", tag => 'events' },
                         'sh', '-c', "exec cat <>$fifo");


sub start ($name) {
    my $notify = $name eq 'lb2' ? "notify_fifo $fifo events=adverts_lost;" : '';

    return $lab->start_nginx($name, expect => qr/exited on signal 9/,
                             vrrp => <<"END", http => <<'END2');
    router_id $name;
    peer_link on $peers;
    $notify
    vrrp_instance VI_1 {
        interface $VRRP::Node::INTERFACE;
        priority $PRIORITY{$name};
        virtual_router_id 51;
        virtual_ipaddress $VIP/24;
        virtual_ipaddress $VIP6/64;
    }
END
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
    }
END2
}


# Its routers of both families.
sub parts ($name) {
    return map { ($_, $_->{other_family} // ()) }
               @{ $nginx{$name}->status->{instances} };
}

sub transitions ($name) {
    return join ' ', map { $_->{counters}{transitions} } parts($name);
}

sub linked () {
    $lab->wait_until('a link', $PATIENCE, sub {
        2 == grep { my $n = $_; grep { $_->{state} eq 'up' }
                                    @{ $nginx{$n}->status->{peers} } }
            qw(lb1 lb2) });
}

sub lost ($n) {
    return scalar(grep { $_->{adverts_lost} } parts('lb2')) == $n;
}

sub drop_on (@names) {
    $lab->node($_)->drop_vrrp('in') for @names;
}

sub told () {
    return VRRP::Proc::slurp("$fifo.text") // '';
}

# lb1 stays MASTER for this time, and nothing moves.
sub stays ($why, $seconds) {
    my $before = join ' ', map { transitions($_) } qw(lb1 lb2);
    my $until = time + $seconds;
    my %holders;

    while (time < $until) {
        $holders{join ' ', $lab->who_has($_)}++ for $VIP, $VIP6;
        sleep 0.1;
    }
    is(join(', ', sort keys %holders), 'lb1', "$why: lb1 keeps the addresses");
    is(join(' ', map { transitions($_) } qw(lb1 lb2)), $before,
       "$why: nothing moves");
}

sub settled_on ($name, $why) {
    ok(eval { $lab->wait_for_holder($name, $PATIENCE, $_) for $VIP, $VIP6; 1 },
       $why) or diag($@, map { $nginx{$_}->log_text } qw(lb1 lb2));
}


settled_on('lb1', 'lb1 is MASTER');
linked();
sleep 0.5;

# --- lost in one direction -----------------------------------------------------

my $since = time;
drop_on('lb2');
ok(eval { $lab->wait_until('a report', $PATIENCE, sub { lost(2) }) },
   'lb2 reports lost advertisements of both families') or diag($@);
cmp_ok(time - $since, '<', 5, 'in time, s');
my ($part) = parts('lb2');
like($part->{adverts_lost}{detail},
     qr/^\S+, priority 200, answers on the peer link that it is MASTER, but /,
     'the status has the reason');
like($nginx{lb2}->log_text, qr/\[warn\].*adverts lost for \d+ ms: /,
     'so has the log');
ok(eval { $lab->wait_until('an event', $PATIENCE, sub {
              told() =~ /^INSTANCE "VI_1" ADVERTS_LOST 100$/m }) },
   'and there is an event');
stays('lost in one direction', 1.5);
my $told = told();

$nginx{lb2}->reload;
stays('reload of the BACKUP', 1);
$nginx{lb1}->reload;
stays('reload of the MASTER', 1);
is(told(), $told, 'no reload causes an event');

$lab->node('lb2')->let_vrrp_pass;
ok(eval { $lab->wait_until('the end', $PATIENCE, sub { lost(0) }) },
   'it ends when advertisements arrive');
like($nginx{lb2}->log_text, qr/adverts lost: ended, advertisements arrive/,
     'the log says so');
ok(eval { $lab->wait_until('an event', $PATIENCE, sub {
              told() =~ /ADVERTS_HEARD/ }) }, 'and an event');

# --- in both directions ----------------------------------------------------------

drop_on('lb1', 'lb2');
stays('lost in both directions', 1.5);

$nginx{lb1}->signal('KILL', map { $_->{pid} // $_ } $nginx{lb1}->processes);
settled_on('lb2', 'lb2 takes over from a MASTER that was killed');

# --- the better one stays ----------------------------------------------------------

$nginx{lb1}->start;
settled_on('lb1', 'lb1 comes back, and lb2 yields');
($part) = parts('lb2');
like($part->{reason}, qr/is MASTER, too, and has higher priority 200/,
     'because lb1 says on the link that it is MASTER');
stays('known by the link only', 1);

$nginx{lb1}->stop('QUIT');
settled_on('lb2', 'lb2 takes over from a MASTER that leaves');
is(scalar(grep { $_->{reason} =~ /leaves, and has named this node/ }
          parts('lb2')), 2, 'which says so on the link');
$nginx{lb1}->start;
settled_on('lb1', 'lb1 comes back again');

# --- frozen ------------------------------------------------------------------------

$lab->node($_)->let_vrrp_pass for qw(lb1 lb2);
$lab->wait_until('advertisements', $PATIENCE, sub { lost(0) });
for my $blocked (0, 1) {
    my $why = $blocked ? ', also without advertisements' : '';

    drop_on('lb2') if $blocked;
    sleep 0.5;
    my @frozen = $nginx{lb1}->vrrp_processes;
    $nginx{lb1}->signal('STOP', @frozen);
    ok(eval { $lab->wait_until('a takeover', $PATIENCE, sub {
                  2 == grep { $_->{state} eq 'MASTER' } parts('lb2') }) },
       "lb2 takes over from a MASTER that is frozen$why");
    $lab->node('lb2')->let_vrrp_pass if $blocked;
    $nginx{lb1}->signal('CONT', @frozen);
    settled_on('lb1', 'and lb1 comes back');
}

$lab->finish;
done_testing;
