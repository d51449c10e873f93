#!/usr/bin/perl

# The address follows the result for clients: when one balancer cannot reach
# the web servers, the other one gets the address; when none can, exactly one
# keeps it. bench/checks measures the time.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Checks;

my $checks = VRRP::Checks->new(
    balancers => [qw(lb1 lb2)],
    servers   => 'server 192.168.64.143 max_fails=0;'
                 . ' server 192.168.64.138 max_fails=0;',
    check     => 'http interval=10ms timeout=30ms fall=2 rise=2 jitter=0%',
    instance  => 'track_upstream web weight=-20;');

my $lab = $checks->lab;
my %watch = map { $_ => $lab->watch_addresses($_) } qw(lb1 lb2);
my @web = map { $lab->node($_)->address } qw(web1 web2);


sub moved ($name, $since) {
    my ($event) = grep { $_->{present} }
                  $watch{$name}->events($VRRP::Checks::VIP, $since);

    return $event ? 1000 * ($event->{time} - $since) : 99999;
}


sub tracker ($name) {
    my ($instance) = @{ $checks->nginx($name)->status->{instances} };
    my ($tracker) = grep { $_->{type} eq 'track_upstream' }
                    @{ $instance->{trackers} };

    return ($instance, $tracker);
}


sub cut ($name)    { $lab->node($name)->drop_traffic(@web) }
sub repair ($name) { $lab->node($name)->let_traffic_pass }


{
    my $since = time;
    cut('lb1');

    ok(eval { $lab->wait_for_holder('lb2', 5) }, 'lb2 takes over') or diag($@);
    note(sprintf 'lb2 after %d ms', moved('lb2', $since));
    cmp_ok(moved('lb2', $since), '<', 1000, 'in time, ms');

    my ($instance, $tracker) = tracker('lb1');
    is($instance->{state}, 'BACKUP', 'lb1 is no fault, it is second');
    is($instance->{priority}{effective}, 80, 'its priority says so');
    is($tracker->{state}, 'down', 'because of the pool');
    like($tracker->{reason}, qr/0 of 2/, 'in words');
    like($checks->nginx('lb1')->log_text, qr/priority 100 -> 80.*web/,
         'and in the log');

    my $settled = time;
    sleep 0.5;
    my $summary = $checks->load->summary($settled);
    is($summary->{failed}, 0, 'clients are served');
    is(join(' ', keys %{ $summary->{nodes} }), 'lb2', 'by lb2');
}

{
    my $since = time;
    repair('lb1');

    ok(eval { $lab->wait_for_holder('lb1', 5) }, 'lb1 comes back') or diag($@);
    note(sprintf 'lb1 after %d ms', moved('lb1', $since));

    my ($instance, $tracker) = tracker('lb1');
    is($instance->{priority}{effective}, 100, 'with its own priority');
    is($tracker->{state}, 'up', 'as its pool is there');
}

# Both lose the pool, one a while before the other: the weights cancel out.
{
    cut('lb1');
    ok(eval { $lab->wait_for_holder('lb2', 5) }, 'lb2 takes over') or diag($@);

    cut('lb2');
    ok(eval { $lab->wait_for_holder('lb1', 5) },
       'both lost it: the better one has the address') or diag($@);

    my $changes = 0;
    my $since = time;

    for (1 .. 50) {
        $changes++ if join(' ', $lab->who_has) ne 'lb1';
        sleep 0.02;
    }

    is($changes, 0, 'exactly one, for a second');
    is(scalar($watch{$_}->events($VRRP::Checks::VIP, $since)), 0,
       "$_: the address stays where it is") for qw(lb1 lb2);

    repair($_) for qw(lb2 lb1);
    ok(eval { $lab->wait_for_holder('lb1', 5) }, 'all is well') or diag($@);
}

# The web servers themselves are gone, for both.
{
    $checks->backend($_)->stop for qw(web1 web2);
    $lab->wait_until('both to know', 5, sub {
        ! grep { (tracker($_))[1]{state} ne 'down' } qw(lb1 lb2);
    });
    sleep 0.5;

    is(join(' ', $lab->who_has), 'lb1', 'no pool at all: one master');

    # No server is marked down then: clients see nginx's own answer.
    my $settled = time;
    sleep 0.3;
    my $summary = $checks->load->summary($settled);
    is(join(' ', keys %{ $summary->{errors} }), '502', 'it answers clients');
    unlike($checks->nginx('lb1')->log_text, qr/no live upstreams/,
           'every server is tried');
}

$checks->finish;
