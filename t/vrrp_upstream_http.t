#!/usr/bin/perl

# Requests are kept from servers that fail their checks, and sent to them
# again afterwards: every balancer of http, with peers in shared memory and
# without.

use v5.36;

use lib 't/lib';
use Test::More;

use VRRP::Pools;

my $reason = VRRP::Lab->unavailable || VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my ($a, $b, $c) = @VRRP::Pools::PORTS;
my $both = join ' ', map { "server $VRRP::Pools::WEB:$_;" } $a, $b;
my $spare = "server $VRRP::Pools::WEB:$a; server $VRRP::Pools::WEB:$b backup;";

my (%upstreams, @names);

for my $zone (0, 1) {
    for my $method (sort keys %VRRP::Pools::METHODS) {
        my $name = $zone ? "${method}_zone" : $method;

        push @names, $name;
        $upstreams{$name} = VRRP::Pools->upstream($name, zone => $zone,
            method => $VRRP::Pools::METHODS{$method});
    }

    my $suffix = $zone ? '_zone' : '';

    $upstreams{"ip_hash$suffix"} = VRRP::Pools->upstream("ip_hash$suffix",
        zone => $zone, method => 'ip_hash;');

    $upstreams{"backup$suffix"} = VRRP::Pools->upstream("backup$suffix",
        zone => $zone, servers => $spare);
}

my $pools = VRRP::Pools->new;

$pools->start(http => join '', values %upstreams,
                               VRRP::Pools->server(keys %upstreams));

is($pools->wait_for("$_/", $a, $b), "$a $b", "$_: both") for @names;


# One server fails its check.
for my $failing ($a, $b) {
    my ($other) = grep { $_ != $failing } $a, $b;

    $pools->fail($failing);

    for my $name (@names) {
        is($pools->wait_for("$name/", $other), $other,
           "$name: none to $failing");
        is_deeply($pools->ask("$name/", 60), { $other => 60 },
                  "$name: all go to $other");

        # Round again for its own error, not for one of the balancer.
        is_deeply($pools->ask("$name/fail", 10), { "failed$other" => 10 },
                  "$name: the error of $other is passed on");
    }

    $pools->pass($failing);

    is($pools->wait_for("$_/", $a, $b), "$a $b", "$_: both again") for @names;
}


# ip_hash has one server for one client.
for my $name (qw(ip_hash ip_hash_zone)) {
    my ($its) = keys %{ $pools->ask("$name/") };
    my ($other) = grep { $_ != $its } $a, $b;

    $pools->fail($its);
    is($pools->wait_for("$name/", $other), $other, "$name: the other one");
    is_deeply($pools->ask("$name/fail", 5), { "failed$other" => 5 },
              "$name: its own error");

    $pools->pass($its);
    is($pools->wait_for("$name/", $its), $its, "$name: back again");
}


# A backup server steps in.
for my $name (qw(backup backup_zone)) {
    is($pools->wait_for("$name/", $a), $a, "$name: not needed");

    $pools->fail($a);
    is($pools->wait_for("$name/", $b), $b, "$name: needed");

    $pools->pass($a);
    is($pools->wait_for("$name/", $a), $a, "$name: not needed any more");
}

$pools->finish;

done_testing;
