#!/usr/bin/perl

# nginx with our module on lb1, HAProxy beside keepalived on lb2, as its users
# run it: a script checks whether haproxy lives. The address moves in both
# directions.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Backend;
use VRRP::Classic;
use VRRP::HAProxy;
use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable
             // VRRP::HAProxy->unavailable;
plan(skip_all => $reason) if $reason;

my $classic = VRRP::Classic->new(profile => 'v3');
my $lab = VRRP::Lab->new;
my $limit = $classic->down_interval + 10;

my %backend = map { $_ => VRRP::Backend->new(node => $lab->node($_)) }
              qw(web1 web2);


sub haproxy_conf () {
    return <<'END';
global
    maxconn 1000

defaults
    mode http
    timeout connect 2s
    timeout client 10s
    timeout server 10s

frontend www
    bind :80
    http-response set-header X-Node lb2
    default_backend web

backend web
    option httpchk GET /health
    server web1 192.168.64.143:80 check inter 200ms fall 2 rise 2
    server web2 192.168.64.138:80 check inter 200ms fall 2 rise 2
END
}


sub keepalived_conf () {
    my $conf = $classic->keepalived('lb2',
        instance => "track_script {\n chk_haproxy\n }");

    my $script = <<"END";
vrrp_script chk_haproxy {
    script "/usr/bin/pgrep -x haproxy"
    interval 1
    timeout 1
    fall 1
    rise 1
    weight -30
}
END

    return $conf =~ s/^vrrp_instance/$script\nvrrp_instance/mr;
}


sub web_is_served_by ($name, $title) {
    my $since = time;
    my $load = $lab->load;

    sleep 0.5;
    $load->stop;

    my $summary = $load->summary($since, time);

    is(join(' ', sort keys %{ $summary->{nodes} }), $name,
       "$title: $name answers");
    is(join(' ', sort keys %{ $summary->{bodies} }), 'web1 web2',
       "$title: from both servers");
    is($summary->{failed}, 0, "$title: and always");
}


sub moves_to ($name, $title) {
    my $held = eval { $lab->wait_for_holder($name, $limit) };

    ok($held, "$title: address on $name") or diag($@);

    sleep 0.3;
    web_is_served_by($name, $title);
}


my $haproxy = VRRP::HAProxy->new(node => $lab->node('lb2'),
                                 conf => haproxy_conf());
$haproxy->start;
$lab->start_keepalived('lb2', conf => keepalived_conf());
moves_to('lb2', 'haproxy alone');

my $lb1 = $lab->start_nginx('lb1',
    vrrp => $classic->vrrp('lb1', priority => 105,
                           instance => 'track_upstream web weight=-20;'),
    http => $classic->status_server . <<'END');
    upstream web {
        zone web 64k;
        server 192.168.64.143;
        server 192.168.64.138;
        vrrp_check http uri=/health interval=100ms timeout=200ms fall=2;
    }

    server {
        listen 80;
        add_header X-Node lb1 always;
        location / { proxy_pass http://web; }
    }
END
moves_to('lb1', 'nginx is better');

# 85 here, 90 there, until haproxy dies and keepalived notices: 60.
$lab->node('lb1')->drop_traffic(map { $lab->node($_)->address } qw(web1 web2));
moves_to('lb2', 'nginx lost its pool');
is($lb1->status->{instances}[0]{priority}{effective}, 85, 'and says so');

$haproxy->kill_all;
ok(eval { $lab->wait_for_holder('lb1', $limit) }, 'haproxy has died')
    or diag($@);

$haproxy->start;
moves_to('lb2', 'haproxy is back');

$lab->node('lb1')->let_traffic_pass;
moves_to('lb1', 'nginx has its pool again');

$lb1->stop('QUIT');
moves_to('lb2', 'nginx has ended');

$lb1->start;
moves_to('lb1', 'nginx is back');

$lab->finish;
done_testing;
