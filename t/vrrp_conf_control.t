#!/usr/bin/perl

# The rules of preempt_window and vrrp_control, and the output of nginx -t.

use v5.36;

use lib 't/lib';
use Test::More;

use VRRP::Conf qw(accepts rejects);
use VRRP::Nginx;

my $reason = VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

sub instance ($text) {
    return 'vrrp_instance VI_1 { interface lo; virtual_router_id 51; '
        . "virtual_ipaddress 10.0.0.5; $text } }";
}


# --- preempt_window

accepts("preempt_window $_", instance("preempt_window $_;"))
    for '02:00-04:00', '22:00-06:00', '00:00-24:00', '23:59-00:00',
        '02:00-04:00 12:30-13:00',
        join(' ', map { "0$_:00-0$_:30" } 1 .. 8);

accepts('preempt_window twice',
    instance('preempt_window 02:00-04:00; preempt_window 05:00-06:00;'));
accepts('preempt_window and preempt_delay',
    instance('preempt_window 02:00-04:00; preempt_delay 1m;'));

rejects("preempt_window $_", instance("preempt_window $_;"),
    "invalid preempt_window \"$_\": "
    . 'must be two different times of day, as in 02:00-04:00', 6)
    for qw(02:00 2:00-4:00 02:00-04:60 25:00-04:00 24:00-04:00 02:00-24:01
           02:00-02:00 02.00-04.00 02:00_04:00 ab:cd-ef:gh 02:00-04:000);

rejects('nine windows',
    instance('preempt_window ' . join(' ', map { "0$_:00-0$_:30" } 1 .. 9)
             . ';'),
    'too many times in "preempt_window", at most 8 are allowed', 6);

rejects('nopreempt and preempt_window',
    instance('nopreempt; preempt_window 02:00-04:00;'),
    'vrrp_instance "VI_1": "nopreempt" and "preempt_window" are mutually '
    . 'exclusive', 6);

accepts('preempt_window of an address owner',
    instance('priority 255; preempt_window 02:00-04:00;'),
    warning => 'vrrp_instance "VI_1": "preempt_window" has no effect at '
    . 'priority 255, the address owner is MASTER unless it has a fault',
    line => 6);

rejects('preempt_window without a time', instance('preempt_window;'),
    'invalid number of arguments in "preempt_window" directive', 6);


# --- vrrp_control

sub location ($text) { return "http { server { location /c { $text } } }" }

accepts("vrrp_control $_", instance('') . location("vrrp_control $_;"))
    for qw(on off);

rejects('vrrp_control twice',
    instance('') . location('vrrp_control on; vrrp_control on;'),
    '"vrrp_control" directive is duplicate', 6);

rejects('vrrp_control with another word',
    instance('') . location('vrrp_control yes;'),
    'invalid value "yes" in "vrrp_control" directive, it must be "on" or '
    . '"off"', 6);

rejects('vrrp_control in a server',
    instance('') . 'http { server { vrrp_control on; } }',
    '"vrrp_control" is not allowed here: its place is a "location" of "http"',
    6);

rejects('vrrp_control without a vrrp block', location('vrrp_control on;'),
    '"vrrp_control" needs a "vrrp" block', 6, no_block => 1);

accepts('vrrp_control off without a vrrp block',
    location('vrrp_control off;'), no_block => 1);

done_testing;
