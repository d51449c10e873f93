#!/usr/bin/perl

# The rules of the track_* directives, and the output of nginx -t for each.

use v5.36;

use Test::More;

use VRRP::Conf qw(accepts conf_dir has_stream rejects write_file);
use VRRP::Nginx;

my $reason = VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $missing = 'vrrp_conf_none';  # no machine has this interface
my $where = conf_dir . '/nginx.conf';

# a vrrp_instance that is right; what follows is line 8
my $good = <<~'END';
    vrrp_instance VI_1 { interface lo; virtual_router_id 51;
    virtual_ipaddress 192.168.1.100;
    END

# The tracker is on line 8, the instance ends on line 9, the block on line 10.
sub instance ($tracker, $after = '') {
    return "$good$tracker;\n}\n} $after";
}

sub rejects_tracker ($tracker, $message, $after = '') {
    rejects($tracker, instance($tracker, $after), $message, 8);
}

sub accepts_tracker ($tracker, $after = '', %options) {
    accepts($tracker, instance($tracker, $after), %options);
}


# --- words that all of them have ---------------------------------------------

# blocks of keepalived.conf
my %hint = (
    track_file      => 'track_file PATH;" for each file',
    track_interface => 'track_interface eth1;" for each interface',
    track_script    => 'track_script PROGRAM;"; a script that checks nginx is '
        . 'not needed',
);

my %example = (
    track_upstream  => 'web',
    track_http      => 'http://127.0.0.1/',
    track_tcp       => '127.0.0.1:80',
    track_ping      => '10.0.0.1',
    track_interface => 'lo',
    track_file      => '/run/drain',
    track_script    => '/bin/true',
);

my $web = 'http { upstream web { server 127.0.0.1:1; vrrp_check tcp; } }';
my $weight = 'must be -253 to 253, but not 0: without "weight=" a failure is '
    . 'a fault';
my $time = 'must be a time from 10ms to 1h';
my $count = 'must be 1-1000';

for my $directive (sort keys %example) {
    my $tracker = "$directive $example{$directive}";

    for my $words ('', 'weight=-1', 'weight=253', 'weight=-253', 'weight=+20',
                   'fall=1 rise=1000 interval=10ms', 'interval=1h')
    {
        accepts_tracker("$tracker $words", $web);
    }

    rejects_tracker("$tracker $_", qq(invalid parameter "$_": $weight))
        for map { "weight=$_" } '', 0, 254, -254, '--1', '1.5', 'x';
    rejects_tracker("$tracker interval=9ms",
        qq(invalid parameter "interval=9ms": $time));
    rejects_tracker("$tracker fall=0",
        qq(invalid parameter "fall=0": $count));
    rejects_tracker("$tracker rise=x",
        qq(invalid parameter "rise=x": $count));
    rejects_tracker("$tracker weight=1 weight=2",
        'duplicate parameter "weight=2"');

    rejects("$directive twice", "$good$tracker;\n$tracker weight=1;\n}\n}",
        qq(duplicate $directive "$example{$directive}"), 9);
    rejects("$directive alone", "$good$directive;",
        qq(invalid number of arguments in "$directive" directive), 8,
        hint => $hint{$directive} && qq(keepalived's "$directive": write )
            . qq("$hint{$directive}; "ngx-vrrp-from-keepalived" translates a )
            . 'whole keepalived.conf');
    accepts("$directive in the vrrp block", <<~"END");
        $tracker;
        $good}
        vrrp_instance VI_2 { interface lo; virtual_router_id 52;
        virtual_ipaddress 192.168.1.101; $directive $example{$directive} weight=1;
        } }
        $web
        END

    # two instances may depend on the same thing
    accepts("$directive in two instances", <<~"END");
        $good$tracker;
        }
        vrrp_instance VI_2 { interface lo; virtual_router_id 52;
        virtual_ipaddress 192.168.1.101; $tracker; } }
        $web
        END
}


# --- words that only some have -----------------------------------------------

