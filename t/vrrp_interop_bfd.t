#!/usr/bin/perl

# BFD with Debian's bird on lb2 and FRR's bfdd on lb3: IPv4, IPv6, link-local
# addresses, and several hops.
# Reloads and respawns of ours must not be seen by either of them.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Bfdd;
use VRRP::Bird;
use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;

# More of them by a command: NGX_VRRP_BFD_RELOADS=100.
my $RELOADS = $ENV{NGX_VRRP_BFD_RELOADS} // 3;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable
             // VRRP::Bird->unavailable // VRRP::Bfdd->unavailable;
plan(skip_all => $reason) if $reason;

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2 lb3)]);
my $classic = VRRP::Classic->new(profile => 'v3');

my $nginx;
my ($OURS, $BIRD, $FRR) = map { $lab->node($_)->address } qw(lb1 lb2 lb3);
my ($OURS6, $BIRD6, $FRR6) = map { $lab->node($_)->address(6) } qw(lb1 lb2 lb3);

$lab->node("lb$_->[0]")->batch_ip(
    "address add fe80::$_->[1]/64 dev vrlab0 nodad") for [1, 130], [2, 134];

my $bird = VRRP::Bird->new(node => $lab->node('lb2'), conf => <<"END");
router id $BIRD;
protocol device { }
protocol bfd {
    interface "vrlab0" {
        min rx interval 100 ms; min tx interval 100 ms; multiplier 3;
    };
    multihop {
        min rx interval 100 ms; min tx interval 100 ms; multiplier 3;
    };
    neighbor $OURS dev "vrlab0" local $BIRD;
    neighbor $OURS6 local $BIRD6 multihop;
    neighbor fe80::130 dev "vrlab0" local fe80::134;
}
END

my $frr = VRRP::Bfdd->new(node => $lab->node('lb3'), conf => <<"END");
 peer $OURS
  receive-interval 100
  transmit-interval 100
  detect-multiplier 4
 exit
 peer $OURS6 local-address $FRR6 interface vrlab0
  receive-interval 100
  transmit-interval 100
 exit
END

my %state = (
    $BIRD  => sub { $bird->bfd_state($OURS) },
    $BIRD6 => sub { $bird->bfd_state($OURS6) },
    'fe80::134' => sub { $bird->bfd_state('fe80::130') },
    $FRR   => sub { $frr->bfd_state($OURS) },
    $FRR6  => sub { $frr->bfd_state($OURS6) },
);

my $times = 'min_tx=100ms min_rx=100ms multiplier=3';
my $vrrp = $classic->vrrp('lb1', instance => <<"END");
    track_bfd $BIRD $times weight=-1;
    track_bfd $BIRD6 $times multihop weight=-1;
    track_bfd fe80::134 $times local=fe80::130 weight=-1;
    track_bfd $FRR $times;
    track_bfd $FRR6 $times local=$OURS6 weight=-1;
END

# Empty before anything is published.
sub tracker ($peer) {
    my $instance = $nginx->status->{instances}[0] // {};
    my ($found) = grep { $_->{name} eq $peer } @{ $instance->{trackers} };

    return $found // {};
}

