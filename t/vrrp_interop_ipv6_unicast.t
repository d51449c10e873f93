#!/usr/bin/perl

# IPv6 unicast with a keepalived without unicast_ttl: it sends with a hop
# limit of 64. We have the list of peers that could be on all nodes. Beside it
# another virtual router in IPv4, with its own multicast group, and one that
# uses IPv6 multicast.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $VIP = 'fd64::200';
my $VIP4 = '192.168.64.200';
my $VIP_M = 'fd64::201';
my $IF = $VRRP::Node::INTERFACE;

my $lab = VRRP::Lab->new(nodes => [qw(lb1 lb2)]);
my %address = map { $_ => $lab->node($_)->address(6) } qw(lb1 lb2);
my %address4 = map { $_ => $lab->node($_)->address(4) } qw(lb1 lb2);

sub vrrp ($min_ttl) {
    return <<"END";
    interface $IF;
    priority 100;

    vrrp_instance VI_6 {
        virtual_router_id 51;
        unicast_peer $address{lb1};
        unicast_peer $address{lb2} $min_ttl;
        virtual_ipaddress $VIP/64;
    }
    vrrp_instance VI_4 {
        virtual_router_id 52;
        mcast_group4 224.0.0.100;
        mcast_src_ip $address4{lb1};
        virtual_ipaddress $VIP4/24;
    }
    vrrp_instance VI_M {
        virtual_router_id 53;
        virtual_ipaddress $VIP_M/64;
    }
END
}

my $ours = $lab->start_nginx('lb1', vrrp => vrrp(''), http => <<'END');
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
    }
END


sub keepalived ($priority) {
    return $lab->start_keepalived('lb2', conf => <<"END");
global_defs {
    router_id lb2
    vrrp_mcast_group4 224.0.0.100
}

vrrp_instance VI_6 {
    state BACKUP
    interface $IF
    virtual_router_id 51
    priority $priority
    version 3
    advert_int 0.1
    unicast_src_ip $address{lb2}
    unicast_peer {
        $address{lb1}
    }
    virtual_ipaddress {
        $VIP/64
    }
}

vrrp_instance VI_4 {
    state BACKUP
    interface $IF
    virtual_router_id 52
    priority $priority
    version 3
    advert_int 0.1
    mcast_src_ip $address4{lb2}
    virtual_ipaddress {
        $VIP4/24
    }
}

vrrp_instance VI_M {
    state BACKUP
    interface $IF
    virtual_router_id 53
    priority $priority
    version 3
    advert_int 0.1
    virtual_ipaddress {
        $VIP_M/64
    }
}
END
}


# One has the address, and it stays so.
sub holds ($name, $what) {
    $lab->wait_for_holder($name, 15, $_) for $VIP, $VIP_M;
    sleep 1;
    is(join(' ', $lab->who_has($VIP)), $name, $what);
    is(join(' ', $lab->who_has($VIP4)), $name, "$what: multicast");
    is(join(' ', $lab->who_has($VIP_M)), $name, "$what: IPv6 multicast");
}


holds('lb1', 'alone');

my $keepalived = keepalived(150);
holds('lb2', 'keepalived preempts, and we hear it');
is($ours->state('VI_6'), 'BACKUP', 'what we say');
is($keepalived->state, 'MASTER', 'what keepalived says');

$keepalived->stop;
holds('lb1', 'keepalived says good-bye');

$keepalived = keepalived(50);
holds('lb1', 'keepalived hears us');
is($keepalived->state, 'BACKUP', 'what keepalived says');

my $counters = $ours->status->{instances}[0]{counters};
is($counters->{dropped}{ttl}, 0, 'nothing is dropped for its hop limit');
cmp_ok($counters->{adverts_received}, '>', 5, 'adverts were received');

# The log has the line to write.
$keepalived->stop;
$ours->configure(vrrp => vrrp('min_ttl=65'));
$ours->reload;
$keepalived = keepalived(150);

my $line = qr/ set "unicast_peer \Q$address{lb2}\E min_ttl=64;"/;

$lab->wait_until('the hop limit of keepalived in the log', 10, sub {
    $ours->log_text =~ /its hop limit is 64 and not 65 or more, .*$line/;
});
pass('a packet dropped for its hop limit says which line to write');

$ours->configure(vrrp => vrrp('min_ttl=64'));
$ours->reload;
holds('lb2', 'with that line it is heard');

$lab->finish;
done_testing;
