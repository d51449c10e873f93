#!/usr/bin/perl

# "mandatory": a server gets no request before it has passed its checks, even
# if there is no other server.

use v5.36;

use lib 't/lib';
use Test::More;

use VRRP::Pools;

my $reason = VRRP::Lab->unavailable || VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my ($a, $b) = @VRRP::Pools::PORTS;
my @names = qw(shared own);

# No server answers there, which is detected after a minute.
my $dead_port = 9999;
my $later = "vrrp_check tcp port=$dead_port interval=1m timeout=1m mandatory;";
my $soon = $VRRP::Pools::CHECK =~ s/;/ mandatory;/r;

sub upstreams ($check) {
    return VRRP::Pools->upstream('shared', zone => 1, check => $check)
           . VRRP::Pools->upstream('own', check => $check)
           . VRRP::Pools->server(@names);
}

my $pools = VRRP::Pools->new;

$pools->lab->node('web1')->run('nft', 'add table inet vrlab;'
    . ' add chain inet vrlab input { type filter hook input priority 0; };'
    . " add rule inet vrlab input tcp dport $dead_port drop");

$pools->start(http => upstreams($later));

is_deeply($pools->ask("$_/", 20), { 502 => 20 }, "$_: nobody has passed yet")
    for @names;
is(scalar $pools->requests, 0, 'nobody was asked');


# One of them passes.
$pools->fail($a);
$pools->nginx->configure(http => upstreams($soon));
$pools->reload;

is($pools->wait_for("$_/", $b), $b, "$_: who has passed") for @names;
is(scalar(grep { $_->{port} == $a } $pools->requests), 0,
   'none to who has not');

$pools->pass($a);
is($pools->wait_for("$_/", $a, $b), "$a $b", "$_: both") for @names;

$pools->finish;

done_testing;
