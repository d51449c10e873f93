#!/usr/bin/perl

# use_vmac where the adverts come from the interface below (xmit_base=on), in a
# sync_group on one and on two interfaces, and where /proc/sys is read-only.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $IF = $VRRP::Node::INTERFACE;
my $VIP = $VRRP::Lab::VIP;

# Generous for a busy machine.
my $PATIENCE = 15;

# By VRID: the device, its address, and what is below.
my %MEMBER = (
    51 => { device => 'vrrp.51', address => $VIP, on => $IF,
            more => 'use_vmac;' },
    52 => { device => 'vrrp.52', address => '192.168.64.202', on => $IF,
            more => 'use_vmac xmit_base=on;'
                    . ' unicast_peer 192.168.64.130;'
                    . ' unicast_peer 192.168.64.134;' },
    53 => { device => 'vrrp.53', address => '192.168.65.203', on => 'vrlab1',
            more => 'use_vmac;' },
    54 => { device => 'vmac54', address => 'fd64::204', on => $IF,
            more => 'use_vmac name=vmac54 xmit_base=on;' },
);
my @VRIDS = sort keys %MEMBER;
my $ALL = join ' ', sort map { $_->{device} } values %MEMBER;

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)],
                         second_link => [qw(client lb1 lb2)]);
my %node = map { $_ => $lab->node($_) } qw(client lb1 lb2);

my %PRIORITY = (lb1 => 110, lb2 => 100);


sub group ($name) {
    return join '', map {
        my $m = $MEMBER{$_};
        my $mask = $m->{address} =~ /:/ ? 64 : 24;
        <<"END";
    vrrp_instance V$_ {
        interface $m->{on}; virtual_router_id $_; sync_group edge;
        priority $PRIORITY{$name}; advert_int 100ms;
        virtual_ipaddress $m->{address}/$mask; $m->{more}
    }
END
    } @VRIDS;
}


sub start ($name, %args) {
    return $lab->start_nginx($name, http => <<"END", %args);
    server { listen 80; listen [::]:80; return 200 "$name\\n"; }
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
    }
END
}


# Devices that have their address, and those that are up.
sub held ($name) {
    my $text = $node{$name}->run(qw(ip -o address show));

    return join ' ', sort map { $_->{device} } grep {
        $text =~ m{^\d+: \Q$_->{device}\E\s+inet6? \Q$_->{address}\E/}m
    } values %MEMBER;
}

sub up ($name) {
    my $text = $node{$name}->run(qw(ip -o link show type macvlan));

    return join ' ', sort $text =~ /^\d+: (\S+?)@\S+ <\S*\bUP\b/mg;
}


sub holds ($name, $what) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my ($other) = grep { $_ ne $name } qw(lb1 lb2);
    my $last = '';
    eval {
        $lab->wait_until('all', $PATIENCE, sub {
            $last = join ' / ', map { held($_), up($_) } $name, $other;
            return $last eq "$ALL / $ALL /  / ";
        });
    };
    is($last, "$ALL / $ALL /  / ", "$what: $name has all, $other none");

    for my $m (map { $MEMBER{$_} } @VRIDS) {
        my $url = $m->{address} =~ /:/ ? "http://[$m->{address}]/"
                                       : "http://$m->{address}/";
        my ($out) = $node{client}->try(qw(curl -sg -m 2), $url);
        is($out =~ s/\s+//gr, $name, "$what: $m->{address} is served");
    }
    my $neighbours = $node{client}->run(qw(ip neigh show));
    for my $vrid (@VRIDS) {
        my $family = $MEMBER{$vrid}{address} =~ /:/ ? 2 : 1;
        my $mac = sprintf '00:00:5e:00:%02x:%02x', $family, $vrid;
        like($neighbours, qr/^\Q$MEMBER{$vrid}{address}\E .*lladdr $mac/m,
             "$what: the client has $mac");
    }
}


my $capture = $lab->capture('lb2', ether => 1);
my %nginx = map { $_ => start($_, vrrp => group($_)) } qw(lb1 lb2);
holds('lb1', 'start');

$lab->unplug('lb1', 'switch2');
holds('lb2', 'one of two links down');
$lab->plug('lb1', 'switch2');
holds('lb1', 'link up');
$nginx{lb1}->stop('QUIT');
holds('lb2', 'quit');
$nginx{lb2}->stop;

$capture->stop;
my %base = map { $_ => ($node{$_}->run(qw(ip -o link show), $IF)
                        =~ /link\/ether (\S+)/)[0] } qw(lb1 lb2);
my %seen;
$seen{ $_->{vrid} }{ $_->{mac} eq $base{lb1} ? 'lb1'
                     : $_->{mac} eq $base{lb2} ? 'lb2' : $_->{mac} }++
    for grep { defined $_->{vrid} } $capture->packets;

# Its last advert, after its addresses, comes from the interface.
ok($seen{51}{'00:00:5e:00:01:33'}, 'adverts come from the device');
is(join(' ', sort keys $seen{$_}->%*), 'lb1 lb2',
   "xmit_base=on, VRID $_: from the interfaces") for 52, 54;

# A container.
my $lb1 = $node{lb1};
my $one = <<"END";
    vrrp_instance V51 {
        interface $IF; virtual_router_id 51; priority 100; advert_int 100ms;
        virtual_ipaddress $VIP/24; use_vmac;
    }
END
$lb1->run(qw(mount --bind /proc/sys /proc/sys));
$lb1->run(qw(mount -o), 'remount,bind,ro', '/proc/sys');
$nginx{lb1}->configure(vrrp => $one);
$nginx{lb1}->start;
$lab->wait_until('FAULT', $PATIENCE,
                 sub { $nginx{lb1}->state eq 'FAULT' });
my $fault = $nginx{lb1}->status->{instances}[0]{fault};
like($fault, qr/^use_vmac: setting net\.ipv6\.conf\.vrrp\.51\.disable_ipv6 /,
     'read-only /proc/sys: FAULT');
like($fault, qr{\(/proc/sys is read-only here\)}, 'with the reason');
my ($answer) = $node{client}->try(qw(curl -s -m 2 http://192.168.64.130/));
is($answer, "lb1\n", 'nginx serves');
is($lb1->run(qw(cat), "/proc/sys/net/ipv4/conf/$IF/arp_ignore"), "0\n",
   'and nothing was changed');

$lb1->run(qw(mount -o), 'remount,bind,rw', '/proc/sys');
$lab->wait_for_holder('lb1', $PATIENCE);
pass('writable again: MASTER');
$nginx{lb1}->stop;

$lb1->run(qw(sysctl -qw net.ipv6.conf.default.disable_ipv6=1));
$lb1->run(qw(mount -o), 'remount,bind,ro', '/proc/sys');
$nginx{lb1}->start;
$lab->wait_for_holder('lb1', $PATIENCE);
pass('read-only, but with the right default: MASTER');

$lab->finish;
done_testing;
