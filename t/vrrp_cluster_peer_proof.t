#!/usr/bin/perl

# The death of a node by the word of its kernel: when all processes of the
# MASTER's nginx are killed, the BACKUP that it has named takes over at once, at
# adverts of 1 s as at 100 ms, for both families, and the third node does not.
# While the dead node's kernel has the addresses, the new MASTER has the last
# word. A fault needs no proof: no request is lost. See vrrp_cluster_peer_death.t
# and _firewall.t for what is no death.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Lab;
use VRRP::Linked;
use VRRP::Nginx;
use VRRP::Proc;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my ($VIP, $DUAL, $DUAL6, $SIX)
    = ($VRRP::Lab::VIP, '192.168.64.201', 'fd64::201', 'fd64::202');
my $PATIENCE = $VRRP::Linked::PATIENCE;

# From the death of the last process until the address is announced, s. A machine
# that is late to run the clients is late to run a process that takes over, too.
my $SOON = 0.1;
my $STEPS = 4;

my $IPV6_ONLY = <<"END";
    vrrp_instance SIX {
        advert_int 100ms;
        virtual_router_id 53;
        virtual_ipaddress $SIX/64;
    }
END

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2 lb3)]);
my $faulty = $lab->dir . '/faulty-';
my $nodes = VRRP::Linked->new(
    lab => $lab, link => 'on secret_file=' . VRRP::Linked->secret($lab),
    addresses => [$VIP, $DUAL, $DUAL6, $SIX], instances => <<"END");
    track_file exists=${faulty}NODE;
$IPV6_ONLY
    vrrp_instance SLOW {
        version 2;
        advert_int 1s;
        virtual_router_id 51;
        virtual_ipaddress $VIP/24;
    }
    vrrp_instance DUAL {
        advert_int 100ms;
        virtual_router_id 52;
        virtual_ipaddress $DUAL/24;
        virtual_ipaddress $DUAL6/64;
    }
END
my $capture = $lab->capture('client', ether => 1, filter => 'arp or icmp6');
my $load = $lab->load;


# The time of the first announcement of each address since then, by $mac.
sub announced ($name, $since, @addresses) {
    my $mac = mac($name);
    my @packets = grep { $_->{time} >= $since && $_->{mac} eq $mac }
                       $capture->packets;

    return map {
        my $address = $_;
        my ($first) = grep { $_->{text} =~ /
            who-has\ \Q$address\E\ .*tell\ \Q$address\E,
            | neighbor\ advertisement,.*tgt\ is\ \Q$address\E, /xs } @packets;
        $first ? $first->{time} : undef;
    } @addresses;
}

sub mac ($name) {
    my ($mac) = $lab->node($name)->run(qw(ip link show), $VRRP::Node::INTERFACE)
                =~ m{link/ether (\S+)};
    return $mac;
}

sub tree ($pid) {
    return $pid, map { tree($_) } VRRP::Proc::children($pid);
}

