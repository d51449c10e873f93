#!/usr/bin/perl

# A reload that changes something changes just that.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Lossless;

my $test = VRRP::Lossless->new;
my $lb1 = $test->lb1;

my $VIP = $VRRP::Lossless::VIP;
my $OTHER = '192.168.64.201';


# Reloads lb1 with another configuration.
sub change (%conf) {
    return $test->during(sub {
        $test->reconfigure(%conf);
        $test->reload;
    }, settle => delete $conf{settle});
}


for my $priority (120, 100) {
    subtest "priority $priority" => sub {
        my $seen = change(priority => $priority);

        # The change is told at once.
        $seen->advertised_on('lb1', extra => 1);
        $seen->nothing_lost;
        $seen->silent('lb2');
        $seen->not_moved;
        $seen->not_changed;
        $seen->announced(0);
        is(($seen->adverts('lb1'))[-1]{priority}, $priority,
           'priority on the wire');
    };
}


subtest 'priority below that of the backup' => sub {
    my $seen = change(priority => 80, settle => 1);

    $seen->nothing_lost(moved => 1);
    is(join(' ', sort $seen->moves), '+lb2 -lb1', 'the address moves');
    $seen->changed('lb1', 'VI_1 MASTER -> BACKUP');
    $seen->changed('lb2', 'VI_1 BACKUP -> MASTER');
    is(scalar(my @bye = $seen->goodbyes('lb1')), 0, 'no priority 0');

    $test->reconfigure;
    $test->reload;
    $test->comes_back;
};


subtest 'one more virtual address' => sub {
    my $seen = change(addresses => [$VIP, $OTHER]);

    $seen->nothing_noticed;
    $seen->moved('+lb1', $OTHER);
    cmp_ok(scalar(my @found = $seen->announcements($OTHER)), '>', 0,
           'the new one is announced');
    unlike($seen->log_of('lb1'), qr/\[warn\]|\[error\]/, 'no complaint');
};


subtest 'one virtual address less' => sub {
    my $seen = change();

    $seen->nothing_noticed;
    $seen->moved('-lb1', $OTHER);
    $seen->announced(0, $OTHER);
    unlike($seen->log_of('lb1'), qr/\[warn\]|\[error\]/, 'no complaint');
};


subtest 'one more instance' => sub {
    my $seen = change(vrrp => $test->second_instance('lb1'), settle => 1.5);

    $seen->nothing_lost;
    $seen->advertised_on('lb1');
    $seen->silent('lb2');
    $seen->not_moved;
    $seen->announced(0);
    $seen->not_changed('lb2');
    $seen->changed('lb1', 'VI_2 INIT -> BACKUP', 'VI_2 BACKUP -> MASTER');
    $seen->moved('+lb1', $OTHER);
};


subtest 'the same on the backup' => sub {
    my $lb2 = $test->lb2;
    my $seen = $test->during(sub {
        $lb2->configure(vrrp => $test->vrrp('lb2',
                        vrrp => $test->second_instance('lb2')));
        $lb2->command('reload');
    }, settle => 1);

    $seen->nothing_lost;
    $seen->advertised_on('lb1');
    $seen->advertised_on('lb1', vrid => 52);
    $seen->not_moved;
    $seen->moved('', $OTHER);
    $seen->not_changed('lb1');
    $seen->changed('lb2', 'VI_2 INIT -> BACKUP');
};


subtest 'one instance less' => sub {
    my $seen = change(settle => 1);

    $seen->nothing_lost;
    $seen->advertised_on('lb1');
    $seen->not_moved;
    $seen->announced(0);
    is(scalar(my @bye = $seen->goodbyes('lb1', vrid => 52)), 1,
       'it says good-bye');
    $seen->changed('lb1', 'VI_2 MASTER -> INIT');
    $seen->changed('lb2', 'VI_2 BACKUP -> MASTER');
    is(join(' ', sort $seen->moves($OTHER)), '+lb2 -lb1', 'and moves');
};


# An instance that comes to where another process of ours is master.
subtest 'one more instance, whose master is elsewhere' => sub {
    my $seen = change(vrrp => $test->second_instance('lb1'),
                      instance => 'nopreempt;', settle => 1.5);

    $seen->nothing_lost;
    $seen->advertised_on('lb1');
    $seen->not_moved;
    is(($seen->transitions('lb1'))[0], 'VI_2 INIT -> BACKUP',
       'it starts as BACKUP');
};


subtest 'without both' => sub {
    $test->lb2->configure(vrrp => $test->vrrp('lb2'));
    $test->lb2->command('reload');
    my $seen = change(settle => 1);

    $seen->nothing_lost;
    $seen->advertised_on('lb1');
    $seen->not_moved;
    ok(!(grep { $test->node($_)->has_address($OTHER) } qw(lb1 lb2)),
       'nobody has the address');
};


# The one that has it now may remove it after the one that gets it has added
# it; then it is put back.
subtest 'an address moves to another instance' => sub {
    $test->reconfigure(addresses => [$VIP, $OTHER],
        vrrp => $test->second_instance('lb1', address => '192.168.64.202'));
    $test->reload;
    $test->wait_for_holder('lb1', '192.168.64.202');

    my $seen = change(
        addresses => [$VIP],
        vrrp => $test->second_instance('lb1', address => $OTHER));

    $seen->nothing_noticed;
    $seen->moved('-lb1', '192.168.64.202');
    like(join(' ', $seen->moves($OTHER)), qr/^(?:-lb1 \+lb1)?$/,
         "$OTHER stays, or is back");

    $test->reconfigure;
    $test->reload;
    $test->wait_until_quiet;
};


subtest 'parameters' => sub {
    my $seen = change(instance => 'track_nginx workers=2 timeout=3s;'
                                  . ' preempt_delay 2s;');
    $seen->nothing_noticed;
};


# Destinations of lb1's adverts, after its peers in the configuration.
my %DESTINATIONS = (
    lb2            => ['192.168.64.134'],
    'lb2 and another'  => ['192.168.64.134', '192.168.64.10'],
    'lb2 again'    => ['192.168.64.134'],
    'all of them'  => ['224.0.0.18'],
);

for my $step ('lb2', 'lb2 and another', 'lb2 again', 'all of them') {
    my $who = $step;

    subtest "adverts to $who" => sub {
        my $wire = $test->lab->capture('lb1');
        my $destinations = $DESTINATIONS{$who};
        my $is_unicast = $destinations->[0] !~ /^224/;

        my $seen = $test->during(sub {
            _send_to('lb2', $is_unicast ? '192.168.64.130' : ());
            _send_to('lb1', $is_unicast ? @$destinations : ());
        }, settle => 1);

        $wire->stop;

        my %last = map { $_->{destination} => 1 } $wire->adverts(
            from => '192.168.64.130', since => $seen->until - 0.5);

        is(join(' ', sort keys %last), join(' ', sort @$destinations),
           'destinations');
        is(scalar(my @wrong = $wire->adverts(from => '192.168.64.134')), 0,
           'lb2 is silent');
        $seen->nothing_lost;
        $seen->not_moved;
        $seen->not_changed;
        $seen->announced(0);
    };
}


sub _send_to ($name, @peers) {
    my $nginx = $test->nginx($name);
    my $source = $test->address($name);

    $nginx->configure(vrrp => $test->vrrp($name, instance => join ' ',
        @peers ? "unicast_src_ip $source;" : (),
        map { "unicast_peer $_;" } @peers));
    $nginx->command('reload');
}



$test->finish;
