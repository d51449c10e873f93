#!/usr/bin/perl

use v5.36;

use VRRP::Takings;

VRRP::Takings->run('v3');
