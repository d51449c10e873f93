package VRRP::Interop;

# Our module on lb1 and Debian's keepalived on lb2, on one LAN, in every role.
# tcpdump checks every packet.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;

my ($OURS, $THEIRS) = ('192.168.64.130', '192.168.64.134');

# With unicast there is also an address that no advert lists, of the other
# family.
my $EXCLUDED = 'fd64::201';

my %LINK = (
    multicast => { ours => '', theirs => '' },
    unicast   => {
        ours   => "unicast_src_ip $OURS; unicast_peer $THEIRS;"
                  . " virtual_ipaddress_excluded $EXCLUDED/64;",
        theirs => "unicast_src_ip $THEIRS\n unicast_peer {\n $OURS\n }\n"
                  . " virtual_ipaddress_excluded {\n $EXCLUDED/64\n }",
        excluded => $EXCLUDED,
    },
);


# Runs all roles with a profile of VRRP::Classic, over each link: multicast,
# unicast.
sub run ($class, $profile, @links) {
    my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
    plan(skip_all => $reason) if $reason;

    for my $link (@links) {
        subtest "$profile $link" => sub {
            my $self = $class->new($profile, $link);

            eval { $self->play; 1 } or fail("$link: played to the end")
                                    or diag($@);
            $self->judge;
            $self->{lab}->finish;
        };
    }

    done_testing;
}


sub new ($class, $profile, $link) {
    my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);

    return bless {
        lab     => $lab,
        classic => VRRP::Classic->new(profile => $profile),
        link    => $LINK{$link},
        capture => $lab->capture('lb2'),
        logs    => [],
    }, $class;
}


sub play ($self) {
    my $classic = $self->{classic};
    my $interval = $classic->interval;

    $self->start_keepalived(90);
    $self->{lab}->wait_for_holder('lb2', $classic->down_interval + 10);

    my $ours = $self->start_ours;
    $self->settles('we preempt', 'lb1', 'MASTER', 'BACKUP');

    $self->hands_over('we send priority 0', $OURS, sub { $ours->stop('QUIT') },
                      'lb2', $classic->skew(90));

    $ours->start;
    $self->settles('we return', 'lb1', 'MASTER', 'BACKUP');

    $self->{keepalived}->stop;
    $self->start_keepalived(110);
    $self->settles('keepalived preempts', 'lb2', 'BACKUP', 'MASTER');

    $self->hands_over('keepalived sends priority 0', $THEIRS,
                      sub { $self->{keepalived}->stop }, 'lb1',
                      $classic->skew(100));

    $self->start_keepalived(110);
    $self->settles('keepalived returns', 'lb2', 'BACKUP', 'MASTER');

    my $since = time;
    $self->{keepalived}->kill_all;
    $self->{lab}->wait_until('us to take over from silence',
        $classic->down_interval(100) + 10,
        sub { $self->{ours}->state eq 'MASTER' });

    my $silence = time - $since;
    cmp_ok($silence, '>', 2 * $interval, 'keepalived is silent: no early takeover');

    $self->nothing_dropped;
}


sub start_ours ($self) {
    my $classic = $self->{classic};

    return $self->{ours} = $self->{lab}->start_nginx('lb1',
        vrrp => $classic->vrrp('lb1', instance => $self->{link}{ours}),
        http => $classic->status_server);
}


sub start_keepalived ($self, $priority) {
    my $classic = $self->{classic};

    $self->{keepalived} = $self->{lab}->start_keepalived('lb2',
        conf => $classic->keepalived('lb2', priority => $priority,
                                     instance => $self->{link}{theirs}));

    push @{ $self->{logs} }, $self->{keepalived};
}


# One node has the address, both report it, and nothing changes any more.
sub settles ($self, $title, $holder, $our_state, $their_state) {
    my $classic = $self->{classic};

    my $held = eval {
        $self->{lab}->wait_for_holder($holder, $classic->down_interval + 10);
    };
    ok($held, "$title: address on $holder") or diag($@);

    sleep 0.3 + $classic->down_interval;

    is(join(' ', $self->{lab}->who_has), $holder, "$title: and it stays");
    is(join(' ', $self->{lab}->who_has($_)), $holder,
       "$title: the excluded address is there, too")
        for grep { defined } $self->{link}{excluded};
    is($self->{ours}->state, $our_state, "$title: our state");
    is($self->{keepalived}->state, $their_state,
       "$title: keepalived's state");
}


# A master stops: its last advert has priority 0, and the other router takes
# over after the skew time, not after three intervals.
sub hands_over ($self, $title, $from, $act, $holder, $skew) {
    my $since = time;

    $act->();

    my $held = eval { $self->{lab}->wait_for_holder($holder, $skew + 10) };
    ok($held, "$title: address on $holder") or diag($@);

    my ($last) = grep { $_->{priority} == 0 }
                 $self->{capture}->adverts(from => $from, since => $since);
    ok($last, "$title: priority 0 was sent") or return;

    my ($first) = grep { $_->{source} ne $from }
                  $self->{capture}->adverts(since => $last->{time});
    ok($first, "$title: the other router advertises") or return;

    my $delay = $first->{time} - $last->{time};
    cmp_ok($delay, '<', $skew + 0.5 + 0.5 * $self->{classic}->interval,
           "$title: after the skew time, s");
}


# The counters of our own status: no packet was dropped.
sub nothing_dropped ($self) {
    my ($instance) = @{ $self->{ours}->status->{instances} };
    my $counters = $instance->{counters};
    my $dropped = $counters->{dropped};

    cmp_ok($counters->{adverts_received}, '>', 5, 'we received keepalived');
    is(join(' ', map { "$_: $dropped->{$_}" }
                 grep { $dropped->{$_} } sort keys %$dropped),
       '', 'we dropped no packet');
}


sub judge ($self) {
    $self->{capture}->stop;

    my @adverts = $self->{capture}->adverts;
    my @ours = grep { $_->{source} eq $OURS } @adverts;
    my @theirs = grep { $_->{source} eq $THEIRS } @adverts;

    cmp_ok(scalar @ours, '>', 5, 'our adverts were captured');
    cmp_ok(scalar @theirs, '>', 5, 'adverts of keepalived were captured');

    is(scalar(grep { $_->{bad} } @adverts), 0, 'all checksums are right');
    is(join(' ', uniq(map { $_->{ttl} } @ours)), '255', 'our TTL');
    like($ours[0]{text}, qr/tos 0xc0/, 'our type of service');

    is(join(' ', uniq(map { facts($_) } @ours)),
       join(' ', uniq(map { facts($_) } @theirs)),
       'our adverts are equal to those of keepalived');

    my @complaints = grep {
        /invalid|bad|mismatch|wrong|incorrect|expected|ignor|discard/i
        && !/received lower priority/
    } map { split /\n/, $_->log_text } @{ $self->{logs} };

    is("@complaints", '', 'keepalived has no complaint');
}


# The part that must be equal on both; the rest of the text has addresses and
# numbers.
sub facts ($advert) {
    my ($facts) = $advert->{text} =~ /(VRRPv.*\S)/s;

    $facts =~ s/prio \d+/prio/;
    $facts =~ s/\s+/_/g;

    return $facts;
}


sub uniq (@values) {
    my %seen;

    return grep { !$seen{$_}++ } @values;
}


1;
