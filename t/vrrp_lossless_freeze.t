#!/usr/bin/perl

# Processes of the node that has the address die or are stopped
# (version 3, 100 ms).

use v5.36;

use VRRP::Freezes;

begin('v3');

vrrp_process_killed();
successor_killed();
backup_killed();
workers_ended('TERM');
workers_ended('KILL');

stopped_for_an_interval();

# s; within the lease, and longer
all_stopped(1);
all_stopped(4);
vrrp_process_stopped(1);
vrrp_process_stopped(4);

finish();
