#!/usr/bin/perl

# A binary upgrade, as Debian does it, and the way back are not visible to
# clients and peers.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Lossless;

my $test = VRRP::Lossless->new;
my $lb1 = $test->lb1;


for my $round (1 .. 3) {
    for my $ends ('old', 'new') {
        subtest "USR2, QUIT to the $ends master, round $round" => sub {
            my ($old, $new);

            my $seen = $test->during(sub {
                ($old, $new) = $test->upgrade;
                $test->quit_master($ends eq 'old' ? $old : $new);
            });

            is(join(' ', $lb1->masters), $ends eq 'old' ? $new : $old,
               'the other one is left');
            $seen->nothing_noticed;
        };
    }
}


# Its vrrp process has not asked for the address then.
for my $round (1 .. 2) {
    subtest "USR2, QUIT before the new one serves, round $round" => sub {
        my ($old) = $lb1->masters;
        my $pid_file = $lb1->dir . '/nginx.pid';

        my $seen = $test->during(sub {
            $lb1->signal('USR2', $old);
            my $end = time + 10;
            sleep 0.001 while time < $end
                && !-e "$pid_file.oldbin" || !-s $pid_file;
            $test->quit_master($old);
        });

        isnt(join(' ', $lb1->masters), $old, 'the new one is left');
        $seen->nothing_noticed;
    };
}


# Both may be reloaded.
subtest 'USR2, HUP to the new master, QUIT to the old one' => sub {
    my $seen = $test->during(sub {
        my ($old, $new) = $test->upgrade;
        my @vrrp = $lb1->vrrp_processes;

        $lb1->signal('HUP', $new);
        $test->wait_until('another vrrp process', sub {
            my %seen = map { $_ => 1 } @vrrp;
            my @now = $lb1->vrrp_processes;
            return @now == 2 && grep { !$seen{$_} } @now;
        });

        $test->quit_master($old);
    });

    $seen->nothing_noticed;
};


# The workers of the old master end first, as nginx's documentation has it.
subtest 'USR2, WINCH and QUIT to the old master' => sub {
    my $seen = $test->during(sub {
        my ($old, $new) = $test->upgrade;

        $lb1->signal('WINCH', $old);
        $test->wait_until('the old workers to end', sub {
            $lb1->workers == $lb1->{workers};
        });
        $test->quit_master($old);
    });

    $seen->nothing_noticed;
};


# WINCH ends the old vrrp process too, and HUP starts workers only: when the
# new nginx ends the peer takes over, until the old one reads its configuration
# again.
subtest 'USR2, WINCH and HUP to the old master, QUIT to the new one' => sub {
    my $seen = $test->during(sub {
        my ($old, $new) = $test->upgrade;

        $lb1->signal('WINCH', $old);
        $test->wait_until('the old workers to end', sub {
            $lb1->workers == $lb1->{workers};
        });

        $lb1->signal('HUP', $old);
        $test->wait_until('workers of both', sub {
            $lb1->workers == 2 * $lb1->{workers};
        });

        $lb1->signal('QUIT', $new);
        $test->wait_until('one nginx to be left', sub { $lb1->masters == 1 });
        $test->wait_for_holder('lb2');
    });

    $seen->nothing_lost(moved => 1);
    is(join(' ', sort $seen->moves), '+lb2 -lb1', 'the address moves, once');

    $lb1->command('reload');
    $test->comes_back;
};


# The owner is gone at once, and the old one continues.
subtest 'kill -9 of the new one' => sub {
    my $seen = $test->during(sub {
        my ($old, $new) = $test->upgrade;
        my @new = map { $_->{pid} } grep { $_->{ppid} == $new }
                  $lb1->processes;

        $lb1->signal('STOP', $new);
        $lb1->signal('KILL', @new, $new);
        $test->wait_until('one nginx to be left', sub {
            $lb1->masters == 1 && $lb1->vrrp_processes == 1;
        });
    });

    # The requests in the hands of its workers are lost. It cannot say when
    # its next advert was due, so the old one begins with an advert.
    $seen->advertised_on('lb1', extra => 1);
    $seen->silent('lb2');
    $seen->not_moved;
    $seen->not_changed;
    $seen->announced(0);
    $seen->answered('lb1');
};

$test->finish;
