#!/usr/bin/perl

# See bench/drain-load.

use v5.36;

use File::Basename qw(dirname);
use Getopt::Long qw(GetOptions);
use List::Util qw(sum0);
use POSIX qw(ceil);
use Time::HiRes qw(sleep time);

use VRRP::Bench::Report qw(machine row);
use VRRP::Lab;
use VRRP::Nginx;
use VRRP::Proc;

my $DIR = dirname(__FILE__);
my $PATIENCE = 120;  # s
my $SETTLE = 1.5;    # s from the move to the first row after it
my $CONTROL = 'http://127.0.0.1:8080/control/release';
my $EACH = 8000;     # connections of a process

# The sender of strays: none of its ports has a connection.
my $STRANGER = '192.168.64.11';

# bpf(2): BPF_ENABLE_STATS, for as long as the descriptor is open.
my $ENABLE_STATS = 32;
my %BPF = (x86_64 => 321, aarch64 => 280);

GetOptions('connections=i' => \(my $connections = 10_000),
           'addresses=i' => \(my $addresses = 1),
           'seconds=i' => \(my $seconds = 5),
           'strays=i' => \(my $rate = 1000),
           'interval=i' => \(my $interval = 1),
           'runs=i' => \(my $runs = 1))
    or die "drain-load: see bench/drain-load --help\n";

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
die "drain-load: $reason\n" if $reason;
die "drain-load: 1 to 200 addresses\n" if $addresses < 1 || $addresses > 200;

my @VIPS = ($VRRP::Lab::VIP, map { "10.9.$_.1" } 2 .. $addresses);

$VRRP::Nginx::SHUTDOWN_TIMEOUT = $PATIENCE;
$| = 1;
my $stats = enable_bpf_stats();

for my $run (1 .. $runs) {
    chomp(my $load = VRRP::Proc::slurp('/proc/loadavg'));

    say machine(), ", load $load\n\n", <<"END";
$connections connections to $addresses address(es), which have sent half of a
request before the move; a short request on a new connection every $interval ms;
$rate Mbit/s of segments of no connection; $seconds s for each row. Version 3,
100 ms.
END
    measure();
}


sub measure () {
    my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
    my $client = $lab->node('client');
    my $sender = build($lab, 'strays');
    my %nginx = map { $_ => start($lab, $_) } qw(lb1 lb2);
    my $bench = { lab => $lab, nginx => \%nginx };

    $client->run(qw(ip address add), "$STRANGER/24", 'dev',
                 $VRRP::Node::INTERFACE);
    $client->run(qw(ip route add 10.9.0.0/16 dev), $VRRP::Node::INTERFACE);
    sleep 2;  # the link
    $bench->{load} = $lab->load(interval => $interval);
    sleep 1;

    print row('', 'answer, ms: median', 'p99', 'failed', 'CPU ms/s: vrrp of A',
              'vrrp of B', 'workers of A', 'workers of B', 'softirq of all',
              'BPF program of B: runs/s', 'ns', 'strays/s'),
          row('---', ('--:') x 11);

    show($bench, 'A is MASTER');
    my $go = $client->dir . '/go';
    my @holders = hold($client, $go);
    wait_for_holders($lab, qr/^open$/m, @holders);
    sleep 1;
    show($bench, "with $connections connections");

    my $before = filters($lab);
    my $moved = move($bench);
    sleep $SETTLE;
    $moved->{outage} = $bench->{load}->summary($moved->{at},
                                               $moved->{at} + 1)->{outage};
    show($bench, 'B is MASTER, A drains');
    $moved->{filters} = filters($lab);
    show($bench, 'the same, strays', $sender);
    sleep 1;
    show($bench, 'B is MASTER, A drains');

    open my $out, '>', $go or die "$go: $!\n";
    close $out;
    $lab->wait_until('the end of the drain', $PATIENCE, sub {
        my ($out) = $lab->node('lb1')->try(qw(ip -o address show dev lo));
        return $out !~ /192\.168|10\.9\./;
    });
    my %outcomes;
    for my $text (wait_for_holders($lab, qr/^open\n(.+\n)/s, @holders)) {
        $outcomes{$2} += $1 while $text =~ /^(\d+) (\S+)$/mg;
    }
    sleep $SETTLE;
    show($bench, 'all has ended');
    my $left = filters($lab);
    show($bench, 'the same, strays', $sender);

    say "\nFrom `release` to the last address: $moved->{last} ms; longest time ",
        "without an answer:\n$moved->{outage} ms. Filters before: $before, while ",
        "A drains: $moved->{filters}, afterwards: $left.\nConnections finished by: ",
        join(', ', map { "$_ $outcomes{$_}" } sort keys %outcomes), "\n";
    $bench->{load}->stop;
    if (grep { $_ ne 'lb1' } keys %outcomes) {
        print STDERR "$_:\n", $nginx{$_}->log_text for sort keys %nginx;
    }
    $lab->finish;
}


