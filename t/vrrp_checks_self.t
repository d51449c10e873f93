#!/usr/bin/perl

# TCP may connect a socket to itself, if the kernel chooses the port that it
# wants to reach on its own machine. This is not a listening server.

use v5.36;

use lib 't/lib';
use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $lab = VRRP::Lab->new(nodes => ['lb1']);

# With so few to choose from it happens at once.
$lab->node('lb1')->run(qw(sysctl -q -w),
                       'net.ipv4.ip_local_port_range=40000 40001');

my $nginx = $lab->start_nginx('lb1', vrrp => <<"END");
    vrrp_instance VI_1 {
        interface $VRRP::Node::INTERFACE;
        virtual_router_id 51;
        virtual_ipaddress $VRRP::Lab::VIP/24;
        track_tcp 127.0.0.1:40000 interval=20ms fall=1 rise=1;
        track_tcp [::1]:40001 interval=20ms fall=1 rise=1;
    }
END

$lab->wait_until('checks', 10, sub {
    return 2 == (() = $nginx->log_text =~ /track_tcp \S+.* is down/g);
});
sleep 1.5;

unlike($nginx->log_text, qr/track_tcp.* is up/, 'never up');
like($nginx->log_text, qr/40000" is down: L4CON /, 'IPv4: why');
like($nginx->log_text, qr/40001" is down: L4CON /, 'IPv6: why');

$lab->finish;

done_testing;
