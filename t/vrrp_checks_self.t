#!/usr/bin/perl

# TCP may connect a socket to itself, if the kernel chooses the port that it
# wants to reach on its own machine. This is not a listening server. Besides, a
# tracker of two members of a sync_group is one check.

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

my $trackers = <<'END';
        track_tcp 127.0.0.1:40000 interval=20ms fall=1 rise=1;
        track_tcp [::1]:40001 interval=20ms fall=1 rise=1;
        track_ping gateway weight=5;
END

my $nginx = $lab->start_nginx('lb1', vrrp => <<"END", http => <<'END2');
    vrrp_instance VI_1 {
        interface $VRRP::Node::INTERFACE;
        virtual_router_id 51;
        sync_group both;
        virtual_ipaddress $VRRP::Lab::VIP/24;
$trackers    }
    vrrp_instance VI_2 {
        interface $VRRP::Node::INTERFACE;
        virtual_router_id 52;
        sync_group both;
        virtual_ipaddress 2001:db8::1/64;
$trackers    }
END
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
    }
END2

$lab->wait_until('checks', 10, sub {
    return 2 == (() = $nginx->log_text =~ /track_tcp \S+.* is down/g);
});
sleep 1.5;

unlike($nginx->log_text, qr/track_tcp.* is up/, 'never up');
like($nginx->log_text, qr/40000" is down: L4CON /, 'IPv4: why');
like($nginx->log_text, qr/40001" is down: L4CON /, 'IPv6: why');

# Each family has a gateway.
my $status = $nginx->status;
is(join(', ', sort map { "$_->{group} $_->{name}" } $status->{checks}->@*),
   'VI_1 track_ping gateway, VI_1 track_tcp 127.0.0.1:40000, '
   . 'VI_1 track_tcp [::1]:40001, VI_2 track_ping gateway',
   'one check for two members');
for my $instance ($status->{instances}->@*) {
    is(join(', ', map { $_->{name} } $instance->{trackers}->@*),
       '127.0.0.1:40000, [::1]:40001, gateway, gateway (VI_2)',
       "$instance->{name} has the trackers of both, each of them once");
}

$lab->finish;

done_testing;
