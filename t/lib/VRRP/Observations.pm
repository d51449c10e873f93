package VRRP::Observations;

# The observations between two points in time: clients, wire, interfaces and
# error logs; and the assertions about them. Names are lb1 and lb2.

use v5.36;

use Test::More;

use VRRP::Lab;

my $VIP = $VRRP::Lab::VIP;

# Requests that the network itself may cut when an address changes its MAC, on a
# machine that is never late.
our $MOST_CUT = 3;


# test (VRRP::Lossless or VRRP::Failover), since, until, logged (bytes of error
# logs that are older).
sub new ($class, %args) {
    my $self = bless { %args }, $class;

    $self->{packets} = [
        grep { $_->{time} < $self->{until} } $self->{test}->capture->packets
    ];

    return $self;
}


sub since ($self) { $self->{since} }
sub until ($self) { $self->{until} }


# Clients

sub requests ($self) {
    $self->{requests} //= [
        grep { $_->{start} >= $self->{since} && $_->{start} < $self->{until} }
             $self->{test}->load->requests
    ];

    return @{ $self->{requests} };
}


# Requests without an answer: those that were on their way when an address
# went to another MAC, and the others. Returns two references.
sub failures ($self) {
    my @switches = map { $_->{time} } $self->announcements($VIP);
    my (@cut, @lost);

    for my $one (grep { !$_->{good} } $self->requests) {
        my $is_cut = grep { $one->{start} < $_ && $one->{end} >= $_ }
                     @switches;

        push @{ $is_cut ? \@cut : \@lost }, $one;
    }

    return (\@cut, \@lost);
}


# The number of requests that may be cut when the address moves: those in
# progress at one moment, plus those of clients and workers that this machine
# did not schedule in time.
sub most_cut ($self) {
    return $MOST_CUT
           + $self->{test}->load->held_up($self->{since}, $self->{until});
}


# No request was lost; some may be cut if the address moved.
sub nothing_lost ($self, %args) {
    my ($cut, $lost) = $self->failures;
    my $time = $self->{until} - $self->{since} - $self->lateness;
    my $most = $args{moved} ? $self->most_cut : 0;
    my $asked = 1000 / $self->{test}->load->interval;

    cmp_ok($self->requests / $time, '>=', 0.95 * $asked,
           'requests per second');

    my $good = is(scalar @$lost, 0, 'requests lost');
    $good &&= cmp_ok(scalar @$cut, '<=', $most, 'requests cut');

    note(sprintf '%d requests, %d lost, %d cut of at most %d',
         scalar $self->requests, scalar @$lost, scalar @$cut, $most);
    $self->narrate(@$lost, @$cut) unless $good;
}


# How late this machine was to run a process that wanted to, s.
sub lateness ($self) {
    return $self->{test}->load->lateness($self->{since}, $self->{until});
}


# In the end, this node answers every request.
sub answered ($self, $name) {
    my @last = grep { $_->{start} > $self->{until} - 0.2 } $self->requests;
    my %nodes = map { ($_->{good} ? $_->{node} : 'nobody') => 1 } @last;

    is(join(' ', sort keys %nodes), $name, "$name answers");
}


# The longest time without a good answer, s.
sub outage ($self) {
    my $last = $self->{since};
    my $longest = 0;

    for my $end (sort { $a <=> $b } map { $_->{end} }
                 grep { $_->{good} } $self->requests) {
        $longest = $end - $last if $end - $last > $longest;
        $last = $end;
    }

    my $rest = $self->{until} - $last;

    return $rest > $longest ? $rest : $longest;
}


# Wire

# Adverts of a node and of a virtual router; priority => only with this one.
sub adverts ($self, $name, %want) {
    my $source = $self->{test}->address($name);
    my $vrid = $want{vrid} // 51;
    my $since = $want{since} // $self->{since};

    return grep {
        defined $_->{vrid}
        && $_->{source} eq $source
        && $_->{vrid} == $vrid
        && $_->{time} >= $since
        && (!defined $want{priority} || $_->{priority} == $want{priority})
    } @{ $self->{packets} };
}


sub goodbyes ($self, $name, %want) {
    return $self->adverts($name, %want, priority => 0);
}


# The longest time between two adverts, s; the last advert before the event
# counts.
sub longest_gap ($self, $name, %want) {
    my @times = map { $_->{time} } $self->adverts($name, %want, since => 0);
    my ($last) = grep { $_ < $self->{since} } reverse @times;
    my $longest = 0;

    for my $time (grep { $_ >= $self->{since} } @times) {
        $longest = $time - $last if $last && $time - $last > $longest;
        $last = $time;
    }

    return $longest;
}


