#!/usr/bin/perl

# An nginx that cannot serve releases its address, and one that can keeps it.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Failover;

my $failover = VRRP::Failover->new;
my $lab = $failover->lab;
my $lb1 = $failover->lb1;

my $takeover = $failover->takeover;
my $shutdown = $VRRP::Nginx::SHUTDOWN_TIMEOUT + $VRRP::Failover::SLACK;
my $noticed = $VRRP::Failover::STALL + $takeover;


# Its workers, which still serve, are no reason to stay; they finish, and end.
# A request on its way to lb1 when lb2 announces the address is cut: the rest
# of it goes to lb2, which does not have this connection.
{
    my @workers = $lb1->workers;

    my $seen = $failover->moves('master killed',
        sub { $lb1->signal('KILL', $lb1->masters) }, $takeover);

    # One that has a connection which was cut waits for the rest of it.
    ok(eval {
        $lab->wait_until('the workers to end', $shutdown, sub {
            !grep { VRRP::Proc::is_alive($_) } @workers;
        });
    }, 'master killed: its workers end') or diag($@);

    subtest 'master killed: what clients notice' => sub {
        $seen->nothing_lost(moved => 1);
    };

    $failover->restart_lb1;
    $failover->comes_back('master killed');
}

{
    my @workers = $lb1->workers;

    $failover->moves('workers stopped',
        sub { $lb1->signal('STOP', @workers) }, $noticed);

    is(scalar(my @vrrp = $lb1->vrrp_processes), 1,
       'workers stopped: vrrp process lives');

    $lb1->signal('CONT', @workers);
    $failover->comes_back('workers stopped');
}

# The master respawns them at once.
$failover->recovers('workers killed', sub {
    $lb1->signal('KILL', $lb1->workers);
    sleep 3;
}, $noticed);

{
    $failover->moves('workers killed, master stopped', sub {
        $lb1->signal('STOP', $lb1->masters);
        $lb1->signal('KILL', $lb1->workers);
    }, $noticed);

    $lb1->signal('CONT', $lb1->masters);
    $failover->comes_back('workers killed, master stopped');
}

{
    $failover->moves('cable out', sub { $lab->unplug('lb1') }, $takeover);
    is($lb1->state, 'FAULT', 'cable out: lb1 knows');

    $lab->plug('lb1');
    $failover->comes_back('cable out');
}

# The vrrp process is not called nginx.
{
    $failover->moves('killall -9 nginx',
        sub { $lab->node('lb1')->run(qw(killall -9 nginx)) }, $takeover);

    $failover->restart_lb1;
    $failover->comes_back('killall -9 nginx');
}

$failover->finish;
