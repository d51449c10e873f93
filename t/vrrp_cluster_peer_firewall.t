#!/usr/bin/perl

# Firewalls on the MASTER that refuse connections of the peer link, while its
# advertisements pass. One that answers with ICMP, or not at all, proves nothing,
# and neither does one that resets connections that exist. One that answers new
# connections with RST is taken for the death of the node once: the BACKUP gives
# up at once, counts it, and does not believe it again, also after a reload.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Lab;
use VRRP::Linked;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my ($VIP, $FAST) = ($VRRP::Lab::VIP, '192.168.64.201');
my $PATIENCE = $VRRP::Linked::PATIENCE;
my $NEW = 'tcp flags & (syn | ack) == syn';

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
my $nodes = VRRP::Linked->new(lab => $lab, addresses => [$VIP, $FAST],
                              instances =>
                                  VRRP::Linked->slow_and_fast($VIP, $FAST));
my ($master, $next) = qw(lb1 lb2);


sub ready ($why) { $nodes->wait_until_ready($master, $next, $why) }

# How the MASTER answers these packets of peers.
sub firewall ($packets, $how) {
    my $file = $lab->dir . '/firewall.nft';

    open my $out, '>', $file or die "$file: $!\n";
    print {$out} "table inet vrdeath {\nchain input {\n"
                 . "type filter hook input priority 0;\n"
                 . join('', map { "tcp $_ $VRRP::Linked::PORT $packets $how;\n" }
                                qw(dport sport))
                 . "}\n}\n";
    close $out;
    $lab->node($master)->run('nft', '-f', $file);
}

sub no_firewall () {
    $lab->node($master)->run(qw(nft delete table inet vrdeath));
    ready('after a firewall');
}

sub swap () {
    $nodes->restart($master);
    ($master, $next) = ($next, $master);
    ready('after the end of the other one');
}

sub kill_it () {
    $nodes->kill_vrrp_process($master);
    sleep 1;
}

sub false_proofs () {
    return join ' ', map { $_->{counters}{false_proofs} } $nodes->parts($next);
}


ready('after the start');

for my $how (qw(reject drop)) {
    firewall($NEW, $how);
    $nodes->changes_nothing($master, "new connections: $how", \&kill_it);
    no_firewall();
}

# Crashes are counted: the third one within a minute is a reason to leave.
swap();
$nodes->changes_nothing($master, 'connections that exist are reset', sub {
    firewall('tcp flags & (syn | ack) == ack', 'reject with tcp reset');
    $lab->wait_until('the end of the link', $PATIENCE, sub {
        $nodes->nginx($next)->log_text =~ /peer link with $master .* is down/ });
    sleep 1;
});
no_firewall();
unlike($nodes->nginx($_)->log_text, qr/has ended/, "$_ has seen no death")
    for qw(lb1 lb2);

# --- RST for new connections ----------------------------------------------------

# A MASTER with the lower priority would yield to the advertisement of the other
# one.
swap();
is($master, 'lb1', 'the MASTER has the higher priority');
sleep 1.1;    # a link that is younger is not tried again at once
firewall($NEW, 'reject with tcp reset');
$nodes->kill_vrrp_process($master);
ok(eval { $lab->wait_until('a wrong proof', $PATIENCE, sub {
       $nodes->nginx($next)->log_text
       =~ /advertises, although its kernel refused/ && false_proofs() eq '1 1' }) },
   'a proof that was wrong is logged and counted') or diag($@);
no_firewall();

$nodes->nginx($next)->reload;
ready('after a reload');
sleep 1.1;
firewall($NEW, 'reject with tcp reset');
$nodes->changes_nothing($master, 'the firewall is known', \&kill_it);
like($nodes->nginx($next)->log_text, qr/has ended: .*which is not believed/,
     'the log says why');
is(false_proofs(), '1 1', 'it was taken for a death once');
no_firewall();

$lab->finish;
done_testing;
