#!/usr/bin/perl

# The vrrp process is killed, once and repeatedly; and another program fights
# for the address. A node that cannot serve stays out, for longer each time.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Lossless;

my $test = VRRP::Lossless->new;
my $lb1 = $test->lb1;

my $VIP = $VRRP::Lossless::VIP;
my $SLACK = $VRRP::Lossless::SLACK;


# Kills the vrrp process of lb1, and waits for the next one.
sub crash () {
    my ($old) = $lb1->vrrp_processes;

    $lb1->signal('KILL', $old);
    $test->wait_until('another vrrp process', sub {
        my ($new) = $lb1->vrrp_processes;
        defined $new && $new != $old;
    });
}


sub instance () { $lb1->status->{instances}[0] }


subtest 'two crashes' => sub {
    my $seen = $test->during(sub {
        crash();
        sleep 1;
        crash();
    }, settle => 1);

    # A process that takes the place of a dead one cannot know when its next
    # advert was due, and begins with an advert.
    $seen->nothing_noticed(extra => 2);
    is($lb1->state, 'MASTER', 'lb1 goes on');
};


subtest 'the third' => sub {
    my $seen = $test->during(sub {
        crash();
        $test->wait_for_holder('lb2');
    });

    is(scalar(my @goodbyes = $seen->goodbyes('lb1')), 1, 'good-bye');
    $seen->moved('-lb1 +lb2');
    $seen->in_time('+lb2', $test->skew + $SLACK);
    $seen->logged('lb1', qr/\[error\].*crashed 3 times within 60 s, staying/,
                  'why');

    my $instance = instance();
    is($instance->{state}, 'FAULT', 'lb1 is in FAULT');
    like($instance->{fault}, qr/staying in FAULT for 10 s/,
        'and says how long');
    cmp_ok($instance->{retry_ms}, '<=', 10_000, 'and when it tries again');
    is($lb1->status->{node}{crashes}, 3, 'crashes counted');
};


subtest 'more of them, and a reload' => sub {
    my $seen = $test->during(sub {
        crash() for 1 .. 5;
        $test->reload;
    }, settle => 1);

    $seen->silent('lb1');
    $seen->not_moved;
    $seen->not_changed('lb2');
    is(instance()->{state}, 'FAULT', 'lb1 stays out');
};


subtest 'the time is over' => sub {
    my $seen = $test->during(sub { $test->comes_back });

    $seen->changed('lb1', 'VI_1 FAULT -> BACKUP', 'VI_1 BACKUP -> MASTER');
};


subtest 'another crash' => sub {
    my $seen = $test->during(sub {
        crash();
        $test->wait_for_holder('lb2');
    });

    like(instance()->{fault}, qr/staying in FAULT for 20 s/, 'out for longer');
    $test->lab->wait_for_holder('lb1', 40, $VIP);
    $test->wait_until_quiet;
};


# An operator need not wait.
subtest 'resume ends the time' => sub {
    crash();
    $test->wait_for_holder('lb2');
    like(instance()->{fault}, qr/staying in FAULT for 40 s/, 'out again');

    $test->node('lb1')->run(qw(curl -sS -f -X POST -H), 'X-VRRP-Control: 1',
                            'http://127.0.0.1:8080/control/resume');
    ok(eval { $test->lab->wait_for_holder('lb1', 10, $VIP) },
       'takes the address back at once') or diag($@);
    $test->reload;
    is($lb1->state, 'MASTER', 'a process that starts later is not out, either');
    $test->wait_until_quiet;
};


subtest 'a fight for the address' => sub {
    my $node = $test->node('lb1');
    my @remove = (qw(ip address del), "$VIP/24", 'dev',
                  $VRRP::Node::INTERFACE);

    my $seen = $test->during(sub {
        for (1 .. 6) {
            $node->run(@remove);
            sleep 0.3;
        }
        $test->wait_for_holder('lb2');
    });

    is(scalar(grep { $_ eq '-lb1' } $seen->moves), 6, 'six removals');
    is(scalar(grep { $_ eq '+lb1' } $seen->moves), 5, 'five restorations');
    $seen->logged('lb1', qr/\[error\].*KeepConfiguration=.*in FAULT for 30 s/, 'why');
    is($lb1->state, 'FAULT', 'lb1 is in FAULT');
    is(instance()->{counters}{addresses_restored}, 5, 'restorations counted');
};

$test->finish;
