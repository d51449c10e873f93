#!/usr/bin/perl

# The results of servers outlive a reload and the checker process: no request
# goes to a server that is known to be down.

use v5.36;

use lib 't/lib';
use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Pools;

my $RELOADS = 50;

my $reason = VRRP::Lab->unavailable || VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my ($a, $b, $c) = @VRRP::Pools::PORTS;
my @names = qw(shared own);

my $pools = VRRP::Pools->new;
my $lb1 = $pools->lab->node('lb1');

$pools->start(http => VRRP::Pools->upstream('shared', zone => 1)
                      . VRRP::Pools->upstream('own')
                      . VRRP::Pools->server(@names));

my $nginx = $pools->nginx;

is($pools->wait_for("$_/", $a, $b), "$a $b", "$_: both") for @names;

$pools->fail($a);
is($pools->wait_for("$_/", $b), $b, "$_: one is down") for @names;


# Requests to the server on this port since this count.
sub came_to ($port, $before) {
    my @seen = $pools->requests;

    return scalar grep { $_->{port} == $port } @seen[$before .. $#seen];
}


# Reloads under load.
{
    my $before = $pools->requests;

    my @load = map {
        $lb1->spawn({ tag => "load-$_" },
                    'curl', '-s', "http://127.0.0.1:8080/$_/?[1-10000000]")
    } @names;

    for (1 .. $RELOADS) {
        $pools->reload;
    }

    $lb1->reap($_) for @load;

    cmp_ok(came_to($b, $before), '>', 10 * $RELOADS,
           'requests during all reloads');
    is(came_to($a, $before), 0, 'none of them to the one down');
}


# The process that checks dies, again and again.
for my $time (1 .. 5) {
    my $before = $pools->requests;
    my ($checker) = $nginx->checkers;

    $nginx->signal(KILL => $checker);

    $pools->lab->wait_until('another checker', 10, sub {
        my ($now) = $nginx->checkers;
        return $now && $now != $checker;
    });

    $pools->ask("$_/", 40) for @names;

    is(came_to($a, $before), 0,
       "checker killed, time $time: none to the one down");
}


# A server is known by what it is, not by its place.
{
    my $before = $pools->requests;
    my $servers = join ' ', map { "server $VRRP::Pools::WEB:$_;" } $c, $b, $a;

    $nginx->configure(http =>
        VRRP::Pools->upstream('shared', zone => 1, servers => $servers)
        . VRRP::Pools->upstream('own', servers => $servers)
        . VRRP::Pools->server(@names));

    $pools->reload;

    is($pools->wait_for("$_/", $b, $c), "$b $c", "$_: another order")
        for @names;
    is(came_to($a, $before), 0, 'none to the one down');
}

$pools->pass($a);
is($pools->wait_for("$_/", $a, $b, $c), "$a $b $c", "$_: up again")
    for @names;

$nginx->{expect} = qr/exited on signal 9/;

$pools->finish;

done_testing;
