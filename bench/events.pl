#!/usr/bin/perl

# See bench/events.

use v5.36;

use Getopt::Long qw(GetOptions);

use VRRP::Bench::Event;
use VRRP::Bench::Report qw(machine never numbers row);
use VRRP::Bench::Trial;
use VRRP::Lab;
use VRRP::Nginx;

# In the order of the columns.
my @SYSTEMS = (
    ['ngx_vrrp-v3'     => 'ngx_vrrp v3, 100 ms'],
    ['ngx_vrrp-v2'     => 'ngx_vrrp v2, 1 s'],
    ['keepalived'      => 'keepalived v2, 1 s, `pgrep`'],
    ['keepalived-best' => 'keepalived v3, 30 ms, `track_process`'],
);

# Only by name.
my @OTHERS = (
    ['ngx_vrrp-v3-link'   => 'ngx_vrrp v3, 100 ms, `peer_link`'],
    ['ngx_vrrp-v2-link'   => 'ngx_vrrp v2, 1 s, `peer_link`'],
    ['ngx_vrrp-v3-vmac'   => 'ngx_vrrp v3, 100 ms, `use_vmac`'],
    ['keepalived-v3'      => 'keepalived v3, 100 ms, `pgrep`'],
    ['keepalived-v3-vmac' => 'keepalived v3, 100 ms, `pgrep`, `use_vmac`'],
);

my @EVENTS = qw(nothing reload quit stop master killall speaker everything
                freeze hang address link);

GetOptions('runs=i' => \(my $runs = 1), 'event=s' => \my @events,
           'system=s' => \my @wanted, 'ignorant' => \my $ignorant)
    or die "events: see bench/events --help\n";

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
die "events: $reason\n" if $reason;

@events = @EVENTS unless @events;

my @systems = @wanted ? grep {
    my $name = $_->[0];
    grep { $_ eq $name } @wanted;
} @SYSTEMS, @OTHERS : @SYSTEMS;

$| = 1;

say machine(), "\n";
print row('event', map { $_->[1] } @systems),
      row('---', map { '--:' } @systems);

for my $event (@events) {
    my %results = measure($event);
    my $title = VRRP::Bench::Event->named($event)->{title};

    print row($title, map { cell($results{ $_->[0] }) } @systems);
}


# Lists of results, by system. The systems take turns.
sub measure ($event) {
    my %results = map { $_->[0] => [] } @systems;

    for my $run (1 .. $runs) {
        for my $system (map { $_->[0] } @systems) {
            push @{ $results{$system} },
                 VRRP::Bench::Trial->run($system, $event,
                                         ignorant => $ignorant);
        }
    }

    return %results;
}


# Outage, requests that failed, and where the address was left behind.
sub cell ($results) {
    return 'not measured' unless @$results;

    my $outage = numbers(never(), map { $_->{outage} } @$results);
    my $failed = numbers('', map { $_->{failed} } @$results);
    my $left = grep { $_->{left} } @$results;

    return "$outage / $failed" . ($left ? ' **VIP left**' : '');
}
