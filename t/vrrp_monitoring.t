#!/usr/bin/perl

# The files for Prometheus and Grafana use metrics that a real nginx has, with
# the right types: promtool checks them, a real Prometheus reads both formats,
# and it answers each query of the dashboard and of the alerts.

use v5.36;

use lib 't/lib';
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use JSON::PP qw(decode_json);
use Test::More;

use VRRP::Pools;

my $top = abs_path(dirname(__FILE__) . '/..');
my $contrib = "$top/contrib/monitoring";

my ($promtool) = grep { -x } '/usr/bin/promtool';
my ($prometheus) = grep { -x } '/usr/bin/prometheus';

plan(skip_all => 'no promtool here, run tools/install-deps')
    if !$promtool || !$prometheus;

my $reason = VRRP::Lab->unavailable || VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;


# --- rules -------------------------------------------------------------------

for my $check (["check rules $contrib/alerts.yml", 'alerts are well formed'],
               ["test rules $contrib/alerts_test.yml", 'alerts, when they should'])
{
    my ($command, $what) = @$check;
    my $output = `$promtool $command 2>&1`;

    ok($? == 0, $what) or diag($output);
}


# --- a node that has all of it -----------------------------------------------

my ($up, $down) = @VRRP::Pools::PORTS;
my $pools = VRRP::Pools->new;
my $lab = $pools->lab;
my $lb1 = $lab->node('lb1');

$pools->fail($down);
$pools->start(
    vrrp => <<"END",
    notify /bin/true user=root;
    vrrp_instance VI_1 {
        interface $VRRP::Node::INTERFACE;
        virtual_router_id 51;
        advert_int 100ms;
        virtual_ipaddress $VRRP::Lab::VIP/24;
        track_nginx workers=1 timeout=2s;
        track_upstream web min_up=2 weight=-10;
        track_tcp $VRRP::Pools::WEB:$up;
    }
    vrrp_instance VI_6 {
        interface $VRRP::Node::INTERFACE;
        virtual_router_id 51;
        advert_int 100ms;
        virtual_ipaddress fd64::200/64;
    }
END
    http => VRRP::Pools->upstream('web', zone => 1) . <<'END');
    server {
        listen 127.0.0.1:8080;
        location /vrrp { vrrp_status; }
    }
END

sub metrics (@options) {
    return $lb1->run(qw(curl -s -m 5), @options,
                     'http://127.0.0.1:8080/vrrp/metrics');
}

my $text;

$lab->wait_until('a failed tracker', 15, sub {
    $text = metrics();
    return $text =~ /^nginx_vrrp_track_status\{.*type="upstream",name="web"\} 0$/m
           && $text =~ /_instance_state\{.*VI_6.*state="master"\} 1$/m
           && $text =~ /_notifications_total\{.*result="ok"\} [1-9]/m;
});

my $file = $lb1->dir . '/metrics';

open my $out, '>', $file or die "open $file: $!\n";
print {$out} $text;
close $out or die "close $file: $!\n";

my $output = `$promtool check metrics < $file 2>&1`;

ok($? == 0 && $output eq '', 'promtool check metrics') or diag($output);


# --- the same metrics everywhere ---------------------------------------------

my %family = map { $_ => 1 } $text =~ /^# TYPE (\S+)/mg;
my %sample = map { $_ => 1 } $text =~ /^(nginx_\w+)/mg;

cmp_ok(keys %family, '>=', 40, 'families of metrics');

# Those that this node has no reason to have.
my %absent = map { $_ => 1 }
    map({ "nginx_vrrp_peer_$_" }
        qw(link_up drift instance_state clock_offset_seconds)),
    map({ "nginx_vrrp_drain_$_" } qw(connections forwarded_segments)),
    map({ "nginx_vrrp_instance_$_" }
        qw(master_info master_priority last_advert_timestamp_seconds
           release_end_timestamp_seconds)),
    map({ "nginx_vrrp_bfd_$_" }
        qw(session_state detection_time_seconds last_change_timestamp_seconds
           session_downs_total receive_errors_total));

my $docs = VRRP::Proc::slurp("$top/docs/status.md");

