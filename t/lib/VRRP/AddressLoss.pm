package VRRP::AddressLoss;

# Another program removes the address, or the interface, from lb1, with one
# profile of VRRP::Lossless; t/vrrp_lossless_address*.t.

use v5.36;

use parent 'Exporter';
use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Lossless;

our $VIP = $VRRP::Lossless::VIP;
my $SLACK = $VRRP::Lossless::SLACK;
our $INTERFACE = $VRRP::Node::INTERFACE;

my @LINK = (qw(ip link set), $INTERFACE);

# How soon a virtual address is back, and how soon it goes from an interface
# that cannot have it, with the time to run "ip", s.
my $BACK = 0.3;
my $AT_ONCE = 0.3;

# The kernel has asked for a neighbour for the third time and has not given up
# yet, s after the first time.
my $PENDING = 2.3;

# The time without answers while lb1 takes the address from lb2, s.
my $MOMENT = 0.15;

# Time for the witnesses to see the end of what was waited for, s.
my $SETTLE = 0.3;

our @EXPORT = qw($VIP $INTERFACE begin finish restores_address
                 all_addresses_removed interface_down cable_out
                 cable_out_with_pending_neighbour interface_deleted
                 renamed_while_down renamed_while_up);

my ($test, $lb1, $node);


sub begin ($profile) {
    $test = VRRP::Lossless->new(profile => $profile);
    $lb1 = $test->lb1;
    $node = $test->node('lb1');
}


sub finish () { $test->finish }


# lb1 puts the address back. "ip address flush" repeats until the interface has
# no address, and fails after ten rounds, if the address is back before each.
sub restores_address (@command) {
    subtest "@command" => sub {
        my $seen = $test->during(sub { $node->try(@command) },
                                 settle => 1 + $test->interval);

        like(join(' ', $seen->moves), qr/^-lb1 \+lb1(?: -lb1 \+lb1)*$/,
             'it goes, and comes back');
        $seen->in_time('+lb1', $BACK);

        cmp_ok(scalar(my @arps = $seen->announcements($VIP)), '>', 0,
               'announced again');
        $seen->logged('lb1', qr/\[warn\].*another program removed \Q$VIP\E from/, 'why');
        $seen->advertised_on('lb1');
        $seen->silent('lb2');
        $seen->not_changed;

        my ($cut, $lost) = $seen->failures;
        cmp_ok(@$cut + @$lost, '<', 500 * $BACK, 'requests without an answer');
        note(sprintf '%d requests, %d failed', scalar $seen->requests,
             @$cut + @$lost);
    };
}


# The source address of the adverts is removed, too.
sub all_addresses_removed () {
    subtest 'ip address flush, all addresses' => sub {
        my $address = $test->address('lb1');

        my $seen = $test->during(sub {
            $node->run(qw(ip address flush dev), $INTERFACE, qw(scope global));
            $test->wait_for_holder('lb2');
            sleep 0.5;
            $node->run(qw(ip address add), "$address/24", 'dev', $INTERFACE);
            $test->comes_back;
        }, settle => $SETTLE);

        $seen->in_time('+lb2', $test->takeover + $SLACK);
        is($lb1->state, 'MASTER', 'lb1 comes back by itself');
    };
}


# lb1 loses the interface: lb2 takes over. The interface comes back: lb1 is
# master again.
sub away ($title, $act, $undo, $pattern) {
    subtest $title => sub {
        my $seen = $test->during(sub {
            $act->();
            $test->wait_for_holder('lb2');
            sleep 0.3;
            is($lb1->state, 'FAULT', 'lb1 is in FAULT');
        }, settle => $SETTLE);

        $seen->in_time('-lb1', $AT_ONCE);
        $seen->in_time('+lb2', $test->takeover + $SLACK);
        $seen->changed('lb1', 'VI_1 MASTER -> FAULT');
        $seen->changed('lb2', 'VI_1 BACKUP -> MASTER');
        $seen->logged('lb1', $pattern, 'why');

        $seen = $test->during(sub {
            $undo->();
            $test->comes_back;
        }, settle => $SETTLE);

        $seen->changed('lb1', 'VI_1 FAULT -> BACKUP', 'VI_1 BACKUP -> MASTER');
        $seen->changed('lb2', 'VI_1 MASTER -> BACKUP');
        $seen->answered('lb1');
    };
}


sub interface_down () {
    away('interface down', sub { $node->run(@LINK, 'down') },
         sub { $node->run(@LINK, 'up') }, qr/interface $INTERFACE is down/);
}


sub cable_out () {
    away('cable out', sub { $test->lab->unplug('lb1') },
         sub { $test->lab->plug('lb1') }, qr/interface $INTERFACE is down/);
}


# Meanwhile lb1 sends a packet to the client: the kernel asks for its MAC
# address three times, once a second. The cable comes back after the last
# request and before the kernel gives up; with fast adverts, the address is back
# by then, too. Clients must be answered at once.
sub cable_out_with_pending_neighbour () {
    subtest 'cable out, with a pending neighbour request' => sub {
        my $client = $test->address('client');
        my @ask = ('bash', '-c', "echo > /dev/udp/$client/9");

        $test->lab->unplug('lb1');
        $test->wait_for_holder('lb2');
        $node->try(qw(ip neigh del), $client, 'dev', $INTERFACE);
        $node->run(@ask);
        sleep $PENDING;
        like($node->run(qw(ip neigh show), $client), qr/INCOMPLETE/,
             'the request is pending');

        my $seen = $test->during(sub {
            $test->lab->plug('lb1');
            $test->comes_back;
        }, settle => $SETTLE);

        cmp_ok($seen->outage, '<', $MOMENT + $seen->lateness, 'outage, s');
        $seen->answered('lb1');
    };
}


sub interface_deleted () {
    away('interface deleted, and created again',
         sub { $node->run(qw(ip link del), $INTERFACE) },
         sub { $test->lab->plug_in_again('lb1') },
         qr/interface $INTERFACE does not exist/);
}


sub renamed_while_down () {
    away('interface renamed while it is down', sub {
        $node->run(@LINK, 'down');
        $node->run(@LINK, qw(name other0));
        $node->run(qw(ip link set other0 up));
    }, sub {
        $node->run(qw(ip link set other0 down));
        $node->run(qw(ip link set other0 name), $INTERFACE);
        $node->run(@LINK, 'up');
    }, qr/interface $INTERFACE (?:is down|does not exist)/);
}


sub renamed_while_up () {
    away('interface renamed while it is up',
         sub { $node->run(@LINK, qw(name other0)) },
         sub { $node->run(qw(ip link set other0 name), $INTERFACE) },
         qr/interface $INTERFACE does not exist/);
}


1;
