#!/usr/bin/perl

# See bench/owners.

use v5.36;

use Getopt::Long qw(GetOptions);
use Time::HiRes qw(sleep time);

use VRRP::Bench::Report qw(machine row);
use VRRP::Lab;
use VRRP::Nginx;

# Longer than a lease of 1 s that the kernel ends late, s.
my $STOPPED = 2.5;

my %PRIORITY = (lb1 => 100, lb2 => 90, lb3 => 80);
my @NODES = sort keys %PRIORITY;

GetOptions('runs=i' => \(my $runs = 10), 'interval=s' => \(my $interval = '10ms'))
    or die "owners: see bench/owners --help\n";

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
die "owners: $reason\n" if $reason;

my $lab = VRRP::Lab->new(nodes => \@NODES);
my %nginx = map { $_ => start($_) } @NODES;
my @watches = map { $lab->watch_addresses($_) } @NODES;

my @moved;
my @both = map { stop_the_owner() } 1 .. $runs;

say machine(), "\n\n", <<"END";
Three nodes, advert_int $interval. All processes of the MASTER were stopped
$runs times, at random moments. In ms:
END

print row('', qw(min median max)), row('---', ('--:') x 3),
      row('another node had the address after', three(@moved)),
      row('both nodes had it for', three(@both));

$lab->destroy;


sub start ($name) {
    return $lab->start_nginx($name, workers => 1, vrrp => <<"END",
    router_id $name;
    vrrp_instance VI_1 {
        interface $VRRP::Node::INTERFACE;
        virtual_router_id 51;
        priority $PRIORITY{$name};
        advert_int $interval;
        virtual_ipaddress $VRRP::Lab::VIP/24;
    }
END
        http => 'server { listen 80; location / { return 200; } }');
}


# Returns for how long two nodes had the address, s.
sub stop_the_owner () {
    $lab->wait_for_holder('lb1', 10);
    sleep 0.3 + rand;

    my @pids = map { $_->{pid} } $nginx{lb1}->processes;
    my $since = time;

    $nginx{lb1}->signal('STOP', @pids);
    sleep $STOPPED;

    my @events = events($since);

    $nginx{lb1}->signal('CONT', @pids);

    my ($first) = grep { $_->{present} } @events;
    die "owners: no other node took the address\n" if !$first;

    push @moved, $first->{time} - $since;

    return time_of_two(@events, { time => time, present => 0 });
}


sub events ($since) {
    return sort { $a->{time} <=> $b->{time} }
           map { $_->events($VRRP::Lab::VIP, $since) } @watches;
}


# One node has it before the first event.
sub time_of_two (@events) {
    my ($count, $total, $last) = (1, 0, 0);

    for my $event (@events) {
        $total += $event->{time} - $last if $count > 1;
        $count += $event->{present} ? 1 : -1;
        $last = $event->{time};
    }

    return $total;
}


sub three (@seconds) {
    my @sorted = sort { $a <=> $b } @seconds;

    return map { sprintf '%d', 1000 * $_ } @sorted[0, $#sorted / 2, -1];
}
