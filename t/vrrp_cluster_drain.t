#!/usr/bin/perl

# A planned move cuts no connection: downloads, uploads, WebSockets, and
# connections that send their request after the move are finished by the node
# that left, while the new MASTER answers new requests. Idle connections are
# closed. All with TLS, too. The kernel finishes what clients read slowly after
# the workers have ended. In version 2 with 1 s and in version 3, IPv4 and IPv6:
# release, preemption, quit. Nothing is left behind. See
# vrrp_cluster_drain_faults.t for what may happen meanwhile.

use v5.36;

use Test::More;

use VRRP::Drained;
use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $PATIENCE = $VRRP::Drained::PATIENCE;

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
my %ADDRESS = (SLOW => $VRRP::Lab::VIP, FAST => '192.168.64.201',
               SIX => 'fd64::201');
my $nodes = VRRP::Drained->new(
    lab => $lab, addresses => \%ADDRESS,
    instances => {
        SLOW => 'virtual_router_id 51; version 2; advert_int 1s;',
        FAST => 'virtual_router_id 52; advert_int 250ms;',
        SIX => 'virtual_router_id 53; advert_int 250ms;',
    });


# The first virtual address of an interface sets promote_secondaries.
sub sysctls ($name) {
    my ($text) = $lab->node($name)->try('sysctl', '-a', '--pattern',
                                        '^net\.ipv[46]\.(conf|neigh|tcp)');
    return $text =~ s/^.*(?:stable_secret|promote_secondaries).*\n//gmr;
}

# act() moves all addresses, and finish() ends what has not ended after that.
sub cuts_nothing ($title, $from, $to, $act, $finish = sub { }) {
    my %before = map { $_ => sysctls($_) } qw(lb1 lb2);
    my @clients = $nodes->start_clients($title, @VRRP::Drained::KINDS,
                                        @VRRP::Drained::MORE);

    $act->();
    $nodes->wait_for_master($to);
    $nodes->wait_for_lo($from);
    for my $instance ($nodes->instances) {
        is($nodes->answers($instance), $to,
           "$title: $instance: new requests are answered by $to");
        my $drain = $nodes->instance($to, $instance)->{drain};
        cmp_ok($drain->{forwarding}{connections} // 0, '>=', 2,
           "$title: $instance: the status of $to")
            or diag(explain($drain));
    }

    $nodes->are_whole($from, $title, @clients);
    $finish->();
    $nodes->wait_until_ended($from, $to);
    is($nodes->state_of($from)->{filters}, '',
       "$title: no filter is left on $from");
    is(sysctls($_), $before{$_}, "$title: settings of $_ are as before")
        for qw(lb1 lb2);
    $nodes->explain_failures;
}


$nodes->skip_if_unavailable;

$nodes->wait_for_order('lb1', 'lb2');
is($nodes->state_of($_)->{filters}, '', "no filter is on $_ before a move")
    for qw(lb1 lb2);
cuts_nothing('release', 'lb1', 'lb2',
             sub { $nodes->control('lb1', 'release') });

cuts_nothing('preemption', 'lb2', 'lb1',
             sub { $nodes->control('lb1', 'resume') });

# The kernel still has what slow clients have not read when the workers end.
$nodes->wait_for_order('lb1', 'lb2');
my @slow = $nodes->start_slow_clients('quit', 'part');
cuts_nothing('quit', 'lb1', 'lb2', sub {
    $nodes->nginx('lb1')->signal('QUIT', $nodes->nginx('lb1')->masters);
}, sub {
    eval {
        $lab->wait_until('the workers to end', $PATIENCE,
                         sub { !$nodes->nginx('lb1')->workers });
    };
    is($@, '', 'quit: the workers have ended');
    is(join('', $nodes->results(@slow)), '', 'quit: slow clients still read');
    $nodes->hurry(@slow);
    $nodes->are_whole('lb1', 'quit', @slow);
});
eval { $nodes->nginx('lb1')->wait_gone($PATIENCE) };
is($@, '', 'quit: nginx has ended');
my $after = $nodes->state_of('lb1');
is($after->{$_}, $nodes->clean('lb1')->{$_},
   "quit: $_ of lb1 are as before it started")
    for qw(addresses filters routes);

like($nodes->nginx('lb1')->log_text,
     qr/finishing \d+ connections? to its addresses/,
     'the log of the node that left');
like($nodes->nginx('lb2')->log_text, qr/forwarding to lb1 \(/,
     'the log of the successor');

$lab->finish;
done_testing;
