#!/usr/bin/perl

# Tells the story as it happens; see tools/demo.

use v5.36;

use Getopt::Long qw(GetOptions);
use Time::HiRes qw(time);

use VRRP::Lab;
use VRRP::Nginx;
use VRRP::Story;

my $STATE = '/run/ngx_vrrp_lab';

GetOptions('profile=s' => \(my $profile = 'v2'), 'keep' => \my $keep)
    or die "demo: see tools/demo --help\n";

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
die "demo: $reason\n" if $reason;
die "demo: a lab was kept already, end it with tools/demo --stop\n"
    if $keep && -e $STATE;

$| = 1;

my $lab = VRRP::Lab->new;
my $story = VRRP::Story->new(lab => $lab, profile => $profile);
my @results;

introduce();

for my $step (@VRRP::Story::STEPS) {
    printf "\n%d. %s\n", @results + 1, $step->[0];
    my $result = $story->take($step);

    narrate($result);
    push @results, $result;
}

show_table();
$keep ? keep() : $story->finish;


sub introduce () {
    say <<"END";
client 192.168.64.10 asks http://$VRRP::Lab::VIP/ every 5 ms, and gives up on
a request after 1 s. Settings: $profile.

  lb1 192.168.64.130  priority 100      web1 192.168.64.143
  lb2 192.168.64.134  priority  90      web2 192.168.64.138

Times are in seconds since the lab started.
END
}


sub narrate ($result) {
    for my $event ($story->timeline->events(@$result{qw(since until)})) {
        printf "%9.3f  %-7s %s\n", $event->{time} - $lab->epoch,
               $event->{who}, $event->{what};
    }

    my $bodies = $result->{settled}{bodies};
    my $answers = join ', ', map { "$_ $bodies->{$_}" } sort keys %$bodies;

    printf "%9.3f  now     %s has the address; last answers: %s\n",
           $result->{until} - $lab->epoch,
           join(' and ', $lab->who_has) || 'nobody', $answers || 'none';
}


sub show_table () {
    printf "\n%-36s %10s %9s %7s\n", 'step', 'outage, ms', 'requests',
           'failed';

    # During the first step nobody has the address yet.
    for my $result (@results[1 .. $#results]) {
        printf "%-36s %10d %9d %7d\n",
               @$result{qw(title outage requests failed)};
    }

    say "\nThe outage is the longest time without a good answer; with a"
        . " request every 5 ms,\n5 to 10 ms are none.";
}


sub keep () {
    $story->leave_running;

    my $pids = $lab->keep;

    mkdir $STATE, 0755;
    symlink $lab->dir, "$STATE/files";
    open my $out, '>', "$STATE/nodes" or die "$STATE/nodes: $!\n";
    say {$out} "$_ $pids->{$_}" for sort keys %$pids;
    close $out;

    say <<"END";

The lab goes on, with our module on both balancers. Look around:

  tools/lab list
  tools/lab client curl -s http://$VRRP::Lab::VIP/
  tools/lab lb1 curl -s http://127.0.0.1:8080/vrrp
  tools/lab lb1 ip address show dev $VRRP::Node::INTERFACE
  tools/lab client tcpdump -n -i $VRRP::Node::INTERFACE -vvv proto 112
  tools/lab lb1 killall -9 nginx

Logs and configurations are in $STATE/files/. End it:

  tools/demo --stop
END
}
