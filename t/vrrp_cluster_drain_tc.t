#!/usr/bin/perl

# Planned moves between nodes on whose interfaces other programs use "tc". On
# lb1 that is a qdisc "ingress", which has no egress, where the ARP requests of
# a node that leaves are changed: its IPv4 connections get a reset, and those of
# IPv6 are finished. As a successor it forwards both. On lb2 the qdisc is a
# "clsact". Qdiscs and filters of others stay.

use v5.36;

use Test::More;

use VRRP::Drained;
use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my @DEV = ('dev', $VRRP::Node::INTERFACE);

# A filter that matches nothing.
my @FOREIGN = ('prio', 7, 'bpf', 'bytecode', '1,6 0 0 0', 'flowid', '1:1');

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);

$lab->node('lb1')->run(qw(tc qdisc add), @DEV, 'ingress');
$lab->node('lb2')->run(qw(tc qdisc add), @DEV, 'clsact');
$lab->node('lb1')->run(qw(tc filter add), @DEV, 'ingress', @FOREIGN);
$lab->node('lb2')->run(qw(tc filter add), @DEV, $_, @FOREIGN)
    for qw(ingress egress);
my %qdiscs = map { $_ => qdiscs($_) } qw(lb1 lb2);

my $nodes = VRRP::Drained->new(lab => $lab);


sub qdiscs ($name) {
    return scalar $lab->node($name)->run(qw(tc qdisc show), @DEV);
}

sub are_as_before ($title) {
    for my $name (qw(lb1 lb2)) {
        is(qdiscs($name), $qdiscs{$name}, "$title: the qdiscs of $name");
        is($nodes->state_of($name)->{filters}, $nodes->clean($name)->{filters},
           "$title: the filters of $name");
    }
}


$nodes->skip_if_unavailable;

like($nodes->clean('lb1')->{filters}, qr/pref 7 /, 'filters of lb1');
like($nodes->clean('lb2')->{filters}, qr/pref 7 .* pref 7 /s, 'and of lb2');

is($nodes->instance('lb1', 'FOUR')->{drain}{unavailable},
   "$DEV[1] has the qdisc ingress", 'at rest: FOUR of lb1 says why');
is($nodes->instance($_->[0], $_->[1])->{drain}{unavailable}, undef,
   "at rest: $_->[1] of $_->[0] is drained")
    for [qw(lb1 SIX)], [qw(lb2 FOUR)], [qw(lb2 SIX)];
like($nodes->nginx('lb1')->log_text,
     qr/not available for IPv4: $DEV[1] has the qdisc ingress/,
     'at rest: the log of lb1');

$nodes->wait_for_order('lb1', 'lb2');
my @clients = $nodes->start_clients('ingress', qw(download idle));
$nodes->control('lb1', 'release');
$nodes->wait_for_master('lb2');
$nodes->are_reset('lb1', 'ingress',
                  grep { $_->{instance} eq 'FOUR' } @clients);
$nodes->are_whole('lb1', 'ingress', grep { $_->{instance} eq 'SIX' } @clients);
$nodes->wait_until_ended('lb1', 'lb2');
are_as_before('ingress');

@clients = $nodes->start_clients('clsact', qw(download idle));
$nodes->control('lb1', 'resume');
$nodes->wait_for_master('lb1');
$nodes->are_whole('lb2', 'clsact', @clients);
$nodes->wait_until_ended('lb2', 'lb1');
are_as_before('clsact');
$nodes->explain_failures;

$lab->finish;
done_testing;
