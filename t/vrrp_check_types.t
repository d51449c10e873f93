#!/usr/bin/perl

# One check of each kind: the check matches the configuration, under the right
# number, and each result reaches its own tracker.

use v5.36;

use Test::More;

use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $classic = VRRP::Classic->new(profile => 'v3');
my $lab = VRRP::Lab->new(nodes => ['lb1']);

my $trackers = <<~'END';
    track_upstream  web min_up=2 weight=-20;
    track_upstream  web2 weight=-40;
    track_http      http://127.0.0.1:8080/vrrp status=200;
    track_http      http://127.0.0.1:9001/?a=b status=404 weight=-10;
    track_tcp       127.0.0.1:8080;
    track_tcp       unix:/nonexistent weight=-5;
    track_ping      192.168.64.130;
    track_interface lo weight=-7;
    track_script    "/bin/test -e /" weight=2;
    track_script    "/bin/test -e /nonexistent" weight=-3;
    track_nginx     listen=on;
    END

my $http = <<~'END';
    server { listen 9001; return 200 "$http_host\n"; }
    server { listen 192.168.64.200:9002; return 200; }
    vrrp_match host { body ~ "^localhost:9001$"; }
    upstream web {
        server 127.0.0.1:9; server 127.0.0.1:10 down; server localhost:7 backup;
        vrrp_check http port=9001 interval=100ms;
    }
    upstream web2 { server localhost:9001;
                    vrrp_check http match=host interval=100ms; }
    END

my $nginx = $lab->start_nginx('lb1',
    vrrp => $classic->vrrp('lb1') =~ s/\}\s*$/$trackers}/r,
    http => $classic->status_server . $http);

# name => address it means, and what is found there
my %expected = (
    'http web 127.0.0.1:9'          => '127.0.0.1:9001 up',
    'http web localhost:7'          => '127.0.0.1:9001 up',
    'http web2 localhost:9001'      => '127.0.0.1:9001 up',
    'vrrp VI_1 track_http http://127.0.0.1:8080/vrrp'
                                    => '127.0.0.1:8080 up',
    'vrrp VI_1 track_http http://127.0.0.1:9001/?a=b'
                                    => '127.0.0.1:9001 down',
    'vrrp VI_1 track_tcp 127.0.0.1:8080'
                                    => '127.0.0.1:8080 up',
    'vrrp VI_1 track_tcp unix:/nonexistent'
                                    => 'unix:/nonexistent down',
    'vrrp VI_1 track_ping 192.168.64.130'
                                    => '192.168.64.130 up',
    'vrrp VI_1 track_script /bin/test -e /'
                                    => '/bin/test -e / up',
    'vrrp VI_1 track_script /bin/test -e /nonexistent'
                                    => '/bin/test -e /nonexistent down',
    'vrrp VI_1 track_nginx listen 127.0.0.1:8080'
                                    => '127.0.0.1:8080 up',
    'vrrp VI_1 track_nginx listen 0.0.0.0:9001'
                                    => '0.0.0.0:9001 up',
);

# 2 by the script that passes; -10 -5 -3 by failed ones
my $priority = 100 + 2 - 10 - 5 - 3;

$lab->wait_until('all results', 15, sub {
    my $status = $nginx->status;
    my $instance = $status->{instances}[0];

    return ($instance->{priority}{effective} // 0) == $priority
           && $instance->{state} eq 'MASTER'
           && !grep { !defined $_->{checked_ago_ms} } $status->{checks}->@*;
});

my $status = $nginx->status;

# IPv6 makes a second peer of "localhost" where the machine has it
my %found = map { ("$_->{context} $_->{group} $_->{name}"
                   => "$_->{address} $_->{verdict}") }
            grep { $_->{address} !~ /^\[/ } $status->{checks}->@*;

is_deeply(\%found, \%expected, 'every check is about what it says');

my %adds = map { ("$_->{type} $_->{name}" => $_->{adds}) }
           $status->{instances}[0]{trackers}->@*;

is_deeply(\%adds, {
    'track_upstream web'                       => 0,
    'track_upstream web2'                      => 0,
    'track_http http://127.0.0.1:8080/vrrp'    => 0,
    'track_http http://127.0.0.1:9001/?a=b'    => -10,
    'track_tcp 127.0.0.1:8080'                 => 0,
    'track_tcp unix:/nonexistent'              => -5,
    'track_ping 192.168.64.130'                => 0,
    'track_interface lo'                       => 0,
    'track_script /bin/test -e /'              => 2,
    'track_script /bin/test -e /nonexistent'   => -3,
    'track_nginx listen 127.0.0.1:8080'        => 0,
    'track_nginx listen 0.0.0.0:9001'          => 0,
}, 'and its result is that of its own tracker');

my ($named) = grep { $_->{group} eq 'web2' && $_->{address} !~ /^\[/ }
              $status->{checks}->@*;
is_deeply($named->{fails}, {}, 'the Host header is that of the server');

unlike($nginx->log_text, qr/\[(?:alert|emerg)\]/, 'without alarm');

$lab->finish;
done_testing();
