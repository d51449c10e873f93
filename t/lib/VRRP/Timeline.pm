package VRRP::Timeline;

# The order of events, from independent sources only: the actions, the holder
# of the address (ip monitor), the sender of adverts (tcpdump), and the server
# of the clients.

use v5.36;

use Time::HiRes qw(time);

use VRRP::Lab;

my $VIP = $VRRP::Lab::VIP;


sub new ($class, %args) {
    return bless { %args, notes => [], watches => [] }, $class;
}


# Something that was done, now.
sub note ($self, $who, $what) {
    push @{ $self->{notes} }, { time => time, who => $who, what => $what };
}


# Starts the witnesses.
sub watch ($self) {
    my $lab = $self->{lab};

    push @{ $self->{watches} }, $lab->watch_addresses($_) for qw(lb1 lb2);
    $self->{capture} = $lab->capture('client');
}


sub follow ($self, $load) {
    $self->{load} = $load;
}


sub end ($self) {
    $_->stop for @{ $self->{watches} }, $self->{capture} // ();
}


# All events in [since, until), by time: hashes of time, who, what.
sub events ($self, $since, $until = time) {
    my @events = (@{ $self->{notes} }, $self->_moves, $self->_adverts,
                  $self->_answers);

    return sort { $a->{time} <=> $b->{time} }
           grep { $_->{time} >= $since && $_->{time} < $until } @events;
}


sub _moves ($self) {
    return map {
        { time => $_->{time}, who => $_->{node},
          what => $_->{present} ? "has $VIP" : "has $VIP no more" }
    } map { $_->events($VIP) } @{ $self->{watches} };
}


# Of the many adverts only those with news: another sender or priority.
sub _adverts ($self) {
    my $last = '';
    my @events;

    for my $advert ($self->{capture} ? $self->{capture}->adverts : ()) {
        my $news = "$advert->{source} $advert->{priority}";
        next if $news eq $last;

        $last = $news;
        push @events, {
            time => $advert->{time},
            who  => $self->_name($advert->{source}),
            what => "sends adverts with priority $advert->{priority}",
        };
    }

    return @events;
}


sub _name ($self, $address) {
    my ($node) = grep { $_->address eq $address } $self->{lab}->nodes;

    return $node ? $node->name : $address;
}


# Only changes: of the balancer that answers, and from and to no answer.
sub _answers ($self) {
    my $last = '';
    my @events;

    my @requests = $self->{load} ? $self->{load}->requests : ();

    for my $one (sort { _seen($a) <=> _seen($b) } @requests) {
        my $what = $one->{good} ? "is answered by $one->{node}"
                                : 'gets no answer: '
                                  . ($one->{code} || $one->{body} =~ tr/_/ /r);
        next if $what eq $last;

        $last = $what;
        push @events, { time => _seen($one), who => 'client',
                        what => $what };
    }

    return @events;
}


# The time of a request: for a lost one its start, and for one that had to
# wait for an answer the time of the answer.
sub _seen ($request) {
    my $waited = $request->{end} - $request->{start};

    return $request->{good} && $waited > 0.05 ? $request->{end}
                                              : $request->{start};
}


1;
