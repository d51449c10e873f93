#!/usr/bin/perl

# The configurations of docs/guides.md run on two nodes, as they are: one node
# has the addresses, and the other one has them when all of its nginx is killed.

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Lab;
use VRRP::Nginx;
use VRRP::Proc;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $top = abs_path(dirname(__FILE__) . '/..');

# Those that need a cloud, or a routing daemon (t/vrrp_cluster_anycast.t).
my %not_here = map { $_ => 1 } qw(cloud.conf anycast.conf);

my @names = grep { !$not_here{$_} }
    keys %{ { map { $_ => 1 } VRRP::Proc::slurp("$top/docs/guides.md")
                              =~ m{conf-examples/([\w-]+\.conf)\)}g } };

cmp_ok(@names, '>=', 7, 'the guides have examples');

for my $name (sort @names) {
    subtest $name => sub { fails_over($name) };
}

# The files of the second node differ as the example says.
sub of_node ($text, $node) {
    return $text if $node eq 'lb1' || $text =~ /\bnode lb2 \{/;

    return $text
        =~ s/\b(priority +)10[01];/${1}90;/r
        =~ s/(unicast_src_ip +192\.168\.64)\.130;/$1.134;/r
        =~ s/(unicast_peer +192\.168\.64)\.134;/$1.130;/r;
}

sub fails_over ($name) {
    my $text = VRRP::Proc::slurp("$top/conf-examples/$name");
    my @addresses = $text =~ m{^\s*virtual_ipaddress\s+([0-9a-f.:]+)}mg;
    my $lab = VRRP::Lab->new(nodes => [qw(lb1 lb2)],
                             second_link => [qw(lb1 lb2)]);
    my %nginx;

    for my $node (qw(lb1 lb2)) {
        $lab->node($node)->run(qw(install -d -m 700 /run/nginx-vrrp));
        $nginx{$node} = $lab->start_nginx($node, workers => 1,
            example => of_node($text, $node), expect => qr/on signal 9/);
    }

    # of each address; not always the same node
    my $all_on = sub {
        my %holder = map { $_ => join ' ', $lab->who_has($_) } @addresses;
        return !(grep { !/^lb[12]$/ } values %holder) && \%holder;
    };
    my $before;
    ok(eval { $before = $lab->wait_until('addresses', 15, $all_on) },
       'each address is on one node') or diag($@);

    my $first = ($before // {})->{ $addresses[0] } // 'lb1';
    my $other = $first eq 'lb1' ? 'lb2' : 'lb1';
    my $killed = $nginx{$first};

    $killed->signal('KILL', map { $_->{pid} } $killed->processes);
    ok(eval {
        $lab->wait_until('a failover', 15, sub {
            my $now = $all_on->() || return;
            return !grep { $_ ne $other } values %$now;
        });
    }, "the other node has them all after kill -9")
        or diag($@, $nginx{$other}->log_text);

    $killed->wait_gone;
    $lab->finish;
}

done_testing;