sub session ($peer) { tracker($peer)->{bfd} // { state => '' } }

sub all_up ($what) {
    my $up = eval {
        $lab->wait_until($what, 10, sub {
            !grep { session($_)->{state} ne 'Up' || lc $state{$_}->() ne 'up' }
                  sort keys %state;
        });
    };
    ok($up, $what) or diag($@, explain([ map { tracker($_) } keys %state ]),
                           $nginx->log_text, $bird->log_text,
                           $bird->control('show bfd sessions'),
                           $frr->vtysh('show bfd peers'));
}

# Until we report it, s.
sub time_until_down ($peer) {
    my $since = time;

    $lab->wait_until("$peer to be down", 5,
                     sub { session($peer)->{state} ne 'Up' });
    return time - $since;
}

$_->start for $bird, $frr;
$nginx = $lab->start_nginx('lb1', vrrp => $vrrp,
                                http => $classic->status_server,
                                expect => qr/exited on signal 9/);

all_up('five sessions are up, on both sides');
ok(eval { $lab->wait_for_holder('lb1', 10) }, 'and we are MASTER')
    or diag($@);
$lab->wait_until('the negotiated intervals', 5, sub {
    session($FRR)->{detection_time_ms} == 400;
});
is(session($BIRD)->{detection_time_ms}, 300, 'the multiplier of each peer');

# Only the master process and the vrrp process have the sockets.
my $holders = $lab->node('lb1')->run(qw(ss -Hulnp), 'sport = :3784');
my $workers = join '|', map { $_->{inner} }
              grep { $_->{title} =~ /worker/ } $nginx->processes;
like($holders, qr/pid=\d+/, 'the sockets of port 3784 have holders');
unlike($holders, qr/pid=(?:$workers),/, 'but no worker');

# Reloads, and the death of the vrrp process

my %before = map { $_ => session($_) } keys %state;

for (1 .. $RELOADS) {
    $nginx->reload;
    sleep 0.1;
}
# The third one within a minute would be a fault.
for (1 .. 2) {
    my ($old) = $nginx->vrrp_processes;

    $nginx->signal('KILL', $old);
    $lab->wait_until('another vrrp process', 5, sub {
        my ($new) = $nginx->vrrp_processes;
        $new && $new != $old;
    });
    sleep 0.4;
}

# An upgrade that is rolled back, and one that is not
for my $leaver (1, 0) {
    my ($old) = $nginx->masters;

    $nginx->signal('USR2', $old);
    $lab->wait_until('another master process', 10, sub { $nginx->masters == 2 });
    $lab->wait_until('its vrrp process', 10,
                     sub { $nginx->vrrp_processes == 2 });
    sleep 0.3;
    my ($new) = grep { $_ != $old } $nginx->masters;

    $nginx->signal('QUIT', $leaver ? $new : $old);
    $lab->wait_until('the end of one', 10, sub {
        $nginx->masters == 1 && $nginx->vrrp_processes == 1;
    });
    sleep 0.4;
}

for my $peer (sort keys %state) {
    my $now = session($peer);

    is(lc $state{$peer}->(), 'up', "$peer has seen nothing of it");
    is($now->{$_}, $before{$peer}{$_}, "$peer: $_ is the same")
        for qw(downs local_discriminator remote_discriminator);
}

# Octets of all kinds, to the port of BFD

$lab->node('client')->run('perl', '-MSocket', '-e', <<'END', $OURS);
    socket my $s, PF_INET, SOCK_DGRAM, 0;
    setsockopt $s, 0, 2, 255;  # IP_TTL
    srand 1;
    for (1 .. 1000) {
        my $packet = join '', map { chr rand 256 } 1 .. rand 40;
        substr($packet, 0, 1) = "\x20" if $_ % 2 && length $packet;
        send $s, $packet, 0, pack_sockaddr_in 3784, inet_aton $ARGV[0];
    }
END
$lab->wait_until('the counters', 5, sub {
    my $dropped = $nginx->status->{node}{bfd}{dropped};

    $dropped->{length} >= 100 && $dropped->{version} >= 100;
});
is(session($_)->{downs}, $before{$_}{downs}, "$_: random packets have no effect")
    for sort keys %state;

# Down within the detection time

$frr->stop('KILL');
my $time = time_until_down($FRR);
cmp_ok($time, '>', 0.2, 'a killed bfdd is noticed, not at once');
cmp_ok($time, '<', 0.4 + 0.3, 'but within its detection time');
is(session($FRR)->{diagnostic}, 'control detection time expired', 'and why');
is($nginx->state, 'FAULT', 'a failure without a weight is a fault');
like($nginx->status->{instances}[0]{fault},
     qr/^track_bfd \Q$FRR\E: the session is Down, control detection time/,
     'which says so');

$frr->start;
all_up('bfdd has been restarted');

# Taken down by an operator

$frr->vtysh('configure terminal', 'bfd', "peer $OURS", 'shutdown');
$lab->wait_until('FRR to be down', 5, sub { session($FRR)->{state} ne 'Up' });
is(session($FRR)->{remote_state}, 'AdminDown', 'the operator of FRR');
like(tracker($FRR)->{reason}, qr/the peer has taken it down/, 'is the reason');
$frr->vtysh('configure terminal', 'bfd', "peer $OURS", 'no shutdown');
all_up('and ends it');

$bird->stop('KILL');
cmp_ok(time_until_down($BIRD), '<', 0.3 + 0.3, 'a killed bird is noticed');
is(tracker($BIRD)->{adds}, -1, 'a weight takes effect');
$bird->start;
all_up('bird has been restarted');

# The end of ours

$nginx->stop('QUIT');
$lab->wait_until('FRR to hear of our end', 2,
                 sub { $state{$FRR}->() ne 'up' });
like($frr->vtysh("show bfd peer $OURS"),
     qr/Remote diagnostics: administratively down/, 'we end with AdminDown');

# Another program has the port

$bird->stop('KILL');
VRRP::Bird->new(node => $lab->node('lb2'), conf => $bird->{conf},
                pid_namespace => 1)->start;
my $second = $lab->start_nginx('lb2',
    vrrp => $classic->vrrp('lb2', instance => "track_bfd $OURS weight=-1;"),
    http => $classic->status_server);
my $reported = eval {
    $lab->wait_until('an error about the port', 5, sub {
        $second->log_text =~ m{
            UDP[ ]port[ ]3784[ ]of[ ]0\.0\.0\.0[ ]failed[ ].*,
            [ ]bird[ ]\(process[ ]\d+\)[ ]had[ ]the[ ]port[ ]of[ ]BFD
        }x;
    });
};
ok($reported, 'a port that bird has is an error') or diag($second->log_text);

$lab->finish;
done_testing;
