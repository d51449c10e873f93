#!/usr/bin/perl

# The whole story with classic settings: version 2, 1 s, PASS.

use v5.36;

use VRRP::StoryTest;

VRRP::StoryTest->run('v2');
