#!/usr/bin/perl

# Our module and keepalived on one LAN, version 2 with a password. In each
# subtest, our module preempts, sends priority 0, and returns; keepalived
# preempts, sends priority 0, returns, and dies. All adverts must be equal.

use v5.36;

use VRRP::Interop;

VRRP::Interop->run('v2', 'multicast', 'unicast');
