#!/usr/bin/perl

# Members of a sync_group finish connections after planned moves, too: an IPv4
# and an IPv6 address, which move together. See vrrp_cluster_drain.t.

use v5.36;

use Test::More;

use VRRP::Drained;
use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
my $nodes = VRRP::Drained->new(
    lab => $lab, instances => {
        FOUR => 'virtual_router_id 52; advert_int 500ms; sync_group edge;',
        SIX => 'virtual_router_id 53; advert_int 250ms; sync_group edge;',
    });


sub cuts_nothing ($title, $from, $to, $act) {
    my @clients = $nodes->start_clients($title);

    $act->();
    $nodes->wait_for_master($to);
    $nodes->wait_for_lo($from);
    is($nodes->answers($_), $to, "$title: $_: $to answers")
        for $nodes->instances;
    $nodes->are_whole($from, $title, @clients);
    $nodes->wait_until_ended($from, $to);
    $nodes->explain_failures;
}


$nodes->skip_if_unavailable;

$nodes->wait_for_order('lb1', 'lb2');
cuts_nothing('release', 'lb1', 'lb2',
             sub { $nodes->control('lb1', 'release') });

cuts_nothing('preemption', 'lb2', 'lb1',
             sub { $nodes->control('lb1', 'resume') });
is(scalar(() = $nodes->nginx('lb2')->log_text =~ /\) preempts, /g), 2,
   'lb2 has left before it was preempted');

$nodes->wait_for_order('lb1', 'lb2');
cuts_nothing('quit', 'lb1', 'lb2', sub {
    $nodes->nginx('lb1')->signal('QUIT', $nodes->nginx('lb1')->masters);
});

$lab->finish;
done_testing;
