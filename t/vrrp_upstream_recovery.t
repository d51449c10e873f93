#!/usr/bin/perl

# Servers that cannot be reached for a while, and then can: when the tracker
# is up, clients get answers. Requests that began before still fail then, and
# nginx's max_fails must not count them. The same for http and stream.

use v5.36;

use lib 't/lib';
use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Pools;

my $reason = VRRP::Lab->unavailable || VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $web = $VRRP::Pools::WEB;
my $servers = join ' ', map {
    "server $web:$_ max_fails=1 fail_timeout=10s;"
} @VRRP::Pools::PORTS[0, 1];
my $check = 'vrrp_check http uri=/check interval=100ms timeout=200ms rise=1';

# "patient": its checks fail, but not often enough to be down.
my @http = qw(shared own patient_shared patient_own);
my @stream = defined VRRP::Nginx->stream_module
    ? map { "stream_$_" } @http : ();
my @names = (@http, @stream);

my ($upstreams, $trackers) = ({ http => '', stream => '' }, '');

for my $name (@names) {
    my $context = $name =~ /stream/ ? 'stream' : 'http';
    my $fall = $name =~ /patient/ ? 100 : 3;
    my $zone = $name =~ /shared/ ? 1 : 0;

    $upstreams->{$context} .= VRRP::Pools->upstream($name, zone => $zone,
        servers => $servers, check => "$check fall=$fall;");
    $trackers .= "        track_upstream $name weight=-5;\n";
}

my $pools = VRRP::Pools->new;
my $lab = $pools->lab;
my $lb1 = $lab->node('lb1');

my $port = 9000;
my %port = map { $_ => $port++ } @stream;
my $timeout = "    proxy_connect_timeout 1500ms;\n";

$pools->start(
    @stream ? VRRP::Pools->stream($timeout . $upstreams->{stream}, %port) : (),
    http => $timeout . $upstreams->{http} . VRRP::Pools->server(@http),
    vrrp => <<"END");
    vrrp_instance VI_1 {
        interface $VRRP::Node::INTERFACE;
        virtual_router_id 51;
        virtual_ipaddress $VRRP::Lab::VIP/24;
$trackers
    }
END

my %load = map {
    $_ => VRRP::Load->new(node => $lb1, interval => 20, timeout => 5000,
                          url => $port{$_} ? "http://127.0.0.1:$port{$_}/"
                                           : "http://127.0.0.1:8080/$_/")
} @names;

$lab->wait_until('all trackers up', 10, sub { up() == @names });

$lb1->drop_traffic($web);
my $dropped = time;

$lab->wait_until('the trackers to be down', 10, sub {
    my %up = map { $_ => 1 } up();
    return !grep { $up{$_} && !/patient/ } @names;
});

sleep 0.01 while time < $dropped + 2.2;
$lb1->let_traffic_pass;

$lab->wait_until('the trackers to be up', 10, sub { up() == @names });
my $since = time;

# Of the patient pools no verdict changes; each check is made by then.
sleep 0.5;
my $checked = time;

sleep 2;

for my $name (@names) {
    my $from = $name =~ /patient/ ? $checked : $since;
    my $seen = $load{$name}->summary($from, $checked + 2);

    cmp_ok($seen->{requests}, '>', 20, "$name: requests");
    is($seen->{failed}, 0, "$name: all answered")
        or diag(explain($seen->{errors}));
}

$_->stop for values %load;

my $log = $pools->nginx->log_text;

like($log, qr/upstream timed out/, 'connections of before have failed');

$pools->finish;

done_testing;


# Names of the pools whose trackers are up.
sub up () {
    my ($instance) = @{ $pools->nginx->status->{instances} };

    return map { $_->{name} } grep { $_->{state} eq 'up' }
           @{ $instance->{trackers} };
}
