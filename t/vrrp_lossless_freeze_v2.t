#!/usr/bin/perl

# Processes of the node that has the address die or are stopped
# (version 2, 1 s).

use v5.36;

use VRRP::Freezes;

begin('v2');

vrrp_process_killed();
successor_killed();
backup_killed();
workers_ended('TERM');
workers_ended('KILL');

stopped_for_an_interval();
all_stopped_within_takeover(2.2);     # s

all_stopped(5);
vrrp_process_stopped(5);

finish();
