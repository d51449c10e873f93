#!/usr/bin/perl

# Every rule of the vrrp block: a configuration, and the output of nginx -t.
#
# The interface is "lo" because it exists everywhere: nginx -t opens no VRRP
# socket and changes no address.

use v5.36;

use Test::More;

use VRRP::Conf qw(accepts conf_dir last_output rejects write_file);
use VRRP::Nginx;

my $reason = VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $dir = conf_dir();

my $missing = 'vrrp_conf_none';  # no machine has this interface

# a vrrp_instance that is right; its last line is line 9 of the file
my $good = <<~'END';
    vrrp_instance VI_1 {
    interface lo; virtual_router_id 51;
    virtual_ipaddress 192.168.1.100;
    END


# --- one directive, its bad values; the message ends " in FILE:LINE" --------

my $a_name = 'must be 1-15 characters without "/", ":" and spaces';
my $name = 'must be 1-63 letters, digits, "_", "." or "-"';
my $track = '"track_nginx" supports "workers=", "timeout=", "listen=", "off"';
my $advert = 'must be a multiple of 10ms from 10ms to 40950ms, with version '
    . '2 whole seconds from 1s to 255s';
my $address = '"virtual_ipaddress" supports "dev=", "label=", "takeover", '
    . '"brd=", "scope=", "noprefixroute", "home", "nodad=", "preferred_lft=", '
    . '"no_track"';

my @values = (
    [priority          => [qw(0 256 -1 1.5 x), '""'],
        'must be 1-254, or 255 for the address owner'],
    [virtual_router_id => [qw(0 256 0x33)],
        'must be 1-255'],
    [version           => [qw(1 4 v3)], 'must be 2 or 3'],
    [state             => [qw(master FAULT)], 'must be MASTER or BACKUP'],
    [advert_int        => [qw(0 9ms 256s 0.1 fast)], $advert],
    # The last one is 448384 ns when 64 bits of nanoseconds overflow.
    [preempt_delay     => [qw(1001s -1 soon 18446744073710ms)],
        'must be a time from 0 to 1000s'],
    [link_up_delay     => [qw(3601s 61m -1 soon), '""'],
        'must be a time from 0 to 1h'],
    [garp_master_repeat => [qw(0 101)], 'must be 1-100'],
    [garp_master_delay => [qw(3601s now)],
        'must be a time of at most 1h, or 0 for no second burst'],
    [garp_master_refresh => [qw(99ms 2d)],
        'must be a time from 100ms to 1d, or 0 for no refresh'],
    [garp_master_refresh_repeat => [qw(0 101)],
        'must be 1-100'],
    [drain_timeout => [qw(999ms 25h soon)],
        'must be a time from 1s to 1d, or 0 to finish no connections'],
    [garp_interval => [qw(1001ms 0.001 -1)],
        'must be a time of at most 1s, or 0 for no pause'],
    [gna_interval => [qw(2s soon)],
        'must be a time of at most 1s, or 0 for no pause'],
    [interface         => [qw(a/b a:b .. sixteen_letters_), '""', '"a b"'],
        $a_name],
    [router_id         => ['""', '"a b"', 'a/b', 'x' x 64], $name],
    [vrrp_instance     => ['""', '"a b"', 'a/b', 'x' x 64], $name],
    [mcast_src_ip      => ['224.0.0.18'], 'it is a multicast address'],
    [mcast_group4      => [qw(10.0.0.1 224.0.1.18 239.0.0.1 ff02::12 x)],
        'must be a group of 224.0.0.0/24, the default is 224.0.0.18'],
    [mcast_group6      => [qw(fe80::1 ff05::12 224.0.0.18 x)],
        'must be a group of the link (ff02::/16), the default is ff02::12'],
    [unicast_ttl       => [qw(0 256 x)], 'must be 1-255'],
    [down_timer_adverts => [qw(0 101 x)], 'must be 1-100'],
    [v3_checksum       => [qw(rfc5798 on)],
        'must be rfc9568 or pseudo_header'],
    [link_down_delay   => [qw(61m -1 soon)], 'must be a time from 0 to 1h'],
    [delay_after_boot  => [qw(61m -1 boot)], 'must be a time from 0 to 1h'],
    [release_timeout   => [qw(61s -1 soon)],
        'must be a time of at most 60s, or 0 to quit immediately'],
    [startup_delay     => [qw(3601s 61m -1 1w boot), '""'],
        'must be a time from 0 to 1h'],
    [realtime_priority => [qw(0 100 -1 50% off), '""'],
        'must be 1-99'],

    [virtual_ipaddress => [qw(web 1.2.3 1..2.3 1.2.3.256 1:2:3 ::1::), '""',
                           '192.168.001.1', '1:2:3:4:5:6:7:8:9' x 4],
        'must be an IPv4 or IPv6 address'],
    [virtual_ipaddress => [qw(10.0.0.1/0 10.0.0.1/33 10.0.0.1/ 10.0.0.1/x
                              10.0.0.1/255.255.255.0)],
        'the prefix length must be 1-32'],
    [virtual_ipaddress => [qw(2001:db8::1/0 2001:db8::1/129)],
        'the prefix length must be 1-128'],
    [virtual_ipaddress => [qw(10.0.0.0/24 10.0.0.128/25 2001:db8::/64)],
        'it is the address of the network, must be the address of a host'],
    [virtual_ipaddress => [qw(10.0.0.255/24 10.0.0.127/25)],
        'it is the broadcast address of its network'],
    [virtual_ipaddress => ['255.255.255.255'], 'it is the broadcast address'],
    [virtual_ipaddress => [qw(0.0.0.0 0.1.2.3)],
        'it is an unspecified address'],
    [virtual_ipaddress => ['127.0.0.1/8'], 'it is a loopback address'],
    [virtual_ipaddress => [qw(224.0.0.18 239.255.0.1)],
        'it is a multicast address'],
    [virtual_ipaddress => ['::'], 'it is the unspecified address'],
    [virtual_ipaddress => ['::1'], 'it is the loopback address'],
    [virtual_ipaddress => ['ff02::12'], 'it is a multicast address'],
    [virtual_ipaddress => ['::ffff:10.0.0.1'],
        'it is an IPv4-mapped address, write it as IPv4'],

    [unicast_src_ip    => [qw(lb1 10.0.0.1/24)],
        'must be an IPv4 or IPv6 address'],
    [unicast_src_ip    => ['224.0.0.18'], 'it is a multicast address'],
    [unicast_peer      => [qw(lb2 10.0.0.1/24)],
        'must be an IPv4 or IPv6 address'],
    [unicast_peer      => ['127.0.0.1'], 'it is a loopback address'],
);

my %of_the_block = map { $_ => 1 }
    qw(router_id release_timeout startup_delay delay_after_boot
       realtime_priority);

for my $rule (@values) {
    my ($directive, $bad, $expected) = @$rule;

    for my $value (@$bad) {
        (my $shown = $value) =~ tr/"//d;

        my $text = $of_the_block{$directive}     ? "$directive $value;"
                 : $directive eq 'vrrp_instance' ? "vrrp_instance $value {"
                 : "vrrp_instance VI_1 { $directive $value;";

        rejects("$directive $value", $text,
            qq(invalid $directive "$shown": $expected), 6);
    }
}


# --- parameters --------------------------------------------------------------

sub rejects_address ($text, $message) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    rejects("virtual_ipaddress with $text",
        "vrrp_instance VI_1 { virtual_ipaddress 10.0.0.1 $text;", $message, 6);
}

rejects_address($_, qr/invalid parameter "\S+": \Q$address\E/)
    for 'peer=10.0.0.2', 'takeover=on', 'dev eth0';

rejects_address("$_ $_", qq(duplicate parameter "$_"))
    for qw(dev=lo label=lo:1 takeover brd=+ scope=link no_track);

for (['brd=', [qw(10.0.0.256 fe80::1 -), ''],
      'must be an IPv4 address or "+"'],
     ['scope=', [qw(world 256 -1), ''],
      'must be global, site, link, host or 0-255'],
     ['nodad=', [qw(yes 1), ''], 'must be "on" or "off"'],
     ['preferred_lft=', [qw(ever 10ms -1), ''],
      'must be a time in whole seconds, or forever'])
{
    my ($name, $values, $expected) = @$_;

    rejects_address("$name$_", qq(invalid parameter "$name$_": $expected))
        for @$values;
}

rejects_address($_, qq(invalid virtual_ipaddress "$_": )
    . 'use one directive for each address') for qw(10.0.0.2/24 10.0.0.2);

for my $label ('', 'a' x 16) {
    rejects("label=$label",
        "vrrp_instance VI_1 { virtual_ipaddress 10.0.0.1 label=$label;",
        qq(invalid parameter "label=$label": )
        . 'must be a label of 1-15 characters', 6);
}

rejects('dev=a/b', 'vrrp_instance VI_1 { virtual_ipaddress 10.0.0.1 dev=a/b;',
    qq(invalid parameter "dev=a/b": $a_name), 6);

