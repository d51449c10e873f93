#!/usr/bin/perl

# The whole story with version 3, 10 ms.

use v5.36;

use VRRP::StoryTest;

VRRP::StoryTest->run('v3_10ms');
