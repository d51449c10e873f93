#!/usr/bin/perl

# See bench/failover.

use v5.36;

use Getopt::Long qw(GetOptions);
use POSIX qw(uname);
use Time::HiRes qw(sleep time);

use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;

my $VIP = $VRRP::Lab::VIP;

# A failover that was not seen after this time will not come, s.
my $PATIENCE = 10;

# What is done to the node that has the address.
my @FAILURES = (
    ['nginx master killed (`kill -9`)', sub ($lab, $nginx) {
        $nginx->signal('KILL', $nginx->masters);
    }],
    ['all workers killed (`kill -9`)', sub ($lab, $nginx) {
        $nginx->signal('KILL', $nginx->workers);
    }],
    ['all workers hang (`kill -STOP`)', sub ($lab, $nginx) {
        $nginx->signal('STOP', $nginx->workers);
    }],
    ['`killall -9 nginx`', sub ($lab, $nginx) {
        $lab->node('lb1')->run(qw(killall -9 nginx));
    }],
    ['link down', sub ($lab, $nginx) { $lab->unplug('lb1') }],
);

# keepalived's own settings for the script are the usual ones, but for the
# interval, which is mostly 2: here it is the shortest that it has.
my $CHECK = <<'END';
vrrp_script check_nginx {
    script "/usr/bin/pgrep nginx"
    interval 1
}
END

GetOptions('runs=i' => \(my $runs = 3), 'profile=s' => \my @profiles)
    or die "failover: see bench/failover --help\n";

@profiles = qw(v2 v3) unless @profiles;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
die "failover: $reason\n" if $reason;

$| = 1;

say describe_machine();

for my $profile (@profiles) {
    my $classic = VRRP::Classic->new(profile => $profile);
    say STDERR "profile $profile: this module, then keepalived";
    my %results = (ours       => measure($classic, \&start_ours),
                   keepalived => measure($classic, \&start_keepalived));

    show($classic, \%results);
}


sub describe_machine () {
    my ($system, undef, $release) = uname();
    my ($nginx) = `nginx -v 2>&1` =~ m{(nginx/\S+)};
    my ($keepalived) = `keepalived --version 2>&1` =~ m{(v[\d.]+)};
    my $cores = () = (VRRP::Proc::slurp('/proc/cpuinfo') // '')
                     =~ /^processor/mg;

    return <<"END";
Outage: the longest time in which a client that starts a request every 5 ms
got no good answer. Moved: when the other node had the address, after the
failure. Median (worst) of $runs, in ms. $nginx, keepalived $keepalived, $system
$release, $cores cores, nodes in namespaces.
END
}


# Both start functions return lb1's nginx and a function that starts what is
# missing on lb1.
sub start_ours ($classic, $lab) {
    my ($lb1) = $classic->start_all($lab);

    return $lb1, sub { $lb1->start };
}


sub start_keepalived ($classic, $lab) {
    $classic->start_web($lab, $_) for qw(web1 web2);

    my (%nginx, %keepalived);

    for my $name (qw(lb1 lb2)) {
        $nginx{$name} = $classic->start_plain_balancer($lab, $name);
        $keepalived{$name} = $lab->start_keepalived($name,
            conf => $CHECK . $classic->keepalived($name,
                instance => "track_script {\n check_nginx\n }"));
    }

    $lab->wait_for_holder('lb1', $PATIENCE);

    # keepalived may still run, or not be able to take the address back.
    return $nginx{lb1}, sub {
        $keepalived{lb1}->kill_all;
        $nginx{lb1}->start;
        $keepalived{lb1}->start;
    };
}


# Returns, by failure, a list of [outage, moved] in ms; undef if it never did.
sub measure ($classic, $start) {
    my $lab = VRRP::Lab->new(quiet => 1);
    my ($lb1, $restart) = $start->($classic, $lab);

    my $watch = $lab->watch_addresses('lb2');
    my $load = $lab->load;
    my %results;

    for my $run (1 .. $runs) {
        for my $failure (@FAILURES) {
            my ($title, $act) = @$failure;

            say STDERR "run $run: $title";
            sleep 1;
            my $since = time;
            $act->($lab, $lb1);
            push @{ $results{$title} }, observe($lab, $watch, $load, $since);

            heal($lab, $lb1, $restart);
        }
    }

    $load->stop;
    $lab->destroy;

    return \%results;
}


# Waits until the clients are served for a while again, or in vain.
sub observe ($lab, $watch, $load, $since) {
    my $deadline = $since + $PATIENCE;

    eval {
        $lab->wait_until('lb2 to take over', 4, sub {
            $watch->events($VIP, $since);
        });
    };

    sleep 0.5;
    sleep 0.2 while time < $deadline && nobody_answers($load);

    my $summary = $load->summary($since);
    my ($event) = grep { $_->{present} } $watch->events($VIP, $since);

    my $over = time >= $deadline && $summary->{outage} > 1000 * $PATIENCE / 2;

    return [ $over ? undef : $summary->{outage},
             $event ? 1000 * ($event->{time} - $since) : undef ];
}


sub nobody_answers ($load) {
    my $now = time;

    return !grep { $_->{good} && $_->{end} > $now - 0.1 } $load->requests;
}


sub heal ($lab, $lb1, $restart) {
    $lab->plug('lb1');
    $lb1->signal('KILL', map { $_->{pid} } $lb1->processes);
    $lb1->wait_gone;

    # What a killed daemon leaves on the interface is for the next run's
    # daemon to find, not for its measurement.
    $lab->node('lb1')->try(qw(ip address del), "$VIP/24", 'dev',
                           $VRRP::Node::INTERFACE);
    $restart->();
    $lab->wait_for_holder('lb1', 3 * $PATIENCE);
}


sub show ($classic, $results) {
    my %name = (1 => 'version 2, 1 s', 0.1 => 'version 3, 100 ms',
                0.01 => 'version 3, 10 ms');

    printf "\nAdverts: %s.\n\n", $name{ $classic->interval };
    say '| failure | ngx_vrrp: outage | moved |'
        . ' keepalived + pgrep: outage | moved |';
    say '|---|--:|--:|--:|--:|';

    for my $failure (@FAILURES) {
        my $title = $failure->[0];

        my @cells = map {
            my $runs = $results->{$_}{$title};
            number("> @{[ 1000 * $PATIENCE ]}", map { $_->[0] } @$runs),
            number('never', map { $_->[1] } @$runs);
        } qw(ours keepalived);

        say '| ', join(' | ', $title, @cells), ' |';
    }
}


sub number ($never, @values) {
    my @sorted = sort { $a <=> $b } map { $_ // 1e9 } @values;
    my ($median, $worst) = map { $_ < 1e9 ? sprintf '%d', $_ : $never }
                           @sorted[$#sorted / 2, -1];

    return $median eq $worst ? $median : "$median ($worst)";
}