rejects("track_nginx $_", "vrrp_instance VI_1 { track_nginx $_;",
    qq(invalid parameter "$_": $track), 6) for qw(on workers 2 off=1);

rejects("track_nginx $_", "vrrp_instance VI_1 { track_nginx $_;",
    '"track_nginx" directive cannot have other parameters with "off"', 6)
    for 'off timeout=1s', 'timeout=1s off';

rejects("track_nginx $_", "vrrp_instance VI_1 { track_nginx $_;",
    qq(invalid parameter "$_": must be 1-1024), 6)
    for qw(workers=0 workers=1025 workers=all workers=);

rejects("track_nginx $_", "vrrp_instance VI_1 { track_nginx $_;",
    qq(invalid parameter "$_": must be a time from 100ms to 1h), 6)
    for qw(timeout=0 timeout=99ms timeout=61m timeout=x);

rejects("track_nginx $_", "vrrp_instance VI_1 { track_nginx $_;",
    qq(invalid parameter "$_": must be "on" or "off"), 6)
    for qw(listen= listen=1 listen=yes);

rejects('track_nginx with workers= twice',
    'vrrp_instance VI_1 { track_nginx workers=1 workers=2;',
    'duplicate parameter "workers=2"', 6);


my $link = 'vrrp_instance VI_1 { peer_link';

rejects("peer_link $_", "$link $_;",
    "invalid peer_link \"$_\": must be \"on\" or \"off\"", 6)
    for qw(yes 30112);
rejects('peer_link off with a parameter', "$link off port=1;",
    '"peer_link" directive has parameters after "off"', 6);
rejects("peer_link port=$_", "$link on port=$_;",
    "invalid parameter \"port=$_\": must be 1-65535", 6)
    for qw(0 65536 x);
rejects("peer_link peer=$_->[0]", "$link on peer=$_->[0];",
    "invalid parameter \"peer=$_->[0]\" of \"peer_link\": $_->[1]", 6)
    for ['lb2', 'must be an IPv4 or IPv6 address'],
        ['224.0.0.18', 'it is a multicast address'];
rejects('peer_link with a peer twice',
    "$link on peer=10.0.0.1 peer=10.0.0.1;",
    'duplicate parameter "peer=10.0.0.1" of "peer_link"', 6);
rejects('peer_link with an unknown parameter', "$link on ttl=1;",
    'invalid parameter "ttl=1": "peer_link" supports "port=", '
    . '"secret_file=", "peer="', 6);
rejects("takeover_check $_", "vrrp_instance VI_1 { takeover_check $_;",
    "invalid takeover_check \"$_\": must be \"peer\" or \"off\"", 6)
    for qw(on yes ping=10.0.0.1);
rejects('takeover_check twice',
    'vrrp_instance VI_1 { takeover_check peer; takeover_check off;',
    '"takeover_check" directive is duplicate', 6);
rejects('takeover_check off with a witness',
    'vrrp_instance VI_1 { takeover_check off ping=10.0.0.1;',
    '"takeover_check" directive has parameters after "off"', 6);
rejects("takeover_check peer $_->[0]",
    "vrrp_instance VI_1 { takeover_check peer $_->[0];", $_->[1], 6)
    for ['tcp=10.0.0.1', 'invalid parameter "tcp=10.0.0.1": "takeover_check" '
         . 'supports "ping=" and "http="'],
        ['ping=lb2', 'invalid takeover_check "ping=lb2": must be an IPv4 or '
         . 'IPv6 address'],
        ['ping=127.0.0.1', 'invalid takeover_check "ping=127.0.0.1": it is a '
         . 'loopback address'],
        ['http=10.0.0.1', 'invalid takeover_check "http=10.0.0.1": must be a '
         . 'URL such as "http://192.0.2.1/"'],
        ['http=http://lb2/', 'invalid takeover_check "http=http://lb2/": must '
         . 'be a URL with an IP address, as in "http://192.0.2.1/"'],
        ['http=http://[::1]:80/', 'invalid takeover_check '
         . '"http=http://[::1]:80/": it is the loopback address'];
rejects('takeover_check with two witnesses',
    'vrrp_instance VI_1 { takeover_check peer ping=10.0.0.1 ping=10.0.0.2;',
    'invalid number of arguments in "takeover_check" directive', 6);
accepts("takeover_check $_", "takeover_check $_; $good }")
    for 'peer', 'off', 'peer ping=10.0.0.1', 'peer ping=gateway',
        'peer http=http://10.0.0.1/', 'peer http=http://[2001:db8::1]:8080';

write_file("$dir/short", "secret\n");
write_file("$dir/peers", 'x' x 32 . "\n");
chmod 0600, "$dir/short", "$dir/peers";

rejects('peer_link with a short secret', "$link on secret_file=$dir/short;",
    "the key in \"secret_file=$dir/short\" must have 16 to 256 characters, as "
    . 'from "openssl rand -hex 32"', 6);

my $second = <<~'END';
    vrrp_instance VI_2 {
    interface lo; virtual_router_id 52;
    virtual_ipaddress 192.168.1.101;
    END

rejects('peer_link with two ports on an interface',
    "$good peer_link on port=1; } $second peer_link on port=2; }",
    'vrrp_instance "VI_2": "port=2" of "peer_link" differs from "port=1" of '
    . 'vrrp_instance "VI_1" on the same interface', 12);
rejects('peer_link with two secrets on an interface',
    "$good peer_link on; } $second peer_link on secret_file=$dir/peers; }",
    'vrrp_instance "VI_2": "secret_file=" of "peer_link" differs from that of '
    . 'vrrp_instance "VI_1" on the same interface', 12);
rejects('peer_link without a secret, with HMAC',
    "$good authentication HMAC key=1:ascii:" . 'k' x 32 . '; peer_link on; }',
    'vrrp_instance "VI_1": "peer_link" needs "secret_file=" with '
    . '"authentication HMAC"', 9);
rejects('peer_link with a peer of another family',
    "$good peer_link on peer=fd64::1; }",
    'vrrp_instance "VI_1": "peer=fd64::1" of "peer_link" is IPv6, but no '
    . 'vrrp_instance on interface "lo" has IPv6 addresses', 9);
accepts('peer_link that an instance does not have',
    "peer_link on port=1 secret_file=$dir/peers peer=10.0.0.1; "
    . "$good } $second peer_link off; }");

my $peer = 'vrrp_instance VI_1 { unicast_peer';

rejects("unicast_peer $_", "$peer 10.0.0.1 $_;",
    qq(invalid parameter "$_": must be 1-255), 6)
    for qw(min_ttl=0 min_ttl=256 min_ttl=x max_ttl=0 max_ttl=);
rejects('unicast_peer with a parameter of another directive',
    "$peer 10.0.0.1 ttl=1;", 'invalid parameter "ttl=1": "unicast_peer" '
    . 'supports "min_ttl=", "max_ttl="', 6);
rejects('unicast_peer with min_ttl= above max_ttl=',
    "$peer 10.0.0.1 min_ttl=255 max_ttl=254;",
    '"min_ttl=255" of "unicast_peer" is more than "max_ttl=254"', 6);
rejects('unicast_peer without an address', "$peer min_ttl=1;",
    '"unicast_peer" directive needs an address before its parameters', 6);


# --- each directive once -----------------------------------------------------

for my $directive (
    'state BACKUP', 'interface lo', 'virtual_router_id 1', 'priority 1',
    'version 3', 'advert_int 1s', 'authentication PASS x', 'nopreempt',
    'unicast_src_ip 10.0.0.1', 'preempt_delay 0', 'link_up_delay 0',
    'mcast_src_ip 10.0.0.1', 'mcast_group4 224.0.0.18', 'unicast_ttl 1',
    'mcast_group6 ff02::12', 'down_timer_adverts 1', 'v3_checksum rfc9568',
    'link_down_delay 0', 'use_vmac',
    'garp_master_repeat 1',
    'garp_master_delay 0', 'garp_master_refresh 0',
    'garp_master_refresh_repeat 1', 'track_nginx off',
    'track_nginx timeout=1s', 'track_nginx workers=1',
    'track_nginx listen=off')
{
    my ($word) = split ' ', $directive;

    rejects("$directive twice",
        "vrrp_instance VI_1 { $directive;\n$directive;",
        qq("$word" directive is duplicate), 7);
}

rejects('router_id twice', "router_id a;\nrouter_id b;",
    '"router_id" directive is duplicate', 7);
rejects("$_ twice", "$_ on;\n$_ off;", qq("$_" directive is duplicate), 7)
    for qw(freebind mlock);
rejects("$_ maybe", "$_ maybe;",
    qq(invalid $_ "maybe": must be "on" or "off"), 6) for qw(freebind mlock);
rejects('close_connections maybe',
    'vrrp_instance VI_1 { close_connections maybe;',
    'invalid close_connections "maybe": must be "on" or "off"', 6);
rejects("$_ twice", "$_ 1;\n$_ 2;", qq("$_" directive is duplicate), 7)
    for qw(release_timeout startup_delay delay_after_boot realtime_priority);
rejects('unicast_peer twice',
    "vrrp_instance VI_1 {\nunicast_peer 10.0.0.1 10.0.0.2 10.0.0.1;",
    'duplicate unicast_peer "10.0.0.1"', 7);
rejects('two vrrp blocks', "$good } }\nvrrp {",
    qr/duplicate "vrrp" block, the first one is in \S+:5: put all instances into one/,
    10);


# --- what must be there ------------------------------------------------------

rejects('no instance', "\n}", 'no "vrrp_instance" in the "vrrp" block', 7);
rejects('no interface', "vrrp_instance VI_1 {\n}",
    'vrrp_instance "VI_1": "interface" is missing', 7);
rejects('no virtual_router_id', "vrrp_instance VI_1 { interface lo;\n}",
    'vrrp_instance "VI_1": "virtual_router_id" is missing', 7);
rejects('no virtual_ipaddress',
    "vrrp_instance VI_1 { interface lo; virtual_router_id 1;\n}",
    'vrrp_instance "VI_1": "virtual_ipaddress" is missing', 7);


# --- directives that must fit together ---------------------------------------

sub rejects_instance ($what, $text, $message) {
    rejects($what, "$good$text\n}", qq(vrrp_instance "VI_1": $message), 10);
}

rejects_instance("version 2, $_", "version 2; advert_int $_;",
    qq("advert_int" is $_, )
    . 'but with version 2 it must be whole seconds from 1s to 255s')
    for qw(10ms 100ms 1500ms);
rejects_instance("version 3, $_", "advert_int $_;",
    qq("advert_int" is $_, )
    . 'but with version 3 it must be a multiple of 10ms from 10ms to 40950ms')
    for qw(15ms 40960ms 41000ms);

rejects_instance('PASS with version 3', 'authentication PASS secret;',
    'version 3 has no "authentication PASS": use "authentication HMAC", or '
    . 'add "version 2" '
    . 'if the other routers use it');
rejects('IPv6 with version 2', <<~'END',
    vrrp_instance VI_1 { interface lo; virtual_router_id 51; version 2;
    virtual_ipaddress fe80::1;
    }
    END
    'vrrp_instance "VI_1": version 2 does not support IPv6 addresses, use '
    . '"version 3"', 8);
accepts('both families', "$good virtual_ipaddress 2001:db8::1/64;");
rejects_instance('both families with version 2',
    'version 2; virtual_ipaddress 2001:db8::1/64;',
    'version 2 does not support IPv6 addresses in "virtual_ipaddress": use '
    . '"virtual_ipaddress_excluded" or "version 3"');
rejects_instance("both families with peers of one: $_",
    "virtual_ipaddress 2001:db8::1/64; unicast_peer $_;",
    '"unicast_peer" has no IPv' . (/:/ ? 4 : 6) . ' address, must have '
    . 'addresses of both families or of none, as there are virtual addresses '
    . 'of both') for '192.168.1.2', 'fe80::2';
accepts('both families with peers of both', "$good "
    . 'virtual_ipaddress 2001:db8::1/64; unicast_peer 192.168.1.2 fe80::2; '
    . 'unicast_src_ip 192.168.1.1;');
rejects('the VRID of the second family', <<~"END",
    $good virtual_ipaddress 2001:db8::1/64; }
    vrrp_instance VI_2 {
    interface lo; virtual_router_id 51;
    virtual_ipaddress fe80::1;
    }
    END
    'vrrp_instance "VI_2": virtual_router_id 51 for IPv6 on interface "lo" '
    . 'is already used by vrrp_instance "VI_1"', 13);
