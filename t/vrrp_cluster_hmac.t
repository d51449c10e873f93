#!/usr/bin/perl

# "authentication HMAC" on two nodes: IPv4 by multicast, IPv6 by unicast, and
# version 2. Keys are changed without a takeover; recorded advertisements do
# not keep a dead MASTER alive, also after a reload; another key is refused.

use v5.36;

use List::Util qw(sum0);
use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my ($VIP4, $VIP6, $VIP2) = ($VRRP::Lab::VIP, 'fd64::200', '192.168.64.201');
my %PRIORITY = (lb1 => 200, lb2 => 100);
my $PATIENCE = 15;

# "record INTERFACE SOURCE FILE" waits for an IPv4 advertisement of virtual
# router 51 from there, and keeps its frame; "replay INTERFACE FILE TIMES" sends
# it, every 30 ms.
my $RECORDER = <<'END';
my ($command, $interface, @rest) = @ARGV;
socket my $s, 17, 3, 8 or die "socket: $!\n";          # AF_PACKET, ETH_P_IP
my ($index) = `ip -o link show $interface` =~ /^(\d+)/;
bind $s, pack 'SnlSCCx8', 17, 0x0800, $index, 0, 0, 0 or die "bind: $!\n";
my $frame;
if ($command eq 'record') {
    my ($source, $file) = @rest;
    do { recv $s, $frame, 2000, 0 }
        until length $frame == 14 + 20 + 12 + 28
              && substr($frame, 23, 1) eq "\x70"
              && join('.', unpack 'C4', substr $frame, 26, 4) eq $source
              && substr($frame, 35, 1) eq "\x33";
    open my $out, '>:raw', "$file.new" or die "$file: $!\n";
    print {$out} $frame;
    close $out;
    rename "$file.new", $file;
} else {
    my ($file, $times) = @rest;
    open my $in, '<:raw', $file or die "$file: $!\n";
    read $in, $frame, 2000;
    for (1 .. $times) {
        send $s, $frame, 0;
        select undef, undef, undef, 0.03;
    }
}
END

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
my %file;

for my $n (1, 2, 'other') {
    $file{$n} = $lab->dir . "/key-$n";
    open my $file, '>', $file{$n} or die "$file{$n}: $!\n";
    my $octet = $n eq 'other' ? 'ff' : "0$n";
    print {$file} 'hex:', $octet x 32, "\n";
    close $file;
    chmod 0600, $file{$n};
}

my $KEY1 = "key=1:file:$file{1}";
my $KEY2 = "key=2:file:$file{2}";


sub vrrp ($name, $keys) {
    my $peer = $name eq 'lb1' ? 'lb2' : 'lb1';
    my $peer_address = $lab->node($peer)->address(6);
    my $own_address = $lab->node($name)->address(6);
    my $common = "interface $VRRP::Node::INTERFACE;"
               . " priority $PRIORITY{$name}; authentication HMAC $keys;";

    return <<"END";
    vrrp_instance V4 {
        $common
        virtual_router_id 51;
        virtual_ipaddress $VIP4/24;
    }
    vrrp_instance V6 {
        $common
        virtual_router_id 51;
        unicast_src_ip $own_address;
        unicast_peer $peer_address;
        virtual_ipaddress $VIP6/64;
    }
    vrrp_instance V2 {
        $common
        virtual_router_id 52;
        version 2;
        virtual_ipaddress $VIP2/24;
    }
END
}


my %nginx = map { $_ => $lab->start_nginx($_, vrrp => vrrp($_, $KEY1),
                                          http => <<'END') } qw(lb1 lb2);
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
    }
END


sub instances ($name) {
    return map { $_->{name} => $_ } @{ $nginx{$name}->status->{instances} };
}

sub dropped ($name, $instance, @reasons) {
    my %all = instances($name);
    my $dropped = $all{$instance}{counters}{dropped};

    return sum0(@{$dropped}{ @reasons ? @reasons : keys %$dropped });
}

sub transitions () {
    return join ' ', map {
        my %all = instances($_);
        map { $all{$_}{counters}{transitions} } sort keys %all;
    } qw(lb1 lb2);
}

