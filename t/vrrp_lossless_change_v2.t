#!/usr/bin/perl

use v5.36;

use VRRP::Changes;

VRRP::Changes->run('v2');
