#!/usr/bin/perl

# nginx ends on the node that has the address, in every possible way
# (version 3, 100 ms).

use v5.36;

use VRRP::Shutdowns;

begin('v3');

moves_without_loss('nginx -s quit');
moves_without_loss('kill -9 of the master');
quits_without_successor();

moves_at_once('nginx -s stop');
moves_at_once('TERM to all at once');
moves_at_once('TERM to vrrp, workers, master');
moves_at_once('TERM to workers, vrrp, master');
moves_at_once('TERM to master, workers, vrrp');
moves_at_once('killall -9 nginx');

starts_after_kill_of_master();
kernel_removes_address();
starts_after_kill_of_all();

finish();