sub set_keys ($name, $keys) {
    $nginx{$name}->configure(vrrp => vrrp($name, $keys));
    $nginx{$name}->reload;
}


# --- signed advertisements are accepted --------------------------------------

$lab->wait_for_holder('lb1', $PATIENCE, $_) for $VIP4, $VIP6, $VIP2;
$lab->wait_until('lb2 hears all of them', $PATIENCE, sub {
    my %all = instances('lb2');
    return !grep { $_->{state} ne 'BACKUP' || !$_->{master} } values %all;
});

my %first = instances('lb2');
is_deeply($first{V4}{authentication},
          { type => 'HMAC', mode => 'enforce', active_key => 1 },
          'the status shows the key id, and not the key');

# --- a new key, without a takeover -------------------------------------------

my $before = transitions();

for my $keys ("$KEY1 $KEY2 active_key=1", "$KEY1 $KEY2 active_key=2", $KEY2) {
    set_keys($_, $keys) for qw(lb1 lb2);
}

is(transitions(), $before, 'keys were changed without a takeover');
is(dropped('lb2', $_), 0, "and nothing was dropped: $_") for qw(V4 V6 V2);
my %after = instances('lb1');
is($after{V6}{authentication}{active_key}, 2, 'the new key signs');

# --- a copy is refused, also by the next process -----------------------------

my $frame = $lab->dir . '/frame';
my @recorder = ($^X, '-e', $RECORDER);
my $client = $lab->node('client');

my $pid = $client->spawn({ tag => 'record' }, @recorder, 'record',
                         $VRRP::Node::INTERFACE,
                         $lab->node('lb1')->address, $frame);
$lab->wait_until('a frame is recorded', $PATIENCE, sub { -e $frame });
$client->reap($pid);

sub replay ($times) {
    return $client->spawn({ tag => 'replay' }, @recorder, 'replay',
                          $VRRP::Node::INTERFACE, $frame, $times);
}

replay(3);
$lab->wait_until('copies are refused', $PATIENCE,
                 sub { dropped('lb2', 'V4', 'auth_replay') >= 3 });
set_keys('lb2', $KEY2);
replay(3);
$lab->wait_until('the next process refuses them, too', $PATIENCE,
                 sub { dropped('lb2', 'V4', 'auth_replay') >= 6 });
is(transitions(), $before, 'they have no effect');
like($nginx{lb2}->log_text,
     qr/from 192\.168\.64\.130: it is not newer than the last one from there/,
     'the log says so');

# The MASTER dies, and its advertisements continue.
my $copies = replay(200);
$nginx{lb1}->signal('KILL', $nginx{lb1}->masters, $nginx{lb1}->vrrp_processes,
                    $nginx{lb1}->workers);
ok(eval { $lab->wait_until('lb2 takes over', 4, sub {
              return $nginx{lb2}->state('V4') eq 'MASTER' }) },
   'copies do not keep a dead MASTER alive') or diag($@);
$client->reap($copies);
$nginx{lb1}->wait_gone;

# --- another key -------------------------------------------------------------

$nginx{lb1}->configure(vrrp => vrrp('lb1', "key=2:file:$file{other}"));
$nginx{lb1}->start;
$lab->wait_until('both refuse what they hear', $PATIENCE, sub {
    return dropped('lb1', 'V4', 'auth_data') > 0
           && dropped('lb2', 'V6', 'auth_data') > 0
           && dropped('lb2', 'V2', 'auth_data') > 0;
});
like($nginx{lb2}->log_text,
     qr/its HMAC is wrong: key 2 must be the same on all nodes/,
     'the log says so');

set_keys('lb1', $KEY2);
$lab->wait_until('lb2 yields', $PATIENCE, sub {
    my %all = instances('lb2');
    return !grep { $all{$_}{state} ne 'BACKUP' } qw(V4 V6);
});
pass('with the right key, the two agree');

unlike($_->log_text, qr/0101|0202|ffff/, 'no key is logged') for values %nginx;

$lab->finish;
done_testing;
