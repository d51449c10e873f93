#!/usr/bin/perl

# An instance without addresses: the election, the notifications and the status
# work, and the adverts have the address count 0. An instance with an address
# does not accept them.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $IF = $VRRP::Node::INTERFACE;

my $lab = VRRP::Lab->new(nodes => [qw(lb1 lb2 lb3)]);
my $capture = $lab->capture('lb3');


sub start ($name, $priority, $address = 'none') {
    my $mark = $lab->node($name)->dir . '/master';

    return $lab->start_nginx($name, vrrp => <<"END", http => <<'END');
    notify_master "/usr/bin/touch $mark" user=root;
    vrrp_instance VI_1 {
        interface $IF;
        virtual_router_id 51;
        priority $priority;
        virtual_ipaddress $address;
    }
END
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
    }
END
}


# The state, and that it does not change any more.
sub becomes ($nginx, $state, $what) {
    my $is = eval {
        $lab->wait_until("to be $state", 15,
                         sub { ($nginx->state // '') eq $state });
    };
    ok($is, "$what: $state") or diag($@);
    sleep 0.6;
    is($nginx->state, $state, "$what: and stays so");
}


my $lb1 = start('lb1', 100);
becomes($lb1, 'MASTER', 'alone');
ok($lab->wait_until('the script', 10,
                    sub { -e $lab->node('lb1')->dir . '/master' }),
   'notify_master was run');

my $lb2 = start('lb2', 150);
becomes($lb2, 'MASTER', 'a higher priority');
becomes($lb1, 'BACKUP', 'a lower priority');

$lb2->stop('QUIT');
becomes($lb1, 'MASTER', 'the MASTER has left');

my ($instance) = $lb1->status->{instances}->@*;
is_deeply($instance->{addresses}, [], 'no address in the status');
is($instance->{fault}, undef, 'no fault');
is($instance->{counters}{dropped}{address_count}, 0, 'nothing was dropped');

my $lb3 = start('lb3', 50, '192.168.64.200/24');
becomes($lb3, 'MASTER', 'an instance with an address');
cmp_ok($lb3->status->{instances}[0]{counters}{dropped}{address_count}, '>', 0,
       'and it drops adverts without addresses');

$capture->stop;
my ($advert) = $capture->adverts(from => '192.168.64.130');
unlike($advert->{text}, qr/addrs[^\n]*\d+\.\d+/, 'adverts have no address');

$lab->finish;
done_testing;
