package VRRP::Reloads;

# A reload with another configuration, which must have no other effect than the
# change; with one profile of VRRP::Lossless. t/vrrp_lossless_change*.t call the
# exported cases.

use v5.36;

use parent 'Exporter';
use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Lossless;

my $VIP = $VRRP::Lossless::VIP;
my $SLACK = $VRRP::Lossless::SLACK;

# Addresses of instances that come and go.
my $OTHER = '192.168.64.201';
my $THIRD = '192.168.64.202';

our @EXPORT = qw(begin finish priority priority_below_backup address_added
                 address_removed instance_added instance_added_to_backup
                 instance_removed instance_added_with_master_elsewhere
                 instances_removed address_to_another_instance parameters
                 unicast_peers multicast);

my ($test, $lb2);


sub begin ($profile) {
    $test = VRRP::Lossless->new(profile => $profile);
    $lb2 = $test->lb2;
}


sub finish () { $test->finish }


# Reloads lb1 with another configuration.
sub change (%conf) {
    return $test->during(sub {
        $test->reconfigure(%conf);
        $test->reload;
    }, settle => delete $conf{settle});
}


# The same, and this node gets the address, alone, no later than a take-over
# after the reload; both of them can be late.
sub change_until ($name, $address, %conf) {
    my $seen = $test->during(sub {
        $test->reconfigure(%conf);
        $test->reload;
        $test->wait_for_holder($name, $address);
    }, settle => 0.5);

    $seen->in_time("+$name", $test->takeover + 2 * $SLACK, $address);

    return $seen;
}


sub reload_backup (%conf) {
    $lb2->configure(vrrp => $test->vrrp('lb2', %conf));
    $lb2->command('reload');
}


