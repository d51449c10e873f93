#!/usr/bin/perl

# Planned moves with "drain_timeout" where connections cannot be finished: the
# other node is keepalived, or the kernel does not permit BPF on one of them.
# The address moves as without it, clients get a reset at once, and the log and
# the status say why. See vrrp_cluster_drain_tc.t for programs that use "tc".

use v5.36;

use Test::More;

use VRRP::Drained;
use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $PATIENCE = $VRRP::Drained::PATIENCE;
my $VIP = $VRRP::Lab::VIP;

# As Docker by default, and NET_ADMIN.
my @CONTAINER = ('setpriv', '--inh-caps=-all', '--bounding-set=-all,'
    . join ',', map { "+$_" } qw(chown dac_override fowner fsetid kill setgid
                                 setuid setpcap net_bind_service net_raw
                                 net_admin sys_chroot));
my $NO_BPF = qr/bpf\(\w+\) failed \(1: Operation not permitted\)/;


sub drain ($nodes, $name) {
    return $nodes->instance($name, 'ONE')->{drain};
}

# act() moves the address of the only instance to the other node.
sub resets_clients ($nodes, $title, $from, $act) {
    my @clients = $nodes->start_clients($title, qw(download idle));

    $act->();
    $nodes->are_reset($from, $title, @clients);
}


subtest 'keepalived is the successor' => sub {
    my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
    my $nodes = VRRP::Drained->new(
        lab => $lab, names => ['lb1'], addresses => { ONE => $VIP },
        instances => { ONE => 'virtual_router_id 51; advert_int 1s;' });
    my $keepalived = $lab->start_keepalived('lb2', conf => <<"END");
vrrp_instance ONE {
    state BACKUP
    interface $VRRP::Node::INTERFACE
    virtual_router_id 51
    priority 100
    version 3
    advert_int 1
    virtual_ipaddress {
        $VIP/24
    }
}
END

    SKIP: {
        my $why = drain($nodes, 'lb1')->{unavailable};
        skip("drain: not available: $why") if defined $why;

        resets_clients($nodes, 'keepalived', 'lb1',
                       sub { $nodes->control('lb1', 'release') });
        $lab->wait_for_holder('lb2', $PATIENCE);
        is($keepalived->state, 'MASTER', 'keepalived has the address');
        $nodes->says_why('lb1', 'keepalived', 'ONE',
                         qr/no peer link to a successor/);

        $nodes->control('lb1', 'resume');
        $nodes->wait_for_master('lb1');
        is(drain($nodes, 'lb1')->{unavailable}, undef,
           'the reason was that of the last move');
        is($nodes->state_of('lb1')->{filters}, '', 'no filter was left');
    }
    $nodes->explain_failures;
    $lab->finish;
};


subtest 'BPF is not permitted' => sub {
    my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
    my $nodes = VRRP::Drained->new(
        lab => $lab, addresses => { ONE => $VIP },
        more => { lb2 => { wrapper => \@CONTAINER } },
        instances => { ONE => 'virtual_router_id 51; advert_int 500ms;' });

    SKIP: {
        my $why = drain($nodes, 'lb1')->{unavailable};
        skip("drain: not available: $why") if defined $why;

        my @lines = $nodes->nginx('lb2')->log_text =~
            /drain_timeout: not available: ($NO_BPF); connections end when/g;
        is(@lines, 1, 'one line at the start');
        like(drain($nodes, 'lb2')->{unavailable} // '-', $NO_BPF, 'the status');

        $nodes->wait_for_order('lb1', 'lb2');
        resets_clients($nodes, 'successor', 'lb1',
                       sub { $nodes->control('lb1', 'release') });
        $nodes->wait_for_master('lb2');
        is($nodes->answers('ONE'), 'lb2', 'successor: lb2 answers');
        $nodes->says_why('lb1', 'successor', 'ONE', $NO_BPF);

        resets_clients($nodes, 'leaver', 'lb2',
                       sub { $nodes->control('lb1', 'resume') });
        $nodes->wait_for_master('lb1');
        is($nodes->answers('ONE'), 'lb1', 'leaver: lb1 answers');
        is($nodes->state_of('lb1')->{filters}, '', 'no filter was left');
    }
    $nodes->explain_failures;
    $lab->finish;
};


done_testing;