rejects_instance("$$_[0] for the wrong family",
    "virtual_ipaddress_excluded $$_[1] $$_[0];",
    qq("$$_[2]" of virtual_ipaddress_excluded can only be used with )
    . "IPv$$_[3] addresses")
    for ['brd=10.0.0.255', 'fe80::1', 'brd=', 4],
        ['scope=link', 'fe80::1', 'scope=', 4],
        ['home', '10.0.0.1', 'home', 6],
        ['nodad=off', '10.0.0.1', 'nodad=off', 6];

rejects_instance('an excluded address twice',
    'virtual_ipaddress_excluded 192.168.1.100/24;',
    'duplicate virtual_ipaddress_excluded 192.168.1.100');
rejects('256 excluded addresses',
    $good . join('', map { "virtual_ipaddress_excluded 10.1.1.$_;" } 1 .. 254)
    . 'virtual_ipaddress_excluded 10.1.2.1;'
    . "\nvirtual_ipaddress_excluded 10.1.2.2;",
    'vrrp_instance "VI_1": too many "virtual_ipaddress_excluded", at most 255 '
    . 'are supported', 10);
rejects('only excluded addresses', <<~'END',
    vrrp_instance VI_1 { interface lo; virtual_router_id 51;
    virtual_ipaddress_excluded 192.168.1.100;
    }
    END
    'vrrp_instance "VI_1": "virtual_ipaddress" is missing', 8);

# --- routes and rules ---------------------------------------------------------

my $routes = '"virtual_routes" supports "via", "dev", "src", "metric", "table", '
    . '"scope", "mtu", "onlink", "no_track"';
my $rules = '"virtual_rules" supports "from", "to", "iif", "oif", "fwmark", '
    . '"table", "lookup", "priority", "pref", "no_track"';

rejects("virtual_routes $$_[0]", "vrrp_instance VI_1 { virtual_routes $$_[0];",
        $$_[1], 6)
    for ['10.0.0.0/33 dev lo', 'invalid virtual_routes "10.0.0.0/33": the '
         . 'prefix length must be 0-32'],
        ['10.0.0.1/8 dev lo', 'invalid virtual_routes "10.0.0.1/8": it has '
         . 'bits after its prefix length, must be the address of the network'],
        ['web dev lo', 'invalid virtual_routes "web": must be an IPv4 or IPv6 '
         . 'network'],
        ['10.0.0.0/8', 'invalid virtual_routes "10.0.0.0/8": "via" or "dev" '
         . 'is missing'],
        ['blackhole', 'invalid number of arguments in "virtual_routes" '
         . 'directive: a network is missing'],
        ['blackhole 10.0.0.0/8 dev lo', 'invalid virtual_routes "blackhole": '
         . 'it cannot have "via", "dev" or "src"'],
        ['10.0.0.0/8 gw 10.0.0.1', qq(invalid parameter "gw": $routes)],
        ['10.0.0.0/8 dev lo proto 5', qq(invalid parameter "proto": $routes)],
        ['10.0.0.0/8 dev lo dev lo', 'duplicate parameter "dev"'],
        ['10.0.0.0/8 dev', '"dev" of "virtual_routes" has no value'],
        ['10.0.0.0/8 via 300.1.1.1', 'invalid "via 300.1.1.1" of '
         . '"virtual_routes": must be an IPv4 or IPv6 address'],
        ['10.0.0.0/8 dev lo metric -1', 'invalid "metric -1" of '
         . '"virtual_routes": must be 0-4294967295'],
        ['10.0.0.0/8 dev lo table local', 'invalid "table local" of '
         . '"virtual_routes": must be main, or 1-4294967295 without 255'],
        ['10.0.0.0/8 dev lo table 255', 'invalid "table 255" of '
         . '"virtual_routes": must be main, or 1-4294967295 without 255'],
        ['10.0.0.0/8 dev lo scope world', 'invalid "scope world" of '
         . '"virtual_routes": must be global, site, link, host or 0-255'],
        ['10.0.0.0/8 dev lo mtu 67', 'invalid "mtu 67" of "virtual_routes": '
         . 'must be 68-65535'];

rejects_instance("virtual_routes $_", "virtual_routes $_;",
    'network, "via" and "src" of "virtual_routes" must have the same address '
    . 'family')
    for '10.0.0.0/8 via fe80::1', 'default via 10.0.0.1 src fe80::1';
rejects_instance('a route twice',
    'virtual_routes 10.0.0.0/8 dev lo; virtual_routes 10.0.0.0/8 via 10.0.0.1;',
    'two "virtual_routes" have the same network, table and metric');

rejects_instance('an IPv6 route twice, with the default metric',
    'virtual_routes default via fe80::1 dev lo; '
    . 'virtual_routes default via fe80::2 dev lo metric 1024;',
    'two "virtual_routes" have the same network, table and metric');
rejects_instance('a rule twice',
    'virtual_rules from 10.0.0.0/8 table 5 pref 5; '
    . 'virtual_rules to 0.0.0.0/0 from 10.0.0.0/8 table 5 pref 5;',
    'two "virtual_rules" are the same');
