#!/usr/bin/perl

# Our module and keepalived on one wire, version 2 with PASS.

use v5.36;

use VRRP::Interop;

VRRP::Interop->run('v2');
