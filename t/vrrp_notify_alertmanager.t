#!/usr/bin/perl

# Debian's Alertmanager: what lasts is an active alert until it is over, and
# Alertmanager tells its own receivers that it is resolved.

use v5.36;

use JSON::PP qw(decode_json);
use Test::More;

use VRRP::Alertmanager;
use VRRP::Notified;
use VRRP::Receiver;

my $reason = VRRP::Notified->unavailable // VRRP::Receiver->unavailable
    // VRRP::Alertmanager->unavailable;
plan(skip_all => $reason) if $reason;

my $lb1 = VRRP::Notified->new;
my $node = $lb1->others;
my $hook = VRRP::Receiver->webhook(node => $node, port => 8001);
my $manager = VRRP::Alertmanager->new(
    node => $node, webhook => 'http://127.0.0.1:8001/');

my $nginx = $lb1->start(block => 'notify_webhook ' . $manager->url
                                 . ' format=alertmanager;');


# Active alerts of this name and state.
sub active ($name, %labels) {
    return grep {
        my $alert = $_;

        $alert->{labels}{alertname} eq $name
        && $alert->{status}{state} eq 'active'
        && !grep { ($alert->{labels}{$_} // '') ne $labels{$_} } keys %labels;
    } $manager->alerts->@*;
}


# What Alertmanager has told: firing or resolved.
sub passed_on ($status, $name, %labels) {
    return grep {
        my $alert = $_;

        $alert->{status} eq $status && $alert->{labels}{alertname} eq $name
        && !grep { ($alert->{labels}{$_} // '') ne $labels{$_} } keys %labels;
    } map { decode_json($_->{body})->{alerts}->@* } $hook->accepted;
}


$lb1->comes_true('the first word: MASTER', 30, sub {
    active('NginxVrrpTransition', state => 'MASTER');
});

my ($alert) = active('NginxVrrpTransition', state => 'MASTER');

is_deeply({ map { $_ => $alert->{labels}{$_} }
            qw(node instance vrid interface) },
          { node => 'lb1', instance => 'VI_1', vrid => '51',
            interface => 'vrlab0' }, 'its labels');
like($alert->{annotations}{summary}, qr/lb1: VI_1: .*MASTER/, 'its summary');

$lb1->fault;

my %fault = (state => 'FAULT', severity => 'critical', instance => 'VI_1');

$lb1->comes_true('a fault is an alert', 30, sub {
    active('NginxVrrpTransition', %fault);
});
$lb1->comes_true('the tracker, too', 30, sub {
    active('NginxVrrpTrackerDown', severity => 'warning');
});
$lb1->comes_true('Alertmanager tells of both', 30, sub {
    passed_on('firing', 'NginxVrrpTransition', %fault)
    && passed_on('firing', 'NginxVrrpTrackerDown');
});

$lb1->mend;

$lb1->comes_true('the fault is over', 30, sub {
    !active('NginxVrrpTransition', %fault);
});
$lb1->comes_true('the tracker, too', 30, sub {
    !active('NginxVrrpTrackerDown');
});
$lb1->comes_true('Alertmanager tells that both are resolved', 30, sub {
    passed_on('resolved', 'NginxVrrpTransition', %fault)
    && passed_on('resolved', 'NginxVrrpTrackerDown');
});

$lb1->finish;
done_testing;
