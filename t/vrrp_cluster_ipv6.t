#!/usr/bin/perl

# A virtual IPv6 address and a virtual IPv4 address: two instances with the
# same virtual router id, as the two families of one service. The IPv4 instance
# has an IPv6 address, too, which its advertisements do not list.

use v5.36;

use Test::More;
use Time::HiRes qw(time);

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $VIP4 = $VRRP::Lab::VIP;
my $VIP6 = 'fd64::200';
my $EXCLUDED = 'fd64::201';

# Generous for a busy machine; the timing itself is the business of units.
my $PATIENCE = 15;

my $lab = VRRP::Lab->new;


sub start ($name, $priority) {
    my $interface = $VRRP::Node::INTERFACE;
    my $common = "interface $interface; virtual_router_id 51;"
               . " priority $priority; version 3; advert_int 100ms;";

    return $lab->start_nginx($name,
        vrrp => <<"END",
    vrrp_instance V4 {
        $common
        virtual_ipaddress $VIP4/24;
        virtual_ipaddress_excluded $EXCLUDED/64;
    }
    vrrp_instance V6 { $common virtual_ipaddress $VIP6/64; }
END
        http => <<"END");
    server {
        listen [$VIP6]:80;
        listen [$EXCLUDED]:80;
        listen $VIP4:80;
        return 200 "$name\\n";
    }
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
    }
END
}


# The server that answers at the address.
sub answer ($url) {
    my ($out) = $lab->node('client')->try('curl', '-sg', '-m', 2, $url);

    return $out =~ s/\s+//gr;
}


sub both_on ($name, $what) {
    $lab->wait_for_holder($name, $PATIENCE, $VIP6);
    $lab->wait_for_holder($name, $PATIENCE, $VIP4);

    is(answer("http://[$VIP6]/"), $name, "$what: IPv6 is served by $name");
    is(answer("http://$VIP4/"), $name, "$what: IPv4 too");
    # A neighbour that has not heard of the change does not get an answer.
    is(answer("http://[$EXCLUDED]/"), $name, "$what: and the excluded one");
    is(join(' ', $lab->who_has($EXCLUDED)), $name, "$what: only there");
}


my $capture = $lab->capture('client');
my $lb1 = start('lb1', 200);
my $lb2 = start('lb2', 100);

both_on('lb1', 'start');

my $flags = $lab->node('lb1')->run(qw(ip -6 address show to), $VIP6);
like($flags, qr/deprecated/, 'the address is not chosen as a source');
like($flags, qr/nodad/, 'and has not to wait for duplicate detection');
like($flags, qr/valid_lft [12]sec/, 'and has a lease');

$lb1->signal('KILL', $lb1->masters);
both_on('lb2', 'master killed');

$lb1->wait_gone;
$lb1->start;
both_on('lb1', 'back again');

$lb1->signal('HUP', $lb1->masters);
$lab->wait_until('the new workers', $PATIENCE, sub {
    return $lb1->state('V6') eq 'MASTER' && $lb1->workers == 2;
});
both_on('lb1', 'reload');

$lb1->stop('QUIT');
both_on('lb2', 'quit');

$capture->stop;
my ($advert) = $capture->adverts(from => '192.168.64.130');
like($advert->{text}, qr/\Q$VIP4\E/, 'IPv4 adverts list the IPv4 address');
unlike($advert->{text}, qr/$EXCLUDED/, 'and not the excluded one');

$lab->finish;
done_testing;
