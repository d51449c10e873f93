#!/usr/bin/perl

# See bench/checks.

use v5.36;

use Getopt::Long qw(GetOptions);
use List::Util qw(sum0);
use POSIX qw(sysconf _SC_CLK_TCK);
use Time::HiRes qw(sleep time);

use VRRP::Bench::Report qw(machine numbers row);
use VRRP::Classic;
use VRRP::HAProxy;
use VRRP::Lab;
use VRRP::Nginx;

GetOptions('servers=i' => \(my $servers = 200),
           'interval=i' => \(my $interval = 100),
           'seconds=i' => \(my $seconds = 20),
           'moves=i' => \(my $moves = 10))
    or die "checks: see bench/checks --help\n";

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable
             // VRRP::HAProxy->unavailable;
die "checks: $reason\n" if $reason;

my $ADDRESS = '192.168.64.143';
my @PORTS = map { 10000 + $_ } 1 .. $servers;

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2 web1)]);
my $classic = VRRP::Classic->new(profile => 'v3_10ms');

$lab->start_nginx('web1', workers => 1, http =>
    "    keepalive_requests 1000000;\n    server {\n"
    . join('', map { "        listen $_;\n" } @PORTS)
    . "        location / { return 200 fine; }\n    }\n"
    . "    server { listen 127.0.0.1:8081; location / { stub_status; } }\n");

$| = 1;
say machine(), "\n";
say "$servers servers, one check each $interval ms, for $seconds s; adverts"
    . " every 10 ms\n";

my %rows = (none => measure_ours(), http => measure_ours('http'),
            close => measure_ours('http keepalive=off'),
            tcp => measure_ours('tcp'));

$rows{haproxy} = measure_haproxy();

print row('', 'checks/s', 'CPU of the process, % of a core',
          'adverts: late by more than 1 ms, %', '99th percentile, ms',
          'worst, ms'),
      row('---', ('--:') x 5),
      row('ngx_vrrp, no checks', $rows{none}->@*),
      row('ngx_vrrp, `http`, kept connections', $rows{http}->@*),
      row('ngx_vrrp, `http keepalive=off`', $rows{close}->@*),
      row('ngx_vrrp, `tcp`', $rows{tcp}->@*),
      row('HAProxy, `option httpchk`', $rows{haproxy}->@*);

measure_moves();

$lab->finish;


# One balancer loses its pool, and gets it back: when does the other one have
# the address?
sub measure_moves () {
    my %nginx = map {
        $_ => $lab->start_nginx($_,
            vrrp => $classic->vrrp($_,
                instance => 'track_upstream web weight=-20;'),
            http => <<"END" . $classic->status_server)
    upstream web {
        server $ADDRESS:$PORTS[0];
        vrrp_check http interval=10ms timeout=20ms fall=2 rise=2;
    }
END
    } qw(lb1 lb2);

    $lab->wait_for_holder('lb1', 10);
    sleep 2;

    my %watch = map { $_ => $lab->watch_addresses($_) } qw(lb1 lb2);
    my (@there, @back);

    for (1 .. $moves) {
        my $lb1 = $lab->node('lb1');

        push @there, moved('lb2', $watch{lb2},
                           sub { $lb1->drop_traffic($ADDRESS) });
        push @back, moved('lb1', $watch{lb1},
                          sub { $lb1->let_traffic_pass });
    }

    say "\n`http` every 10 ms, fall 2, adverts every 10 ms, weight: median"
        . " (worst) of $moves\n";
    print row('the pool of the better balancer', 'the address moves after, ms'),
          row('---', '--:'),
          row('cannot be reached', numbers('never', @there)),
          row('is there again', numbers('never', @back));

    $_->stop for values %nginx, values %watch;
}


sub moved ($name, $watch, $act) {
    my $since = time;

    $act->();
    $lab->wait_for_holder($name, 10);
    sleep 0.5;

    my ($event) = grep { $_->{present} }
                  $watch->events($VRRP::Lab::VIP, $since);

    return $event && 1000 * ($event->{time} - $since);
}


sub measure_ours ($check = undef) {
    my $upstream = defined $check ? <<"END" : '';
    upstream web {
        @{[ map { "server $ADDRESS:$_;\n" } @PORTS ]}
        vrrp_check $check interval=${interval}ms timeout=1s;
    }
END

    my $lb1 = $lab->start_nginx('lb1', vrrp => $classic->vrrp('lb1'),
                                http => $upstream . $classic->status_server);

    $lab->wait_for_holder('lb1', 10);
    sleep 2;

    my ($checker) = grep { $_->{title} =~ /checker process/ } $lb1->processes;
    my $capture = $lab->capture('client');
    my $before = checks_made($check // '');
    my ($start, $cpu) = (time, $checker ? cpu($checker->{pid}) : 0);

    sleep $seconds;

    my $elapsed = time - $start;
    $cpu = ($checker ? cpu($checker->{pid}) : 0) - $cpu;
    my $made = checks_made($check // '') - $before;
    $capture->stop;

    my @adverts = $capture->adverts(from => '192.168.64.130');
    $lb1->stop;

    return [ sprintf('%d', $made / $elapsed),
             $checker ? sprintf('%.1f', 100 * $cpu / $elapsed) : '-',
             rhythm(map { $_->{time} } @adverts) ];
}


# What the servers saw so far, whoever asks: connections or requests.
sub checks_made ($check) {
    my ($accepted, undef, $requests) = $lab->node('web1')->run(
        qw(curl -s -S -m 5 http://127.0.0.1:8081/)) =~ /(\d+) (\d+) (\d+)/;

    return $check =~ /^tcp/ ? $accepted : $requests;
}


sub measure_haproxy () {
    my $haproxy = VRRP::HAProxy->new(node => $lab->node('lb2'), conf => <<"END");
global
    nbthread 1

defaults
    mode http
    timeout connect 1s
    timeout client 10s
    timeout server 10s
    timeout check 1s

frontend www
    bind :80
    default_backend web

backend web
    option httpchk GET /
    http-check send hdr Host web
@{[ map { "    server s$_ $ADDRESS:$_ check inter ${interval}ms\n" } @PORTS ]}
END

    $haproxy->start;
    sleep 2;

    my @pids = $haproxy->pids;
    my $before = checks_made('http');
    my ($start, $cpu) = (time, sum0(map { cpu($_) } @pids));

    sleep $seconds;

    my $elapsed = time - $start;
    $cpu = sum0(map { cpu($_) } @pids) - $cpu;
    my $made = checks_made('http') - $before;
    $haproxy->kill_all;

    return [ sprintf('%d', $made / $elapsed),
             sprintf('%.1f', 100 * $cpu / $elapsed), '-', '-', '-' ];
}


# User and system time of a process so far, s.
sub cpu ($pid) {
    my $stat = VRRP::Proc::slurp("/proc/$pid/stat") // return 0;
    my @fields = split ' ', $stat =~ s/^.*\) //sr;

    return ($fields[11] + $fields[12]) / sysconf(_SC_CLK_TCK);
}


# How much longer than 10 ms it took from one advert to the next.
sub rhythm (@times) {
    my @late = sort { $a <=> $b }
               map { 1000 * ($times[$_] - $times[$_ - 1]) - 10 } 1 .. $#times;

    return ('-') x 3 unless @late;

    my $over = grep { $_ > 1 } @late;

    return (sprintf('%.2f', 100 * $over / @late),
            sprintf('%.2f', $late[0.99 * $#late]), sprintf('%.2f', $late[-1]));
}
