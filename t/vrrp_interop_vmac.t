#!/usr/bin/perl

# use_vmac on lb1, and on lb2 keepalived with use_vmac: whatever happens, the
# client has one MAC address for the virtual address, and gets one reply to a
# request for it.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $MAC = '00:00:5e:00:01:33';
my $DEVICE = 'vrrp.51';

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
my $classic = VRRP::Classic->new(profile => 'v3');
my ($client, $lb1) = map { $lab->node($_) } qw(client lb1);
my $capture = $lab->capture('client');
my $patience = $classic->down_interval + 10;

sub device ($node) {
    my ($text) = $node->try(qw(ip -d link show dev), $DEVICE);
    return $text;
}

sub ifindex ($node) { (device($node) =~ /^(\d+):/)[0] // 'none' }

sub is_up ($node) { device($node) =~ /<[^>]*\bUP\b/ ? 1 : 0 }

sub base_settings () {
    return join ' ', map {
        $lb1->run('cat', "/proc/sys/net/ipv4/conf/$VRRP::Node::INTERFACE/$_")
            =~ s/\s//gr
    } qw(arp_ignore arp_announce);
}

sub start_keepalived ($priority) {
    return $lab->start_keepalived('lb2',
        conf => $classic->keepalived('lb2', priority => $priority,
                                     instance => "use_vmac $DEVICE"));
}

# The client has the virtual MAC address, and keeps it.
sub is_reached ($title, $holder) {
    ok(eval { $lab->wait_for_holder($holder, $patience) }, "$title: $holder")
        or diag($@);
    sleep 0.3;
    my $entry = $client->run(qw(ip neigh show), $VRRP::Lab::VIP);
    like($entry, qr/lladdr \Q$MAC\E/, "$title: the client has the virtual MAC");
}

# A request of a client that has no entry; lb1 has none for the client.
sub request () {
    $client->try(qw(ip neigh flush dev), $VRRP::Node::INTERFACE);
    $lb1->try(qw(ip neigh flush dev), $VRRP::Node::INTERFACE);
    my $get = "exec 3<>/dev/tcp/$VRRP::Lab::VIP/80 "
        . '&& printf "GET / HTTP/1.0\r\n\r\n" >&3 && head -1 <&3';
    my ($text) = $client->try('timeout', '3', 'bash', '-c', $get);
    return $text;
}

# keepalived leaves this to the operator.
$lab->node('lb2')->run('sysctl', '-qw',
    "net.ipv4.conf.$VRRP::Node::INTERFACE.arp_announce=2");

my $keepalived = start_keepalived(90);
$lab->wait_for_holder('lb2', $patience);
$client->try('bash', '-c', "echo > /dev/udp/$VRRP::Lab::VIP/9");
is_reached('keepalived first', 'lb2');

my $ours = $lab->start_nginx('lb1',
    vrrp => $classic->vrrp('lb1', instance => 'use_vmac;'),
    http => $classic->status_server
          . "server { listen 80; location / { return 200 lb1; } }\n",
    expect => qr/on signal 9/);
is_reached('we preempt', 'lb1');

like(device($lb1), qr/macvlan mode private/, 'a private macvlan');
is(is_up($lb1), 1, 'it is up');
is(base_settings(), '1 2', 'arp_ignore and arp_announce of its base');
is($ours->status->{instances}[0]{vmac}, $DEVICE, 'status: the device');

my $since = time;
like(request(), qr/200 OK/, 'the client is served');
sleep 0.2;
my @replies = grep { /is-at/ && /\Q$VRRP::Lab::VIP\E is-at/ }
              map { $_->{text} }
              grep { $_->{time} >= $since } $capture->packets;
is(scalar @replies, 1, 'one reply to the request of the client');
is_reached('after the request', 'lb1');

subtest 'reload' => sub {
    my ($index, $watch) = (ifindex($lb1), $lab->watch_addresses('lb1'));
    my $changes = $ours->status->{instances}[0]{counters}{became_master};
    $ours->reload;
    is($ours->state, 'MASTER', 'still MASTER');
    is($ours->status->{instances}[0]{counters}{became_master}, $changes,
        'without a change of state');
    is(ifindex($lb1), $index, 'the same device');
    is(scalar $watch->events($VRRP::Lab::VIP), 0, 'with the address');
    $watch->stop;
};

subtest 'the vrrp process dies' => sub {
    my $index = ifindex($lb1);
    my ($before) = $ours->vrrp_processes;
    $ours->signal('KILL', $before);
    $lab->wait_until('another one', 10, sub {
        my ($now) = $ours->vrrp_processes;
        $now && $now != $before && (eval { $ours->state } // '') eq 'MASTER';
    });
    is(ifindex($lb1), $index, 'the same device');
    is(is_up($lb1), 1, 'it is up');
    is(join(' ', $lab->who_has), 'lb1', 'we have the address');
};

$ours->stop('QUIT');
is_reached('we quit', 'lb2');
is(ifindex($lb1), 'none', 'our device is gone');
is(base_settings(), '0 0', 'its base is as it was');

$ours->start;
is_reached('we return', 'lb1');

$keepalived->stop;
$keepalived = start_keepalived(110);
is_reached('keepalived preempts', 'lb2');
is(is_up($lb1), 0, 'our device is down');

# It leaves its device and the address behind.
$keepalived->kill_all;
$lab->node('lb2')->run(qw(ip link del), $DEVICE);
is_reached('keepalived dies', 'lb1');
is(is_up($lb1), 1, 'our device is up');

# Ours stays behind, without the address.
$ours->signal('KILL', map { $_->{pid} } $ours->processes);
$ours->wait_gone;
my $index = ifindex($lb1);
isnt($index, 'none', 'all of ours died: the device is left');
$lab->wait_until('the end of the lease', 10, sub { !$lab->who_has });
$ours->start;
is_reached('we start again', 'lb1');
is(ifindex($lb1), $index, 'with the device of the dead');
$ours->stop('TERM');
$lab->wait_until('the end of the device', 10,
    sub { ifindex($lb1) eq 'none' });
is(base_settings(), '0 0', 'its base is as it was');

# Another program has a device with this name: it is not ours to take.
$lb1->run(qw(ip link add), $DEVICE, 'link', $VRRP::Node::INTERFACE,
    qw(type macvlan mode bridge));
$ours->start;
$lab->wait_until('FAULT', 10,
                 sub { (eval { $ours->state } // '') eq 'FAULT' });
like($ours->status->{instances}[0]{fault},
    qr/interface \Q$DEVICE\E was not made by this module/, 'it says so');
$ours->stop('QUIT');
like(device($lb1), qr/macvlan mode bridge/, 'and it stays');

$capture->stop;
my @wrong = grep { !/is-at \Q$MAC\E/ }
            grep { /\Q$VRRP::Lab::VIP\E is-at/ }
            map { $_->{text} } $capture->packets;
is("@wrong", '', 'no other MAC address was ever given to the client');

$lab->finish;
done_testing;
