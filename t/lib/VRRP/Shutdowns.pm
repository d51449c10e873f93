package VRRP::Shutdowns;

# nginx ends on lb1, the node that has the address, and lb2 takes over; with one
# profile of VRRP::Lossless. t/vrrp_lossless_end*.t call the exported cases.

use v5.36;

use parent 'Exporter';
use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Lossless;

my $VIP = $VRRP::Lossless::VIP;
my $SLACK = $VRRP::Lossless::SLACK;

# When the address leaves lb1, if there is nothing to wait for, s.
my $AT_ONCE = 0.8;

# Time for a signal to be handled before the next one is sent, s.
my $PAUSE = 0.002;

our @EXPORT = qw(begin finish moves_without_loss moves_at_once
                 quits_without_successor starts_after_kill_of_master
                 kernel_removes_address starts_after_kill_of_all);

my ($test, $lb1);

# How nginx ends, by the names that the cases use.
my %WAYS = (
    'nginx -s quit'         => sub { $lb1->command('quit') },
    'nginx -s stop'         => sub { $lb1->command('stop') },
    'kill -9 of the master' => sub { $lb1->signal('KILL', $lb1->masters) },

    # As service managers do it, in any order of arrival.
    'TERM to all at once' => sub { $lb1->signal('TERM', all_processes()) },
    'TERM to vrrp, workers, master'
        => sub { terminate(0, qw(vrrp workers master)) },
    'TERM to workers, vrrp, master'
        => sub { terminate($PAUSE, qw(workers vrrp master)) },
    'TERM to master, workers, vrrp'
        => sub { terminate($PAUSE, qw(master workers vrrp)) },

    # The vrrp process has another name.
    'killall -9 nginx'
        => sub { $test->node('lb1')->run(qw(killall -9 nginx)) },
);


sub begin ($profile) {
    $test = VRRP::Lossless->new(
        profile => $profile,
        expect  => qr/on signal 9|Address already in use/);
    $lb1 = $test->lb1;
}


sub finish () { $test->finish }


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


# All processes at once: none of them can react to the end of another one.
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


sub sent_priority_zero ($seen) {
    my ($goodbye) = $seen->goodbyes('lb1');

    ok($goodbye, 'lb1 sends priority 0');
    cmp_ok(($goodbye->{time} // 0) - $seen->since, '<', $AT_ONCE, 'at once');
    $seen->in_time('+lb2', $test->skew + $SLACK);
}


# The address stays until lb2 has taken over, and clients lose nothing.
sub moves_without_loss ($way) {
    subtest $way => sub {
        my $seen = ends($WAYS{$way});

        $seen->nothing_lost(moved => 1);
        sent_priority_zero($seen);
        moved($seen);
        $seen->changed('lb1', 'VI_1 MASTER -> INIT');

        $test->restore;
    };
}


# A node does not wait for ever for a router that takes over.
sub quits_without_successor () {
    subtest 'nginx -s quit without a successor' => sub {
        $test->lb2->stop;

        my $seen = $test->during(sub {
            $lb1->command('quit');
            $lb1->wait_gone;
        });

        $seen->in_time('-lb1', 3 + $SLACK);
        is(scalar(my @goodbyes = $seen->goodbyes('lb1')), 1,
           'priority 0, once');

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


# The address leaves lb1 at once, and lb2 takes over.
sub moves_at_once ($way) {
    subtest $way => sub {
        my $seen = ends($WAYS{$way});

        $seen->in_time('-lb1', $AT_ONCE);
        sent_priority_zero($seen);
        moved($seen);

        $test->restore;
    };
}


# The workers finish their requests, and the next nginx can use the ports.
sub starts_after_kill_of_master () {
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


# No process is left to send priority 0 or to remove the address: the kernel
# removes it.
sub kernel_removes_address () {
    subtest 'kill -9 of every process' => sub {
        my $seen = $test->during(sub {
            kill_all();
            $test->wait_for_holder('lb2');
        });

        is(scalar(my @goodbyes = $seen->goodbyes('lb1')), 0, 'no priority 0');
        $seen->in_time('+lb2', $test->takeover + $SLACK);
        $seen->in_time('-lb1', $test->lease + $SLACK / 2);
        moved($seen);

        $test->restore;
    };
}


# The new nginx does not use the address that is left on the interface, because
# it cannot tell whether lb2 has taken over.
sub starts_after_kill_of_all () {
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
