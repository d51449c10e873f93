#!/usr/bin/perl

# The firewall lines of docs/installing.md, on nodes whose firewall drops all
# other new packets: nftables on one, iptables on the other.

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

use VRRP::Lab;
use VRRP::Linked;
use VRRP::Nginx;
use VRRP::Proc;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;
plan(skip_all => 'no iptables here, run tools/install-deps')
    unless grep { -x "$_/iptables" } qw(/usr/sbin /sbin);

my $docs = VRRP::Proc::slurp(abs_path(dirname(__FILE__))
                             . '/../docs/installing.md');

# What a firewall of a server begins with.
my %DROP = (
    nftables => <<'END',
nft add table inet filter
nft 'add chain inet filter input { type filter hook input priority 0; policy drop; }'
nft add rule inet filter input ct state established,related accept
nft add rule inet filter input iifname lo accept
nft add rule inet filter input meta l4proto ipv6-icmp accept
END
    iptables => join('', map { <<"END" } qw(iptables ip6tables)),
$_ -P INPUT DROP
$_ -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
$_ -A INPUT -i lo -j ACCEPT
$_ -A INPUT -p ipv6-icmp -j ACCEPT
END
);

my %PROGRAM = (lb1 => 'nftables', lb2 => 'iptables');

my ($V4, $V6) = ($VRRP::Lab::VIP, 'fd64::200');
my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);

for my $name (sort keys %PROGRAM) {
    my $program = $PROGRAM{$name};

    $lab->node($name)->run('sh', '-e', '-c', $DROP{$program} . lines_of($program));
}

my $nodes = VRRP::Linked->new(lab => $lab, addresses => [$V4, $V6],
    instances => <<"END");
    vrrp_instance VI_1 {
        virtual_router_id 51;
        virtual_ipaddress $V4/24;
        virtual_ipaddress $V6/64;
    }
END

for my $name (sort keys %PROGRAM) {
    my ($out, $failed) = $lab->node('client')->try(
        'curl', '-s', '-m', 1, 'http://' . $lab->node($name)->address . '/');
    ok($failed, "$PROGRAM{$name}: the firewall drops other packets");
}

$nodes->wait_until_ready('lb1', 'lb2');
pass('the nodes have a peer link');
receives('lb2');

$nodes->restart('lb1');
$nodes->wait_until_ready('lb2', 'lb1', 'after a restart');
pass('and again in the other direction');
receives('lb1');

$lab->finish;
done_testing;


# A BACKUP in both families.
sub receives ($name) {
    is(join(' ', map { $_->{state} } $nodes->parts($name)), 'BACKUP BACKUP',
       "$PROGRAM{$name}: advertisements of both families arrive");
}


# Shell lines of the example that begins with "# NAME".
sub lines_of ($name) {
    my ($lines) = $docs =~ /^```sh\n# $name\n(.*?)^```/ms
        or die "no example for $name in docs/installing.md\n";

    return $lines =~ s/\beth0\b/$VRRP::Node::INTERFACE/gr;
}
