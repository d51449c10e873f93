#!/usr/bin/perl

# A node that quits finishes its connections, and its successor dies. No other
# node is there, so the node takes the addresses back until its last connection
# has ended: new ones are refused at once. When the other node comes back, it
# takes over, and forwards.

use v5.36;

use Test::More;
use Time::HiRes qw(time);

use VRRP::Drained;
use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my @ADDRESSES = (qw(ip -o addr show dev), $VRRP::Node::INTERFACE);
my $PATIENCE = $VRRP::Drained::PATIENCE;

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
my $nodes = VRRP::Drained->new(lab => $lab);
my $lb1 = $nodes->nginx('lb1');


sub leave_alone ($title, $die) {
    my @clients = $nodes->start_slow_clients($title, qw(download part));

    $lb1->signal('QUIT', $lb1->masters);
    $nodes->wait_for_master('lb2');
    $nodes->wait_for_lo('lb1');
    $die->();
    for my $address (map { $nodes->address($_) } $nodes->instances) {
        eval {
            $lab->wait_until("lb1 to have $address again", $PATIENCE, sub {
                return $lab->node('lb1')->run(@ADDRESSES) =~ /\Q$address\E/;
            });
        };
        is($@, '', "$title: lb1 has $address again");
    }
    unlike($nodes->at_lo('lb1'), qr/192\.168|fd64/, "$title: not at lo");
    return @clients;
}

sub are_refused ($title) {
    for my $instance ($nodes->instances) {
        my $since = time;

        like($nodes->answers($instance), qr/refused|Couldn't connect/,
             "$title: $instance: a new connection is refused");
        cmp_ok(time - $since, '<', 1, "$title: $instance: at once");
    }
}

sub has_ended ($title) {
    eval { $lb1->wait_gone($PATIENCE) };
    is($@, '', "$title: nginx of lb1 has ended");
    my $state = $nodes->state_of('lb1');
    is($state->{$_}, $nodes->clean('lb1')->{$_}, "$title: lb1: $_")
        for sort keys %$state;
}


$nodes->skip_if_unavailable;

$nodes->wait_for_order('lb1', 'lb2');
my @clients = leave_alone('return', sub { $nodes->kill_all('lb2') });
are_refused('return');
$nodes->nginx('lb2')->start;
$nodes->wait_for_master('lb2');
is($nodes->answers($_), 'lb2', "return: $_: lb2 answers")
    for $nodes->instances;
$nodes->wait_for_lo('lb1');
$nodes->hurry(@clients);
$nodes->are_whole('lb1', 'return', @clients);
has_ended('return');

$lb1->start;
$nodes->wait_for_master('lb1');
$nodes->wait_for_order('lb1', 'lb2');
@clients = leave_alone('end', sub { $lab->unplug('lb2') });
are_refused('end');
$nodes->hurry(@clients);
$nodes->are_whole('lb1', 'end', @clients);
has_ended('end');
$nodes->explain_failures;

$lab->finish;
done_testing;
