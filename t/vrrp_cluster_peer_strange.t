#!/usr/bin/perl

# Strange peers: with another version of the messages, which is understood; with
# messages that were seen before; one that does not read; 1000 connections. VRRP
# and the link of the nodes do not notice them, and the vrrp process keeps its
# memory and descriptors. See vrrp_cluster_peer_link.t for wrong secrets and
# garbage.

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Lab;
use VRRP::Linked;
use VRRP::Nginx;
use VRRP::Proc;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $VIP = $VRRP::Lab::VIP;
my $PATIENCE = $VRRP::Linked::PATIENCE;
my $SCRIPT = abs_path(dirname(__FILE__) . '/lib/peer.pl');

# A host has 2 connections before the end of the greeting. Some descriptors are
# open for a moment.
my $MOST_DESCRIPTORS = 8;
my $MOST_MEMORY = 3000;    # kB

my $CONNECTIONS = <<'END';
use Fcntl; use Socket;
my ($address, $port) = @ARGV;
my @all;
for (1 .. 1000) {
    socket my $s, AF_INET, SOCK_STREAM, 0 or die "socket: $!";
    setsockopt $s, 0, 2, pack 'i', 255;
    fcntl $s, F_SETFL, O_NONBLOCK;
    connect $s, pack_sockaddr_in($port, inet_aton($address));
    push @all, $s;
}
sleep 4;
END

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
my $secret = VRRP::Linked->secret($lab);

# Answers are longer with more routers.
my $instances = join '', map { <<"END" } 0 .. 31;
    vrrp_instance VI_$_ {
        advert_int 100ms;
        virtual_router_id @{[51 + $_]};
        virtual_ipaddress 192.168.64.@{[200 + $_]}/24;
    }
END
my $nodes = VRRP::Linked->new(lab => $lab, addresses => [$VIP],
                              instances => $instances,
                              link => "on secret_file=$secret");


sub strange ($what, $seconds) {
    return $lab->node('client')->run(
        $^X, $SCRIPT, $lab->node('lb1')->address, $VRRP::Linked::PORT, $secret,
        $what, $seconds);
}

sub refused ($why) {
    return $nodes->nginx('lb1')->status->{peer_links}{refused}{$why};
}

my ($vrrp_pid) = $nodes->nginx('lb1')->vrrp_processes;

sub descriptors () { return scalar(() = glob "/proc/$vrrp_pid/fd/*") }

sub memory () {
    return (VRRP::Proc::slurp("/proc/$vrrp_pid/status") // '')
           =~ /^VmRSS:\s+(\d+)/m ? $1 : 0;
}


$nodes->wait_until_ready('lb1', 'lb2', 'after the start');
my @before = (descriptors(), memory());
my ($descriptors, $memory) = @before;
my $transitions = join ' ', map { $nodes->transitions($_) } qw(lb1 lb2);

# --- a peer that does not read ---------------------------------------------------

my $since = time;
like(strange('slow', 12), qr/^ended/, 'a peer that does not read is given up');
note(sprintf 'after %.1f s', time - $since);
like($nodes->nginx('lb1')->log_text,
     qr/is down: it does not read what is sent to it/, 'for this reason');

# --- a later version -----------------------------------------------------------

my $later = $lab->node('client')->spawn(
    { tag => 'later', output => $lab->dir . '/later' }, $^X, $SCRIPT,
    $lab->node('lb1')->address, $VRRP::Linked::PORT, $secret, 'later', 5);
ok(eval { $lab->wait_until('a peer of a later version', $PATIENCE, sub {
       my $peer = $nodes->peer('lb1', 'strange');
       return join(' ', map { "$_->{name} $_->{state} $_->{priority}" }
                            @{ $peer->{instances} // [] }) eq 'VI_0 BACKUP 50' }) },
   'it is understood') or diag($@, $nodes->nginx('lb1')->log_tail);

# --- messages that were seen before -----------------------------------------------

my $garbage = refused('garbage');
like(strange('repeat', 3), qr/^ended/, 'a message that is repeated ends the link');
ok(eval { $lab->wait_until('a count', 2, sub { refused('garbage') > $garbage }) },
   'and is counted');
my $wrong = refused('secret');
like(strange('recorded', 3), qr/^ended/, 'a recorded connection is refused');
ok(eval { $lab->wait_until('a count', 2, sub { refused('secret') > $wrong }) },
   'and is counted');

# --- 1000 connections --------------------------------------------------------------

my $many = $lab->node('client')->spawn({ tag => 'many' }, $^X, '-e', $CONNECTIONS,
    $lab->node('lb1')->address, $VRRP::Linked::PORT);
my $until = time + 4;
while (time < $until) {
    my ($now, $kb) = (descriptors(), memory());
    $descriptors = $now if $now > $descriptors;
    $memory = $kb if $kb > $memory;
    sleep 0.01;
}
$lab->node('client')->reap($many, 'KILL');
cmp_ok(refused('full'), '>', 500, 'most of them are closed at once');
cmp_ok($descriptors, '<=', $before[0] + $MOST_DESCRIPTORS, 'descriptors');
SKIP: {
    skip('a sanitizer keeps what is freed', 1) if VRRP::Nginx->is_sanitized;
    cmp_ok($memory, '<=', $before[1] + $MOST_MEMORY, 'memory');
}
note("descriptors $before[0] -> $descriptors, memory $before[1] -> $memory kB");

$lab->wait_until('the end of the later version', $PATIENCE,
                 sub { -s $lab->dir . '/later' });
# Details, each second.
like(VRRP::Proc::slurp($lab->dir . '/later'), qr/^open .*\b11\b/,
     'the link with a later version has lasted');

is(join(' ', map { $nodes->transitions($_) } qw(lb1 lb2)), $transitions,
   'VRRP has not noticed anything');
is(scalar(() = $nodes->nginx('lb1')->log_text =~ /peer link with lb2 .* is down/g),
   0, 'nor has the link of the nodes');
$lab->wait_until('the descriptors of all of them to be closed', $PATIENCE,
                 sub { descriptors() <= $before[0] + 1 });

$lab->finish;
done_testing;
