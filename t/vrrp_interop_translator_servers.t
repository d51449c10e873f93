#!/usr/bin/perl

# Traffic through the translation of a virtual_server: two web servers with
# weights, and a sorry_server. Servers die and come back; clients lose nothing.

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Backend;
use VRRP::Lab;
use VRRP::Nginx;
use VRRP::Node;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $translator = dirname(abs_path(VRRP::Nginx->module || '.'))
    . '/ngx-vrrp-from-keepalived';
plan(skip_all => "there is no $translator") if !-x $translator;

my $CONF = <<"END";
vrrp_instance VI_1 {
    state BACKUP
    interface $VRRP::Node::INTERFACE
    virtual_router_id 51
    priority 100
    version 3
    advert_int 0.1
    virtual_ipaddress {
        $VRRP::Lab::VIP/24
    }
}
virtual_server $VRRP::Lab::VIP 80 {
    delay_loop 1
    lb_algo wrr
    lb_kind DR
    protocol TCP
    sorry_server 192.168.64.134 80
    real_server 192.168.64.143 80 {
        weight 3
        HTTP_GET {
            url {
                path /health
                status_code 200
            }
            connect_timeout 1
            retry 1
            delay_before_retry 1
        }
    }
    real_server 192.168.64.138 80 {
        weight 1
        HTTP_GET {
            url {
                path /health
                status_code 200
            }
            connect_timeout 1
            retry 1
            delay_before_retry 1
        }
    }
}
END

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2 web1 web2)]);
my %server = map { $_ => VRRP::Backend->new(node => $lab->node($_)) }
             qw(web1 web2 lb2);

sub translated ($text) {
    my $file = $lab->dir . '/original.conf';

    open my $out, '>', $file or die "open $file: $!\n";
    print {$out} $text;
    close $out or die "close $file: $!\n";

    return `$translator $file 2>/dev/null`;
}

my $conf = translated($CONF);
my ($vrrp) = $conf =~ /^vrrp \{\n(.*?)^\}/ms;
my ($http) = $conf =~ /^http \{\n(.*?)^\}/ms;

# One worker counts the weights.
$lab->start_nginx('lb1', workers => 1, vrrp => $vrrp, http => $http
    . 'server { listen 127.0.0.1:8080; location = /vrrp { vrrp_status; } }');
$lab->wait_for_holder('lb1', 10);

my $load = $lab->load(url => "http://$VRRP::Lab::VIP/");

# Who answers requests of one second from now on.
sub answers () {
    my $since = time;

    sleep 1;

    return $load->summary($since, $since + 1);
}

# Waits until only these servers answer.
sub wait_for_servers (@names) {
    my $title = "answers of @names";

    $lab->wait_until($title, 20, sub {
        my $since = time;

        sleep 0.3;
        return "@{[ sort keys $load->summary($since)->{bodies}->%* ]}"
            eq "@{[ sort @names ]}";
    });
    pass($title);
}

my $begin = time;

{
    my $seen = answers();
    my ($web1, $web2) = map { $seen->{bodies}{$_} // 0 } qw(web1 web2);

    is(join(' ', sort keys $seen->{bodies}->%*), 'web1 web2',
       'the servers answer, the sorry_server does not');
    cmp_ok($web2, '>', 10, 'the smaller weight');
    cmp_ok(abs($web1 - 3 * $web2), '<=', 3, "3 to 1: $web1 to $web2");
    cmp_ok(scalar $server{web1}->requests('check'), '>', 0, 'checks run');
}

$server{web1}->stop;
wait_for_servers('web2');

$server{web2}->behave('status 500');
wait_for_servers('lb2');
my $errors_until = time;

$server{web1}->start;
wait_for_servers('web1');
$server{web2}->behave('ok');
wait_for_servers('web1', 'web2');

my $all = $load->summary($begin);
my %errors = $all->{errors}->%*;
my $answered = delete $errors{500} // 0;

# keepalived does not hide such answers, either: until the checks have failed.
is(join(' ', map { "$_: $errors{$_}" } sort keys %errors), '',
   'no request fails because a server dies or comes back');
note("$answered answers of web2 with status 500 of $all->{requests}");

my $later = $load->summary($errors_until);
is($later->{failed}, 0, 'no answer of a server that is down');

$load->stop;
$lab->finish;
done_testing();