sub start ($lab, $name) {
    my $priority = $name eq 'lb1' ? 200 : 100;
    my $vrid = 0;
    my $instances = join '', map { $vrid++; <<"END" } @VIPS;
    vrrp_instance VI_$vrid {
        interface $VRRP::Node::INTERFACE; virtual_router_id $vrid;
        priority $priority; advert_int 100ms;
        virtual_ipaddress $_/@{[ $_ =~ /^10/ ? 32 : 24 ]};
    }
END
    my $nginx = $lab->start_nginx($name, level => 'notice',
        workers => 1 + ceil($connections / $EACH),
        connections => 2 * $EACH, vrrp => <<"END", http => <<"END_HTTP");
    router_id $name;
    peer_link on;
    drain_timeout 10m;
    $instances
END
    client_header_timeout 10m;
    server {
        listen 80 reuseport;
        add_header X-Node $name always;
        location / { return 200 $name; }
        location = /held { return 200 "held $name"; }
    }
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
        location /control { vrrp_control on; }
    }
END_HTTP
    $lab->wait_for_holder('lb1', $PATIENCE, $_) for @VIPS;
    return $nginx;
}


sub move ($bench) {
    my $lab = $bench->{lab};
    my $watch = $lab->watch_addresses('lb2');
    my $at = time;

    $lab->node('lb1')->run(qw(curl -sS -m 60 -o /dev/null -X POST -H),
                           'X-VRRP-Control: 1', $CONTROL);
    my @times;
    $lab->wait_until('lb2 to have all', $PATIENCE, sub {
        @times = map { (map { $_->{time} } grep { $_->{present} }
                        $watch->events($_, $at))[0] // () } @VIPS;
        return @times == @VIPS;
    });
    $watch->stop;
    return { at => $at, last => sprintf '%.0f',
             1000 * ((sort { $a <=> $b } @times)[-1] - $at) };
}


# What is seen for some seconds, with strays if there is a sender.
sub show ($bench, $title, $sender = undef) {
    my $client = $bench->{lab}->node('client');
    my $tag = 'strays' . ++$bench->{senders};
    my $strays;

    if ($sender) {
        $strays = $client->spawn({ tag => $tag }, $sender, $STRANGER,
                                 $VRRP::Lab::VIP, $rate, $seconds + 2);
        sleep 1;
    }
    my $since = time;
    my %before = counts($bench);
    sleep $seconds;
    my %after = counts($bench);
    my $until = time;
    my $took = $until - $since;
    my $sent = 0;
    if ($strays) {
        $bench->{lab}->wait_until('the strays', $PATIENCE, sub {
            $sent = VRRP::Proc::slurp($client->dir . "/$tag.out");
        });
    }
    $bench->{load}->settle($until);
    my @requests = grep { $_->{start} >= $since && $_->{start} < $until }
                   $bench->{load}->requests;
    my @times = sort { $a <=> $b }
                map { 1000 * ($_->{end} - $_->{start}) }
                grep { $_->{good} } @requests;
    my %per = map { $_ => ($after{$_} - $before{$_}) / $took } keys %after;

    print row($title,
        (map { @times ? sprintf '%.2f', $times[$#times * $_] : '-' } 0.5, 0.99),
        @requests - @times,
        (map { sprintf '%.1f', $per{$_} }
             qw(vrrp_lb1 vrrp_lb2 workers_lb1 workers_lb2)),
        (sprintf '%.0f', $per{softirq}),
        $per{runs} ? (sprintf '%.0f', $per{runs}) : '-',
        $per{runs} ? (sprintf '%.0f', $per{ns} / $per{runs}) : '-',
        $sent ? (sprintf '%.0f', $sent / ($seconds + 2)) : '-');
}


# CPU times in ms, and of the program of B its runs and their time.
sub counts ($bench) {
    my %counts;

    for my $name (qw(lb1 lb2)) {
        my $nginx = $bench->{nginx}{$name};
        $counts{"vrrp_$name"} = sum0(map { cpu($_) } $nginx->vrrp_processes);
        $counts{"workers_$name"} = sum0(map { cpu($_) } $nginx->workers);
    }
    $counts{softirq} = 10 * (split ' ', VRRP::Proc::slurp('/proc/stat'))[7];

    my ($pid) = $bench->{nginx}{lb2}->vrrp_processes;
    for my $text (map { VRRP::Proc::slurp($_) // '' } glob "/proc/$pid/fdinfo/*") {
        $counts{runs} += $text =~ /^run_cnt:\s+(\d+)/m ? $1 : 0;
        $counts{ns} += $text =~ /^run_time_ns:\s+(\d+)/m ? $1 : 0;
    }
    return %counts;
}


sub cpu ($pid) {
    my $text = VRRP::Proc::slurp("/proc/$pid/schedstat") // '0';

    return (split ' ', $text)[0] / 1e6;
}


# Of both nodes.
sub filters ($lab) {
    return scalar grep { / bpf .* handle / } map { split /\n/, $_ } map {
        my $node = $_;
        map { $lab->node($node)->run(qw(tc filter show dev),
                                     $VRRP::Node::INTERFACE, $_) }
            qw(ingress egress);
    } qw(lb1 lb2);
}


# Returns their tags. Each has its own address, as one has 64,000 ports.
sub hold ($client, $go) {
    my @tags;

    for (my $left = $connections; $left > 0; $left -= $EACH) {
        my $tag = 'hold' . @tags;
        my $from = '192.168.64.' . (20 + @tags);
        $client->run(qw(ip address add), "$from/24", 'dev',
                     $VRRP::Node::INTERFACE);
        $client->spawn({ tag => $tag }, $^X, "$DIR/hold.pl",
                       $left < $EACH ? $left : $EACH, $go, $from, @VIPS);
        push @tags, $tag;
    }
    return @tags;
}


# What each has said.
sub wait_for_holders ($lab, $pattern, @tags) {
    my $dir = $lab->node('client')->dir;
    my @found;

    $lab->wait_until('the connections', $PATIENCE, sub {
        @found = map {
            my $errors = VRRP::Proc::slurp("$dir/$_.err") // '';
            die $errors if $errors ne '';
            (VRRP::Proc::slurp("$dir/$_.out") // '') =~ $pattern;
        } @tags;
        return @found == @tags;
    });
    return @found;
}


sub build ($lab, $name) {
    my $program = $lab->dir . "/$name";

    system('cc', qw(-O2 -Wall -o), $program, "$DIR/$name.c") == 0
        or die "cannot build $name.c\n";
    return $program;
}


sub enable_bpf_stats () {
    chomp(my $machine = `uname -m`);
    my $number = $BPF{$machine} // return;
    my $attributes = pack 'L', 0;  # BPF_STATS_RUN_TIME
    my $fd = syscall $number, $ENABLE_STATS, $attributes, length $attributes;

    warn "no statistics of BPF programs: $!\n" if $fd < 0;
    return $fd;
}
