#!/usr/bin/perl

# A master that dies at the very moment in which it starts workers leaves none
# of them behind: the next nginx must find the ports free.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

# A worker that is not noticed is a matter of chance, one time out of four.
my $ROUNDS = 15;

# The time in which a master respawns its workers, s.
my $RESPAWN = 0.003;

my $lab = VRRP::Lab->new(nodes => ['lb1']);
my $lb1 = VRRP::Classic->new(profile => 'v3')->start_balancer($lab, 'lb1',
    expect => qr/on signal 9/);

my $left = 0;

for my $round (1 .. $ROUNDS) {
    my @masters = $lb1->masters;

    $lb1->signal('KILL', $lb1->workers);
    sleep rand $RESPAWN;
    $lb1->signal('KILL', @masters);

    $left++ unless eval { $lb1->wait_gone(5); 1 };

    $lb1->signal('KILL', map { $_->{pid} } $lb1->processes);
    $lb1->wait_gone;
    $lb1->start;
}

is($left, 0, "nothing of nginx is left, $ROUNDS times");

$lab->finish;
done_testing;
