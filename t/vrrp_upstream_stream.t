#!/usr/bin/perl

# The same for stream, whose module Debian loads in addition to ours: before
# it, after it, or not at all.

use v5.36;

use lib 't/lib';
use Test::More;

use VRRP::Pools;

my $reason = VRRP::Lab->unavailable || VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;
plan(skip_all => 'no stream module for this nginx')
    if !defined VRRP::Nginx->stream_module;

my ($a, $b) = @VRRP::Pools::PORTS;
my $web = $VRRP::Pools::WEB;

my (@names, %port, $upstreams);

for my $zone (0, 1) {
    for my $method (sort keys %VRRP::Pools::STREAM_METHODS) {
        my $name = $zone ? "${method}_zone" : $method;

        push @names, $name;
        $upstreams .= VRRP::Pools->upstream($name, zone => $zone,
            method => $VRRP::Pools::STREAM_METHODS{$method});
    }

    my $name = $zone ? 'backup_zone' : 'backup';

    $upstreams .= VRRP::Pools->upstream($name, zone => $zone,
        servers => "server $web:$a; server $web:$b backup;");
}

for my $name (@names, qw(backup backup_zone)) {
    $port{$name} = 9000 + keys %port;
}

my $pools = VRRP::Pools->new;

# Without keepalive each request is a session.
sub session ($name, @expected) {
    my $expected = join ' ', sort @expected;

    is($pools->wait_for_url("http://127.0.0.1:$port{$name}/?[1-40]",
                                    @expected),
       $expected, "$name: $expected");
}

$pools->start(VRRP::Pools->stream($upstreams, %port));

session($_, $a, $b) for @names;
session($_, $a)     for qw(backup backup_zone);

$pools->fail($a);
session($_, $b) for sort keys %port;

$pools->pass($a);
session($_, $a, $b) for @names;
session($_, $a)     for qw(backup backup_zone);

$pools->fail($b);
session($_, $a) for sort keys %port;

# Still so after a reload, also with the modules in the other order.
$pools->nginx->configure(before => '', after => VRRP::Nginx->stream_module);
$pools->reload;
session($_, $a) for sort keys %port;

$pools->pass($b);
session($_, $a, $b) for @names;


# Without the stream module nothing is missing.
$pools->nginx->configure(after => '', main => '');
$pools->reload;

$pools->finish;

done_testing;