# The table of metrics alone: others are about other exporters.
my ($table) = $docs =~ /^## Metrics\n(.*?)^## /ms;
my %documented = map { $_ => 1 } $table =~ /^\| `(nginx_vrrp_\w+)`/mg;

is_deeply([sort keys %documented], [sort keys %{ { %family, %absent } }],
    'the metrics are those of docs/status.md');

for my $name ('alerts.yml', 'dashboard.json') {
    my @unknown = grep { !$sample{$_} && !$absent{$_} }
        VRRP::Proc::slurp("$contrib/$name") =~ /\b(nginx_vrrp_\w+)/g;

    is("@unknown", '', "$name: metrics that there are");
}


# --- a real Prometheus -------------------------------------------------------

my $dir = $lb1->dir . '/prometheus';
mkdir $dir or die "mkdir $dir: $!\n";

open $out, '>', "$dir/prometheus.yml" or die "prometheus.yml: $!\n";
print {$out} <<"END";
global: { scrape_interval: 500ms, scrape_timeout: 500ms,
          evaluation_interval: 500ms }
rule_files: ['$contrib/alerts.yml']
scrape_configs:
  - job_name: lb
    metrics_path: /vrrp/metrics
    static_configs: [{ targets: ['127.0.0.1:8080'] }]
  - job_name: text
    metrics_path: /vrrp
    params: { format: [prometheus] }
    static_configs: [{ targets: ['127.0.0.1:8080'] }]
END
close $out;

my $pid = $lb1->spawn({ tag => 'prometheus' }, $prometheus,
    "--config.file=$dir/prometheus.yml", "--storage.tsdb.path=$dir/data",
    '--web.listen-address=127.0.0.1:9090', '--log.level=warn');

# The values of an expression, or nothing; dies if Prometheus does not have
# it.
sub query ($expression) {
    my ($answer, $failed) = $lb1->try(qw(curl -s -m 5 -G),
        'http://127.0.0.1:9090/api/v1/query',
        '--data-urlencode', "query=$expression");
    return if $failed || $answer !~ /^\{/;

    my $json = decode_json($answer);
    die "$expression: $json->{error}\n" if $json->{status} ne 'success';

    return map { $_->{value}[1] } $json->{data}{result}->@*;
}

sub values_of ($expression) {
    my @values = query($expression);
    return scalar @values;
}

$lab->wait_until('Prometheus to read both formats', 30, sub {
    my @up = query('up');
    return "@up" eq '1 1' && values_of('nginx_vrrp_instance_state') == 16;
});

# A scrape that was late once leaves a gap.
my $states = '';

eval {
    $lab->wait_until('states', 10, sub {
        $states = join ' ',
            query('count by (job) (nginx_vrrp_instance_state == 1)');
        return $states eq '2 2';
    });
};
is($states, '2 2',
    'Prometheus: one state for each instance, in both formats');
is_deeply([query('count by (vrrp_instance) ({exported_instance!=""})')], [],
    'Prometheus: no label is in its way');

$lab->wait_until('a record', 10, sub {
    values_of('ngx_vrrp:instance_master:fresh == 1') == 4;
});

pass('Prometheus: alerts are loaded, and find what they look at');

my $dashboard = decode_json(VRRP::Proc::slurp("$contrib/dashboard.json"));
my @asked = map { [$_->{name}, $_->{expr}] }
            $dashboard->{annotations}{list}->@*;

for my $panel ($dashboard->{panels}->@*) {
    push @asked, map { [$panel->{title}, $_->{expr}] } $panel->{targets}->@*;
}

cmp_ok(@asked, '>=', 15, 'dashboard: questions');

# Rates need two values in a row. There may be nothing for those that compare.
for my $asked (@asked) {
    my ($title, $expression) = @$asked;

    $expression =~ s/\$job/.+/g;
    $expression =~ s/\$__rate_interval/1m/g;

    if ($expression =~ /[<>] \d|master_priority/) {
        eval { query($expression) };
        is($@, '', "dashboard: $title");
        next;
    }

    eval {
        $lab->wait_until($expression, 20, sub { values_of($expression) });
    };
    is($@, '', "dashboard: $title: values");
}

$lb1->reap($pid);
$lab->finish;
done_testing();
