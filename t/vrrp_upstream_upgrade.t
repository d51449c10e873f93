#!/usr/bin/perl

# A binary upgrade that is taken back, as nginx's manual has it: WINCH to the
# old master, then HUP, then QUIT to the new one. nginx starts workers only, so
# nobody checks: a server must not be kept out for what it was like before.

use v5.36;

use lib 't/lib';
use Test::More;

use VRRP::Pools;

my $reason = VRRP::Lab->unavailable || VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my ($a, $b) = @VRRP::Pools::PORTS;
my @names = qw(shared own);

my $pools = VRRP::Pools->new;
my $lab = $pools->lab;

$pools->start(http => VRRP::Pools->upstream('shared', zone => 1)
                      . VRRP::Pools->upstream('own')
                      . VRRP::Pools->server(@names));

my $nginx = $pools->nginx;
my ($old) = $nginx->masters;

$pools->fail($a);
is($pools->wait_for("$_/", $b), $b, "$_: one is down") for @names;

$nginx->signal(USR2 => $old);
wait_for_processes('both binaries', masters => 2, workers => 4, checkers => 2);
my ($new) = grep { $_ != $old } $nginx->masters;

$nginx->signal(WINCH => $old);
wait_for_processes('the new one alone', workers => 2, vrrp_processes => 1,
                   checkers => 1);
is($pools->wait_for("$_/", $b), $b, "$_: the new binary knows") for @names;

$nginx->signal(HUP => $old);
wait_for_processes('old workers', workers => 4);
$nginx->signal(QUIT => $new);
wait_for_processes('the old one alone', masters => 1, workers => 2,
                   checkers => 0);

$pools->pass($a);
is($pools->wait_for("$_/", $a, $b), "$a $b", "$_: nobody checks, both")
    for @names;

$pools->fail($b);
$nginx->command('reload');
is($pools->wait_for("$_/", $a), $a, "$_: reloaded, the other one is down")
    for @names;

$pools->finish;

done_testing;


# How many there are of each kind.
sub wait_for_processes ($what, %expected) {
    $lab->wait_until($what, 10, sub {
        return !grep { my @there = $nginx->$_; @there != $expected{$_} }
               keys %expected;
    });
}
