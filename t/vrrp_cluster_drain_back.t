#!/usr/bin/perl

# The address moves back while the node that left still finishes connections:
# these continue, and the other node finishes its own. All the time, a client
# sends segments that belong to no connection: both nodes may forward, but no
# segment goes back and forth between them.

use v5.36;

use Test::More;

use VRRP::Drained;
use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $PATIENCE = $VRRP::Drained::PATIENCE;
my $FIRST_PORT = 10_000;  # of strays.pl, which uses another one each time
my $ENOUGH = 50;  # segments

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
my $nodes = VRRP::Drained->new(
    lab => $lab, addresses => { ONE => $VRRP::Lab::VIP },
    instances => { ONE => 'virtual_router_id 51; advert_int 500ms;' });
my $client = $lab->node('client');


sub start_strays () {
    return $client->spawn({ tag => 'strays' }, 'perl', 't/lib/strays.pl',
                          $client->address, $VRRP::Lab::VIP, $FIRST_PORT);
}

sub mac ($name) {
    my $file = "/sys/class/net/$VRRP::Node::INTERFACE/address";

    return $lab->node($name)->run('cat', $file) =~ s/\s//gr;
}

# How often each segment of strays.pl that was forwarded was forwarded.
sub forwarded (%captures) {
    my %times;

    for my $name (sort keys %captures) {
        my $own = mac($name);

        $times{$_}++ for map { $_->{text} =~ /\.(\d+) > / ? $1 : () }
                         grep { ($_->{mac} // '') eq $own }
                         $captures{$name}->packets;
    }
    return values %times;
}


$nodes->skip_if_unavailable;

$nodes->wait_for_order('lb1', 'lb2');
my @first = ($nodes->start_clients('there', 'download'),
             $nodes->start_slow_clients('there', 'part'));
my %captures = map {
    $_ => $lab->capture($_, ether => 1, filter => 'tcp src portrange '
                            . $FIRST_PORT . '-' . 3 * $FIRST_PORT)
} qw(lb1 lb2);
my $strays = start_strays();
$nodes->control('lb1', 'release');
$nodes->wait_for_master('lb2');
my @second = ($nodes->start_clients('back', 'download'),
              $nodes->start_slow_clients('back', 'part'));
like($nodes->at_lo('lb1'), qr/\Q$VRRP::Lab::VIP\E/, 'lb1 has left');

$nodes->control('lb1', 'resume');
$nodes->wait_for_master('lb1');
is($nodes->answers('ONE'), 'lb1', 'lb1 answers again');
like($nodes->at_lo('lb2'), qr/\Q$VRRP::Lab::VIP\E/, 'lb2 has left');
eval {
    $lab->wait_until('lb1 to forward', $PATIENCE, sub {
        my $forwarding = $nodes->instance('lb1', 'ONE')->{drain}{forwarding};
        return $forwarding && $forwarding->{segments} > $ENOUGH;
    });
};
is($@, '', 'lb1 forwards');
$client->reap($strays);
$nodes->hurry(@first, @second);
$nodes->are_whole('lb1', 'there', @first);
$nodes->are_whole('lb2', 'back', @second);
$nodes->wait_until_ended('lb2', 'lb1');

my @forwarded = forwarded(%captures);
cmp_ok(scalar @forwarded, '>', $ENOUGH, 'segments of no connection');
is(scalar(grep { $_ > 2 } @forwarded), 0, 'each is forwarded twice at most');
note(scalar @forwarded, ' were forwarded, ',
     scalar(grep { $_ == 2 } @forwarded), ' of them twice');
$nodes->explain_failures;

$lab->finish;
done_testing;