for (
    [track_interface => 'timeout', 'vrrp_check tcp'],
    [track_file      => 'timeout', 'vrrp_check tcp'],
    [track_upstream  => 'timeout', 'vrrp_check tcp'],
    [track_http      => 'uri', 'vrrp_check http'],
    [track_http      => 'sni', 'vrrp_check https'],
    [track_tcp       => 'host', 'vrrp_check http'],
    [track_tcp       => 'port', 'vrrp_check tcp'],
    [track_tcp       => 'count', 'track_ping'],
    [track_ping      => 'min_up', 'track_upstream'],
    [track_file      => 'user', 'track_script'])
{
    my ($directive, $word, $owner) = @$_;

    rejects_tracker("$directive $example{$directive} $word=1",
        qr/invalid\ parameter\ "$word=1":\ "$directive\b[^"]*"
           \ does\ not\ support\ "$word=",\ it\ is\ for\ "\Q$owner\E".*/x);
}

rejects_tracker('track_interface lo speed=1', 'invalid parameter "speed=1": '
    . '"track_interface" supports "interval=", "fall=", "rise=", "weight=", '
    . '"latch"');

for my $words ('timeout=1ms fastinter=10ms downinter=1h jitter=0%') {
    accepts_tracker("$_ $example{$_} $words")
        for qw(track_http track_tcp track_ping track_script);
}


# --- track_upstream ----------------------------------------------------------

my $min_up = 'must be a number of servers, or a percentage of them from 1% '
    . 'to 100%';
my $two = 'upstream web { server 127.0.0.1:1; server 127.0.0.1:2; '
    . 'server 127.0.0.1:3 down; vrrp_check tcp; }';

rejects_tracker("track_upstream web min_up=$_",
    qq(invalid parameter "min_up=$_": $min_up))
    for '', 0, '0%', '101%', -1, 'all', '%';
accepts_tracker("track_upstream $_", "http { $two }")
    for map { ("web min_up=$_", "http:web min_up=$_") } 1, 2, '1%', '100%';
accepts_tracker('track_upstream WEB', "http { $two }");

rejects_tracker('track_upstream web min_up=3', 'track_upstream "web": '
    . '"min_up=3" is more than the 2 servers of this upstream',
    "http { $two }");
rejects_tracker("track_upstream $_",
    qq(unknown upstream "$_" in "track_upstream"), "http { $two }")
    for qw(db stream:web http: http:stream:web);
rejects_tracker('track_upstream web', 'unknown upstream "web" in '
    . '"track_upstream"', '');
rejects_tracker('track_upstream web', 'track_upstream "web" needs a '
    . qq("vrrp_check" in that upstream at $where:11, as in )
    . '"vrrp_check tcp;"', "\nhttp { upstream web { server 127.0.0.1:1; } }");

if (has_stream) {
    my $both = "http { $two } stream { $two }";

    accepts_tracker('track_upstream web', "stream { $two }", stream => 1);
    accepts_tracker("track_upstream $_:web", $both, stream => 1)
        for qw(http stream);
    rejects('track_upstream web of both',
        instance('track_upstream web', $both),
        'track_upstream "web" is ambiguous, http and stream both have this '
        . 'upstream: use "http:web" or "stream:web"', 8,
        stream => 1);
    rejects('track_upstream web of both, one unchecked',
        instance('track_upstream web',
            "http { $two } stream { upstream web { server 127.0.0.1:1; } }"),
        qr/track_upstream "web" is ambiguous, .*/, 8, stream => 1);
}


# --- track_http, track_tcp ---------------------------------------------------

my $url = 'must be a URL such as "http://127.0.0.1:8080/health", '
    . '"https://host/" or "http://unix:/path:/uri"';
my $status = 'must be a list of statuses from 100 to 599 or ranges, as in '
    . '"200,204,300-399"';

rejects_tracker(qq(track_http "$_"), qq(invalid track_http "$_": $url))
    for '', '/health', '127.0.0.1', 'ftp://a/', 'http://127.0.0.1/a b';
rejects_tracker("track_http $_->[0]",
    qq(invalid track_http "$_->[0]": $_->[1]))
    for ['http://', 'no host'], ['http://:80/', 'no host'],
        ['http://127.0.0.1:0/', 'invalid port'],
        ['http://127.0.0.1:x/', 'invalid port'],
        ['http://[::1/', 'invalid host'],
        ['http://unix:', 'no path in the unix domain socket'],
        ['http://no-such-host.invalid/', 'host not found'];

