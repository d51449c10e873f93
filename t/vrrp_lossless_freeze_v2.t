#!/usr/bin/perl

use v5.36;

use VRRP::Freezes;

VRRP::Freezes->run('v2', 5);
