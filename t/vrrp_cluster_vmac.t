#!/usr/bin/perl

# use_vmac with both families in one instance: the devices and their MAC
# addresses follow the MASTER in clients and in the switch, and a reload, an
# upgrade or the death of processes changes nothing that the kernel reports.

use v5.36;

use Test::More;

use VRRP::Lab;
use VRRP::Nginx;
use VRRP::Proc;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $IF = $VRRP::Node::INTERFACE;
my %MAC = ('vrrp.51'  => '00:00:5e:00:01:33',
           'vrrp6.51' => '00:00:5e:00:02:33');
my %DEVICE = ($VRRP::Lab::VIP  => 'vrrp.51', '192.168.64.201' => 'vrrp.51',
              'fd64::200' => 'vrrp6.51', 'fd64::201' => 'vrrp6.51');
my @ADDRESSES = sort keys %DEVICE;

# Generous for a busy machine.
my $PATIENCE = 15;

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
my ($client, $switch) = map { $lab->node($_) } qw(client switch);
my %node = map { $_ => $lab->node($_) } qw(lb1 lb2);
my $capture = $lab->capture('client', ether => 1,
    filter => 'proto 112 or ip6 proto 112 or arp or icmp6');

$switch->spawn({ tag => 'fdb' }, qw(stdbuf -oL bridge monitor fdb));


sub vrrp ($priority, $more = '') {
    return <<"END";
    vrrp_instance VI_1 {
        interface $IF; virtual_router_id 51; priority $priority;
        advert_int 100ms; use_vmac;
        virtual_ipaddress $VRRP::Lab::VIP/24;
        virtual_ipaddress fd64::200/64;
        virtual_ipaddress_excluded 192.168.64.201/24;
        virtual_ipaddress_excluded fd64::201/64;
        $more
    }
END
}


sub start ($name, $priority) {
    return $lab->start_nginx($name, vrrp => vrrp($priority),
        expect => qr/on signal 9/, http => <<"END");
    server { listen 80; listen [::]:80; return 200 "$name\\n"; }
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
    }
END
}


# Addresses and their devices; nothing if it has none.
sub held ($name) {
    my $text = $node{$name}->run(qw(ip -o address show));

    return join ' ', grep { my ($d, $a) = split /=/; exists $DEVICE{$a} }
                     sort map { /^\d+: (\S+)\s+inet6? ([0-9a-f.:]+)/ ? "$1=$2" : () }
                     split /\n/, $text;
}

my $ALL = join ' ', sort map { "$DEVICE{$_}=$_" } @ADDRESSES;


sub devices ($name) {
    my $text = $node{$name}->run(qw(ip -o link show type macvlan));
    my %devices;

    while ($text =~ /^(\d+): (\S+?)@\S+ <(\S*)>.* link\/ether (\S+)/mg) {
        my ($index, $device, $flags, $mac) = ($1, $2, $3, $4);
        $devices{$device} = { index => $index, mac => $mac,
                              up => $flags =~ /\bUP\b/ ? 1 : 0 };
    }
    return \%devices;
}


sub indexes ($name) {
    my $devices = devices($name);

    return join ' ', map { "$_=$devices->{$_}{index}" } sort keys %$devices;
}


sub up ($name) {
    my $devices = devices($name);

    return join ' ', grep { $devices->{$_}{up} } sort keys %$devices;
}


sub holds ($name, $what) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my ($other) = grep { $_ ne $name } qw(lb1 lb2);
    my $last = '';
    eval {
        $lab->wait_until('all', $PATIENCE, sub {
            $last = held($name);
            return $last eq $ALL && held($other) eq '' && up($other) eq '';
        });
    };
    is($last, $ALL, "$what: $name has all addresses on its devices");
    is(up($name), 'vrrp.51 vrrp6.51', "$what: which are up");
    is(up($other), '', "$what: those of $other are not");

    # the kernel reports it later
    $lab->wait_until('links', $PATIENCE, sub {
        2 == (() = $node{$name}->run(qw(ip link show type macvlan))
                   =~ /state UP/g);
    });

    for my $address (@ADDRESSES) {
        my $url = $address =~ /:/ ? "http://[$address]/" : "http://$address/";
        my ($out) = $client->try(qw(curl -sg -m 2), $url);
        is($out =~ s/\s+//gr, $name, "$what: $address is served");
    }

    my $neighbours = $client->run(qw(ip neigh show dev), $IF);
    for my $address (@ADDRESSES) {
        like($neighbours, qr/^\Q$address\E .*lladdr $MAC{$DEVICE{$address}}/m,
             "$what: the client has the virtual MAC for $address");
    }

    my $learned = $switch->run(qw(bridge fdb show br br0));
    for my $device (sort keys %MAC) {
        like($learned, qr/^$MAC{$device} dev sw-$name /m,
             "$what: the switch has $MAC{$device} at $name");
    }
}


# Ports of the IPv4 MAC in the switch since the last call. (The kernel repeats
# MLD reports from the IPv6 one at random times.)
sub moves () {
    state $seen = 0;
    state $serial = 0;
    my $mark = sprintf '02:00:00:00:%02x:%02x', ++$serial >> 8, $serial & 255;
    my $text;

    # Reports are in order: it has reported all when it reports this.
    $lab->wait_until('the monitor', $PATIENCE, sub {
        $switch->run(qw(bridge fdb replace), $mark,
                     qw(dev sw-client master static));
        $text = VRRP::Proc::slurp($switch->dir . '/fdb.out') // '';
        return $text =~ /^$mark /m;
    });
    my $new = substr $text, $seen;
    $seen = length $text;

    my %ports = map { $_ => 1 } $new =~ /^00:00:5e:00:01\S+ dev sw-(\S+)/mg;
    return join ' ', sort keys %ports;
}


