#!/usr/bin/perl

# While a node finishes its connections, the new MASTER forwards to it. If the
# vrrp process of that node does not run, all continues. If the whole node is
# gone, as after a power failure, the kernel of the new MASTER resets clients
# that send, in about a second.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Drained;
use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $PATIENCE = $VRRP::Drained::PATIENCE;
my $STOPPED = 3;  # s
my $SOON = 4;     # s, on a busy machine

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
my $nodes = VRRP::Drained->new(lab => $lab);


sub start_drain ($title, @kinds) {
    my @clients = $nodes->start_clients($title, @kinds);

    $nodes->control('lb1', 'release');
    $nodes->wait_for_master('lb2');
    $nodes->wait_for_forwarding('lb2');
    return @clients;
}

sub log_of ($name) { $nodes->nginx($name)->log_text }


$nodes->skip_if_unavailable;

$nodes->wait_for_order('lb1', 'lb2');
my @clients = start_drain('process', qw(download upload));
my @vrrp = $nodes->nginx('lb1')->vrrp_processes;
$nodes->nginx('lb1')->signal('STOP', @vrrp);
sleep $STOPPED;
$nodes->nginx('lb1')->signal('CONT', @vrrp);
$nodes->are_whole('lb1', 'process', @clients);
$nodes->wait_until_ended('lb1', 'lb2');
unlike(log_of('lb2'), qr/node is dead/, 'process: the node lives');

$nodes->control('lb1', 'resume');
$nodes->wait_for_master('lb1');
$nodes->wait_for_order('lb1', 'lb2');
@clients = start_drain('node', 'upload');
sleep 1;  # the kernel of lb1 answers
$lab->unplug('lb1');
my $since = time;
eval {
    $lab->wait_until('the end of the uploads', $PATIENCE,
                     sub { $nodes->have_ended(@clients) });
};
my $duration = time - $since;
cmp_ok($duration, '<', $SOON, 'node: clients that send learn it');
note("after $duration s");
like($_, qr/^- /, 'node: no answer')
    for $nodes->results(@clients);
like(log_of('lb2'),
     qr/forwarding to lb1 \S+ has ended: its node is dead.* "$_"/,
     "node: $_: the log") for $nodes->instances;
is($nodes->answers($_), 'lb2', "node: $_: lb2 answers") for $nodes->instances;
is($nodes->state_of('lb2')->{filters}, '', 'node: no filter is left on lb2');
$nodes->explain_failures;

$lab->finish;
done_testing;
