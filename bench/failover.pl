#!/usr/bin/perl

# See bench/failover.

use v5.36;

use Getopt::Long qw(GetOptions);

use VRRP::Bench::Event;
use VRRP::Bench::Report qw(machine never numbers row);
use VRRP::Bench::Trial;
use VRRP::Lab;
use VRRP::Nginx;

my %PROFILES = (
    v2      => 'version 2, 1 s',
    v3      => 'version 3, 100 ms',
    v3_10ms => 'version 3, 10 ms',
);

my @EVENTS = qw(master workers hang killall link);

GetOptions('runs=i' => \(my $runs = 3), 'profile=s' => \my @profiles)
    or die "failover: see bench/failover --help\n";

@profiles = qw(v2 v3) unless @profiles;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
die "failover: $reason\n" if $reason;

$| = 1;

say machine(), "\n\n", <<"END";
Outage: the longest time in which a client that starts a request every
$VRRP::Bench::Trial::INTERVAL ms got no good answer. Moved: when the other node
had the address, after the failure. Median (worst) of $runs, in ms.
END

show($_) for @profiles;


sub show ($profile) {
    my $title = $PROFILES{$profile} // die "no profile \"$profile\"\n";

    print "\nAdverts: $title.\n\n",
          row('failure', 'ngx_vrrp: outage', 'moved',
              'keepalived + pgrep: outage', 'moved'),
          row('---', ('--:') x 4);

    for my $event (@EVENTS) {
        print row(VRRP::Bench::Event->named($event)->{title},
                  map { measure("$_-$profile", $event) } qw(ngx_vrrp keepalived));
    }
}


# Two cells.
sub measure ($system, $event) {
    my @results = map { VRRP::Bench::Trial->run($system, $event) } 1 .. $runs;

    return numbers(never(), map { $_->{outage} } @results),
           numbers('never', map { $_->{moved} } @results);
}
