#!/usr/bin/perl

# The answers of vrrp_status. nginx runs in its own namespaces, on an
# interface that does not exist there either: its instance is in FAULT and no
# packet is ever sent.

use v5.36;

use lib 't/lib';
use VRRP::Lab;
use VRRP::Nginx;

# The whole test moves into the namespaces. They end with it, and nothing that
# runs in them outlives it.
BEGIN {
    my $net = readlink '/proc/self/ns/net';
    my $outside = $ENV{NGX_VRRP_OUTER_NET};

    if ($> == 0 && !defined $outside && !$^C) {
        if (my $reason = VRRP::Lab->unavailable) {
            print "1..0 # SKIP $reason\n";
            exit 0;
        }

        $ENV{NGX_VRRP_OUTER_NET} = $net;
        $ENV{PERL5LIB} = join ':', @INC;

        exec qw(unshare --net --pid --fork --mount --mount-proc),
             '--kill-child=KILL', $^X, $0;
        die "exec unshare: $!\n";
    }

    if (defined $outside) {
        die "still in the machine's network\n" if $net eq $outside;
        system(qw(ip link set lo up)) == 0 or die "lo does not go up\n";
    }

    $ENV{TEST_NGINX_BINARY} //= VRRP::Nginx->binary;
    $ENV{TEST_NGINX_LOAD_MODULES} //= VRRP::Nginx->module;
}

use HTTP::Tiny;
use Test::Nginx::Socket;
use Time::HiRes qw(sleep);

my $reason = VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;
plan(skip_all => 'must be root for a network namespace') if $> != 0;

# The vrrp process starts with the workers, not before them.
sub wait_for_report {
    my $http = HTTP::Tiny->new(timeout => 2);

    for (1 .. 100) {
        return if $http->get("http://127.0.0.1:"
            . "$Test::Nginx::Util::ServerPortForClient/vrrp")->{status} != 503;
        sleep 0.05;
    }
}

add_block_preprocessor(sub ($block) {
    $block->set_value(main_config => <<~'END');
        vrrp {
            vrrp_instance VI_1 {
                interface         vrrp_none;
                virtual_router_id 51;
                virtual_ipaddress 192.0.2.100/24;
            }
        }
        END
    $block->set_value(config => <<~'END');
        location = /vrrp {
            vrrp_status;
        }
        END
    $block->set_value(init => 'main::wait_for_report()');
    $block->set_value(no_error_log => "[alert]\n[emerg]\n");
    $block->set_value(suppress_stderr => 1);
});

master_on();
workers(1);
no_shuffle();
log_level('notice');
repeat_each(1);
plan(tests => 22);
run_tests();

__DATA__

=== TEST 1: the answer is JSON and never stored
--- request
GET /vrrp
--- error_code: 200
--- response_headers
Content-Type: application/json
Cache-Control: no-store
--- response_body_like: "VI_1"


=== TEST 2: HEAD has the header alone
--- request
HEAD /vrrp
--- error_code: 200
--- response_headers
Content-Type: application/json
--- response_body:


=== TEST 3: the body of a request is ignored
--- request
GET /vrrp
hello
--- error_code: 200
--- response_body_like: "VI_1"


=== TEST 4: POST is not allowed
--- request
POST /vrrp
hello
--- error_code: 405
--- response_headers
! Cache-Control


=== TEST 5: DELETE is not allowed
--- request
DELETE /vrrp
--- error_code: 405
