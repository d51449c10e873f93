#!/usr/bin/perl

# The whole story with version 3, 100 ms.

use v5.36;

use VRRP::StoryTest;

VRRP::StoryTest->run('v3');
