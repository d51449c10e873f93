package VRRP::Failover;

# A lab with the classic setup in which something happens to lb1, again and
# again, and the assertions that follow each time. Adverts every 100 ms.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Classic;
use VRRP::Observations;
use VRRP::Lab;
use VRRP::Nginx;

our $VIP = $VRRP::Lab::VIP;

# The delay that a busy machine with two cores may add to any time.
our $SLACK = 1.5;

# Lifetime of an address that is not renewed, s, and the delay of the kernel.
our $LEASE = 1.25;

# Time after which a worker that does not move counts as lost, s.
our $STALL = 2;

# How long clients are watched after a move, s.
my $SETTLE = 0.5;


# Skips the whole test where it cannot run.
sub new ($class) {
    my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
    plan(skip_all => $reason) if $reason;

    my $classic = VRRP::Classic->new(
        profile => 'v3', instance => "track_nginx timeout=${STALL}s;");
    my $lab = VRRP::Lab->new;

    my ($lb1, $lb2) = $classic->start_all($lab, expect => qr/on signal 9/);

    my $self = bless { lab => $lab, lb1 => $lb1, lb2 => $lb2,
                       takeover => $classic->down_interval + $SLACK }, $class;

    $self->{watch}{$_} = $lab->watch_addresses($_) for qw(lb1 lb2);
    $self->{capture} = $lab->capture('client');
    $self->{load} = $lab->load;
    sleep 0.2;

    return $self;
}


sub lab ($self)     { $self->{lab} }
sub lb1 ($self)     { $self->{lb1} }
sub load ($self)    { $self->{load} }
sub capture ($self) { $self->{capture} }

# The longest takeover without priority 0, s.
sub takeover ($self) { $self->{takeover} }


# When a node first got or lost the address, in seconds after a time.
sub moved ($self, $name, $present, $since) {
    my ($event) = grep { $_->{present} == $present }
                  $self->{watch}{$name}->events($VIP, $since);

    return $event ? $event->{time} - $since : 999;
}


# Does something to lb1: lb2 must have the address within a time, lb1 must have
# lost it within another. Returns the evidence of what the clients experienced.
sub moves ($self, $title, $act, $gain_limit, $loss_limit = $gain_limit) {
    my $since = time;

    $act->();

    my $held = eval { $self->{lab}->wait_for_holder('lb2', $gain_limit + 5) };
    ok($held, "$title: lb2 takes over") or diag($@);

    my $gained = $self->moved('lb2', 1, $since);
    my $lost = $self->moved('lb1', 0, $since);

    cmp_ok($gained, '<', $gain_limit, "$title: lb2 has it in time");
    cmp_ok($lost, '<', $loss_limit, "$title: lb1 lets go in time");

    sleep $SETTLE;

    my $until = time;
    my $summary = $self->{load}->summary($since, $until);
    note(sprintf '%s: lb2 after %.3f s, lb1 let go after %.3f s, '
                 . 'outage %d ms, failed %d', $title, $gained, $lost,
                 @$summary{qw(outage failed)});

    return VRRP::Observations->new(test => $self, since => $since,
                               until => $until);
}


# Does something to lb1 that must not take longer to repair than a time.
sub recovers ($self, $title, $act, $limit) {
    my $since = time;

    $act->();
    $self->comes_back($title);

    my $summary = $self->{load}->summary($since);
    cmp_ok($summary->{outage}, '<', 1000 * $limit, "$title: outage, ms");
    note(sprintf '%s: outage %d ms, failed %d', $title,
         @$summary{qw(outage failed)});

    return $summary;
}


sub comes_back ($self, $title) {
    my $held = eval {
        $self->{lab}->wait_for_holder('lb1', $self->{takeover} + 5);
    };

    ok($held, "$title: lb1 has it in the end") or diag($@);
    sleep 0.5;
}


sub restart_lb1 ($self) {
    my $lb1 = $self->{lb1};

    $lb1->signal('KILL', map { $_->{pid} } $lb1->processes);
    $lb1->wait_gone;
    $lb1->start;
}


sub finish ($self) {
    $self->{load}->stop;
    $self->{lab}->finish;
    done_testing;
}


1;
