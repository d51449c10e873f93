#!/usr/bin/perl

# An operator replaces keepalived by the module, step by step, while clients
# request a page (version 2, 1 s).

use v5.36;

use VRRP::ScenarioTest;

VRRP::ScenarioTest->run('v2', qw(
    start
    clients_ask

    lb1_quits
    lb1_returns

    web1_stops
    web1_returns

    lb2_restarts_nopreempt
    lb1_quits
    lb1_returns_nopreempt
    lb2_quits

    keepalived_is_backup
    lb1_quits
    lb1_returns
    keepalived_is_master
    keepalived_stops
));
