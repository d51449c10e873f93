package VRRP::Freezes;

# A vrrp process that dies gets its state back; processes that are stopped
# lose the address, and detect it when they continue. With one profile of
# VRRP::Lossless; t/vrrp_lossless_freeze*.t.

use v5.36;

use parent 'Exporter';
use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Lossless;

my $VIP = $VRRP::Lossless::VIP;
my $SLACK = $VRRP::Lossless::SLACK;

our @EXPORT = qw(begin finish vrrp_process_killed successor_killed
                 backup_killed workers_ended stopped_for_an_interval
                 all_stopped_within_takeover all_stopped vrrp_process_stopped);

my ($test, $lb1);


sub begin ($profile) {
    $test = VRRP::Lossless->new(profile => $profile);
    $lb1 = $test->lb1;
}


sub finish () { $test->finish }


sub vrrp_process_killed () {
    subtest 'kill -9 of the vrrp process' => sub {
        my ($old) = $lb1->vrrp_processes;

        my $seen = $test->during(sub {
            $lb1->signal('KILL', $old);
            $test->wait_until('another vrrp process', sub {
                my ($new) = $lb1->vrrp_processes;
                return $new && $new != $old;
            });
        });

        # The new one cannot know when the next advert was due, and begins
        # with an advert.
        $seen->nothing_noticed(extra => 1);
        $seen->logged('lb1', qr/continuing as MASTER/, 'it goes on');
    };
}


# After a reload, before the old one gets QUIT: the old one continues, and
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


# The master respawns them at once. Clients lose the requests of the old
# workers, but the address stays.
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


# Longer than the timeout of track_nginx and than the lease of the address, but
# shorter than the takeover time of the peer; just after an advert.
sub all_stopped_within_takeover ($seconds) {
    subtest "SIGSTOP of every process for $seconds s, soon after an advert" =>
    sub {
        my $sent = sub {
            $lb1->status->{instances}[0]{counters}{adverts_sent};
        };

        my $seen = $test->during(sub {
            my $before = $sent->();
            $test->wait_until('an advert', sub { $sent->() > $before });
            freeze($seconds, map { $_->{pid} } $lb1->processes);
        });

        $seen->silent('lb2');
        $seen->not_changed;
        is(join(' ', $test->lab->who_has($VIP)), 'lb1', 'lb1 has the address');
    };
}


# Returns the time at which lb1 continued.
sub freeze ($seconds, @pids) {
    $lb1->signal('STOP', @pids);
    sleep $seconds;

    my $resumed = time;
    $lb1->signal('CONT', @pids);

    return $resumed;
}


# Too short for another router to take over.
sub stopped_for_an_interval () {
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


# Longer than the takeover time of the peer.
sub all_stopped ($seconds) {
    stopped('every process', sub { map { $_->{pid} } $lb1->processes },
            $seconds);
}


sub vrrp_process_stopped ($seconds) {
    stopped('the vrrp process', sub { $lb1->vrrp_processes }, $seconds);
}


sub stopped ($who, $pids, $seconds) {
    subtest "SIGSTOP of $who for $seconds s" => sub {
        my $resumed;

        my $seen = $test->during(sub {
            $resumed = freeze($seconds, $pids->());
        }, settle => 1 + 8 * $test->interval);

        # After the lease, the kernel removes the address.
        $seen->in_time('-lb1', $test->lease + $SLACK / 2)
            if $seconds > $test->lease + $SLACK / 2;

        $seen->in_time('+lb2', $test->takeover + $SLACK);
        is(join(' ', grep { /lb1/ } $seen->moves), '-lb1 +lb1',
           'lb1 removes it before it has it again');

        listens_first($seen, $resumed);
        one_master($seen, 'lb1', 'lb2');

        # Not a fault of the workers, which were stopped, too.
        $seen->changed('lb1', 'VI_1 MASTER -> BACKUP',
                       'VI_1 BACKUP -> MASTER');
        $seen->changed('lb2', 'VI_1 BACKUP -> MASTER',
                       'VI_1 MASTER -> BACKUP');
    };
}


# lb1 sends no advert in the time in which it must receive the other router.
sub listens_first ($seen, $resumed) {
    my $until = $resumed + 2.5 * $test->interval;

    my @adverts = grep {
        $_->{time} > $resumed && $_->{time} < $until && $_->{priority} != 0
    } $seen->adverts('lb1');

    is(scalar @adverts, 0, 'lb1 listens first');
}


# The senders of adverts in the end, over the last intervals.
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