# Nothing that the kernel of lb1 reports about links, and no address goes.
sub undisturbed ($what, $act) {
    my $indexes = indexes('lb1');
    my $reports = $lab->watch_reports('lb1');

    $act->();

    my @seen = $reports->stop;
    is(join("\n", grep { !/ inet6? / } @seen), '', "$what: no link changes");
    is(join("\n", grep { /^Deleted.* inet6? / } @seen), '',
       "$what: no address is removed");
    is(indexes('lb1'), $indexes, "$what: the same devices");
    is(held('lb1'), $ALL, "$what: with all addresses");
}


# As the status has them.
sub vrrp_pids ($nginx) {
    return map { $_->{inner} } grep { $_->{title} =~ /^nginx: vrrp process/ }
           $nginx->processes;
}


# Until another vrrp process than these is MASTER.
sub wait_for_successor ($nginx, @old) {
    $lab->wait_until('another vrrp process', $PATIENCE, sub {
        my %new = map { $_ => 1 } vrrp_pids($nginx);
        my $status = $nginx->status;
        my ($instance) = $status->{instances}->@*;

        delete @new{@old};
        return $new{ $status->{node}{pid} // 0 } && $instance
               && $instance->{state} eq 'MASTER';
    });
}


my $lb1 = start('lb1', 110);
holds('lb1', 'start');
is(devices('lb1')->{$_}{mac}, $MAC{$_}, "$_ has $MAC{$_}") for sort keys %MAC;
unlike($node{lb1}->run(qw(ip address show dev vrrp6.51)), qr/fe80/,
       'no link-local address on the device');

my $lb2 = start('lb2', 100);
$lab->wait_until('BACKUP', $PATIENCE, sub { $lb2->state eq 'BACKUP' });
is(indexes('lb2') =~ s/=\d+//gr, 'vrrp.51 vrrp6.51', 'a BACKUP has devices');
moves();

undisturbed('reload', sub { $lb1->reload });
undisturbed('vrrp process killed', sub {
    my @old = vrrp_pids($lb1);
    $lb1->signal('KILL', $lb1->vrrp_processes);
    wait_for_successor($lb1, @old);
});
undisturbed('upgrade', sub {
    my ($old) = $lb1->masters;
    my @old = vrrp_pids($lb1);
    $lb1->signal('USR2', $old);
    wait_for_successor($lb1, @old);
    $lb1->signal('QUIT', $old);
    $lab->wait_until('the new one', $PATIENCE, sub {
        $lb1->masters == 1 && $lb1->vrrp_processes == 1;
    });
});
unlike(moves(), qr/lb2/, 'the switch learned nothing from the BACKUP');

# The client learns nothing from any announcement.
$client->ignore_announcements(@ADDRESSES);
$lb1->stop('QUIT');
is($lab->wait_until('a move', $PATIENCE, \&moves), 'lb2',
   'quit: the switch learned only from lb2');
holds('lb2', 'quit');
is(indexes('lb1'), '', 'quit: lb1 has no device');

$lb1->start;
holds('lb1', 'lb1 returns');

$capture->stop;

# All processes die: the devices stay, and the next start removes only ours,
# even one that was not complete, and although another router is configured.
$lb2->stop;
$lb1->signal($_, map { $_->{pid} } $lb1->processes) for qw(STOP KILL);
$lb1->wait_gone;
$lab->wait_until('the end of the leases', $PATIENCE,
                 sub { held('lb1') eq '' });
is(up('lb1'), 'vrrp.51 vrrp6.51', 'all processes died: the devices stay');
$node{lb1}->batch_ip(
    'link set vrrp.51 alias ""', 'link set vrrp.51 group 1448235600',
    "link add mine link $IF type macvlan mode private",
    'link set mine alias "ngx_vrrp"');
$lb1->configure(vrrp => vrrp(110) =~ s/51; (.*)use_vmac;/52; $1/rs);
$lb1->start;
$lab->wait_until('MASTER', $PATIENCE, sub { $lb1->state eq 'MASTER' });
is(indexes('lb1') =~ s/=\d+//r, 'mine', 'the next start removes only ours');
$lb1->stop;
is(indexes('lb1') =~ s/=\d+//r, 'mine', 'and so does its end');

my @adverts = grep { defined $_->{vrid} } $capture->packets;
my @links = grep { $_->{source} =~ /:/ && ($_->{mac} // '') eq $MAC{'vrrp6.51'} }
            @adverts;
cmp_ok(scalar @links, '>', 10, 'IPv6 adverts have the virtual MAC');
is(scalar(grep { $_->{source} !~ /^fe80/ } @links), 0,
   'and a link-local address');
my %sources = map { $_->{source} => 1 } @links;
is(scalar keys %sources, 2, 'that of each node');

my @na = grep { /neighbor advertisement.*\bfd64::20[01]\b/s }
         map { $_->{text} } $capture->packets;
cmp_ok(scalar @na, '>', 3, 'neighbor advertisements');
my $from = qr/$MAC{'vrrp6.51'} > /;
my $for = qr/destination link-address option .*$MAC{'vrrp6.51'}/;
is(join("\n", grep { !/$from.*$for/s } @na), '',
   'all are from and for the virtual MAC');

$lab->finish;
done_testing;
