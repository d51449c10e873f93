package VRRP::Bench::Trial;

# One event, one system, in a lab that nothing has happened to before: what
# clients and interfaces saw of it.

use v5.36;

use Time::HiRes qw(sleep time);

use VRRP::Bench::Event;
use VRRP::Bench::System;
use VRRP::Lab;

my $VIP = $VRRP::Lab::VIP;

# Between two requests, ms.
our $INTERVAL = 4;

# For how long an event is watched at least, and at most if clients are not
# served again, s.
our $WATCH    = 5;
our $PATIENCE = 12;

# Time without a failed request after which clients are served again, s.
my $CALM = 1;


# ignorant: the client ignores gratuitous ARP. Returns a hash of
#     outage    the longest time without a good answer, ms; undef if clients
#               were not served again
#     failed    number of requests
#     late      those of them that began when lb2 had the address
#     moved     when lb2 had the address, ms; undef if it never had
#     left      true if lb1 had the address as well when lb2 had it long since
# or nothing if the system did not come up in two attempts; the reason is printed.
sub run ($class, $system, $event, %args) {
    say STDERR "$event: $system";

    for my $attempt (1, 2) {
        my $lab = VRRP::Lab->new(quiet => 1);
        my $result = eval { _measure($lab, $system, $event, %args) };

        warn "$event: $system: $@" unless $result;
        $lab->destroy;

        return $result if $result;
    }

    return;
}


sub _measure ($lab, $system_name, $event_name, %args) {
    my $system = VRRP::Bench::System->start($system_name, $lab);
    my $event = VRRP::Bench::Event->named($event_name);
    my $watch = $lab->watch_addresses('lb2');

    $lab->node('client')->ignore_announcements($VIP) if $args{ignorant};

    my $load = $lab->load(interval => $INTERVAL);

    # Not always at the same moment between two checks or adverts.
    sleep $CALM + rand $system->period;
    $lab->wait_until('calm before the event', 10, sub { _is_calm($load) });

    my $since = time;
    $event->{act}->($system);

    my $left;

    if ($event->{undo}) {
        sleep $event->{lasts};
        $left = _both_have_it($lab);
        $event->{undo}->($system);
    }

    my $served = _wait_for_calm($load);

    return { _seen($load, $watch, $since, $served),
             left => $left // _both_have_it($lab) };
}


sub _both_have_it ($lab) {
    return $lab->who_has == 2;
}


# Returns whether clients are served again, not too soon.
sub _wait_for_calm ($load) {
    my $since = time;

    sleep $WATCH;

    while (time < $since + $PATIENCE) {
        return 1 if _is_calm($load);
        sleep 0.1;
    }

    return 0;
}


sub _is_calm ($load) {
    my @recent = grep { $_->{end} > time - $CALM } $load->requests;

    return @recent && !grep { !$_->{good} } @recent;
}


sub _seen ($load, $watch, $since, $served) {
    my $until = time;

    $load->settle($until);
    $load->stop;

    my $summary = $load->summary($since, $until);
    my $errors = $summary->{errors};
    say STDERR "    $errors->{$_} times: $_" for sort keys %$errors;

    my ($event) = grep { $_->{present} } $watch->events($VIP, $since);
    my $late = $event ? grep { !$_->{good} && $_->{start} >= $event->{time}
                               && $_->{start} < $until } $load->requests
                      : 0;
    say STDERR "    $late failed after lb2 had the address";

    return outage => $served ? $summary->{outage} : undef,
           failed => $summary->{failed},
           late   => $late,
           moved  => $event ? 1000 * ($event->{time} - $since) : undef;
}


1;
