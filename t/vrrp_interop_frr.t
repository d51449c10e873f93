#!/usr/bin/perl

# Our module and FRR's vrrpd on one LAN, in both roles, at the same time with
# version 3 (IPv4 and IPv6) and version 2. FRR supports multicast only.

use v5.36;

use Test::More;

use VRRP::FRR;
use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable
             // VRRP::FRR->unavailable;
plan(skip_all => $reason) if $reason;

my @VIPS = ("51 $VRRP::Lab::VIP/24", '51 fd64::200/64', '52 192.168.64.201/24');
my %ROUTER = (V4 => [51, 4], V6 => [51, 6], V2 => [52, 4]);
my $PATIENCE = 20;

my $lab = VRRP::Lab->new(nodes => [qw(lb1 lb2)]);
my $capture = $lab->capture('lb1');


sub ours ($priority) {
    my $common = "interface $VRRP::Node::INTERFACE; priority $priority;";
    my ($v4, $v6, $v2) = map { s/^\d+ //r } @VIPS;

    return <<"END";
    vrrp_instance V4 {
        $common
        virtual_router_id 51;
        virtual_ipaddress $v4;
    }
    vrrp_instance V6 {
        $common
        virtual_router_id 51;
        virtual_ipaddress $v6;
    }
    vrrp_instance V2 {
        $common
        virtual_router_id 52;
        version 2;
        virtual_ipaddress $v2;
    }
END
}


my $frr = VRRP::FRR->new(node => $lab->node('lb2'), vips => \@VIPS,
                         conf => <<'END');
 vrrp 51 version 3
 vrrp 51 priority 100
 vrrp 51 advertisement-interval 100
 vrrp 51 ip 192.168.64.200
 vrrp 51 ipv6 fd64::200
 vrrp 52 version 2
 vrrp 52 priority 100
 vrrp 52 advertisement-interval 1000
 vrrp 52 ip 192.168.64.201
END

my $nginx;

# Both sides agree on the MASTER of all virtual routers.
sub agrees ($what, $our_state, $frr_state) {
    my %seen;
    my $agreed = eval {
        $lab->wait_until($what, $PATIENCE, sub {
            for my $name (keys %ROUTER) {
                my $ours = $our_state ? $nginx->state($name) // '' : '';
                my $theirs = $frr_state ? $frr->state($ROUTER{$name}->@*) : '';
                $seen{$name} = "$ours/$theirs";
            }
            return !grep { $_ ne "$our_state/$frr_state" } values %seen;
        });
    };

    ok($agreed, "$what: $our_state/$frr_state")
        or diag(join ' ', map { "$_ $seen{$_}" } sort keys %seen);
}


$frr->start;
agrees('FRR alone', '', 'Master');

$nginx = $lab->start_nginx('lb1', vrrp => ours(200), http => <<'END');
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
    }
END
agrees('we preempt', 'MASTER', 'Backup');

$nginx->stop('QUIT');
agrees('we quit', '', 'Master');

$nginx->configure(vrrp => ours(50));
$nginx->start;
agrees('FRR stays', 'BACKUP', 'Master');

for my $instance ($nginx->status->{instances}->@*) {
    my $counters = $instance->{counters};
    is(join(' ', grep { $counters->{dropped}{$_} }
            sort keys $counters->{dropped}->%*), '',
       "$instance->{name}: nothing is dropped");
}

$frr->stop('KILL');
agrees('FRR is killed', 'MASTER', '');

$capture->stop;
is(scalar(grep { $_->{bad} } $capture->adverts), 0,
   'all checksums are right');

$lab->finish;
done_testing;
