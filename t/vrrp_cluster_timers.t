#!/usr/bin/perl

# The timers for virtual machines that pause for 2 s (docs/directives.md,
# down_timer_adverts): a pause and a short loss of the link move nothing, but a
# dead nginx is replaced at once. And delay_after_boot, v3_checksum, and "node"
# blocks.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Lab;
use VRRP::Nginx;
use VRRP::Proc;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;
plan(skip_all => 'no time namespaces') if !-e '/proc/self/timens_offsets';

my $VIP = '192.168.64.200';
my $IF = $VRRP::Node::INTERFACE;
my $DELAY = 7;    # longer than a node waits for advertisements

my $lab = VRRP::Lab->new(nodes => [qw(lb1 lb2)]);

# A time namespace in which the machine boots now.
my ($uptime) = split ' ', VRRP::Proc::slurp('/proc/uptime');
my @boot = ('unshare', '-T', '-f', '--boottime', -int $uptime);

sub node ($name, $more = '', @wrapper) {
    return $lab->start_nginx($name, wrapper => \@wrapper, vrrp => <<"END", http => <<'END');
    router_id          $name;
    node lb1 { priority 150; }
    node lb2 { priority 90; }
    interface          $IF;
    advert_int         100ms;
    down_timer_adverts 45;
    link_down_delay    2s;
    v3_checksum        rfc9568;
    $more
    vrrp_instance VI_1 {
        virtual_router_id 51;
        virtual_ipaddress $VIP/24;
    }
END
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
    }
END
}

my $capture = $lab->capture('lb2');
my $began = time;
my $lb1 = node('lb1', "delay_after_boot ${DELAY}s;", @boot);

$lab->wait_for_holder('lb1', $DELAY + 10, $VIP);
cmp_ok(time - $began, '>', $DELAY - 1.5, 'delay_after_boot holds it back');
like($lb1->log_text, qr/INIT -> BACKUP: startup, delayed by delay_after_boot for /,
    'and is in the log');

my $lb2 = node('lb2');
my %before;

sub remember () {
    sleep 0.5;
    %before = map { $_ => $_->status->{instances}[0]{counters}{transitions} } $lb1, $lb2;
}

sub nothing_moved ($what) {
    sleep 0.5;
    is(join(' ', $lab->who_has($VIP)), 'lb1', "$what: lb1 has the address");
    is($_->status->{instances}[0]{counters}{transitions}, $before{$_},
        "$what: no change of state on " . $_->node->name) for $lb1, $lb2;
}

$lab->wait_until('lb2 to be BACKUP', 10, sub { $lb2->state eq 'BACKUP' });
is(join(' ', map { $_->status->{instances}[0]{priority}{base} } $lb1, $lb2), '150 90',
    'each node uses its block');

{
    my @all = map { $_->{pid} } $lb1->processes;

    remember();
    $lb1->signal('STOP', @all);
    sleep 2;
    is(join(' ', $lab->who_has($VIP)), 'lb1', 'at the end of a pause');
    $lb1->signal('CONT', @all);
    nothing_moved('a pause of 2 s');
}

remember();
$lab->unplug('lb1');
sleep 0.7;
$lab->plug('lb1');
nothing_moved('no link for less than link_down_delay');

{
    my %vrrp = map { $_ => 1 } $lb1->vrrp_processes;
    my $killed = time;

    $lb1->signal('KILL', grep { !$vrrp{$_} } map { $_->{pid} } $lb1->processes);
    $lab->wait_for_holder('lb2', 10, $VIP);
    cmp_ok(time - $killed, '<', 2, 'killall -9 nginx: lb2 has the address');
}

# tcpdump expects the pseudo header.
$capture->stop;
my @adverts = $capture->adverts;
is(scalar(grep { $_->{bad} } @adverts), scalar @adverts,
    'v3_checksum: without the pseudo header');

$lab->finish;
done_testing;