rejects('a rule in two instances', <<~'END',
    vrrp_instance VI_1 { interface lo; virtual_router_id 51;
    virtual_ipaddress 10.0.0.1; virtual_rules iif lo table 5 pref 5; }
    vrrp_instance VI_2 { interface lo; virtual_router_id 52;
    virtual_ipaddress 10.0.0.2; virtual_rules iif lo table 5 pref 5;
    }
    END
    'vrrp_instance "VI_2": vrrp_instance "VI_1" has the same "virtual_rules"',
    10);

rejects('a route in two instances', <<~'END',
    vrrp_instance VI_1 { interface lo; virtual_router_id 51;
    virtual_ipaddress 10.0.0.1; virtual_routes default dev lo; }
    vrrp_instance VI_2 { interface lo; virtual_router_id 52;
    virtual_ipaddress 10.0.0.2; virtual_routes default via 10.0.0.3;
    }
    END
    'vrrp_instance "VI_2": vrrp_instance "VI_1" has a "virtual_routes" with '
    . 'the same network, table and metric', 10);

rejects("virtual_rules $$_[0]", "vrrp_instance VI_1 { virtual_rules $$_[0];",
        $$_[1], 6)
    for ['from 10.0.0.0/8 table 5', '"priority" of "virtual_rules" is missing'],
        ['from 10.0.0.0/8 priority 5', '"table" of "virtual_rules" is missing'],
        ['blackhole to 10.0.0.0/8 table 5 pref 5', 'invalid virtual_rules '
         . '"blackhole": it cannot have "table"'],
        ['from 10.0.0.0/8 to fe80::/64 table 5 pref 5', '"from" and "to" of '
         . '"virtual_rules" have different address families'],
        ['fwmark x table 5 pref 5', 'invalid "fwmark x" of "virtual_rules": '
         . 'must be a number, or a number and a mask as in "0x10/0xff"'],
        ['goto 7 pref 5', qq(invalid parameter "goto": $rules)];

rejects("virtual_ipaddress none and $_",
    "vrrp_instance VI_1 { $_",
    'vrrp_instance "VI_1": "virtual_ipaddress none" must be the only '
    . '"virtual_ipaddress" and has no parameters', 6)
    for 'virtual_ipaddress 10.0.0.1; virtual_ipaddress none;',
        'virtual_ipaddress none label=lo:1;';

rejects_instance('an address twice', 'virtual_ipaddress 192.168.1.100/24;',
    'duplicate virtual_ipaddress 192.168.1.100');
rejects('256 addresses',
    $good . join('', map { "virtual_ipaddress 10.1.1.$_;" } 1 .. 254)
    . "\nvirtual_ipaddress 10.1.2.1;",
    'vrrp_instance "VI_1": too many addresses, an advertisement carries at '
    . 'most 255: use "virtual_ipaddress_excluded" for the others', 10);

rejects_instance("label $_", "virtual_ipaddress 10.0.0.1 label=$_;",
    qq(invalid label "$_": )
    . 'must be the interface and a suffix, as in "lo:1"')
    for qw(eth0:1 lo lo: lol:1);
rejects_instance('label of another dev',
    'virtual_ipaddress 10.0.0.1 label=lo:1 dev=eth5;',
    'invalid label "lo:1": must be the interface and a suffix, as in "eth5:1"');
rejects('IPv6 label', <<~'END',
    vrrp_instance VI_1 { interface lo; virtual_router_id 51;
    virtual_ipaddress fe80::1 label=lo:1;
    }
    END
    'vrrp_instance "VI_1": invalid label "lo:1": only IPv4 addresses can '
    . 'have labels', 8);

rejects_instance('unicast_src_ip alone', 'unicast_src_ip 192.168.1.1;',
    '"unicast_src_ip" needs "unicast_peer"');
rejects_instance('the router is its only peer',
    'unicast_src_ip 192.168.1.1; unicast_peer 192.168.1.1;',
    'the only "unicast_peer" is this node, its "unicast_src_ip": add the '
    . 'other nodes');
rejects_instance('mcast_src_ip with unicast_peer',
    'mcast_src_ip 192.168.1.1; unicast_peer 192.168.1.2;',
    '"mcast_src_ip" cannot be used with "unicast_peer": use "unicast_src_ip"');
rejects_instance('mcast_src_ip of the other family', 'mcast_src_ip fe80::1;',
    'mcast_src_ip fe80::1 is IPv6, but the virtual addresses are IPv4');
rejects('a global mcast_src_ip', <<~'END',
    vrrp_instance VI_1 { interface lo; virtual_router_id 51;
    virtual_ipaddress fe80::1; mcast_src_ip fd00::1;
    }
    END
    'vrrp_instance "VI_1": "mcast_src_ip" must be a link-local address in '
    . 'IPv6', 8);

my $down = 'a peer takes over after that time, and this node would still have '
    . 'the addresses';

rejects_instance('link_down_delay as long as a peer waits',
    'link_down_delay 200ms;', '"link_down_delay" is 200ms, but must be less '
    . qq(than 200ms ("advert_int" of 100ms, 2 times): $down));
rejects_instance('link_down_delay with fewer adverts',
    'down_timer_adverts 2; link_down_delay 101ms; advert_int 50ms;',
    '"link_down_delay" is 101ms, but must be less than 50ms ("advert_int" of '
    . "50ms, 1 times): $down");
rejects_instance('a peer is a virtual address', 'unicast_peer 192.168.1.100;',
    'unicast_peer 192.168.1.100 is a virtual address, must be an address of '
    . 'a single router');
rejects_instance('the source is a virtual address',
    'unicast_src_ip 192.168.1.100; unicast_peer 192.168.1.2;',
    'unicast_src_ip 192.168.1.100 is a virtual address, must be an address '
    . 'of a single router');
rejects_instance('a peer of the other family', 'unicast_peer fe80::2;',
    'unicast_peer fe80::2 is IPv6, but the virtual addresses are IPv4');
rejects_instance('a source of the other family',
    'unicast_src_ip fe80::1; unicast_peer 192.168.1.2;',
    'unicast_src_ip fe80::1 is IPv6, but the virtual addresses are IPv4');

rejects('use_vmac with another parameter',
    'vrrp_instance VI_1 { use_vmac mac=1;',
    'invalid parameter "mac=1": "use_vmac" supports "name=", '
    . '"xmit_base=", "off"', 6);
rejects('use_vmac off with another parameter',
    'vrrp_instance VI_1 { use_vmac off name=vmac;',
    '"use_vmac" directive cannot have other parameters with "off"', 6);
rejects('use_vmac name=a/b', 'vrrp_instance VI_1 { use_vmac name=a/b;',
    qq(invalid parameter "name=a/b": $a_name), 6);
rejects('use_vmac xmit_base=yes', 'vrrp_instance VI_1 { use_vmac xmit_base=yes;',
    'invalid parameter "xmit_base=yes": must be "on" or "off"', 6);
rejects_instance('unicast from the virtual MAC address',
    'use_vmac; unicast_peer 192.168.1.2;',
    '"use_vmac" with "unicast_peer" needs "xmit_base=on": unicast '
    . 'advertisements are sent from "lo" itself');
rejects_instance('a virtual MAC address without an election',
    'use_vmac; election off;',
    '"use_vmac" cannot be used with "election off": other nodes may have the '
    . 'addresses at the same time');
rejects_instance('the virtual MAC address of the owner',
    'use_vmac; priority 255;',
    '"use_vmac" cannot be used at priority 255: the addresses of the address '
    . 'owner are on "lo"');
rejects_instance('one device for both families',
    'version 3; use_vmac name=vmac; virtual_ipaddress 2001:db8::1/64;',
    '"use_vmac" cannot have "name=": virtual addresses of both families need '
    . 'two devices, "vrrp.51" and "vrrp6.51"');
rejects_instance('the interface as its own device', 'use_vmac name=lo;',
    '"name=lo" of "use_vmac" is the interface itself: must be the name of a '
    . 'new device, as in "vrrp.51"');
rejects_instance('a label of the interface below the device',
    'use_vmac; virtual_ipaddress 192.168.1.101 label=lo:1;',
    'invalid label "lo:1": must be the interface and a suffix, as in '
    . '"vrrp.51:1"');
rejects('two instances with one device', <<~'END',
    vrrp_instance VI_1 { interface lo; virtual_router_id 51;
    virtual_ipaddress 192.168.1.100; use_vmac name=vmac; }
    vrrp_instance VI_2 { interface lo; virtual_router_id 52;
    virtual_ipaddress 192.168.1.101; use_vmac name=vmac;
    }
    END
    'vrrp_instance "VI_2": device "vmac" of "use_vmac" is already used by '
    . 'vrrp_instance "VI_1": set another "name="', 10);

rejects_instance('takeover of the machine\'s own address',
    'priority 255; virtual_ipaddress 192.168.1.101 takeover;',
    '"takeover" of virtual_ipaddress 192.168.1.101 cannot be used at '
    . 'priority 255: the address owner never gives its addresses away');