# When the last of these processes was seen alive.
sub time_of_death (@pids) {
    my $time = time;

    while (grep { (VRRP::Proc::slurp("/proc/$_/stat") // '') =~ /\) [^ZX]/ }
                @pids) {
        $time = time;
        sleep 0.001;
    }
    return $time;
}

# All addresses go from one to the other, and the third one does nothing. $kill
# returns the processes that it has killed.
my $after_death = sub { };

sub takes_over ($what, $from, $to, $kill, @addresses) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    @addresses = ($VIP, $DUAL, $DUAL6, $SIX) if !@addresses;
    $nodes->wait_until_ready($from, $to, $what);
    sleep 1.1;    # a link that is younger is not tried again at once
    my ($third) = grep { $_ ne $from && $_ ne $to } qw(lb1 lb2 lb3);
    my $before = $nodes->transitions($third);
    my $since = time;
    my $dead = time_of_death($kill->());
    $after_death->();

    ok(eval { $lab->wait_until("$to to be MASTER", $PATIENCE, sub {
                  !grep { $_->{state} ne 'MASTER' } $nodes->parts($to) }) },
       "$what: $to takes over") or diag($@);
    my $until = time;
    is($nodes->transitions($third), $before, "$what: $third stays BACKUP");

    my $late = $load->lateness($since, $until);
    my @times = map { $_ ? $_ - $dead : 99 }
                announced($to, $since, @addresses);
    cmp_ok($times[$_], '<', $SOON + $STEPS * $late,
           "$what: $addresses[$_] at once") for 0 .. $#addresses;
    note(sprintf '%s: dead after %.1f ms, then %s ms, machine late by %.1f ms',
         $what, 1000 * ($dead - $since),
         join(' ', map { sprintf '%.1f', 1000 * $_ } @times), 1000 * $late);
}

sub is_proved ($name, $dead) {
    like($_, qr/^$dead \(\S+\) has ended: its kernel refused the connection$/,
         "the reason of $name") for $nodes->reasons($name);
}

sub set_fault ($name) {
    open my $file, '>', "$faulty$name" or die "$faulty$name: $!\n";
}

# Requests that failed, but were not under way when the address moved.
sub failed ($since) {
    my ($moved) = announced('lb1', $since, $VIP);

    return scalar grep { $_->{start} >= $since && !$_->{good}
                         && !($_->{start} < $moved && $_->{end} > $moved) }
                       $load->requests;
}

sub start_again ($name) {
    $nodes->nginx($name)->wait_gone;
    $nodes->nginx($name)->start;
}


# --- all processes are killed --------------------------------------------------

# A host that asks now gets the answer of the dead node only, whose kernel still
# has the address, but hears the announcements of the new MASTER.
my $client = $lab->node('client');

sub entry_of_client () {
    my ($mac) = $client->run(qw(ip neigh show), $VIP) =~ /lladdr (\S+)/;
    return $mac // '';
}

$client->run('nft', "table netdev one {\nchain in {\ntype filter hook ingress"
                    . " device $VRRP::Node::INTERFACE priority 0;\n"
                    . "arp operation reply arp saddr ether @{[mac('lb2')]}"
                    . " drop;\n}\n}");
my $flushed;
$after_death = sub {
    $flushed = time;
    $client->run(qw(ip neigh flush to), $VIP);
};
takes_over('kill -9 of every process', 'lb1', 'lb2',
           sub { $nodes->kill_all('lb1') });
$after_death = sub { };
my $mac_of_dead = mac('lb1');
ok(eval { $lab->wait_until('its answer', $PATIENCE, sub {
       grep { $_->{time} > $flushed && $_->{mac} eq $mac_of_dead
              && $_->{text} =~ /Reply \Q$VIP\E is-at/ }
            $capture->packets }) },
   'the kernel of the dead node answers') or diag($@);
ok(eval { $lab->wait_until('the last word', 1,
                           sub { entry_of_client() eq mac('lb2') }) },
   'the new MASTER has the last word') or diag($@);
$client->run(qw(nft delete table netdev one));

is_proved('lb2', 'lb1');
ok(eval { $lab->wait_until('the reason in the status', $PATIENCE, sub {
       ($nodes->peer('lb2', 'lb1')->{reason} // '')
       eq 'its nginx has ended: its kernel refused the connection' }) },
   'the status has it, too');

# --- killall -9 nginx: the vrrp process has another name --------------------------

start_again('lb1');
takes_over('killall -9 nginx', 'lb2', 'lb1', sub {
    my @pids = map { $_->{pid} } grep { $_->{name} eq 'nginx' }
                                      $nodes->nginx('lb2')->processes;
    kill 'KILL', @pids;
    return @pids;
});
start_again('lb2');

# --- a PID namespace ends --------------------------------------------------------

$nodes->wait_until_ready('lb1', 'lb2', 'again');
$nodes->nginx('lb1')->stop('QUIT');
$nodes->nginx('lb1')->configure(main => 'daemon off;');
my $init = $lab->node('lb1')->spawn({ tag => 'container' },
    qw(unshare --pid --fork --kill-child=KILL), VRRP::Nginx->binary,
    '-p', $nodes->nginx('lb1')->dir . '/', '-c',
    $nodes->nginx('lb1')->conf_file);
$lab->wait_until('nginx in a PID namespace to answer', $PATIENCE,
                 sub { eval { $nodes->nginx('lb1')->status } });
$nodes->wait_until_ready('lb2', 'lb1', 'in a PID namespace');
$nodes->restart('lb2');
takes_over('SIGKILL for the init of a PID namespace', 'lb1', 'lb2',
           sub {
               my @pids = tree($init);
               kill 'KILL', $init;
               return @pids;
           });
$lab->node('lb1')->reap($init, 'KILL');
is_proved('lb2', 'lb1');
$nodes->nginx('lb1')->configure(main => '');
$nodes->nginx('lb1')->start;

# --- a fault -----------------------------------------------------------------------

# No proof is needed: the MASTER says that it leaves, and serves until the other
# one has the addresses.
my $since = time;
takes_over('a fault', 'lb2', 'lb1', sub { set_fault('lb2'); return });
like($_, qr/has named this node/, 'the reason') for $nodes->reasons('lb1');
sleep 0.3;
is(failed($since), 0, 'no request is lost');
unlink "${faulty}lb2";

# --- IPv6 only -------------------------------------------------------------------

for my $name (qw(lb1 lb2)) {
    my $nginx = $nodes->nginx($name);
    $nginx->configure(vrrp => $nodes->vrrp($name, undef, $IPV6_ONLY));
    $nginx->reload;
}
takes_over('IPv6 only', 'lb1', 'lb2', sub { $nodes->kill_all('lb1') }, $SIX);
is_proved('lb2', 'lb1');

$lab->finish;
done_testing;