sub priority ($priority) {
    subtest "priority $priority" => sub {
        my $seen = change(priority => $priority);

        # The change is advertised at once.
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


sub priority_below_backup () {
    subtest 'priority below that of the backup' => sub {
        my $seen = change_until('lb2', $VIP, priority => 80);

        $seen->nothing_lost(moved => 1);
        is(join(' ', sort $seen->moves), '+lb2 -lb1', 'the address moves');
        $seen->changed('lb1', 'VI_1 MASTER -> BACKUP');
        $seen->changed('lb2', 'VI_1 BACKUP -> MASTER');
        is(scalar(my @bye = $seen->goodbyes('lb1')), 0, 'no priority 0');

        $test->reconfigure;
        $test->reload;
        $test->comes_back;
    };
}


sub address_added () {
    subtest 'one more virtual address' => sub {
        my $seen = change(addresses => [$VIP, $OTHER]);

        $seen->nothing_noticed;
        $seen->moved('+lb1', $OTHER);
        cmp_ok(scalar(my @found = $seen->announcements($OTHER)), '>', 0,
               'the new one is announced');
        unlike($seen->log_of('lb1'), qr/\[warn\]|\[error\]/, 'no complaint');
    };
}


sub address_removed () {
    subtest 'one virtual address less' => sub {
        my $seen = change();

        $seen->nothing_noticed;
        $seen->moved('-lb1', $OTHER);
        $seen->announced(0, $OTHER);
        unlike($seen->log_of('lb1'), qr/\[warn\]|\[error\]/, 'no complaint');
    };
}


sub instance_added () {
    subtest 'one more instance' => sub {
        my $seen = change_until('lb1', $OTHER,
                                vrrp => $test->second_instance('lb1'));

        $seen->nothing_lost;
        $seen->advertised_on('lb1');
        $seen->silent('lb2');
        $seen->not_moved;
        $seen->announced(0);
        $seen->not_changed('lb2');
        $seen->changed('lb1', 'VI_2 INIT -> BACKUP', 'VI_2 BACKUP -> MASTER');
        $seen->moved('+lb1', $OTHER);
    };
}


sub instance_added_to_backup () {
    subtest 'the same on the backup' => sub {
        my $seen = $test->during(sub {
            reload_backup(vrrp => $test->second_instance('lb2'));
        }, settle => $test->takeover + $SLACK);

        $seen->nothing_lost;
        $seen->advertised_on('lb1');
        $seen->advertised_on('lb1', vrid => 52);
        $seen->not_moved;
        $seen->moved('', $OTHER);
        $seen->not_changed('lb1');
        $seen->changed('lb2', 'VI_2 INIT -> BACKUP');
    };
}


sub instance_removed () {
    subtest 'one instance less' => sub {
        my $seen = change_until('lb2', $OTHER);

        $seen->nothing_lost;
        $seen->advertised_on('lb1');
        $seen->not_moved;
        $seen->announced(0);
        is(scalar(my @bye = $seen->goodbyes('lb1', vrid => 52)), 1,
           'it sends priority 0');
        $seen->changed('lb1', 'VI_2 MASTER -> INIT');
        $seen->changed('lb2', 'VI_2 BACKUP -> MASTER');
        is(join(' ', sort $seen->moves($OTHER)), '+lb2 -lb1', 'and moves');
    };
}


# lb2 is already master of the new instance.
sub instance_added_with_master_elsewhere () {
    subtest 'one more instance, whose master is elsewhere' => sub {
        my $seen = change_until('lb1', $OTHER, instance => 'nopreempt;',
                                vrrp => $test->second_instance('lb1'));

        $seen->nothing_lost;
        $seen->advertised_on('lb1');
        $seen->not_moved;
        is(($seen->transitions('lb1'))[0], 'VI_2 INIT -> BACKUP',
           'it starts as BACKUP');
    };
}


sub instances_removed () {
    subtest 'without both' => sub {
        reload_backup();
        my $seen = change(settle => $SLACK);

        $seen->nothing_lost;
        $seen->advertised_on('lb1');
        $seen->not_moved;
        ok(!(grep { $test->node($_)->has_address($OTHER) } qw(lb1 lb2)),
           'no node has the address');
    };
}


# The old instance may remove the address after the new one has added it. Then
# the new one puts it back.
sub address_to_another_instance () {
    subtest 'an address moves to another instance' => sub {
        $test->reconfigure(
            addresses => [$VIP, $OTHER],
            vrrp => $test->second_instance('lb1', address => $THIRD));
        $test->reload;
        $test->wait_for_holder('lb1', $THIRD);

        my $seen = change(
            addresses => [$VIP],
            vrrp => $test->second_instance('lb1', address => $OTHER));

        $seen->nothing_noticed;
        $seen->moved('-lb1', $THIRD);
        like(join(' ', $seen->moves($OTHER)), qr/^(?:-lb1 \+lb1)?$/,
             "$OTHER stays, or is back");

        $test->reconfigure;
        $test->reload;
        $test->wait_until_quiet;
    };
}


sub parameters () {
    subtest 'parameters' => sub {
        my $seen = change(instance => 'track_nginx workers=2 timeout=3s;'
                                      . ' preempt_delay 2s;');
        $seen->nothing_noticed;
    };
}


# Nodes by name.
sub unicast_peers (@names) {
    adverts_to(map { $test->address($_) } @names);
}


sub multicast () { adverts_to() }


# lb1 sends only to these addresses, or by multicast if there are none.
sub adverts_to (@peers) {
    subtest join(' ', 'adverts to', @peers ? @peers : 'the group') => sub {
        my $wire = $test->lab->capture('lb1');

        my $seen = $test->during(sub {
            send_to('lb2', @peers ? $test->address('lb1') : ());
            send_to('lb1', @peers);
        }, settle => 1 + 1.5 * $test->interval);

        $wire->stop;

        my @wanted = @peers ? @peers : '224.0.0.18';
        my %last = map { $_->{destination} => 1 } $wire->adverts(
            from  => $test->address('lb1'),
            since => $seen->until - 0.4 - 1.1 * $test->interval);

        is(join(' ', sort keys %last), join(' ', sort @wanted),
           'destinations');
        is(scalar(my @wrong = $wire->adverts(from => $test->address('lb2'))),
           0, 'lb2 is silent');
        $seen->nothing_lost;
        $seen->not_moved;
        $seen->not_changed;
        $seen->announced(0);
    };
}


sub send_to ($name, @peers) {
    my $nginx = $test->nginx($name);
    my $source = $test->address($name);

    $nginx->configure(vrrp => $test->vrrp($name, instance => join ' ',
        @peers ? "unicast_src_ip $source;" : (),
        map { "unicast_peer $_;" } @peers));
    $nginx->command('reload');
}


1;