rejects_instance("nopreempt and preempt_delay $_",
    "nopreempt; preempt_delay $_;",
    '"nopreempt" and "preempt_delay" are mutually exclusive') for qw(0 30s);


# --- what an instance inherits -----------------------------------------------

# The rules show it: a value is inherited if a rule about it complains.
sub inherits ($what, $block, $instance, $message) {
    rejects($what, "$good$instance\n}\n$block",
        qq(vrrp_instance "VI_1": $message), 10);
}

my $v2_interval = '"advert_int" is 100ms, but with version 2 it must be whole '
    . 'seconds from 1s to 255s';

inherits('a number', 'version 2;', 'advert_int 100ms;', $v2_interval);
inherits('a time', 'advert_int 100ms;', 'version 2;', $v2_interval);
inherits('a list', 'unicast_peer 10.0.0.2 192.168.1.100;', '',
    'unicast_peer 192.168.1.100 is a virtual address, must be an address of '
    . 'a single router');
inherits('an address', 'unicast_src_ip 10.0.0.1;', '',
    '"unicast_src_ip" needs "unicast_peer"');
inherits('a password', 'authentication PASS secret;', '',
    'version 3 has no "authentication PASS": use "authentication HMAC", or '
    . 'add "version 2" if the other routers use it');

accepts('an instance has its own value',
    "$good version 3; }\nversion 2; advert_int 100ms;");
accepts('an instance has its own list',
    "$good unicast_peer 10.0.0.2; }\nunicast_peer 192.168.1.100;");
accepts('a list is not completed',
    "$good unicast_peer 10.0.0.2; }\nunicast_peer 10.0.0.2 fe80::1;");
accepts("nopreempt replaces an inherited $_", "$good nopreempt; }\n$_;")
    for 'preempt_delay 30s', 'preempt_window 01:00-02:00';
accepts("$_ replaces an inherited nopreempt", "$good $_; }\nnopreempt;")
    for 'preempt_delay 30s', 'preempt_window 01:00-02:00', 'nopreempt off';
accepts('the interface', <<~'END');
    interface lo;
    vrrp_instance VI_1 { virtual_router_id 51; virtual_ipaddress 10.0.0.1; }
    END

rejects('a bad value that no instance inherits',
    "$good priority 1; }\npriority 0;", 'invalid priority "0": must be 1-254, '
    . 'or 255 for the address owner', 10);
rejects('a default twice', "priority 1;\npriority 2;",
    '"priority" directive is duplicate', 7);
rejects('nopreempt maybe', 'vrrp_instance VI_1 { nopreempt maybe;',
    'invalid nopreempt "maybe": must be "on" or "off"', 6);

accepts('a warning about a default is logged once',
    "interface $missing;\n" . join('', map { <<~"END" } 1, 2),
    vrrp_instance VI_$_ { virtual_router_id $_;
    virtual_ipaddress 10.0.0.$_; }
    END
    warning => qq(interface "$missing" does not exist yet, the instance is in )
    . 'FAULT until it appears', line => 6);


# --- node blocks -------------------------------------------------------------

# This node is lb1.
sub nodes ($block, $instance = '', $more = '') {
    return <<~"END";
        router_id lb1; interface lo; $block
        vrrp_instance VI_1 { virtual_router_id 51; $instance
        virtual_ipaddress 10.0.0.1;
        }
        $more
        END
}

my $delay = 'vrrp_instance "VI_1"%s: "link_down_delay" is 1ms, but must be less '
    . qq(than 0ms ("advert_int" of %s, 0 times): $down);

sub rejects_nodes ($what, $where, $interval, @text) {
    rejects($what, nodes(@text), sprintf($delay, $where, $interval), 9);
}

my $bad = 'down_timer_adverts 1; link_down_delay 1ms;';

rejects_nodes('the node of this machine', '', '50ms',
    "node lb1 { $bad } node lb2 { } advert_int 50ms;");
rejects_nodes('another node', ' on node "lb2"', '100ms',
    "node lb1 { } node lb2 { $bad }");
rejects_nodes('a node in an instance', ' on node "lb2"', '100ms',
    'node lb1 { }', "node lb2 { $bad }");
rejects_nodes('the node of an instance before the instance', '', '20ms',
    "$bad node lb1 { advert_int 40ms; }",
    'advert_int 30ms; node lb1 { advert_int 20ms; }');
rejects_nodes('the instance before the node of the block', '', '30ms',
    "$bad node lb1 { advert_int 40ms; }", 'advert_int 30ms;');
rejects_nodes('the node of the block before the block', '', '40ms',
    "$bad advert_int 30ms; node lb1 { advert_int 40ms; }");

accepts('a node without differences', nodes('node lb1 { }'));
accepts('no node block for this machine', nodes('node lb2 { priority 90; }'),
    warning => 'no "node" block is for this node, "lb1" ("router_id", or else '
    . 'the host name)', line => 11);
accepts('a warning about another node is not for this one',
    nodes('node lb1 { } node lb2 { state MASTER; }'));
accepts('a warning about this node',
    nodes('node lb1 { state MASTER; }'), warnings => 1);

rejects('a node twice', 'node lb1 { } node lb1 {', 'duplicate node "lb1"', 6);
rejects("the node $_", "node $_ {", qq(invalid node "$_": $name) =~ tr/'//dr, 6)
    for 'a/b';
rejects('a bad value in a node', 'node lb1 { priority 0;',
    'invalid priority "0": must be 1-254, or 255 for the address owner', 6);
my $moved = 'is not allowed here: its place is';

rejects("$_->[0] in a node", "vrrp_instance VI_1 { node lb1 { $_->[0];",
    qr/"\w+" (?:directive )?is not allowed (?:here|in "node": .*)/, 6,
    hint => $_->[1])
    for ['virtual_router_id 1',
         qq("virtual_router_id" $moved a "vrrp_instance" block)],
        ['virtual_ipaddress 10.0.0.1',
         qq("virtual_ipaddress" $moved a "vrrp_instance" block)],
        ['mlock on', qq("mlock" $moved the "vrrp" block, outside of )
             . '"vrrp_instance"'],
        ['notify /bin/true'];
rejects('a node in a node', 'node lb1 { node lb2 {',
    '"node" directive is not allowed here', 6,
    hint => qq("node" $moved a "vrrp" or "vrrp_instance" block));


# --- instances that must get along -------------------------------------------

sub second_instance ($vrid, $address, $interface = 'lo') {
    return <<~END;
        $good }
        vrrp_instance VI_2 {
        interface $interface; virtual_router_id $vrid;
        virtual_ipaddress $address;
        }
        END
}

rejects('the same name', "$good }\nvrrp_instance VI_1 {",
    'duplicate vrrp_instance "VI_1"', 10);
rejects('the same VRID', second_instance(51, '10.0.0.1'),
    'vrrp_instance "VI_2": virtual_router_id 51 for IPv4 on interface "lo" '
    . 'is already used by vrrp_instance "VI_1"', 13);
rejects('the same address', second_instance(52, '192.168.1.100/24', $missing),
    'vrrp_instance "VI_2": virtual_ipaddress 192.168.1.100 is already used '
    . 'by vrrp_instance "VI_1"', 13);

# --- sync_group --------------------------------------------------------------

# Two members; the last line of the second one is line 13.
sub group ($first, $second) {
    return <<~END;
        $good sync_group G; $first }
        vrrp_instance VI_2 {
        interface lo; virtual_router_id 52; sync_group G;
        virtual_ipaddress 10.0.0.1; $second
        }
        END
}

for my $case (
    [priority       => '', 'priority 90;'],
    [nopreempt      => 'nopreempt;', ''],
    [preempt_delay  => '', 'preempt_delay 5s;'],
    [preempt_window => 'preempt_window 02:00-04:00;',
                       'preempt_window 02:00-03:00;'])
{
    my ($directive, @members) = @$case;

    rejects("$directive of two members", group(@members),
        qq(vrrp_instance "VI_2": "$directive" must be the same in all members )
        . 'of sync_group "G", but is different in vrrp_instance "VI_1"', 13);
}

accepts('a sync_group', 'sync_group G { notify /bin/true; }' . group(
    'priority 90; nopreempt;', 'nopreempt; priority 90; advert_int 1s;') . '}');
rejects('sync_group twice', "$good sync_group G;\nsync_group G;",
    '"sync_group" directive is duplicate', 10);
rejects('two blocks of a sync_group', "sync_group G { }\nsync_group G {",
    'duplicate sync_group "G"', 7);
rejects('sync_group without members', "sync_group G { }\n$good }\n}",
    'sync_group "G" has no member: add "sync_group G;" to each vrrp_instance '
    . 'that belongs to it', 11);
rejects('sync_group with the name of an instance',
    "$good sync_group VI_1; }\n}",
    'sync_group "VI_1" has the name of a vrrp_instance, must be another name',
    10);
