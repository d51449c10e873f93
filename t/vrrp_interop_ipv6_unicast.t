#!/usr/bin/perl

# IPv6 unicast with a keepalived without unicast_ttl: it sends with a hop
# limit of 64.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $VIP = 'fd64::200';
my $IF = $VRRP::Node::INTERFACE;

my $lab = VRRP::Lab->new(nodes => [qw(lb1 lb2)]);
my %address = map { $_ => $lab->node($_)->address(6) } qw(lb1 lb2);

my $ours = $lab->start_nginx('lb1', vrrp => <<"END", http => <<'END');
    vrrp_instance VI_6 {
        interface $IF;
        virtual_router_id 51;
        priority 100;
        unicast_src_ip $address{lb1};
        unicast_peer $address{lb2};
        virtual_ipaddress $VIP/64;
    }
END
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
    }
END


sub keepalived ($priority) {
    return $lab->start_keepalived('lb2', conf => <<"END");
global_defs {
    router_id lb2
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
END
}


# One has the address, and it stays so.
sub holds ($name, $what) {
    $lab->wait_for_holder($name, 15, $VIP);
    sleep 1;
    is(join(' ', $lab->who_has($VIP)), $name, $what);
}


holds('lb1', 'alone');

my $keepalived = keepalived(150);
holds('lb2', 'keepalived preempts, and we hear it');
is($ours->state, 'BACKUP', 'what we say');
is($keepalived->state, 'MASTER', 'what keepalived says');

$keepalived->stop;
holds('lb1', 'keepalived says good-bye');

$keepalived = keepalived(50);
holds('lb1', 'keepalived hears us');
is($keepalived->state, 'BACKUP', 'what keepalived says');

my $counters = $ours->status->{instances}[0]{counters};
is($counters->{dropped}{ttl}, 0, 'nothing is dropped for its hop limit');
cmp_ok($counters->{adverts_received}, '>', 5, 'adverts were received');

$lab->finish;
done_testing;
