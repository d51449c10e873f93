#!/usr/bin/perl

# Reload and binary upgrade with version 2 and adverts once a second.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Lossless;

my $test = VRRP::Lossless->new(profile => 'v2');


subtest 'reload, 20 times in a row' => sub {
    my $seen = $test->during(sub { $test->reload for 1 .. 20 });

    $seen->nothing_noticed;
};


subtest 'USR2, QUIT to the new master, then to the old one' => sub {
    my $seen = $test->during(sub {
        $test->quit_master(($test->upgrade)[1]);
        $test->quit_master(($test->upgrade)[0]);
    });

    $seen->nothing_noticed;
};


subtest 'reload with another priority' => sub {
    my $seen = $test->during(sub {
        $test->reconfigure(priority => 120);
        $test->reload;
    });

    $seen->nothing_lost;
    $seen->advertised_on('lb1', extra => 1);
    $seen->not_moved;
    $seen->not_changed;
    is(($seen->adverts('lb1'))[-1]{priority}, 120, 'priority on the wire');
};

$test->finish;
