#!/usr/bin/perl

# No address is left on the wrong node, even if the process that should remove
# it cannot, and no address is missing for long on the right one.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Failover;

my $VIP = $VRRP::Failover::VIP;

my $failover = VRRP::Failover->new;
my $lab = $failover->lab;
my $lb1 = $failover->lb1;

my $takeover = $failover->takeover;
my $leased = $VRRP::Failover::LEASE + $VRRP::Failover::SLACK;


# The master respawns it, and sees nothing else.
$failover->recovers('vrrp process killed', sub {
    my ($old) = $lb1->vrrp_processes;

    $lb1->signal('KILL', $old);

    $lab->wait_until('another vrrp process', 5, sub {
        my ($new) = $lb1->vrrp_processes;
        return $new && $new != $old;
    });
}, $leased + $takeover);

# No process is left to remove it: the kernel does.
{
    $failover->moves('every process killed', sub {
        $lb1->signal('KILL', map { $_->{pid} } $lb1->processes);
    }, $takeover, $leased);

    $lb1->start;
    $failover->comes_back('every process killed');
}

{
    $failover->moves('vrrp process frozen',
        sub { $lb1->signal('STOP', $lb1->vrrp_processes) },
        $takeover, $leased);

    my $since = time;
    $lb1->signal('CONT', $lb1->vrrp_processes);
    $failover->comes_back('vrrp process frozen');

    # It must not continue as if it had not stopped.
    my $gained = $failover->moved('lb1', 1, $since);
    my $given = $failover->moved('lb2', 0, $since);
    cmp_ok(abs($gained - $given), '<', $VRRP::Failover::SLACK,
           'vrrp process frozen: never on both for long');
}

{
    my $since = time;

    $failover->recovers('address deleted', sub {
        $lab->node('lb1')->run(qw(ip address del), "$VIP/24", 'dev',
                               $VRRP::Node::INTERFACE);
    }, $takeover);

    cmp_ok($failover->moved('lb1', 1, $since), '<', $VRRP::Failover::SLACK,
           'address deleted: it is put back');
}

# Two masters that cannot hear each other are inevitable, but not for longer.
{
    $lab->node('lb1')->drop_vrrp;

    $lab->wait_until('both to have it', $takeover + 5,
                     sub { $lab->who_has == 2 });

    my $since = time;
    $lab->node('lb1')->let_vrrp_pass;
    $failover->comes_back('adverts lost');

    cmp_ok($failover->moved('lb2', 0, $since), '<', $takeover,
           'adverts lost: lb2 yields');
    is($failover->moved('lb1', 0, $since), 999, 'adverts lost: lb1 stays');
}

# An nginx that is stopped properly leaves nothing behind.
for my $signal (qw(QUIT TERM)) {
    $lb1->stop($signal);
    ok(!$lab->node('lb1')->has_address($VIP), "$signal: lb1 has it no more");

    $lb1->start;
    $failover->comes_back($signal);
}

$failover->finish;
