#!/usr/bin/perl

# What is not the death of a node, although connections of its peer link end, or
# are refused: its vrrp process is killed, nginx is reloaded and upgraded, the
# port changes, the queue is full, the interface is deleted and made again. The
# BACKUP does not take over, and believes a death after that. See
# vrrp_cluster_peer_proof.t for deaths.
#
# PEER_DEATH_ROUNDS: how often the vrrp process is killed, nginx is reloaded and
# upgraded (1).

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Lab;
use VRRP::Linked;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my ($VIP, $FAST) = ($VRRP::Lab::VIP, '192.168.64.201');
my $PATIENCE = $VRRP::Linked::PATIENCE;
my $ROUNDS = $ENV{PEER_DEATH_ROUNDS} // 1;

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
my $nodes = VRRP::Linked->new(lab => $lab, addresses => [$VIP, $FAST],
                              instances => "link_up_delay 0s;\n" .
                                  VRRP::Linked->slow_and_fast($VIP, $FAST));
my ($master, $next) = qw(lb1 lb2);


sub ready ($why) { $nodes->wait_until_ready($master, $next, $why) }

sub changes_nothing ($what, $act) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    $nodes->changes_nothing($master, $what, sub {
        $act->();
        ready($what);
    });
}

sub reload (@link) {
    my $nginx = $nodes->nginx($master);

    $nginx->configure(vrrp => $nodes->vrrp($master, @link));
    $nginx->reload;
}

# Crashes are counted: the third one within a minute is a reason to leave.
sub swap () {
    $nodes->restart($master);
    ($master, $next) = ($next, $master);
    ready('after the end of the other one');
}


ready('after the start');

for my $round (1 .. $ROUNDS) {
    swap() if $round > 1;
    changes_nothing('the vrrp process was killed',
                    sub { $nodes->kill_vrrp_process($master) });
    changes_nothing('reload', sub { reload() });
    changes_nothing('USR2', sub { $nodes->upgrade($master) });
}

# The process does not run for some time: only SLOW waits for so long.
$nodes->changes_nothing($master, '200 connections wait, and it is killed', sub {
    my $nginx = $nodes->nginx($master);
    $nginx->signal('STOP', $nginx->vrrp_processes);
    my $host = $lab->node('client')->spawn({ tag => 'host' }, $^X, '-e', <<'END',
use Socket;
my ($address, $port) = @ARGV;
my @made;
for (1 .. 200) {
    socket my $s, AF_INET, SOCK_STREAM, 0 or die;
    setsockopt $s, 0, 2, pack 'i', 255;
    connect $s, pack_sockaddr_in($port, inet_aton($address)) and push @made, $s;
}
sleep 60;
END
        $lab->node($master)->address, $VRRP::Linked::PORT);
    sleep 0.5;
    $nodes->kill_vrrp_process($master);
    sleep 1;
    $lab->node('client')->reap($host, 'KILL');
}, qr/SLOW/);

swap();
changes_nothing('another port', sub {
    reload('on port=30113');
    sleep 0.7;
    reload();
});
changes_nothing('no link', sub { reload('off'); reload() });

# --- the interface is deleted and made again -----------------------------------

# The advertisements stop, so lb1 takes over. (If lb1 were the one that fails, it
# would be MASTER again before lb2: its priority is higher.) It has seen the end
# of the link, because the vrrp process was killed, and tries whether the node
# lives; its first attempt is lost. But the socket is bound to the new interface,
# by a process without privileges, and does not refuse.
swap() if $master ne 'lb2';
$lab->node($master)->run('nft', "table inet vrlost {\nchain in {\n"
                                . "type filter hook input priority 0;\n"
                                . "tcp dport $VRRP::Linked::PORT tcp flags & "
                                . "(syn | ack) == syn counter drop;\n}\n}");
sleep 1.1;    # a link that is younger is not tried again at once
$nodes->kill_vrrp_process($master);
$lab->node($master)->run(qw(ip link delete), $VRRP::Node::INTERFACE);
$lab->plug_in_again($master);
my $lost = $lab->node($master)->run(qw(nft list table inet vrlost));
$lab->node($master)->run(qw(nft delete table inet vrlost));
like($lost, qr/packets [1-9]/, 'a proof of death is pending');
ok(eval { $lab->wait_until('a connection', $PATIENCE, sub {
       !($lab->node($next)->try($^X, '-e', <<'END',
use Socket;
socket my $s, AF_INET, SOCK_STREAM, 0 or die;
setsockopt $s, 0, 2, pack 'i', 255;
connect $s, pack_sockaddr_in($ARGV[1], inet_aton($ARGV[0])) or die "$!\n";
END
             $lab->node($master)->address, $VRRP::Linked::PORT))[1] }) },
   'the new interface accepts connections') or diag($@);

unlike($nodes->nginx($_)->log_text, qr/has ended/, "$_ has seen no death")
    for qw(lb1 lb2);

# A death after that is believed.
my $made_again = $master;
($master, $next) = ($next, $master);
ready('after its interface was made again');
swap();
is($master, $made_again, "$master is MASTER again");
sleep 1.1;    # a link that is younger is not tried again at once
$nodes->kill_all($master);
ok(eval { $lab->wait_until('a proof', $PATIENCE, sub {
       2 == grep { /^$master \(\S+\) has ended: / } $nodes->reasons($next) }) },
   'its death is believed') or diag($@, $nodes->nginx($next)->log_tail);

$lab->finish;
done_testing;
