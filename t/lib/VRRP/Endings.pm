package VRRP::Endings;

# Every way in which nginx can end on the node that has the address, with one
# profile of VRRP::Lossless; t/vrrp_lossless_end*.t.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Lossless;

my $VIP = $VRRP::Lossless::VIP;
my $SLACK = $VRRP::Lossless::SLACK;

# When the address leaves lb1, if there is nothing to wait for, s.
my $AT_ONCE = 0.8;

# Time for a signal to be handled before the next one is sent, s.
my $PAUSE = 0.002;

my ($test, $lb1);


sub run ($class, $profile) {
    $test = VRRP::Lossless->new(
        profile => $profile,
        expect  => qr/on signal 9|Address already in use/);
    $lb1 = $test->lb1;

    graceful_ends();
    no_heir();
    terminations();
    killed_by_name();
    killed_master_and_start();
    killed();
    killed_and_start();

    $test->finish;
}


# lb1 ends in some way, and lb2 takes over.
sub ends ($act) {
    return $test->during(sub {
        $act->();
        $test->wait_for_holder('lb2');
        $lb1->wait_gone;
    });
}


sub all_processes () {
    return map { $_->{pid} } $lb1->processes;
}


# All of them at once: no one sees another one's end.
sub kill_all () {
    $lb1->signal('STOP', $lb1->masters);
    $lb1->signal('KILL', $lb1->vrrp_processes);
    $lb1->signal('KILL', all_processes());
    $lb1->wait_gone;
}


sub moved ($seen) {
    is(join(' ', sort $seen->moves), '+lb2 -lb1', 'the address moves, once');
    $seen->changed('lb2', 'VI_1 BACKUP -> MASTER');
}


sub said_goodbye ($seen) {
    my ($goodbye) = $seen->goodbyes('lb1');

    ok($goodbye, 'lb1 says good-bye');
    cmp_ok(($goodbye->{time} // 0) - $seen->since, '<', $AT_ONCE, 'at once');
    $seen->in_time('+lb2', $test->skew + $SLACK);
}


# The address stays until the heir is there, and clients lose nothing.
sub graceful_ends () {
    my %ways = (
        'nginx -s quit'         => sub { $lb1->command('quit') },
        'kill -9 of the master' => sub { $lb1->signal('KILL', $lb1->masters) },
    );

    for my $way (reverse sort keys %ways) {
        subtest $way => sub {
            my $seen = ends($ways{$way});

            $seen->nothing_lost(moved => 1);
            said_goodbye($seen);
            moved($seen);
            $seen->changed('lb1', 'VI_1 MASTER -> INIT');

            $test->restore;
        };
    }
}


# A node whose heir does not come does not wait for ever.
sub no_heir () {
    subtest 'nginx -s quit without an heir' => sub {
        $test->lb2->stop;

        my $seen = $test->during(sub {
            $lb1->command('quit');
            $lb1->wait_gone;
        });

        $seen->in_time('-lb1', 3 + $SLACK);
        is(scalar(my @goodbyes = $seen->goodbyes('lb1')), 1, 'one good-bye');

        $test->lb2->start;
        $test->restore;
    };
}


sub terminate ($pause, @kinds) {
    my %pids = (
        master  => [$lb1->masters],
        vrrp    => [$lb1->vrrp_processes],
        workers => [$lb1->workers],
    );

    for my $kind (@kinds) {
        $lb1->signal('TERM', @{ $pids{$kind} });
        sleep $pause if $pause;
    }
}


# As service managers do it, in any order of arrival.
sub terminations () {
    my %ways = (
        'nginx -s stop'      => sub { $lb1->command('stop') },
        'TERM to all at once'
            => sub { $lb1->signal('TERM', all_processes()) },
        'TERM to vrrp, workers, master'
            => sub { terminate(0, qw(vrrp workers master)) },
        'TERM to workers, vrrp, master'
            => sub { terminate($PAUSE, qw(workers vrrp master)) },
        'TERM to master, workers, vrrp'
            => sub { terminate($PAUSE, qw(master workers vrrp)) },
    );

    for my $way (sort keys %ways) {
        subtest $way => sub {
            my $seen = ends($ways{$way});

            $seen->in_time('-lb1', $AT_ONCE);
            said_goodbye($seen);
            moved($seen);

            $test->restore;
        };
    }
}


# The vrrp process has another name.
sub killed_by_name () {
    subtest 'killall -9 nginx' => sub {
        my $seen = ends(sub {
            $test->node('lb1')->run(qw(killall -9 nginx));
        });

        $seen->in_time('-lb1', $AT_ONCE);
        said_goodbye($seen);
        moved($seen);

        $test->restore;
    };
}


# Its workers finish what they have, and the next nginx finds the ports free.
sub killed_master_and_start () {
    subtest 'kill -9 of the master, and a start' => sub {
        my $seen = $test->during(sub {
            $lb1->signal('KILL', $lb1->masters);
            $test->wait_until('a start to succeed', sub {
                my ($out, $status) = $lb1->run;
                return $status == 0;
            });
            $test->comes_back;
        });

        my ($cut, $lost) = $seen->failures;
        is(scalar @$lost, 0, 'requests lost');
    };
}


# Nobody is left to say good-bye or to remove the address: the kernel is.
sub killed () {
    subtest 'kill -9 of every process' => sub {
        my $seen = $test->during(sub {
            kill_all();
            $test->wait_for_holder('lb2');
        });

        is(scalar(my @goodbyes = $seen->goodbyes('lb1')), 0, 'no good-bye');
        $seen->in_time('+lb2', $test->takeover + $SLACK);
        $seen->in_time('-lb1', $test->lease + $SLACK / 2);
        moved($seen);

        $test->restore;
    };
}


# What is left on the interface is not ours any more: it belongs to a life
# that nobody knows of.
sub killed_and_start () {
    subtest 'kill -9 of every process, and a start at once' => sub {
        my $seen = $test->during(sub {
            kill_all();
            $lb1->start;
            $test->wait_until_quiet;
            $test->wait_for_holder('lb1');
        });

        $seen->logged('lb1', qr/removing \Q$VIP\E, left on/, 'a leftover');
        is(($seen->transitions('lb1'))[0], 'VI_1 INIT -> BACKUP',
           'it listens first');
    };
}


1;
