#!/usr/bin/perl

use v5.36;

use VRRP::Endings;

VRRP::Endings->run('v2');
