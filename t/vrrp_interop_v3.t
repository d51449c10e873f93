#!/usr/bin/perl

# Our module and keepalived on one wire, version 3 at 100 ms.

use v5.36;

use VRRP::Interop;

VRRP::Interop->run('v3');
