#!/usr/bin/perl

# A problem that is repaired at once when it happens once makes the node leave
# when it happens repeatedly, and the address stays on the other node.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Lossless;

my $test = VRRP::Lossless->new;
my $lb1 = $test->lb1;

my $VIP = $VRRP::Lossless::VIP;
my $SLACK = $VRRP::Lossless::SLACK;
my $INTERFACE = $VRRP::Node::INTERFACE;

# How long lb1 stays out after a crash loop at first, s.
my $FIRST_TIME_OUT = 10;


sub is_out () { (eval { $lb1->state } // '') eq 'FAULT' }


# Kills the vrrp process, and waits for the next one to be there.
sub crash () {
    my ($old) = $lb1->vrrp_processes;

    $lb1->signal('KILL', $old);
    $test->wait_until('another vrrp process', sub {
        my ($new) = $lb1->vrrp_processes;
        return $new && $new != $old;
    });
    sleep 0.5;
}


# Does something until lb1 has had enough. Returns how often.
sub repeat ($most, $act) {
    for my $count (1 .. $most) {
        return $count - 1 if is_out();
        $act->();
        sleep 0.2;
    }

    return $most;
}


subtest 'the vrrp process crashes again and again' => sub {
    my $count;

    my $seen = $test->during(sub {
        $count = repeat(6, \&crash);
        $test->wait_for_holder('lb2');
        sleep 2;
    });

    cmp_ok($count, '>', 1, 'one crash is no reason to leave');
    cmp_ok($count, '<', 6, 'many are');
    is(join(' ', sort $seen->moves), '+lb2 -lb1', 'the address moves, once');
    $seen->changed('lb2', 'VI_1 BACKUP -> MASTER');
    cmp_ok(scalar(my @byes = $seen->goodbyes('lb1')), '>', 0,
           'lb1 says good-bye');
    $seen->logged('lb1',
        qr/crashed \d+ times within .* staying in FAULT for 10 s/,
                  'why');
    $seen->answered('lb2');
};


subtest 'and comes back when it has been out' => sub {
    my $seen = $test->during(sub {
        sleep $FIRST_TIME_OUT - 4;
        $test->comes_back;
    });

    is(join(' ', sort $seen->moves), '+lb1 -lb2', 'the address moves, once');
    is(($seen->transitions('lb1'))[0], 'VI_1 FAULT -> BACKUP',
       'lb1 listens first');
};


subtest 'and crashes again' => sub {
    my $seen = $test->during(sub {
        crash();
        $test->wait_for_holder('lb2');
    });

    $seen->logged('lb1', qr/staying in FAULT for 20 s/, 'for longer');
    is(join(' ', sort $seen->moves), '+lb2 -lb1', 'the address moves, once');

    $test->restore;
};


subtest 'the address is removed again and again' => sub {
    my $count;

    my $seen = $test->during(sub {
        $count = repeat(10, sub {
            $test->node('lb1')->try(qw(ip address del), "$VIP/24",
                                    'dev', $INTERFACE);
        });
        $test->wait_for_holder('lb2');
        sleep 2;
    });

    my @gained = grep { $_ eq '+lb1' } $seen->moves;

    cmp_ok($count, '>', 1, 'one removal is no reason to leave');
    cmp_ok($count, '<', 10, 'many are');
    is(scalar @gained, $count - 1, 'after each but the last it came back');
    is(scalar(grep { $_ eq '+lb2' } $seen->moves), 1, 'lb2 has it, once');
    $seen->changed('lb1', 'VI_1 MASTER -> FAULT');
    $seen->changed('lb2', 'VI_1 BACKUP -> MASTER');
    $seen->logged('lb1', qr/another program removed addresses .*NetworkManager/,
                  'why');
    $seen->in_time('+lb2', $count + $test->skew + $SLACK);
    $seen->answered('lb2');
};

$test->finish;
