package VRRP::Freezes;

# The vrrp process that dies comes back to what it had; processes that are
# stopped lose the address, and know it when they go on. With one profile of
# VRRP::Lossless; t/vrrp_lossless_freeze*.t.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Lossless;

my $VIP = $VRRP::Lossless::VIP;
my $SLACK = $VRRP::Lossless::SLACK;

# s
my $STUNNED = 2.2;

my ($test, $lb1);


# times => for how long to stop processes, s; all of them longer than a
# take-over. Where that takes long enough a shorter time, too.
sub run ($class, $profile, @times) {
    $test = VRRP::Lossless->new(profile => $profile);
    $lb1 = $test->lb1;

    killed();
    successor_killed();
    backup_killed();
    workers_ended($_) for qw(TERM KILL);
    stopped_shortly();
    stunned() if $test->takeover > $STUNNED + $SLACK / 2;
    stopped('every process', sub { map { $_->{pid} } $lb1->processes }, $_)
        for @times;
    stopped('the vrrp process', sub { $lb1->vrrp_processes }, $_) for @times;

    $test->finish;
}


sub killed () {
    subtest 'kill -9 of the vrrp process' => sub {
        my ($old) = $lb1->vrrp_processes;

        my $seen = $test->during(sub {
            $lb1->signal('KILL', $old);
            $test->wait_until('another vrrp process', sub {
                my ($new) = $lb1->vrrp_processes;
                return $new && $new != $old;
            });
        });

        # The new one cannot know when the next advert was due, and begins with
        # one of its own.
        $seen->nothing_noticed(extra => 1);
        $seen->logged('lb1', qr/going on as MASTER/, 'it goes on');
    };
}


# After a reload, before the old one is told to quit: the old one goes on, and
# another one takes its place.
sub successor_killed () {
    subtest 'kill -9 of the vrrp process that a reload has started' => sub {
        my ($old) = $lb1->vrrp_processes;
        my $killed;

        my $seen = $test->during(sub {
            $lb1->command('reload');
            $test->wait_until('two vrrp processes', sub {
                ($killed) = grep { $_ != $old } $lb1->vrrp_processes;
            });
            sleep 0.04;
            $lb1->signal('KILL', $killed);
            $test->wait_until('a third one alone', sub {
                my @now = $lb1->vrrp_processes;
                return @now == 1 && $now[0] != $old && $now[0] != $killed;
            });
        });

        $seen->nothing_noticed(extra => 1);
    };
}


sub backup_killed () {
    subtest 'kill -9 of the vrrp process of the backup' => sub {
        my $seen = $test->during(sub {
            $test->lb2->signal('KILL', $test->lb2->vrrp_processes);
        });

        $seen->nothing_lost;
        $seen->advertised_on('lb1');
        $seen->silent('lb2');
        $seen->not_moved;
        $seen->not_changed('lb1');
        $seen->changed('lb2', 'VI_1 INIT -> BACKUP');
    };
}


# The master has others at once: clients lose what the old ones had in hand,
# and the address has no reason to move.
sub workers_ended ($signal) {
    subtest "$signal to all workers" => sub {
        my $seen = $test->during(sub {
            $lb1->signal($signal, $lb1->workers);
        });

        $seen->advertised_on('lb1');
        $seen->silent('lb2');
        $seen->not_moved;
        $seen->not_changed;
        $seen->answered('lb1');
    };
}


# The whole machine stands still, for longer than track_nginx waits for workers
# and than the kernel keeps the address, but peers wait longer.
sub stunned () {
    subtest "SIGSTOP of every process for $STUNNED s, soon after an advert" =>
    sub {
        my $sent = sub {
            $lb1->status->{instances}[0]{counters}{adverts_sent};
        };

        my $seen = $test->during(sub {
            my $before = $sent->();
            $test->wait_until('an advert', sub { $sent->() > $before });
            freeze($STUNNED, map { $_->{pid} } $lb1->processes);
        });

        $seen->silent('lb2');
        $seen->not_changed;
        is(join(' ', $test->lab->who_has($VIP)), 'lb1', 'lb1 has the address');
    };
}


# Returns when lb1 went on.
sub freeze ($seconds, @pids) {
    $lb1->signal('STOP', @pids);
    sleep $seconds;

    my $resumed = time;
    $lb1->signal('CONT', @pids);

    return $resumed;
}


# Nobody can have taken over meanwhile.
sub stopped_shortly () {
    subtest 'SIGSTOP of the vrrp process for one interval' => sub {
        my $seen = $test->during(sub {
            freeze($test->interval, $lb1->vrrp_processes);
        });

        $seen->nothing_lost;
        $seen->silent('lb2');
        $seen->not_moved;
        $seen->not_changed;
    };
}


sub stopped ($who, $pids, $seconds) {
    subtest "SIGSTOP of $who for $seconds s" => sub {
        my $resumed;

        my $seen = $test->during(sub {
            $resumed = freeze($seconds, $pids->());
        }, settle => 1 + 8 * $test->interval);

        # Longer than the lease, the kernel is first.
        $seen->in_time('-lb1', $test->lease + $SLACK / 2)
            if $seconds > $test->lease + $SLACK / 2;

        $seen->in_time('+lb2', $test->takeover + $SLACK);
        is(join(' ', grep { /lb1/ } $seen->moves), '-lb1 +lb1',
           'lb1 drops it before it has it again');

        listens_first($seen, $resumed);
        one_master($seen, 'lb1', 'lb2');

        # The workers, stopped too, are not to blame.
        $seen->changed('lb1', 'VI_1 MASTER -> BACKUP',
                       'VI_1 BACKUP -> MASTER');
        $seen->changed('lb2', 'VI_1 BACKUP -> MASTER',
                       'VI_1 MASTER -> BACKUP');
    };
}


# Not a word of lb1 in the time in which it must hear the other one.
sub listens_first ($seen, $resumed) {
    my $until = $resumed + 2.5 * $test->interval;

    my @adverts = grep {
        $_->{time} > $resumed && $_->{time} < $until && $_->{priority} != 0
    } $seen->adverts('lb1');

    is(scalar @adverts, 0, 'lb1 listens when it goes on');
}


# Who sends adverts in the end, over the last intervals.
sub one_master ($seen, $master, $other) {
    my $from = $seen->until - 3 * $test->interval;
    my $count = sub ($name) {
        scalar grep { $_->{time} >= $from } $seen->adverts($name);
    };

    cmp_ok($count->($master), '>', 0, "$master is master in the end");
    is($count->($other), 0, "and $other is not");
    is(join(' ', $test->lab->who_has($VIP)), $master,
       "and only $master has the address");
}


1;
