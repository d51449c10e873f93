#!/usr/bin/perl

use v5.36;

use VRRP::Freezes;

VRRP::Freezes->run('v3', 1, 4);
