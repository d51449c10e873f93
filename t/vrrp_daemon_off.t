#!/usr/bin/perl

# nginx in the foreground, as in containers and with some service managers.

use v5.36;

use Test::More;

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $VIP = $VRRP::Lab::VIP;
my $PATIENCE = 10;

my $lab = VRRP::Lab->new(nodes => ['lb1']);
my $node = $lab->node('lb1');

my $nginx = VRRP::Nginx->new(node => $node, main => 'daemon off;',
    vrrp => <<'END', http => 'server { listen 80; }');
    vrrp_instance VI_1 {
        interface vrlab0;
        virtual_router_id 51;
        virtual_ipaddress 192.168.64.200/24;
    }
END

$nginx->configure;
$node->assert_isolated;

for my $signal (qw(TERM QUIT)) {
    my $started = $node->spawn({ tag => "nginx-$signal", pid_namespace => 1 },
        VRRP::Nginx->binary, '-p', $nginx->dir . '/',
        '-c', $nginx->conf_file);

    $lab->wait_for_holder('lb1', $PATIENCE);

    my ($master) = $nginx->masters;
    my ($vrrp) = $nginx->vrrp_processes;
    is(parent_of($vrrp), $master, 'the vrrp process is its child');

    $nginx->command('reload');
    $lab->wait_until('another vrrp process', $PATIENCE, sub {
        my @now = $nginx->vrrp_processes;
        return @now == 1 && $now[0] != $vrrp;
    });
    ok($node->has_address($VIP), 'a reload keeps the address');

    $nginx->stop($signal);
    ok(!$node->has_address($VIP), "$signal: the address is gone");
    $node->reap($started);
}

is_deeply([$nginx->complaints], [], 'nothing alarming logged');

$lab->destroy;
done_testing;


sub parent_of ($pid) {
    my ($parent) = VRRP::Proc::slurp("/proc/$pid/status") =~ /^PPid:\s+(\d+)/m;

    return $parent;
}
