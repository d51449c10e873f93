#!/usr/bin/perl

# Two nodes have the address, and each of them detects it: adverts are dropped
# on the path, in both directions or in one; another program adds the address;
# or the BACKUP has it from another program than nginx. One instance uses
# unicast and IPv4, the other one multicast and IPv6.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;
use VRRP::Page;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $VIP = $VRRP::Lab::VIP;
my $VIP6 = 'fd64::200';
my $INTERFACE = $VRRP::Node::INTERFACE;
my %ADDRESS = (lb1 => '192.168.64.130', lb2 => '192.168.64.134');

# Until a sign is believed: the lease of the other one, a round of questions,
# and a busy machine. And until it is over.
my $PATIENCE = 40;

# A worker that a busy machine does not run for 2 s is no subject of this test:
# that would be a FAULT.
my $WORKERS = 'track_nginx timeout=20s;';

my $lab = VRRP::Lab->new(nodes => [qw(lb1 lb2 lb3)]);
my %mac = map { $_ => mac($_) } qw(lb1 lb2 lb3);
my %nginx = map { $_ => start($_) } qw(lb1 lb2);
my %events = map { $_ => read_events($_) } qw(lb1 lb2);


sub mac ($name) {
    my ($mac) = $lab->node($name)->run(qw(ip -o link show dev), $INTERFACE)
                =~ m{link/ether (\S+)};

    return $mac;
}


sub vrrp ($name, $takeover = '') {
    my $peer = $name eq 'lb1' ? 'lb2' : 'lb1';
    my $priority = $VRRP::Classic::PRIORITY{$name};

    return <<"END";
    router_id $name;
    notify_fifo @{[fifo($name)]} events=split_brain;
    vrrp_instance VI_1 {
        interface $INTERFACE;
        virtual_router_id 51;
        priority $priority;
        unicast_src_ip $ADDRESS{$name};
        unicast_peer $ADDRESS{$peer};
        virtual_ipaddress $VIP/24 $takeover;
        $WORKERS
    }
    vrrp_instance VI_6 {
        interface $INTERFACE;
        virtual_router_id 51;
        priority $priority;
        virtual_ipaddress $VIP6/64 $takeover;
        $WORKERS
    }
END
}


sub start ($name) {
    return $lab->start_nginx($name, vrrp => vrrp($name), http => <<'END');
    server {
        listen 127.0.0.1:8080;
        location /vrrp { vrrp_status; allow 127.0.0.1; deny all; }
    }
END
}


sub fifo ($name) { $lab->node($name)->dir . '/events' }


# The receiver reads from the beginning on, also without a writer: into this
# file.
sub read_events ($name) {
    my $fifo = fifo($name);

    $lab->node($name)->spawn({ output => "$fifo.text", tag => 'events' },
                             'sh', '-c', "exec cat <>$fifo");

    return "$fifo.text";
}


# The notifications about one instance.
sub told ($name) {
    return grep { /"VI_1"/ } split /^/,
                             VRRP::Proc::slurp($events{$name}) // '';
}


# The signs of both instances, by instance and sign: the observation.
sub signs ($name) {
    my %found;

    for my $instance ($nginx{$name}->status->{instances}->@*) {
        $found{"$instance->{name} $_->{sign}"} = $_->{detail}
            for $instance->{split_brain}->@*;
    }

    return \%found;
}


sub settled_on ($name) {
    $lab->wait_for_holder($name, $PATIENCE, $_) for $VIP, $VIP6;
}


