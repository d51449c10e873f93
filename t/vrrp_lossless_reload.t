#!/usr/bin/perl

# A reload without changes is not visible to clients and peers.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Lossless;

my $test = VRRP::Lossless->new(expect => qr/\[emerg\]/);
my $lb1 = $test->lb1;


subtest 'reload, 100 times in a row' => sub {
    my $seen = $test->during(sub { $test->reload for 1 .. 100 });

    is(() = $seen->log_of('lb1') =~ /: reconfiguring$/mg, 100, 'reloads');
    $seen->nothing_noticed;
};


subtest 'reload while the one before goes on' => sub {
    my $seen = $test->during(sub {
        for (1 .. 20) {
            $lb1->signal('HUP', $lb1->masters);
            sleep 0.03;
        }
        $test->reload;
    });

    $seen->nothing_noticed;
};


subtest 'reload of the backup' => sub {
    my $seen = $test->during(sub { $test->lb2->command('reload') for 1 .. 5 });

    $seen->nothing_noticed;
};


# Configurations that nginx refuses when it reads them, and when it applies
# them.
my %BROKEN = (
    'an unknown directive' => { instance => 'no_such_directive 1;' },
    'a wrong value'        => { priority => 300 },
    'a port that is taken' => { http => 'server { listen 192.168.64.130:81; }',
                                vrrp => 'freebind off;' },
);

for my $what (sort keys %BROKEN) {
    subtest "reload with $what" => sub {
        my @processes = $lb1->vrrp_processes;
        my $other = $what =~ /port/ ? _take_port(81) : undef;

        my $seen = $test->during(sub {
            $test->reconfigure(%{ $BROKEN{$what} });
            $lb1->signal('HUP', $lb1->masters);
        }, settle => 1.5);

        $seen->logged('lb1', qr/\[emerg\]/, 'refused');
        is(join(' ', $lb1->vrrp_processes), "@processes",
           'the same vrrp process');
        $seen->nothing_noticed;

        $test->node('lb1')->reap($other) if $other;
    };
}


subtest 'and the next good one' => sub {
    my $seen = $test->during(sub {
        $test->reconfigure;
        $test->reload;
    });

    $seen->nothing_noticed;
};


sub _take_port ($port) {
    my $pid = $test->node('lb1')->spawn({ tag => 'taken' }, $^X,
        '-MIO::Socket::INET', '-e', 'my $s = IO::Socket::INET->new(Listen => 1,'
        . ' LocalAddr => shift) or die; sleep 100', "192.168.64.130:$port");

    $test->wait_until('the port to be taken', sub {
        $test->node('lb1')->run(qw(ss -Htln)) =~ /:$port\b/;
    });

    return $pid;
}


$test->finish;
