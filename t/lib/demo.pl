#!/usr/bin/perl

# Shows the scenario while it runs; see tools/demo.

use v5.36;

use Getopt::Long qw(GetOptions);
use Time::HiRes qw(time);

use VRRP::Lab;
use VRRP::Nginx;
use VRRP::Scenario;

my $STATE = '/run/ngx_vrrp_lab';

GetOptions('profile=s' => \(my $profile = 'v2'), 'keep' => \my $keep)
    or die "demo: see tools/demo --help\n";

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
die "demo: $reason\n" if $reason;
die "demo: a lab is already running, stop it with tools/demo --stop\n"
    if $keep && -e $STATE;

$| = 1;

my $lab = VRRP::Lab->new;
my $scenario = VRRP::Scenario->new(lab => $lab, profile => $profile);
my @results;

introduce();

for my $step (@VRRP::Scenario::STEPS) {
    printf "\n%d. %s\n", @results + 1, $step->[0];
    my $result = $scenario->take($step);

    narrate($result);
    push @results, $result;
}

show_table();
$keep ? keep() : $scenario->finish;


sub introduce () {
    say <<"END";
client 192.168.64.10 requests http://$VRRP::Lab::VIP/ every 5 ms, with a
timeout of 1 s. Settings: $profile.

  lb1 192.168.64.130  priority 100      web1 192.168.64.143
  lb2 192.168.64.134  priority  90      web2 192.168.64.138

Times are in seconds since the lab started.
END
}


sub narrate ($result) {
    for my $event ($scenario->timeline->events(@$result{qw(since until)})) {
        printf "%9.3f  %-7s %s\n", $event->{time} - $lab->epoch,
               $event->{who}, $event->{what};
    }

    my $bodies = $result->{settled}{bodies};
    my $answers = join ', ', map { "$_ $bodies->{$_}" } sort keys %$bodies;

    printf "%9.3f  now     %s has the address; last answers: %s\n",
           $result->{until} - $lab->epoch,
           join(' and ', $lab->who_has) || 'no node', $answers || 'none';
}


sub show_table () {
    printf "\n%-36s %10s %9s %7s\n", 'step', 'outage, ms', 'requests',
           'failed';

    # No node has the address during the first step.
    for my $result (@results[1 .. $#results]) {
        printf "%-36s %10d %9d %7d\n",
               @$result{qw(title outage requests failed)};
    }

    say "\nThe outage is the longest time without a good answer. With a"
        . " request every 5 ms,\n5 to 10 ms mean no outage.";
}


sub keep () {
    $scenario->leave_running;

    my $pids = $lab->keep;

    mkdir $STATE, 0755;
    symlink $lab->dir, "$STATE/files";
    open my $out, '>', "$STATE/nodes" or die "$STATE/nodes: $!\n";
    say {$out} "$_ $pids->{$_}" for sort keys %$pids;
    close $out;

    say <<"END";

The lab keeps running, with the module on both balancers. Try:

  tools/lab list
  tools/lab client curl -s http://$VRRP::Lab::VIP/
  tools/lab lb1 curl -s http://127.0.0.1:8080/vrrp
  tools/lab lb1 ip address show dev $VRRP::Node::INTERFACE
  tools/lab client tcpdump -n -i $VRRP::Node::INTERFACE -vvv proto 112
  tools/lab lb1 killall -9 nginx

Logs and configurations are in $STATE/files/. To stop it:

  tools/demo --stop
END
}
