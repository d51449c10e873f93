#!/usr/bin/perl

# The answers of vrrp_status in each format, and the variables: a real nginx,
# master of two virtual routers, and the answers while its vrrp process hangs.

use v5.36;

use lib 't/lib';
use JSON::PP qw(decode_json);
use Test::More;

use VRRP::Lab;

my $reason = VRRP::Lab->unavailable || VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $OTHER = '192.168.64.201';

my $lab = VRRP::Lab->new(nodes => [qw(lb1)]);
my $lb1 = $lab->node('lb1');

my $nginx = $lab->start_nginx('lb1', workers => 2, vrrp => <<"END", http => <<'END');
    router_id lb1;
    vrrp_instance VI_1 {
        interface $VRRP::Node::INTERFACE;
        virtual_router_id 51;
        priority 150;
        advert_int 100ms;
        virtual_ipaddress $VRRP::Lab::VIP/24;
        track_nginx workers=1 timeout=2s;
        track_interface $VRRP::Node::INTERFACE weight=-10;
    }
    vrrp_instance vi-2.B {
        interface $VRRP::Node::INTERFACE;
        virtual_router_id 52;
        advert_int 100ms;
        virtual_ipaddress $OTHER/24;
    }
END
    map $vrrp_is_master $role { 1 active; default standby; }

    server {
        listen 127.0.0.1:8080;

        location /vrrp { vrrp_status; }
        location = /metrics { vrrp_status; }
        location ~ ^/any/ { vrrp_status; }

        location = /variables {
            set $states "$vrrp_state $vrrp_state_VI_1 $vrrp_state_vi_2_b";
            set $first $vrrp_effective_priority_VI_1;
            set $second $vrrp_effective_priority_vi_2_b;
            set $none "[$vrrp_state_no][$vrrp_effective_priority_no]";

            return 200 "$states $vrrp_is_master $role $first $second $none\n";
        }
    }
END

