#!/usr/bin/perl

# The allowed places of vrrp_status. No configuration here has a vrrp block,
# so none could speak VRRP even if it were accepted; see vrrp_status.t for the
# answers.

use v5.36;

use lib 't/lib';
use VRRP::Nginx;

# before Test::Nginx reads it
BEGIN {
    $ENV{TEST_NGINX_BINARY} //= VRRP::Nginx->binary;
    $ENV{TEST_NGINX_LOAD_MODULES} //= VRRP::Nginx->module;
}

use Test::Nginx::Socket;

my $reason = VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

add_block_preprocessor(sub ($block) {
    $block->set_value(suppress_stderr => 1);
});

no_shuffle();
log_level('notice');
repeat_each(1);
plan(tests => 2 * blocks());
run_tests();

__DATA__

=== TEST 1: without a vrrp block
--- config
    location = /vrrp { vrrp_status; }
--- must_die
--- error_log eval
qr/\[emerg\].* "vrrp_status" needs a "vrrp" block in \S+nginx\.conf:\d+$/m


=== TEST 2: twice in a location
--- config
    location = /vrrp { vrrp_status; vrrp_status; }
--- must_die
--- error_log
"vrrp_status" directive is duplicate


=== TEST 3: in a server
--- config
    vrrp_status;
--- must_die
--- error_log
"vrrp_status" is not allowed here: its place is a "location" of "http"


=== TEST 4: in the http block
--- http_config
    vrrp_status;
--- config
--- must_die
--- error_log
"vrrp_status" is not allowed here: its place is a "location" of "http"


=== TEST 5: with an argument
--- config
    location = /vrrp { vrrp_status json; }
--- must_die
--- error_log
invalid number of arguments in "vrrp_status" directive