# Both instances of this node come to suspect it.
sub suspects ($name, $sign, $pattern) {
    my $signs;

    eval {
        $lab->wait_until("$name: $sign", $PATIENCE, sub {
            $signs = signs($name);
            return !grep { !$signs->{"$_ $sign"} } qw(VI_1 VI_6);
        });
    };
    like($signs->{"$_ $sign"} // 'nothing', $pattern, "$name: $_: $sign")
        for qw(VI_1 VI_6);
}


sub suspects_nothing_more ($name) {
    my $signs;

    eval {
        $lab->wait_until("$name: over", $PATIENCE, sub {
            $signs = signs($name);
            return !%$signs;
        });
    };
    is_deeply($signs, {}, "$name: it is over");
}


sub log_of ($name) { $nginx{$name}->log_text }


# How often the log says it, of one instance.
sub logged ($name, $pattern) {
    return scalar grep { /$pattern/ && /instance "VI_1"/ }
                  split /\n/, log_of($name);
}


sub answer ($name, $uri) {
    return $lab->node($name)->run(qw(curl -s -m 5),
                                  "http://127.0.0.1:8080$uri");
}


# --- a failover is no split brain ---------------------------------------------

settled_on('lb1');
$nginx{lb1}->stop('QUIT');
settled_on('lb2');
$nginx{lb1}->start;
settled_on('lb1');
sleep 6;

for my $name (qw(lb1 lb2)) {
    is_deeply(signs($name), {}, "$name: no sign after a failover");
    is(logged($name, qr/two masters|foreign owner|adverts lost/), 0,
       "$name: nothing is logged");
    is(join('', told($name)), '', "$name: nobody is told");
}


# --- adverts get lost both ways -----------------------------------------------

$lab->node('lb1')->drop_vrrp;

suspects('lb1', 'foreign_owner', qr/^$mac{lb2} also has \S+: /);
suspects('lb2', 'adverts_lost',
         qr/^$mac{lb1} still has \S+, which we took over when .* stopped: if /);

like(answer('lb2', '/vrrp/metrics'),
     qr/_split_brain_suspected\{.*"VI_1".*sign="adverts_lost"\} 1$/m,
     'a metric says so');
like(VRRP::Page->text($lab->node('lb2'), 'http://127.0.0.1:8080/vrrp'),
     qr/Split brain suspected.*adverts lost/, 'the page says so');
is(logged('lb1', qr/\[warn\].*foreign owner: $mac{lb2} also has $VIP/), 1,
   'lb1: one warning');
is(logged('lb2', qr/\[warn\].*adverts lost: $mac{lb1} still has $VIP/), 1,
   'lb2: one warning');

$nginx{lb1}->reload;
sleep 5;
suspects('lb1', 'foreign_owner', qr/^$mac{lb2} also has /);
is(logged('lb1', qr/foreign owner:/), 1, 'lb1: none more after a reload');

$lab->node('lb1')->let_vrrp_pass;

settled_on('lb1');
suspects_nothing_more($_) for qw(lb2 lb1);
is(logged('lb1', qr/\[notice\].*foreign owner: ended, no other host/), 1,
   'lb1: it is told');
is(logged('lb2', qr/\[notice\].*adverts lost: ended, no longer MASTER/), 1,
   'lb2: it is told');

my %sign = (lb1 => 'foreign owner', lb2 => 'adverts lost');

for my $name (qw(lb1 lb2)) {
    eval { $lab->wait_until('events', 5, sub { told($name) >= 2 }) };
    is(join('', told($name)),
       join('', map { qq{SPLIT_BRAIN "VI_1" "$sign{$name}" $_\n} }
                qw(SUSPECTED OVER)),
       "$name: and so are those who want to know");
}

settled_on('lb1');


# --- adverts get lost one way -------------------------------------------------

$lab->node('lb2')->drop_vrrp('in');

suspects('lb1', 'two_masters',
         qr/^\S+, priority 90, keeps advertising although our priority 100/);
suspects('lb2', 'adverts_lost', qr/^$mac{lb1} still has/);

$lab->node('lb2')->let_vrrp_pass;

settled_on('lb1');
suspects_nothing_more($_) for qw(lb2 lb1);


# --- somebody has the address, and is silent about it -------------------------

$lab->node('lb3')->batch_ip("address add $VIP/32 dev $INTERFACE",
                            "address add $VIP6/128 dev $INTERFACE nodad");

suspects('lb1', 'foreign_owner', qr/^$mac{lb3} also has \S+: find that host/);
is_deeply(signs('lb2'), {}, 'lb2: a backup suspects nothing');

$lab->node('lb3')->batch_ip("address del $VIP/32 dev $INTERFACE",
                            "address del $VIP6/128 dev $INTERFACE");

suspects_nothing_more('lb1');
is($nginx{$_}->state('VI_1'), $_ eq 'lb1' ? 'MASTER' : 'BACKUP',
   "$_: none of this changed its state") for qw(lb1 lb2);


# --- the BACKUP has the address, and not from nginx ---------------------------

sub foreign ($command) {
    $lab->node('lb2')->batch_ip("address $command $VIP/32 dev $INTERFACE",
                                "address $command $VIP6/64 dev $INTERFACE"
                                . ($command eq 'add' ? ' nodad' : ''));
}

# As long as no lease of ours is on it.
sub permanent ($address) {
    return scalar grep { m{ \Q$address\E/.*valid_lft forever} }
                  split /\n/, $lab->node('lb2')->run(qw(ip -o address));
}

foreign('add');
suspects('lb2', 'address_on_backup',
         qr/^\S+ is on \w+ although this node is BACKUP, and this module did/);
like(answer('lb2', '/vrrp/health'), qr/^unhealthy\nVI_1 BACKUP: $VIP is on/,
     'health says so');
is(logged('lb2', qr/\[warn\].*address on backup: $VIP is on/), 1,
   'lb2: one warning');
like(join('', told('lb2')),
     qr/^SPLIT_BRAIN "VI_1" "address on backup" SUSPECTED$/m, 'lb2: an event');

suspects('lb1', 'foreign_owner',
         qr/^$mac{lb2} also has .* \(static configuration, keepalived that was/);

$nginx{lb1}->stop('QUIT');
$lab->wait_until('lb2: MASTER', 10, sub {
    return 2 == grep { $_->{state} eq 'MASTER' }
                $nginx{lb2}->status->{instances}->@*;
});
sleep 1.5;
is_deeply([map { $_->{addresses}[0]{foreign} ? 1 : 0 }
           $nginx{lb2}->status->{instances}->@*],
          [1, 1], 'lb2: a MASTER that cannot give it up');
is(permanent($_), 1, "lb2: $_ has no lease") for $VIP, $VIP6;

$nginx{lb1}->start;
$lab->wait_until('lb1: MASTER', 10, sub {
    return ($nginx{lb1}->state('VI_1') // '') eq 'MASTER';
});
is(permanent($_), 1, "lb2: $_ is still there") for $VIP, $VIP6;

$nginx{lb2}->configure(vrrp => vrrp('lb2', 'takeover'));
$nginx{lb2}->reload;
settled_on('lb1');
suspects_nothing_more('lb2');
pass('lb2: removed with takeover');

# "ip address add ... proto 112", which is younger than Debian 12
my $MARKED = <<'END';
    use v5.36; use Socket;
    my ($index, $address) = @ARGV;
    my $ip = inet_aton($address);
    my $body = pack('CCCCL', AF_INET, 24, 0, 0, $index)
        . pack('SSa4', 8, 1, $ip) . pack('SSa4', 8, 2, $ip)
        . pack('SSCx3', 5, 11, 112);
    socket(my $s, 16, SOCK_RAW, 0) or die "socket: $!\n";
    send($s, pack('LSSLL', 16 + length $body, 20, 0x405, 1, 0) . $body, 0)
        or die "send: $!\n";
    sysread($s, my $answer, 4096) or die "read: $!\n";
    $! = -unpack('x16l', $answer);
    die "RTM_NEWADDR: $!\n" if $!;
END

my ($index) = $lab->node('lb2')->run(qw(ip -o link show dev), $INTERFACE)
              =~ /^(\d+):/;
$lab->node('lb2')->run('perl', '-e', $MARKED, $index, $VIP);
eval { settled_on('lb1') };
is($@, '', 'lb2: what has our mark is removed');

$lab->finish;
done_testing;