# Returns the status, headers and body of an answer.
sub ask ($path, @options) {
    my ($out, $failed) = $lb1->try(qw(curl -s -i -m 5), @options,
                                   "http://127.0.0.1:8080$path");
    die "curl $path: $out\n" if $failed;

    my ($head, $body) = split /\r\n\r\n/, $out, 2;
    my ($status) = $head =~ m{^HTTP/1\.1 (\d+)};
    my %headers = map { /^([\w-]+): (.*)$/ ? (lc $1, $2) : () }
                  split /\r\n/, $head;

    return { status => $status, headers => \%headers, body => $body // '' };
}

my %TYPE = (
    json        => 'application/json',
    html        => 'text/html; charset=utf-8',
    prometheus  => 'text/plain; version=0.0.4; charset=utf-8',
    openmetrics => 'application/openmetrics-text; version=1.0.0; charset=utf-8',
    health      => 'text/plain; charset=utf-8',
);

my %LIKE = (
    json        => qr/^\{"version":/,
    html        => qr/^<!DOCTYPE html>.*<\/html>\n\z/s,
    prometheus  => qr/^# HELP nginx_vrrp_address_assigned .*\d\n\z/s,
    openmetrics => qr/^# HELP nginx_vrrp_address_assigned .*\n# EOF\n\z/s,
    health      => qr/^healthy\nVI_1 MASTER\nvi-2\.B MASTER\n\z/,
);

sub answers ($format, $path, @options) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $got = ask($path, @options);
    my $what = "$format: @options $path";

    is($got->{status}, 200, "$what: 200");
    is($got->{headers}{'content-type'}, $TYPE{$format}, "$what: type");
    is($got->{headers}{'cache-control'}, 'no-store', "$what: never stored");
    like($got->{body}, $LIKE{$format}, "$what: body");
}

# As Chromium sends it.
my $browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,'
    . 'image/avif,image/webp,*/*;q=0.8';

sub accept_header ($text) { return ('-H', "Accept: $text") }

my $open = accept_header('application/openmetrics-text');

# As Prometheus sends it.
my $prometheus = 'application/openmetrics-text;version=1.0.0;q=0.6,'
    . 'text/plain;version=0.0.4;q=0.5,*/*;q=0.1';

$lab->wait_for_holder('lb1', 10);
$lab->wait_for_holder('lb1', 10, $OTHER);


# --- what has changed --------------------------------------------------------

my $status = decode_json(ask('/vrrp/json')->{body});
my @changes = grep { $_->{instance} eq 'VI_1' } $status->{transitions}->@*;

is(join(', ', map { "$_->{from} $_->{to}" } @changes),
   'BACKUP MASTER, INIT BACKUP', 'transitions: the newest first');
like($changes[0]{reason}, qr/^no advertisement for \d+ ms/,
     'transitions: the reason');
like($changes[0]{time}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
     'transitions: the time');
cmp_ok($changes[0]{ago_ms}, '<=', $changes[1]{ago_ms}, 'transitions: ages');
is($changes[0]{pid}, $status->{node}{pid}, 'transitions: who');


# --- by the query, by the path, by Accept ------------------------------------

answers($_, "/vrrp?format=$_") for sort keys %TYPE;

answers('json',       '/vrrp/json');
answers('health',     '/vrrp/health');
answers('prometheus', '/vrrp/metrics');
answers('prometheus', '/metrics');
answers('prometheus', '/any/metrics');
answers('html',       '/any/html');
answers('json',       '/any/thing');

answers('json', '/vrrp');
answers('json', '/vrrp/');
answers('json', '/vrrp', '-H', 'Accept:');

answers('json',        '/vrrp', accept_header('application/json'));
answers('prometheus',  '/vrrp', accept_header('text/plain'));
answers('openmetrics', '/vrrp', accept_header('Application/OpenMetrics-Text'));
answers('openmetrics', '/vrrp', accept_header($prometheus));
answers('prometheus',  '/vrrp', accept_header($prometheus =~ s/0\.6/0.4/r));
answers('json',        '/vrrp', accept_header(
    'text/plain; q=0.5, application/json; charset=utf-8; q=0.501'));
answers('json',        '/vrrp', accept_header('text/plain;q=0, image/png'));
answers('json',        '/vrrp', accept_header('text/plain;q=x,,;, text'));

answers('html',        '/vrrp', accept_header($browser));
answers('json',        '/vrrp', accept_header('*/*'));

answers('openmetrics', '/vrrp/metrics', accept_header($prometheus));
answers('prometheus',  '/vrrp/metrics', accept_header('application/json'));

# The more specific request wins.
answers('json', '/vrrp/metrics?format=json', accept_header($prometheus));
answers('json', '/vrrp/json', accept_header('text/plain'));

is(ask('/vrrp/nothing')->{status}, 404, 'no such path');
is(ask('/vrrp/metrics/')->{status}, 404, 'no such path, after one there is');


# --- what is wrong -----------------------------------------------------------

for my $format ('xml', '', 'jso', 'JSON') {
    my $got = ask("/vrrp?format=$format");

    is($got->{status}, 400, "format=$format: 400");
    like($got->{body}, qr/^unknown format, must be one of json, .*health\n\z/,
         "format=$format: what there is");
}

for my $method (qw(POST PUT DELETE OPTIONS)) {
    my $got = ask('/vrrp/json', '-X', $method);

    is($got->{status}, 405, "$method: 405");
    is($got->{headers}{allow}, 'GET, HEAD', "$method: Allow");
}

for my $path (qw(/vrrp/json /vrrp/html /vrrp/metrics /vrrp/health)) {
    my $got = ask($path, '-I');

    is($got->{status}, 200, "HEAD $path: 200");
    is($got->{body}, '', "HEAD $path: no body");
    cmp_ok($got->{headers}{'content-length'}, '>', 10, "HEAD $path: length");
}


# --- contents ----------------------------------------------------------------

my $json = decode_json(ask('/vrrp/json')->{body});

like($json->{node}{nginx_version}, qr/^1\.\d+\.\d+$/, 'version of nginx');
is($json->{node}{generation}, 1, 'generation');
ok($json->{node}{configured_ms} >= 0, 'when it was configured');
is_deeply([sort map { $_->{pid} } $json->{workers}->@*],
    [sort map { $_->{inner} } grep { $_->{title} =~ /worker process/ }
          $nginx->processes],
    'workers that beat');

my $counters = $json->{instances}[0]{counters};

is($counters->{became_backup}, 1, 'it was backup once');
is($counters->{became_master}, 1, 'it was master once');

my $metrics = ask('/vrrp/metrics')->{body};
my $instance = qr/vrrp_instance="VI_1",vrid="51",family="ipv4",interface="\w+"/;

like($metrics, qr/^nginx_vrrp_instance_state\{$instance,state="$_->[0]"\} $_->[1]$/m,
     "metrics: $_->[0]")
    for ['master', 1], ['backup', 0], ['fault', 0], ['init', 0];
like($metrics, qr/^nginx_vrrp_transitions_total\{$instance,to="master"\} 1$/m,
     'metrics: became master');
like($metrics, qr/^nginx_vrrp_workers\{state="alive"\} 2$/m,
     'metrics: workers');
like($metrics, qr/^nginx_vrrp_address_assigned\{.*address="\Q$OTHER\E\/24"\} 1$/m,
     'metrics: address');


# --- health ------------------------------------------------------------------

is(ask('/vrrp/health?require=master')->{status}, 200, 'it is master');
is(ask('/vrrp/health?instance=VI_1')->{status}, 200, 'one instance');
is(ask('/vrrp/health?instance=VI_9')->{status}, 404, 'no such instance');
is(ask('/vrrp/health?require=backup')->{status}, 400, 'cannot be required');


# --- variables ---------------------------------------------------------------

my $variables = sub { ask('/variables')->{body} };

is($variables->(), "MASTER MASTER MASTER 1 active 150 100 [][]\n",
   'variables of a master');


# --- fault -------------------------------------------------------------------

$lab->unplug('lb1');

$lab->wait_until('fault', 10, sub {
    ask('/vrrp/health')->{status} == 503;
});

$lab->wait_until('both instances in fault', 10, sub {
    $variables->() =~ /^FAULT FAULT FAULT /;
});

like(ask('/vrrp/health')->{body},
     qr/^unhealthy\nVI_1 FAULT: interface \w+ is down\n/, 'health says why');
is($variables->(), "FAULT FAULT FAULT 0 standby 140 100 [][]\n",
   'variables in fault');
like(ask('/vrrp/metrics')->{body},
     qr/^nginx_vrrp_instance_state\{$instance,state="fault"\} 1$/m,
     'metrics in fault');

$lab->plug('lb1');

$lab->wait_until('master again', 15, sub {
    ask('/vrrp/health?require=master')->{status} == 200;
});


# --- a vrrp process that hangs -----------------------------------------------

my ($worker) = $nginx->workers;

$nginx->signal('STOP', $worker);

my %count;

$lab->wait_until('a stalled worker', 15, sub {
    %count = ();
    $count{$_->{state}}++
        for decode_json(ask('/vrrp/json')->{body})->{workers}->@*;
    $count{stalled};
});
is_deeply(\%count, { alive => 1, stalled => 1 }, 'a stalled worker');
$nginx->signal('CONT', $worker);

my ($hung) = $nginx->vrrp_processes;

$nginx->signal('STOP', $hung);

$lab->wait_until('stale data', 15, sub {
    ask('/vrrp/health')->{status} == 503;
});

like(ask('/vrrp/health')->{body},
     qr/^unhealthy\nthe last report of the vrrp process was \d{4,} ms ago\n\z/,
     'stale: health says so');
is($variables->(), "   0 standby   [][]\n", 'stale: nothing is known');
is(ask('/vrrp/json')->{status}, 200, 'stale: workers answer');
like(ask('/vrrp/metrics')->{body},
     qr/^nginx_vrrp_status_age_seconds (?:[3-9]|\d\d)\./m,
     'stale: metrics tell the age');

$nginx->signal('CONT', $hung);

$lab->wait_until('fresh data', 15, sub {
    ask('/vrrp/health')->{status} == 200;
});

$lab->finish;
done_testing();
