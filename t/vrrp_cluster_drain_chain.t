#!/usr/bin/perl

# Planned moves in a row, see vrrp_cluster_drain.t, cut nothing: back and forth
# while the connections of the first move are open, and over three nodes, each
# of which forwards to the previous one, and back to the first one. If the
# processes of the successor die, the node that left takes the addresses back
# and continues. If a third node takes them, it forwards a moment later: quiet
# connections continue, and all others end.

use v5.36;

use Test::More;

use VRRP::Drained;
use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my @NODES = qw(lb1 lb2 lb3);
my @BUSY = qw(download upload late);
my @ALL = (@BUSY, 'idle');

my $lab = VRRP::Lab->new(nodes => ['client', @NODES]);
my $nodes = VRRP::Drained->new(lab => $lab, expect => qr/on signal 9/);


sub releases ($title, $from, $to) {
    $nodes->wait_for_order($from, $to);
    $nodes->control($from, 'release');
    answers($title, $to);
}

sub preempts ($title, $name) {
    $nodes->control($name, 'resume');
    answers($title, $name);
}

sub answers ($title, $name) {
    $nodes->wait_for_master($name);
    is($nodes->answers($_), $name, "$title: $_: $name answers")
        for $nodes->instances;
}

# After the last move.
sub finish ($title, @clients) {
    my @busy = grep { $_->{kind} ne 'idle' } @clients;

    is(join('', $nodes->results(@busy)), '', "$title: no connection has ended");
    $nodes->hurry(@busy);
}

sub all_end ($title, @names) {
    $nodes->wait_until_ended($_, $_) for @names;
    pass("$title: nothing is left");
    $nodes->explain_failures;
}


$nodes->skip_if_unavailable;

my $title = 'back and forth';
my @first = $nodes->start_slow_clients("$title 1", @ALL);
releases("$title 1", 'lb1', 'lb2');
my @second = $nodes->start_slow_clients("$title 2", @ALL);
preempts("$title 2", 'lb1');
$nodes->wait_for_results(grep { $_->{kind} eq 'idle' } @second);
releases("$title 3", 'lb1', 'lb2');
finish($title, @first, @second);
$nodes->are_whole('lb1', "$title 1", @first);
$nodes->are_whole('lb2', "$title 2", @second);
all_end($title, @NODES);

preempts('before three nodes', 'lb1');
$title = 'three nodes';
@first = $nodes->start_slow_clients("$title 1", @ALL);
releases("$title 1", 'lb1', 'lb2');
@second = $nodes->start_slow_clients("$title 2", @ALL);
releases("$title 2", 'lb2', 'lb3');
for my $instance ($nodes->instances) {
    my $drain = $nodes->instance('lb3', $instance)->{drain};
    cmp_ok($drain->{forwarding}{connections} // 0, '>=', @BUSY * 2,
           "$title: $instance: lb2 forwards, too");
}
my @third = $nodes->start_slow_clients("$title 3", @BUSY);
preempts("$title 3", 'lb1');
finish($title, @first, @second, @third);
$nodes->are_whole('lb1', "$title 1", @first);
$nodes->are_whole('lb2', "$title 2", @second);
$nodes->are_whole('lb3', "$title 3", @third);
all_end($title, @NODES);
unlike($nodes->nginx($_)->log_text, qr/not been asked for any more/,
       "$title: $_ has learned of each end") for @NODES;

$title = 'the third one takes over';
$nodes->control('lb2', 'resume');
@first = $nodes->start_slow_clients($title, @BUSY);
releases($title, 'lb1', 'lb2');
$nodes->kill_all('lb2');
answers($title, 'lb3');
$nodes->wait_for_forwarding('lb3');
$nodes->hurry(@first);
$nodes->are_whole('lb1', $title, grep { $_->{kind} eq 'late' } @first);
$nodes->wait_for_results(@first);
pass("$title: no client waits for ever");
all_end($title, qw(lb1 lb3));

$title = 'the successor dies';
@first = $nodes->start_slow_clients($title, @BUSY);
preempts($title, 'lb1');
$nodes->kill_all('lb1');
answers($title, 'lb3');
finish($title, @first);
$nodes->are_whole('lb3', $title, @first);
all_end($title, 'lb3');

$lab->finish;
done_testing;