# A node continued with its adverts without an interruption: none is missing,
# and none is sent twice, as with two owners. extra => the number of adverts
# that may be early, each of them by less than an interval.
sub advertised_on ($self, $name = 'lb1', %want) {
    my $limit = $self->{test}->gap_limit($self->lateness);
    my $gap = $self->longest_gap($name, %want);

    cmp_ok($gap, '<', $limit, "$name: longest time between two adverts, s");

    my @times = map { $_->{time} } $self->adverts($name, %want);
    my $due = $times[-1] && ($times[-1] - $times[0])
                            / $self->{test}->interval;
    my $extra = $want{extra} // 0;

    cmp_ok(@times - 1 - $due, '>', -1, "$name: no advert is missing");
    cmp_ok(@times - 1 - $due, '<', 1 + $extra, "$name: no advert is too much");

    note(sprintf '%s: %d adverts, longest gap %.0f ms, limit %.0f ms', $name,
         scalar @times, 1000 * $gap, 1000 * $limit);
}


sub silent ($self, $name = 'lb2') {
    is(scalar(my @adverts = $self->adverts($name)), 0, "$name: no advert");
}


# Gratuitous ARPs for an address.
sub announcements ($self, $address) {
    return grep {
        $_->{time} >= $self->{since}
        && $_->{text} =~ /ARP.*who-has \Q$address\E .*tell \Q$address\E,/
    } @{ $self->{packets} };
}


sub announced ($self, $count, $address = $VIP) {
    is(scalar(my @found = $self->announcements($address)), $count,
       "gratuitous ARPs for $address");
}


# Interfaces

# "+lb1" where an address came, "-lb1" where it went, by time.
sub moves ($self, $address = $VIP) {
    my @events = sort { $a->{time} <=> $b->{time} } map {
        grep { $_->{time} < $self->{until} }
             $self->{test}{watch}{$_}->events($address, $self->{since})
    } qw(lb1 lb2);

    return map { ($_->{present} ? '+' : '-') . $_->{node} } @events;
}


sub moved ($self, $moves, $address = $VIP) {
    is(join(' ', $self->moves($address)), $moves, "$address on interfaces");
}


sub not_moved ($self, $address = $VIP) {
    $self->moved('', $address);
}


# When a node first got or lost an address, s after the event began.
sub after ($self, $move, $address = $VIP) {
    my ($sign, $name) = $move =~ /^([+-])(.*)/;
    my ($event) = grep { $_->{present} == ($sign eq '+') }
        $self->{test}{watch}{$name}->events($address, $self->{since});

    return $event ? $event->{time} - $self->{since} : 999;
}


sub in_time ($self, $move, $limit, $address = $VIP) {
    my $after = $self->after($move, $address);

    cmp_ok($after, '<', $limit, "$move $address, s");
    note(sprintf '%s %s after %.0f ms', $move, $address, 1000 * $after);
}


# Error logs

sub log_of ($self, $name) {
    return substr $self->{test}->nginx($name)->log_text,
                  $self->{logged}{$name} // 0;
}


# "VI_1 BACKUP -> MASTER" and so on.
sub transitions ($self, $name) {
    return map { /([A-Z]+ -> [A-Z]+): .*instance "(\w+)"/ ? "$2 $1" : () }
           split /\n/, $self->log_of($name);
}


sub changed ($self, $name, @wanted) {
    is(join(', ', $self->transitions($name)), join(', ', @wanted),
       "$name: changes of state")
        or diag($self->log_of($name));
}


sub not_changed ($self, @names) {
    $self->changed($_) for @names ? @names : qw(lb1 lb2);
}


sub logged ($self, $name, $pattern, $what) {
    like($self->log_of($name), $pattern, "$name says: $what");
}


# The whole of "the peer and the clients notice nothing".
sub nothing_noticed ($self, %want) {
    $self->nothing_lost;
    $self->advertised_on('lb1', %want);
    $self->silent('lb2');
    $self->not_moved;
    $self->not_changed;
    $self->announced(0);
}


# Events around failed requests.
sub narrate ($self, @requests) {
    splice @requests, 20 if @requests > 20;

    my @events = map {
        { time => $_->{start},
          text => sprintf('request fails: %s, after %.0f ms',
                          $_->{code} || $_->{body},
                          1000 * ($_->{end} - $_->{start})) }
    } @requests;

    push @events, map {
        my $name = $_;
        map { { time => $_->{time},
                text => ($_->{present} ? '+' : '-') . $name } }
        $self->{test}{watch}{$name}->events($VIP, $self->{since})
    } qw(lb1 lb2);

    push @events, map { { time => $_->{time}, text => 'announcement' } }
                  $self->announcements($VIP);

    diag(sprintf '%8.3f  %s', $_->{time} - $self->{since}, $_->{text})
        for sort { $a->{time} <=> $b->{time} } @events;
}


1;