rejects('events of a sync_group',
    "sync_group G { notify_fifo $dir/fifo events=tracker;",
    'a sync_group has only "events=state": other events are of its '
    . 'vrrp_instance blocks', 6);
rejects('sync_group "a b"', 'vrrp_instance VI_1 { sync_group "a b";',
    qq(invalid sync_group "a b": $name), 6);
rejects('a weight that differs', group(
    'track_interface eth9 weight=-10;', 'track_interface eth9 weight=-20;')
    . '}',
    'vrrp_instance "VI_2": "weight=" of track_interface "eth9" must be the '
    . 'same in all members of sync_group "G": it counts once', 5);
rejects('a parameter that differs', group(
    'track_tcp 127.0.0.1:80;', "\ntrack_tcp 127.0.0.1:80 interval=2s;") . '}',
    'vrrp_instance "VI_2": "interval=2s" of track_tcp "127.0.0.1:80" is not in '
    . 'all members of sync_group "G": the tracker counts once, so its '
    . 'parameters must be the same', 13);
accepts('parameters in another order', group(
    'track_tcp 127.0.0.1:80 fall=2 weight=9;',
    'track_tcp 127.0.0.1:80 weight=9 fall=2;') . '}');
accepts('a sync_group of one', "$good sync_group G; }\n}", warnings => 1);
like(last_output(), qr/sync_group "G" has no effect: vrrp_instance "VI_1" is /,
    'and says so');

accepts('the same VRID, another family', second_instance(51, 'fe80::1') . '}');
accepts('the same VRID, another interface',
    second_instance(51, '10.0.0.1', $missing) . '}',
    warnings => 1);
accepts('a link-local address on two links',
    second_instance(52, 'fe80::1') . <<~"END", warnings => 1);
    vrrp_instance VI_3 {
    interface $missing; virtual_router_id 52;
    virtual_ipaddress fe80::1;
    } }
    END


# --- the rest of the configuration -------------------------------------------

rejects('master_process off', "$good } }\nmaster_process off;",
    'the "vrrp" block needs "master_process on": the master starts the vrrp '
    . 'process', 5);
rejects('more workers than there are', "$good track_nginx workers=3; } }",
    'vrrp_instance "VI_1": "track_nginx workers=3" is more than '
    . '"worker_processes 2"', 5);

rejects('a misspelt directive',
    'vrrp_instance VI_1 { virtual_route x;',
    'unknown directive "virtual_route"', 6,
    hint => 'is "virtual_routes" meant?');
rejects('an unknown directive', 'no_such_directive 1;',
    'unknown directive "no_such_directive"', 6);
rejects('a directive of another block', 'worker_processes 1;',
    '"worker_processes" directive is not allowed here', 6);
rejects("the identity of an instance: $_", "$_ 51;",
    qq("$_" directive is not allowed here), 6,
    hint => qq("$_" is not allowed here: its place is a "vrrp_instance" block))
    for qw(virtual_router_id virtual_ipaddress);
rejects('an instance in an instance', 'vrrp_instance a { vrrp_instance b {',
    '"vrrp_instance" directive is not allowed here', 6,
    hint => '"vrrp_instance" is not allowed here: its place is the "vrrp" '
    . 'block, outside of "vrrp_instance"');


# --- keepalived.conf ---------------------------------------------------------

my $translator = '"ngx-vrrp-from-keepalived" translates a whole '
    . 'keepalived.conf';

