#!/usr/bin/perl

# See bench/drain.

use v5.36;

use Digest::MD5 qw(md5_hex);
use Getopt::Long qw(GetOptions);
use Time::HiRes qw(sleep time);

use VRRP::Bench::Report qw(machine numbers row);
use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;
use VRRP::Proc;
use VRRP::Transfers;

my $UPLOAD = $VRRP::Transfers::BODY;
my $PATIENCE = 15;  # s
my $BEFORE = 3;     # s from the start of the transfers to the move
my $CONTROL = 'http://127.0.0.1:8080/control/release';

my %SYSTEMS = (
    'drain_timeout 10m' => { link => "peer_link on;\ndrain_timeout 10m;" },
    'drain_timeout 0' => { link => "peer_link on;\ndrain_timeout 0;" },
    'keepalived' => {},
);

GetOptions('seconds=i' => \(my $seconds = 60),
           'transfers=i' => \(my $transfers = 20),
           'rate=i' => \(my $rate = 1000),
           'interval=i' => \(my $interval = 1), 'runs=i' => \(my $runs = 1),
           'system=s' => \my @systems)
    or die "drain: see bench/drain --help\n";

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
die "drain: $reason\n" if $reason;

for my $system (@systems) {
    die "drain: no system \"$system\"\n" if !$SYSTEMS{$system};
}

my $DOWNLOAD = $UPLOAD x ($rate * 1000 * $seconds / length $UPLOAD);
my %WHOLE = map { md5_hex($_) => 1 }
            $UPLOAD, $DOWNLOAD, join '', VRRP::Transfers::lines($seconds);

$VRRP::Nginx::SHUTDOWN_TIMEOUT = $seconds;
$| = 1;

say machine(), "\n\n", <<"END";
$transfers downloads of $rate kB/s, $transfers uploads, and $transfers WebSockets
that talk each second, of $seconds s each, half of them with TLS; a short request
every $interval ms; the address moves after $BEFORE s. Version 3, 100 ms.
END
print row('system', 'transfers cut', 'short requests failed', 'outage, ms',
          'median answer, ms: before', 'while the transfers run', 'after'),
      row('---', ('--:') x 6);

for my $system (@systems ? @systems : sort keys %SYSTEMS) {
    my @results = map { measure($system) } 1 .. $runs;

    my %cells;
    for my $key (keys $results[0]->%*) {
        my @values = sort { $a <=> $b }
                     grep { defined } map { $_->{$key} } @results;
        $cells{$key} = $key =~ /^(?:before|during|after)$/ && @values
            ? sprintf('%.1f', $values[$#values / 2]) : numbers('', @values);
    }
    print row($system, @cells{qw(cut failed outage before during after)});
}


sub measure ($system) {
    my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
    my $classic = VRRP::Classic->new(profile => 'v3');
    my $keepalived = start_nodes($lab, $classic, $SYSTEMS{$system}{link});
    my $load = $lab->load(interval => $interval);
    sleep $BEFORE;

    my $begun = time;
    my @clients = start_transfers($lab);
    my $since = time;
    sleep $BEFORE;
    my $moved = time;
    if ($keepalived) {
        $keepalived->stop;
    } else {
        $lab->node('lb1')->run(qw(curl -sS -m 10 -o /dev/null -X POST -H),
                               'X-VRRP-Control: 1', $CONTROL);
    }
    # lb1 has it at "lo" while it finishes connections
    $lab->wait_until('lb2 to have the address', $PATIENCE,
                     sub { grep { $_ eq 'lb2' } $lab->who_has });

    eval {
        $lab->wait_until('the transfers', $seconds + $PATIENCE, sub {
            VRRP::Transfers::have_ended($lab->node('client'), @clients);
        });
    };
    my $ended = time;
    sleep $BEFORE;
    my $summary = $load->summary($since);
    my $errors = $summary->{errors};
    say STDERR "$system: $errors->{$_} times: $_" for sort keys %$errors;
    my @requests = $load->requests;
    $load->stop;
    my @results = map { [split] }
                  VRRP::Transfers::results($lab->node('client'), @clients);
    $lab->finish;

    return {
        cut => scalar(grep { !is_whole($_) } @results),
        failed => $summary->{failed},
        outage => $summary->{outage},
        before => median_answer($begun - $BEFORE, $begun, @requests),
        during => median_answer($moved + 1, $ended, @requests),
        after => median_answer($ended, $ended + $BEFORE, @requests),
    };
}


# lb1 has the address. Returns its keepalived, if there is one.
sub start_nodes ($lab, $classic, $link) {
    my $tls = VRRP::Transfers::tls($lab);
    my %keepalived;

    for my $name (qw(lb1 lb2)) {
        my $dir = $lab->node($name)->dir;
        VRRP::Transfers::prepare($dir, $DOWNLOAD);
        VRRP::Transfers::start_echo($lab->node($name));
        $lab->start_nginx($name,
            vrrp => $link ? $link . $classic->vrrp($name) : undef,
            http => http_of($name, $dir, $link, $tls));
        $keepalived{$name} = $lab->start_keepalived($name,
            conf => $classic->keepalived($name)) if !$link;
        $lab->wait_for_holder('lb1', $PATIENCE);
    }
    sleep 2;  # the link
    return $keepalived{lb1};
}


sub http_of ($name, $dir, $link, $tls) {
    my $locations = VRRP::Transfers::locations($dir, "${rate}000");
    my $control = $link ? 'location /control { vrrp_control on; }' : '';

    return <<"END";
    server {
        listen 80;
$tls
        add_header X-Node $name always;
        location / { return 200 $name; }
$locations
    }
    server {
        listen 127.0.0.1:8080;
        $control
    }
END
}


# Returns their tags when all are connected. Short requests come first: these
# clients need much of the machine when they start.
sub start_transfers ($lab) {
    my $client = $lab->node('client');
    my @clients;

    for my $n (1 .. $transfers) {
        my $tls = $n % 2 ? '' : 'tls-';
        for my $kind (qw(download upload talk)) {
            my $path = { download => '/big', talk => '/talk' }->{$kind}
                       // "/up/$n";
            $client->spawn({ tag => "$kind$n" }, qw(nice -n 10),
                           $^X, $VRRP::Transfers::SCRIPT, "$tls$kind",
                           $VRRP::Lab::VIP, $path, $seconds);
            push @clients, "$kind$n";
        }
    }
    $lab->wait_until('the transfers to begin', 4 * $PATIENCE, sub {
        return !grep {
            (VRRP::Proc::slurp($client->dir . "/$_.err") // '') !~ /^connected/
        } @clients;
    });
    return @clients;
}


sub is_whole ($result) {
    return ($result->[0] // '') =~ /^(?:101|20[01])$/
           && $WHOLE{ $result->[3] };
}


sub median_answer ($since, $until, @requests) {
    my @times = sort { $a <=> $b }
                map { 1000 * ($_->{end} - $_->{start}) }
                grep { $_->{good} && $_->{start} >= $since
                       && $_->{start} < $until } @requests;

    return @times ? $times[$#times / 2] : undef;
}
