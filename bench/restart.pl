#!/usr/bin/perl

# See bench/restart.

use v5.36;

use Getopt::Long qw(GetOptions);
use Time::HiRes qw(sleep time);

use VRRP::Bench::Report qw(machine never numbers row);
use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;
use VRRP::Proc;
use VRRP::Systemd;

# Between two requests, ms.
my $INTERVAL = 4;

GetOptions('runs=i' => \(my $runs = 5))
    or die "restart: see bench/restart --help\n";

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable
             // VRRP::Systemd->unavailable;
die "restart: $reason\n" if $reason;

my $VIP = $VRRP::Lab::VIP;
my $example = VRRP::Proc::slurp(
    "$VRRP::Systemd::EXAMPLES/nginx.service.d/vrrp.conf");

$| = 1;

say machine(), "\n\n", <<"END";
All processes of nginx are killed (SIGKILL), and systemd starts nginx again.
Outage: the longest time in which a client that starts a request every
$INTERVAL ms got no good answer. Median (worst) of $runs, in ms.
END

print row('what happens', 'outage', 'outage when it comes back'),
      row('---', '--:', '--:');

for my $delay ('0', '100ms', '1s') {
    print row("waiting, RestartSec=$delay", waiting($delay), '-');
}

print row('moving, adverts 100 ms', moving('')),
      row('moving, adverts 100 ms, peer link', moving('peer_link on;'));


# One node, with the address as a static one.
sub waiting ($delay) {
    my @outages;

    for (1 .. $runs) {
        my $classic = VRRP::Classic->new(profile => 'v3');
        my $lab = VRRP::Lab->new(quiet => 1);

        $classic->start_web($lab, $_) for qw(web1 web2);
        my $nginx = $classic->start_plain_balancer($lab, 'lb1');
        $nginx->stop('QUIT');
        $lab->node('lb1')->run(qw(ip address add), "$VIP/24", 'dev',
                               $VRRP::Node::INTERFACE);

        push @outages, [ measure($lab, $nginx, $example
            =~ s/^RestartSec=.*/RestartSec=$delay/mr) ]->[0];
    }

    return numbers(never(), @outages);
}


sub moving ($directives) {
    my (@away, @back);

    for (1 .. $runs) {
        my $classic = VRRP::Classic->new(profile => 'v3',
                                         instance => $directives);
        my $lab = VRRP::Lab->new(quiet => 1);
        my ($lb1) = $classic->start_all($lab);

        $lb1->stop('QUIT');
        $lab->wait_for_holder('lb2', 10);

        my ($away, $back) = measure($lab, $lb1, $example);

        push @away, $away;
        push @back, $back;
    }

    return numbers(never(), @away), numbers(never(), @back);
}


# The outage until nginx runs again, and after that.
sub measure ($lab, $nginx, $drop_in) {
    my $systemd = VRRP::Systemd->start(node => $lab->node('lb1'),
                                       nginx => $nginx, drop_in => $drop_in);

    $systemd->systemctl('start', 'nginx');
    $lab->wait_for_holder('lb1', 10);
    sleep 2;

    my $load = $lab->load(interval => $INTERVAL);
    sleep 1 + rand 0.1;

    my $since = time;
    $nginx->signal('KILL', map { $_->{pid} } $nginx->processes);

    $lab->wait_until('nginx to run again', 20, sub {
        $systemd->show('NRestarts') > 0 && $nginx->workers
    });

    my $started = time;
    $lab->wait_for_holder('lb1', 10);
    sleep 2;

    # What comes back with the restart begins before it is seen from outside.
    my $back = $nginx->{vrrp} ? $started - 0.3 : time;
    my @outages = ($load->summary($since, $back)->{outage},
                   $load->summary($back, time)->{outage});

    $load->stop;
    $systemd->stop;
    $lab->destroy;

    return @outages;
}