accepts_tracker("track_http $_")
    for 'http://127.0.0.1', 'http://127.0.0.1:8080/health?full=1',
        'http://127.0.0.1?full=1', 'http://[::1]:8080/', 'HTTP://localhost/',
        'http://unix:/run/web.sock:/health', 'https://127.0.0.1/ sni=a.b',
        'https://localhost/ verify=on', 'https://127.0.0.1/ host=a.b verify=on',
        'http://127.0.0.1/ status=200,204,300-399,!302',
        'http://127.0.0.1/ method=HEAD host=a.b keepalive=off';

rejects_tracker(qq(track_http http://127.0.0.1/ "status=$_"),
    qq(invalid status "$_": $status))
    for 'ok', '200,', ',200', '200,,204', '200-100', '99', '600';
rejects_tracker('track_http http://127.0.0.1/ status=', qq(invalid )
    . qq(parameter "status=": must be a list of statuses or ranges, as in )
    . '"200,204,300-399"');
rejects_tracker('track_http http://127.0.0.1/ status=200 match=ok',
    '"status=200" and "match=ok" are mutually exclusive: use "status" in the '
    . 'vrrp_match');
rejects_tracker('track_http http://127.0.0.1/ match=ok',
    'unknown vrrp_match "ok"');
accepts('track_http with match=', 'vrrp_match ok { body ~ ok; }'
    . instance('track_http http://127.0.0.1/ match=ok'));
rejects_tracker('track_http https://127.0.0.1/ verify=on', '"verify=on" '
    . 'needs the name in the certificate of "track_http https://127.0.0.1/": '
    . 'set "sni=" or "host="');

rejects_tracker("track_tcp $_->[0]", qq(invalid track_tcp "$_->[0]": $_->[1]))
    for ['127.0.0.1', 'must be an address with a port, as in "127.0.0.1:80"'],
        ['[::1]', 'must be an address with a port, as in "127.0.0.1:80"'],
        ['127.0.0.1:0', 'invalid port'], [':80', 'no host'],
        ['127.0.0.1:80/x', 'invalid host'],
        ['no-such-host.invalid:80', 'host not found'];
accepts_tracker("track_tcp $_")
    for qw(127.0.0.1:80 [::1]:80 localhost:80 unix:/run/db.sock);


# --- track_ping --------------------------------------------------------------

rejects_tracker("track_ping $_->[0]",
    qq(invalid track_ping "$_->[0]": $_->[1]))
    for ['gateways', 'must be an IPv4 or IPv6 address'],
        ['10.0.0.1/24', 'must be an IPv4 or IPv6 address'],
        ['224.0.0.18', 'it is a multicast address'],
        ['fe80::1', 'it is a link-local address, which does not name its '
        . 'interface: use another address of that host, or "track_ping '
        . 'gateway"'];
rejects_tracker("track_ping 10.0.0.1 count=$_", qq(invalid parameter )
    . qq("count=$_": must be a number of pings from 1 to 64))
    for '', 0, 65, 'x';
rejects_tracker("track_ping 10.0.0.1 count=10 loss=$_", qq(invalid parameter )
    . qq("loss=$_": must be 1%-100%))
    for '', '0%', '101%', 80;
rejects_tracker("track_ping 10.0.0.1 loss=80%$_", '"loss=80%" needs "count=" '
    . 'of at least 2: the loss is measured over that many pings')
    for '', ' count=1';
accepts_tracker("track_ping $_")
    for '10.0.0.1 count=10 loss=80% interval=100ms', '2001:db8::1',
        'gateway', 'gateway latch', 'gateway count=4 loss=50%';


# --- track_bfd ---------------------------------------------------------------

my $tx = 'must be a time from 10ms to 60s';
my $twin = sub ($more) {
    return "}\nvrrp_instance VI_2 { interface lo; virtual_router_id 52; "
        . "virtual_ipaddress 192.168.1.101; track_bfd 10.0.0.1 $more";
};

accepts_tracker("track_bfd $_")
    for '10.0.0.1', '2001:db8::1 multihop local=2001:db8::2', 'fe80::1',
        '10.0.0.1 min_tx=10ms min_rx=60s multiplier=255 passive weight=-20';
rejects_tracker("track_bfd $_->[0]", qq(invalid track_bfd "$_->[0]": $_->[1]))
    for ['gateway', 'must be an IPv4 or IPv6 address'],
        ['224.0.0.18', 'it is a multicast address'];
rejects_tracker("track_bfd 10.0.0.1 $_->[0]",
    qq(invalid parameter "$_->[0]": $_->[1]))
    for ['min_tx=9ms', $tx], ['min_rx=61s', $tx], ['multiplier=0',
        'must be 1-255'], ['multiplier=256', 'must be 1-255'],
        ['local=here', 'must be an IPv4 or IPv6 address of this node'];
rejects_tracker('track_bfd 10.0.0.1 interval=1s', qr/invalid\ parameter
    \ "interval=1s":\ "track_bfd"\ does\ not\ support\ "interval=".*/x);
rejects_tracker('track_bfd fe80::1 multihop', '"multihop" cannot be used with '
    . 'the link-local address fe80::1: no router forwards its packets');
rejects_tracker('track_bfd 10.0.0.1 local=2001:db8::2', '"local=2001:db8::2" '
    . 'is IPv6, but the peer "10.0.0.1" is IPv4');
rejects_tracker('track_bfd 10.0.0.1 local=10.0.0.1', '"local=10.0.0.1" is the '
    . 'address of the peer');
rejects_tracker('track_bfd 192.168.1.100', 'track_bfd "192.168.1.100" is a '
    . 'virtual address of vrrp_instance "VI_1", must be an address of a single '
    . 'router');
rejects_tracker('track_bfd 10.0.0.1 local=192.168.1.100', '"local='
    . '192.168.1.100" is a virtual address of vrrp_instance "VI_1", must be an '
    . 'address that this node always has');
rejects_tracker('track_bfd 10.0.0.1 weight=0', qq(invalid parameter )
    . qq("weight=0": $weight));
rejects('track_bfd twice', "${good}track_bfd 10.0.0.1;\n"
    . "track_bfd 10.0.0.1 multihop;\n}\n}", 'duplicate track_bfd "10.0.0.1"', 9);

accepts('one session of two instances',
    instance('track_bfd 10.0.0.1 weight=-1;' . $twin->('')));
rejects('one session with other parameters',
    instance('track_bfd 10.0.0.1;' . $twin->('min_tx=1s')),
    'track_bfd "10.0.0.1" has other parameters in vrrp_instance "VI_1": it is '
    . 'the same session, whose "passive", "min_tx", "min_rx" and "multiplier" '
    . 'must be equal', 9);
accepts('two sessions of two instances',
    instance('track_bfd 10.0.0.1;' . $twin->('min_tx=1s multihop')));

my $many = join '; ', map { "track_bfd 10.0.0.$_ weight=-1" } 1 .. 64;

accepts('64 sessions', instance($many));
rejects('65 sessions', instance("$many; track_bfd 10.0.0.65"),
    'too many BFD sessions, at most 64 are supported', 8);


# --- track_interface, track_file ---------------------------------------------

rejects_tracker("track_interface $_", 'invalid track_interface "' . tr/"//dr
    . '": must be 1-15 characters without "/", ":" and spaces') for '""',
    'a/b', 'a:b', '"a b"', 'sixteen_letters_';
accepts_tracker("track_interface $missing", '', line => 8,
    warning => qq(interface "$missing" )
    . 'does not exist yet, "track_interface" treats it as down until it '
    . 'appears');

rejects_tracker('track_file ""',
    'invalid track_file "": must be the path of a file');
accepts_tracker("track_file $_") for '/nonexistent/drain', 'drain',
    'exists=/run/drain', 'absent=ready', 'exists=/run/drain latch weight=-20',
    'absent=/run/ready fall=3';
rejects_tracker("track_file $_=",
    qq(invalid track_file "$_=": must be the path of a file))
    for qw(exists absent);
rejects_tracker('track_file /run/number latch',
    qr/invalid\ parameter\ "latch":\ "track_file"\ does\ not\ support\ .*/x);
accepts_tracker("track_file /a;\ntrack_file exists=/a;\ntrack_file absent=/a");


# --- track_script ------------------------------------------------------------

my $dir = conf_dir;
my $script = "$dir/check.sh";

write_file($script, "#!/bin/sh\n");
write_file("$dir/data", "\n");
chmod 0755, $dir, $script or die "chmod: $!\n";

my $refused = "refused to run track_script";

rejects_tracker(qq(track_script "$_"), qq(invalid track_script "$_": )
    . 'must be an absolute path, arguments may follow it in the same quotes')
    for '', 'check.sh', ' /bin/true';
rejects_tracker("track_script /bin/true user=$_->[0]", qq(unknown $_->[1] in )
    . '"track_script"')
    for ['no-such-user', 'user "no-such-user"'],
        ['root:no-such-group', 'group "no-such-group"'],
        [':root', 'user ""'], ['root:', 'group ""'];
rejects_tracker('track_script /bin/true user=', 'invalid parameter "user=": '
    . 'must be "user" or "user:group"');

accepts_tracker("track_script $_")
    for '/bin/true', '"/bin/test -e /run/up"', '/bin/true user=root',
        '"/bin/true  a  b " user=nobody:root',
        '/bin/true interval=10ms timeout=10ms';

SKIP: {
    skip 'must be root: scripts of others are refused', 6 if $> != 0;

    accepts_tracker("track_script $script user=root");
    rejects_tracker("track_script $dir/none", qr/\Q$refused "$dir\E\/none":
        .* No\ such\ file\ or\ directory.*/x);
    rejects_tracker("track_script $dir/data",
        qr/\Q$refused "$dir\E\/data": .* cannot be executed .*/);

    chmod 0777, $script or die "chmod: $!\n";
    rejects_tracker("track_script $script user=root",
        qq($refused "$script": "$script" is world-writable));

    chmod 0755, $script or die "chmod: $!\n";
    chmod 0777, $dir or die "chmod: $!\n";
    rejects_tracker("track_script $script user=root", qr/\Q$refused\E .*
        directory\ "\Q$dir\E"\ is\ world-writable.*/x);
    chmod 0755, $dir or die "chmod: $!\n";

    chown 65534, -1, $script or die "chown: $!\n";
    rejects_tracker("track_script $script user=root", qr/\Q$refused\E .*
        "\Q$script\E"\ belongs\ to\ user\ 65534.*/x);
}


# --- track_nginx listen=on ---------------------------------------------------

my $idle = 'vrrp_instance "VI_1": "track_nginx listen=on" has no effect, '
    . 'nginx listens on no TCP port that can be checked';

accepts_tracker('track_nginx listen=on',
    'http { server { listen 127.0.0.1:18080; } }');
accepts_tracker('track_nginx listen=off workers=1 timeout=100ms');
accepts_tracker('track_nginx listen=on', '', warning => $idle, line => 9);
accepts_tracker('track_nginx listen=on',
    "http { server { $_ } }", warning => $idle, line => 9)
    for 'listen 192.168.1.100:18080;', "listen unix:$dir/http.sock;",
    'listen 127.0.0.1:18080 deferred;';
accepts_tracker('track_nginx listen=on', 'stream { server { '
    . 'listen 127.0.0.1:18080 udp; return x; } }', stream => 1,
    warning => $idle, line => 9) if has_stream;


# --- a virtual address of the own instance -----------------------------------

my $own = 'checks 192.168.1.100, a virtual address of the same '
    . 'vrrp_instance "VI_1"';
my $instead = 'use 127.0.0.1 or another address of this node';
my $fatal = "$own: no node could become MASTER, $instead";
my $odd = "$own: on a BACKUP the other node answers, $instead";

# Servers of the upstream "web".
sub pool (@servers) {
    return 'http { upstream web { '
         . join('', map { "server $_; " } @servers) . 'vrrp_check tcp; } }';
}

my ($vip, $other) = qw(192.168.1.100:80 192.168.1.11:80);

for (['track_http http://192.168.1.100/'],
     ['track_http http://192.168.1.100:8080/health host=a.b'],
     ['track_http https://192.168.1.100/ sni=a.b'],
     ['track_http http://[::ffff:192.168.1.100]/'],
     ['track_tcp 192.168.1.100:80'],
     ['track_ping 192.168.1.100'],
     ['track_upstream web', pool($vip)],
     ['track_upstream web', pool($vip, '192.168.1.100:81 backup')],
     ['track_upstream web', pool($vip, "$other down")],
     ['track_upstream web min_up=2', pool($vip, $other)],
     ['track_upstream web min_up=51%', pool($vip, $other)])
{
    my ($tracker, $after) = @$_;
    my ($directive, $name) = split ' ', $tracker;

    rejects_tracker($tracker, qq($directive "$name" $fatal), $after // '');
    accepts_tracker("$tracker weight=-10", $after // '', line => 8,
        warning => qq($directive "$name" $odd));
}

rejects('a tracker before the virtual address', <<~'END', qq(track_ping )
    vrrp_instance VI_1 { interface lo; virtual_router_id 51;
    track_ping 192.168.1.100;
    virtual_ipaddress 192.168.1.100; } }
    END
    . qq("192.168.1.100" $fatal), 7);
rejects_tracker("takeover_check peer $_", '"takeover_check" asks '
    . '192.168.1.100, a virtual address of vrrp_instance "VI_1", which its '
    . 'MASTER always reaches: use the gateway or another host')
    for 'ping=192.168.1.100', 'http=http://192.168.1.100:81/';
accepts_tracker('priority 255; track_ping 192.168.1.100', '', line => 8,
    warning => qq(track_ping "192.168.1.100" $odd));

accepts_tracker($_->[0], $_->[1] // '')
    for ['track_ping 192.168.1.101'], ['track_http http://127.0.0.1/'],
        ['track_upstream web', pool($vip, $other)],
        ['track_upstream web min_up=50%', pool($vip, $other)];
# Of the other family, or of another member of the group.
my $of = '2001:db8::100, a virtual address of the';
my $none = "no node could become MASTER, $instead";
my $both = '    vrrp_instance VI_1 { interface lo; virtual_router_id 51;
    virtual_ipaddress 192.168.1.100; virtual_ipaddress 2001:db8::100; ';

for (['track_ping 2001:db8::100'], ['track_tcp [2001:db8::100]:80'],
     ['track_http http://[2001:db8::100]/'],
     ['track_upstream web', pool('[2001:db8::100]:80')])
{
    my ($tracker, $after) = @$_;
    my ($directive, $name) = split ' ', $tracker;

    rejects("both families: $tracker", "$both$tracker; } }\n" . ($after // ''),
            qq($directive "$name" checks $of same vrrp_instance "VI_1": $none),
            7);
}

my $group = <<'END';
    vrrp_instance VI_1 { interface lo; virtual_router_id 51; sync_group G;
    virtual_ipaddress 192.168.1.100; track_ping 2001:db8::100; }
    vrrp_instance VI_2 { interface lo; virtual_router_id 52; sync_group G;
    virtual_ipaddress 2001:db8::100; } }
END

rejects('a member of the group', $group,
        qq(track_ping "2001:db8::100" checks $of vrrp_instance "VI_2" )
        . "in the same sync_group: $none", 7);
accepts('no group', $group =~ s/sync_group G;//gr);
accepts('the virtual address of another instance', <<~"END");
    $good}
    vrrp_instance VI_2 { interface lo; virtual_router_id 52;
    virtual_ipaddress 192.168.1.101; track_ping 192.168.1.100; } }
    END


# --- weights that move nothing -----------------------------------------------

accepts('a weight with nopreempt',
    instance('nopreempt; track_ping 10.0.0.1; track_file /f weight=-20'),
    warning => 'vrrp_instance "VI_1": "weight=-20" of track_file "/f" cannot '
    . 'move the addresses with "nopreempt": a router with a higher priority '
    . 'does not preempt the MASTER; without "weight=" a failure is a fault '
    . 'and moves them', line => 9);
accepts('a weight of the address owner',
    instance('priority 255; track_file /f weight=20'),
    warning => 'vrrp_instance "VI_1": "weight=20" of track_file "/f" has no '
    . 'effect at priority 255, the address owner is MASTER unless it has a fault',
    line => 9);
accepts("a fault with $_", instance("$_; track_ping 10.0.0.1"))
    for 'nopreempt', 'priority 255';

done_testing();