rejects('a block of keepalived', 'vrrp_script check {',
    '"vrrp_script" directive is not allowed here', 6,
    hint => q(keepalived's "vrrp_script": write "track_script PROGRAM;" in )
    . 'the "vrrp_instance"; a script that checks nginx is not needed; '
    . $translator);
rejects('a word of keepalived', 'vrrp_instance VI_1 { auth_pass 1234;',
    'unknown directive "auth_pass"', 6,
    hint => q(keepalived's "auth_pass": write "authentication PASS PASSWORD;")
    . "; $translator");

rejects("a directive that is a block in keepalived: $_->[0]",
    "vrrp_instance VI_1 { $_->[0] {",
    qq(directive "$_->[0]" is not terminated by ";"), 6,
    hint => qq(keepalived's "$_->[0]": write "$_->[1]; $translator))
    for [virtual_ipaddress => 'virtual_ipaddress 192.0.2.1/24;" for each '
             . 'address'],
        [authentication => 'authentication PASS PASSWORD;"'],
        [track_script => 'track_script PROGRAM;"; a script that checks nginx '
             . 'is not needed'];

# What a hint says to write, with values for its capital letters, is accepted.
my $mail = 'notify_email to=ADDRESS from=ADDRESS smtp=smtp://HOST';

for my $case ([smtp_alert         => $mail, 'lb@example.org'],
              [notification_email => $mail, 'lb@example.org'],
              [auth_type          => 'authentication PASS PASSWORD'],
              [vrrp_mcast_group4  => 'mcast_group4 ADDRESS', '224.0.0.81'],
              [vrrp_mcast_group6  => 'mcast_group6 ADDRESS', 'ff02::81'])
{
    my ($word, $directive, $address) = @$case;

    rejects("keepalived's $word", "vrrp_instance VI_1 { $word;",
        qq(unknown directive "$word"), 6,
        hint => qq(keepalived's "$word": write "$directive;"; $translator));

    my $line = $directive =~ s/\bADDRESS/$address/gr =~ s/HOST/127.0.0.1/r
        =~ s/PASSWORD/1234/r;
    my $version = $line =~ /PASS/ ? 'version 2;' : '';

    accepts("$line, as the hint says", "$good $version $line; } }");
}

rejects('lines without ";"', "vrrp_instance VI_1 {\nstate MASTER\ninterface "
    . "lo\nvirtual_ipaddress {",
    'directive "state" is not terminated by ";"', 9,
    hint => qq(is ";" missing before "interface"? $translator));

rejects("$_ outside of the vrrp block",
    "$_ x {", qr/keepalived's "$_": write .*; \Q$translator\E/, 6,
    no_block => 1)
    for qw(global_defs vrrp_script vrrp_sync_group virtual_server);

my $place = 'the place of "vrrp_instance" is a "vrrp" block, and that of '
    . '"vrrp" is outside of all other blocks';

rejects('an instance outside of the vrrp block', 'vrrp_instance VI_1 {',
    qq("vrrp_instance" is not allowed here: $place), 6, no_block => 1);
rejects("$_ in http", "http { server { $_ {",
    qq("$_" is not allowed here: $place), 6, no_block => 1)
    for qw(vrrp vrrp_instance);

my $block = 'the "vrrp" block, outside of "vrrp_instance"';

rejects("$_->[0] in a vrrp_instance", "vrrp_instance VI_1 { $_->[0] x;",
    qr/"$_->[0]" directive is not allowed here/, 6,
    hint => qq("$_->[0]" is not allowed here: its place is $_->[1]))
    for [router_id => $block], [startup_delay => $block],
        [vrrp_check => 'an "upstream" block'],
        [vrrp_status => 'a "location" of "http"'];

rejects("keepalived's $_->[0]", "vrrp_instance VI_1 { $_->[0] 1;",
    qq(unknown directive "$_->[0]"), 6,
    hint => qq(keepalived's "$_->[0]": $_->[1]; $translator))
    for [lb_algo => 'its place is an "upstream": write "least_conn;" or "hash '
             . '$remote_addr consistent;" there, or nothing for round robin'],
        [real_server => 'write "server ADDRESS:PORT;" in an "upstream" of '
             . '"http" or "stream"'],
        [delay_loop => 'write "interval=TIME" in "vrrp_check" of the '
             . '"upstream"'],
        [weight => 'it is a parameter: write "weight=NUMBER" in "track_script" '
             . 'or another tracker; of a server of an "upstream", write it in '
             . '"server"'],
        [interval => 'it is a parameter: write "interval=TIME" in '
             . '"track_script" or another tracker'];

for my $case (['vrrp_check tcp;', '', 'server', 'server { location / {'],
              ['vrrp_check_panic off;', '', 'server'],
              ['vrrp_status;', '', 'server', 'upstream u {'],
              ['vrrp_control on;', '', 'server'])
{
    my ($line, @blocks) = @$case;
    my ($name) = $line =~ /(\w+)/;
    my $where = $name =~ /check/ ? 'an "upstream" block'
                                 : 'a "location" of "http"';

    rejects("$name in http: $_", 'http { ' . (/\{/ ? $_ : $_ && "$_ {")
        . " $line", qq("$name" is not allowed here: its place is $where), 6,
        no_block => 1) for @blocks;
}


# --- the password is shown nowhere -------------------------------------------

accepts('a long password',
    "$good version 2; authentication PASS secretword; } }",
    warning => 'the password of "authentication" is truncated to 8 '
    . 'characters, the VRRPv2 limit', line => 9);
unlike(last_output(), qr/secret/, 'a long password is not shown');

my $usage = 'must be written "authentication HMAC key=...", '
            . '"authentication PASS password" or '
            . '"authentication PASS file=path"';

for (
    ['AH secretword'   => 'does not support AH, which RFC 3768 dropped from '
                          . 'VRRP: use HMAC (keepalived 2.4.2 and newer: '
                          . '"auth_hmac"), or PASS, on all routers'],
    ['secretword'      => $usage],
    ['secretword PASS' => $usage],
    ['pass secretword' => $usage],
    ['PASS'            => $usage],
    ['PASS ""'         => 'has an empty password'])
{
    my ($text, $predicate) = @$_;

    rejects("authentication $text",
        "vrrp_instance VI_1 { authentication $text;",
        qq("authentication" directive $predicate), 6);
    unlike(last_output(), qr/secret/, "authentication $text: not shown");
}

# --- the password in a file --------------------------------------------------

my $secrets = conf_dir();
my %file = (right => "secretwo\n", long => "secretword\n", empty => "\n");

for my $name (keys %file) {
    write_file("$secrets/$name", $file{$name});
    chmod 0600, "$secrets/$name";
}

accepts('a password in a file',
    "$good version 2; authentication PASS file=$secrets/right; } }");
unlike(last_output(), qr/secretwo/, 'it is not shown');
accepts('a long password in a file',
    "$good version 2; authentication PASS file=$secrets/long; } }",
    warning => 'the password of "authentication" is truncated to 8 '
    . 'characters, the VRRPv2 limit', line => 9);
unlike(last_output(), qr/secretwo/, 'it is not shown');
rejects('no file', "$good version 2; authentication PASS file=; } }",
    '"authentication" directive needs a file after "file="', 9);
rejects('a file that is empty',
    "$good version 2; authentication PASS file=$secrets/empty; } }",
    qq("file=$secrets/empty" is empty), 9);
rejects('a file that is not there',
    "$good version 2; authentication PASS file=$secrets/none; } }",
    qq("file=$secrets/none" cannot be read: open() failed )
    . '(2: No such file or directory)', 9);
rejects_instance('a file with version 3',
    "authentication PASS file=$secrets/right;",
    'version 3 has no "authentication PASS": use "authentication HMAC", or '
    . 'add "version 2" if the other routers use it');

SKIP: {
    skip 'must be root', 1 if $> != 0;

    chown scalar(getpwnam 'www-data'), 0, "$secrets/right";
    accepts('a file of the user of workers',
        "$good version 2; authentication PASS file=$secrets/right; } }",
        warning => qq("file=$secrets/right" )
        . 'is readable by the worker processes (user "www-data"), only root '
        . 'needs to read it', line => 9,
        main => 'user www-data;');
}


rejects('two passwords',
    'vrrp_instance VI_1 { authentication PASS secretword secretword;',
    qq("authentication" directive $usage), 6);


# --- authentication HMAC -----------------------------------------------------

my $hex = 'hex:' . '5e' x 32;
my $ascii = 'ascii:' . 'secret' x 6;

for (
    "key=1:$hex", "key=1:$ascii", "key=1:$hex key=255:$ascii active_key=255",
    "key=1:$hex mode=permissive time_window=300s",
    "key=1:$hex mode=receive-only anti_replay=monotonic",
    "key=1:$hex mode=enforce anti_replay=time time_window=1s")
{
    accepts("HMAC $_", "$good authentication HMAC $_; } }");
    accepts("HMAC $_, version 2", "$good version 2; authentication HMAC $_; } }");
}

my $key_usage = 'must be written "authentication HMAC key=id:hex:digits", '
                . '"key=id:ascii:text" or "key=id:file:path", followed by '
                . 'other parameters';
my $of = 'of "authentication HMAC"';

for (
    [''           => qq("authentication" directive $key_usage)],
    [$hex         => qq("authentication" directive $key_usage)],
    ["key=1:$hex $ascii" => qq("authentication" directive $key_usage)],
    ['mode=enforce' => qq("authentication" directive $key_usage)],
    ["key=1:$hex keys=2:$ascii" => qq("authentication" directive $key_usage)],
    ["key=$ascii" => qq(invalid id of a key $of: must be 1-255, as in )
                     . '"key=1:..."'],
    ["key=256:$ascii" => qq(invalid id of a key $of: must be 1-255, as in )
                     . '"key=1:..."'],
    ['key=secret' => qq(a key $of $key_usage)],
    ['key=1:secret' => qq(invalid "key=1:" $of: "hex:", "ascii:" or "file:" )
                       . 'must follow'],
    ['key=1:ascii:secret' => qq(invalid "key=1:" $of: the key must have 32 to )
                       . '64 bytes'],
    ['key=1:hex:secret' => qq(invalid "key=1:" $of: the key must have pairs of )
                       . 'hexadecimal digits after "hex:"'],
    ["key=1:$hex key=1:$ascii active_key=1" => qq(duplicate "key=1:" $of)],
    ["key=1:$hex key=2:$ascii" => '"authentication HMAC" has several keys: '
                       . '"active_key=" must name the one that signs'],
    ["key=1:$hex active_key=2" => qq("active_key=2" $of has no "key=2:")],
    ["key=1:$hex mode=off" => 'invalid parameter "mode=off": must be '
                       . '"enforce", "permissive" or "receive-only"'],
    ["key=1:$hex anti_replay=off" => 'invalid parameter "anti_replay=off": '
                       . 'must be "time" or "monotonic"'],
    ["key=1:$hex time_window=500ms" => 'invalid parameter '
                       . '"time_window=500ms": must be whole seconds from 1s '
                       . 'to 300s'],
    ["key=1:$hex time_window=301s" => 'invalid parameter "time_window=301s": '
                       . 'must be whole seconds from 1s to 300s'])
{
    my ($text, $expected) = @$_;

    rejects("HMAC $text", "vrrp_instance VI_1 { authentication HMAC $text;",
            $expected, 6);
    unlike(last_output(), qr/secret|5e5e/, 'the key is not shown');
}

rejects('HMAC and PASS', "vrrp_instance VI_1 { authentication HMAC key=1:$hex; "
        . 'authentication PASS x;', '"authentication" directive is duplicate',
        6);

write_file("$secrets/key", $ascii . "\n");
write_file("$secrets/short", "secret\n");
chmod 0600, "$secrets/key", "$secrets/short";

accepts('a key in a file',
    "$good authentication HMAC key=2:file:$secrets/key; } }");
rejects('a key in a file that is too short',
    "$good authentication HMAC key=2:file:$secrets/short; } }",
    qq(the key in "key=2:file:$secrets/short" must have 32 to 64 bytes), 9);
unlike(last_output(), qr/"secret"/, 'the key is not shown');
rejects('a key in a file that is not there',
    "$good authentication HMAC key=2:file:$secrets/none; } }",
    qq("key=2:file:$secrets/none" cannot be read: open() failed )
    . '(2: No such file or directory)', 9);
rejects('a key in no file',
    "$good authentication HMAC key=2:file:; } }",
    qq("key=2:file:" $of needs a file), 9);


# --- what is accepted --------------------------------------------------------

for my $text (
    'priority 1;', 'priority 254;', 'priority 255;', 'state BACKUP;',
    'state MASTER; priority 255;', 'version 2; advert_int 1;',
    'version 2; advert_int 255s;', 'version 2; authentication PASS 12345678;',
    'advert_int 10ms;', 'advert_int 40950ms;', 'advert_int 1s;',
    'nopreempt;', 'preempt_delay 0;', 'preempt_delay 1000s;',
    'preempt_delay 500ms;', 'link_up_delay 1h; nopreempt;',
    'link_up_delay 0; nopreempt;', 'link_up_delay 500ms;', 'track_nginx off;',
    'track_nginx workers=2 timeout=100ms;', 'track_nginx timeout=1h;',
    'garp_master_repeat 100; garp_master_delay 0;',
    'garp_master_refresh 100ms; garp_master_refresh_repeat 100;',
    'garp_master_refresh 0;',
    'garp_interval 1ms; gna_interval 1s;', 'garp_interval 0;',
    'unicast_peer 192.168.1.2; unicast_peer 192.168.1.3 192.168.1.4;',
    'unicast_src_ip 192.168.1.1; unicast_peer 192.168.1.2;',
    'unicast_src_ip 192.168.1.1; unicast_peer 192.168.1.1 192.168.1.2;',
    'unicast_peer 192.168.1.2 min_ttl=1 max_ttl=255; unicast_ttl 64;',
    'unicast_peer 192.168.1.2 192.168.1.3 max_ttl=255; unicast_peer 10.0.0.1;',
    'mcast_src_ip 192.168.1.1; mcast_group4 224.0.0.100;',
    'mcast_group6 ff12::3;', 'down_timer_adverts 1;',
    'down_timer_adverts 100; v3_checksum rfc9568;',
    'v3_checksum pseudo_header;', 'link_down_delay 199ms;',
    'link_down_delay 400ms; down_timer_adverts 6;', 'link_down_delay 0;',
    'priority 255; unicast_src_ip 192.168.1.100; unicast_peer 192.168.1.2;',
    'virtual_ipaddress 192.168.1.101/24 takeover label=lo:1;',
    'close_connections on;', 'close_connections off;',
    'drain_timeout 1s;', 'drain_timeout 1d;', 'drain_timeout 0;',
    'use_vmac;', 'use_vmac off;', 'use_vmac name=vmac51 xmit_base=off;',
    'use_vmac xmit_base=on; unicast_peer 192.168.1.2;',
    'use_vmac; virtual_ipaddress 192.168.1.101/24 dev=lo;',
    'use_vmac; virtual_ipaddress 2001:db8::1/64;',
    'virtual_ipaddress 192.168.1.101/24 label=lo:1 dev=lo;',
    'virtual_ipaddress 192.168.1.101/24 brd=+ scope=link noprefixroute;',
    'virtual_ipaddress 192.168.1.101/24 brd=192.168.1.255 no_track;',
    'virtual_ipaddress 192.168.1.101 preferred_lft=0;',
    'virtual_ipaddress_excluded fe80::5/64 home nodad=off preferred_lft=30s;',
    'version 2; virtual_ipaddress_excluded fe80::5 preferred_lft=forever;',
    'virtual_routes default via 192.168.1.1 dev lo src 192.168.1.100;',
    'virtual_routes 10.0.0.0/8 dev lo metric 5 table 100 scope link mtu 1400;',
    'virtual_routes 10.0.0.0/8 via 10.1.1.1 dev lo onlink no_track;',
    'virtual_routes unreachable 2001:db8::/32; virtual_routes 10.1.1.1 dev lo;',
    'virtual_rules from 10.0.0.1 lookup main pref 5;',
    'virtual_rules to 2001:db8::/32 table 100 priority 5 no_track;',
    'virtual_rules prohibit iif lo oif lo fwmark 0x10/0xff priority 5;',
    'virtual_ipaddress 10.0.0.0/31; virtual_ipaddress 10.0.0.1/31;',
    join('', map { "virtual_ipaddress 10.1.1.$_;" } 1 .. 254))
{
    accepts(substr($text, 0, 60), "$good $text } }");
}

accepts('IPv6', <<~'END');
    vrrp_instance VI_1 { interface lo; virtual_router_id 51;
    virtual_ipaddress fe80::1/64; virtual_ipaddress 2001:db8::5/64;
    unicast_src_ip fe80::a; unicast_peer fe80::b;
    } }
    END
accepts('router_id', "router_id lb-01.example_x; $good } }");
accepts($_, "$_; $good } }")
    for 'freebind on', 'freebind off', 'mlock on', 'mlock off',
        'release_timeout 0', 'release_timeout 60s', 'startup_delay 0',
        'startup_delay 1h', 'startup_delay 1500ms', 'realtime_priority 1',
        'realtime_priority 99';
accepts('names as long as they may be',
    'router_id ' . 'r' x 63 . '; vrrp_instance ' . 'i' x 63 . " {\n"
    . "interface lo; virtual_router_id 1; virtual_ipaddress 10.0.0.1; } }");

write_file("$dir/instance.conf", "virtual_router_id 1;\n");
accepts('include in an instance', <<~'END');
    vrrp_instance VI_1 { interface lo; include instance.conf;
    virtual_ipaddress 10.0.0.1;
    } }
    END
write_file("$dir/instance.conf", "\npriority 0;\n");
rejects('include with a mistake',
    'vrrp_instance VI_1 { include instance.conf;',
    'invalid priority "0": '
    . "must be 1-254, or 255 for the address owner in $dir/instance.conf:2",
    undef);


# --- what is accepted, but not in silence ------------------------------------

accepts('an interface that does not exist', <<~"END",
    vrrp_instance VI_1 {
    interface $missing;
    virtual_router_id 51; virtual_ipaddress 192.168.1.100; } }
    END
    warning => qq(interface "$missing" )
    . 'does not exist yet, the instance is in FAULT until it appears',
    line => 7);
accepts('no address', <<~'END',
    vrrp_instance VI_1 {
    interface lo; virtual_router_id 51;
    virtual_ipaddress none; } }
    END
    warning => 'vrrp_instance "VI_1": "virtual_ipaddress none" sends '
    . 'advertisements without addresses, which FRR and most routers discard: '
    . 'all nodes must run this module or keepalived',
    line => 8);

# An interface that does not exist counts as an Ethernet.
accepts('a list that does not fit into the MTU', <<~"END", warnings => 2);
    vrrp_instance VI_1 {
    interface $missing; virtual_router_id 51;
    @{[map { "virtual_ipaddress fd00::$_;" } 1 .. 91]} } }
    END
my $long = 'an advertisement with 91 virtual addresses has 1504 bytes, but the '
    . qq(MTU of interface "$missing" is 1500: keep at most 90 );
like(last_output(), qr/\Q$long\E/, 'the warning about the MTU');
accepts('a list that fits into the MTU', <<~"END", warnings => 1);
    vrrp_instance VI_1 {
    interface $missing; virtual_router_id 51;
    @{[map { "virtual_ipaddress fd00::$_;" } 1 .. 90]}
    virtual_ipaddress_excluded fd00::91; } }
    END
accepts('a dev= that does not exist',
    "$good virtual_ipaddress 10.0.0.1 dev=$missing; } }",
    warning => qq(interface "$missing" )
    . 'does not exist yet, the instance is in FAULT until it appears',
    line => 9);

for (
    ['state MASTER;', '"state MASTER" has no effect at priority 100, the '
    . 'highest priority wins the election'],
    ['state MASTER; priority 254;', '"state MASTER" has no effect at '
    . 'priority 254, the highest priority wins the election'],
    ['state BACKUP; priority 255;', '"state BACKUP" has no effect at '
    . 'priority 255, the address owner is MASTER unless it has a fault'],
    ['nopreempt; priority 255;', '"nopreempt" has no effect at priority 255, '
    . 'the address owner is MASTER unless it has a fault'],
    ['preempt_delay 1s; priority 255;', '"preempt_delay" has no effect at '
    . 'priority 255, the address owner is MASTER unless it has a fault'],
    ['garp_master_refresh_repeat 2;', '"garp_master_refresh_repeat" has no '
    . 'effect without "garp_master_refresh"'])
{
    my ($text, $message) = @$_;

    accepts($text, "$good $text } }",
        warning => qq(vrrp_instance "VI_1": $message), line => 9);
}

accepts('the module without a vrrp block', '', no_block => 1);

# --- election off --------------------------------------------------------------

# The VRID and the priority are optional; the closing brace is line 9.
sub without_election ($more, $other = '') {
    return <<"END";
    vrrp_instance VI_1 {
    election off; interface lo; virtual_ipaddress 192.0.2.1;
    $more
    }
    $other
    }
END
}

accepts('election off', without_election(''));
accepts('election on', "$good election on;\n}\n}");
accepts('election off, with a VRID and a priority',
    without_election('virtual_router_id 51; priority 90;'));
accepts('election off, the VRID of another instance',
    without_election('virtual_router_id 51;',
        'vrrp_instance VI_2 { interface lo; virtual_router_id 51; '
        . 'virtual_ipaddress 192.0.2.2; }'));
rejects('election off, twice the same address',
    without_election('',
        'vrrp_instance VI_2 { election off; interface lo; '
        . 'virtual_ipaddress 192.0.2.1; }'),
    'vrrp_instance "VI_2": virtual_ipaddress 192.0.2.1 is already used by '
    . 'vrrp_instance "VI_1"', 10);
rejects('election off, in a group', without_election('sync_group G;'),
    'vrrp_instance "VI_1": "sync_group" and "election off" are mutually '
    . 'exclusive: the members of a group are elected together', 9);
rejects('election, its value', "$good election maybe;",
    'invalid election "maybe": must be "on" or "off"', 9);

for my $setting ('advert_int 1s', 'version 2', 'down_timer_adverts 5',
                 'nopreempt', 'preempt_delay 1s',
                 'preempt_window 01:00-02:00', 'unicast_peer 192.0.2.9',
                 'unicast_peer ::9', 'version 2; authentication PASS 123456')
{
    my ($name) = $setting =~ /(\w+)(?= PASS)/ ? 'authentication'
                                               : $setting =~ /^(\w+)/;

    accepts("election off, $setting", without_election("$setting;"),
        warning => qq(vrrp_instance "VI_1": "$name" has no effect with )
        . '"election off": no advertisement is sent or received', line => 9);
}

accepts('election off, a weight',
    without_election('track_ping 192.0.2.9 weight=-20;'),
    warning => 'vrrp_instance "VI_1": "weight=-20" of track_ping "192.0.2.9" '
    . 'has no effect with "election off": without "weight=" a failure is a '
    . 'fault and removes the addresses', line => 9);

done_testing();
