#!/usr/bin/perl

# A binary upgrade that is taken back, as in nginx's manual: WINCH to the old
# master, then HUP, then QUIT to the new one. nginx starts workers only, so
# there are no checks: a server must not be kept out for an old result. And
# this nginx takes no part in VRRP until it is reloaded, which its status
# shows.

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

my $status = $nginx->status;

is($status->{node}{pid}, 0, 'status: no vrrp process');
is($status->{instances}[0]{state}, 'FAULT', 'status: FAULT');
like($status->{instances}[0]{fault}, qr/^this nginx has no vrrp process: /,
     'status: why');
like(ask_status('health'),
     qr/^unhealthy\nVI_1\ FAULT:\ this\ nginx\ has\ no\ vrrp\ process:
        .*\n503$/x, 'health');
like(ask_status('prometheus'),
     qr/^nginx_vrrp_instance_state\{[^}]*state="fault"[^}]*\}\ 1$/mx,
     'metrics');
ok(!$lab->node('lb1')->has_address($VRRP::Lab::VIP), 'it has no address');

$pools->fail($b);
$nginx->command('reload');
is($pools->wait_for("$_/", $a), $a, "$_: reloaded, the other one is down")
    for @names;

$lab->wait_until('MASTER again', 10, sub { $nginx->state eq 'MASTER' });

$pools->finish;

done_testing;


# The status location in this format, and its status on the last line.
sub ask_status ($format) {
    my ($out) = $lab->node('lb1')->try(qw(curl -s -w %{http_code}),
        "http://127.0.0.1:8080/vrrp?format=$format");

    return $out;
}


# How many there are of each kind.
sub wait_for_processes ($what, %expected) {
    $lab->wait_until($what, 10, sub {
        return !grep { my @there = $nginx->$_; @there != $expected{$_} }
               keys %expected;
    });
}
