#!/usr/bin/perl

# The rules of vrrp_check and vrrp_match, and the output of nginx -t for each.

use v5.36;

use Test::More;

use VRRP::Conf qw(accepts conf_dir has_stream rejects write_file);
use VRRP::Nginx;

my $reason = VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $name = 'must be 1-63 letters, digits, "_", "." or "-"';

# the text ends the vrrp block that it begins in; line 8 is its last
my $good = <<~'END';
    vrrp_instance VI_1 { interface lo; virtual_router_id 51;
    virtual_ipaddress 192.168.1.100; track_nginx off; }
    }
    END


# --- vrrp_match: one line that is wrong --------------------------------------

my $status = 'must be a status from 100 to 599 or a range such as "200-399", '
    . 'with "!" before it to exclude it';
my $header = '"header" must be written "header X", "header ! X", or '
    . '"header X = value" with =, !=, ~ or !~';

sub rejects_line ($line, $message) {
    rejects("$line", "vrrp_match m {\n$line\n", $message, 7);
}

rejects_line("status $_;", qq(invalid status "$_": $status))
    for qw(99 600 ok 200- -200 300-200 200-x ! !! !x 200-300-400 2000);
rejects_line('status 200 ! 301;', qq(invalid status "!": $status));
rejects_line("header $_;", $header)
    for 'X = a b', 'X =', 'X <> y', '! X y', 'X =y';
rejects_line("header $_;", 'invalid header "' . tr/"! //dr
    . '": must be the name of a header')
    for '""', 'X:', 'X/Y', '! X:', 'X(Y)';
rejects_line("body $_;", '"body" must be written "body ~ regex" or '
    . '"body !~ regex"') for 'x', '= x', '!= x', '~', '~ a b';
rejects_line('send a b;', '"send" must be written "send text"');
rejects_line('send a; send b;', '"send" is duplicate');
rejects_line("expect $_;",
    '"expect" must be written "expect text" or "expect ~ regex"')
    for '= x', '!~ x', '~ x y';
rejects_line(qq($_ "";), qq(invalid $_ "": must not be empty))
    for qw(send expect);

for my $word (qw(send expect)) {
    rejects_line(qq($word "$_";), qq(invalid $word "$_": )
        . '"\x" must be followed by two hexadecimal digits')
        for 'a\x', 'a\x1', 'a\xg1', '\x0 ';
}

rejects_line("$_;", qq(invalid number of arguments in "$_"))
    for qw(status header body send expect);
rejects_line('require $x;', 'unknown directive "require": a "vrrp_match" has '
    . '"status", "header" and "body", or "send" and "expect"');
rejects_line('status 200 {', 'unexpected "{"');
rejects_line("$_;", qr/pcre2?_compile\(\) failed: .+ in "\("/)
    for 'body ~ "("', 'header X !~ "("', 'expect ~ "("';


# --- vrrp_match as a whole ---------------------------------------------------

rejects("vrrp_match $_", "vrrp_match $_ {",
    'invalid vrrp_match "' . tr/"//dr . qq(": $name), 6)
    for '""', '"a b"', 'a/b', 'x' x 64;
rejects('vrrp_match without a name', 'vrrp_match {',
    'invalid number of arguments in "vrrp_match" directive', 6);
rejects('vrrp_match that is empty', "vrrp_match m {\n}",
    'vrrp_match "m" is empty', 7);
rejects('vrrp_match twice',
    "vrrp_match m { status 200; }\nvrrp_match m { status 200; }",
    qr/duplicate vrrp_match "m", the first one is in \S+:6/, 7);
rejects('vrrp_match for two', "vrrp_match m { $_;\n}",
    'vrrp_match "m": "status", "header" and "body" are for HTTP, "send" and '
    . '"expect" for send-expect, use two blocks', 7)
    for 'status 200; send x', 'expect x; header X', 'body ~ x; send y';
rejects('vrrp_match in an instance', 'vrrp_instance VI_1 { vrrp_match m {',
    '"vrrp_match" directive is not allowed here', 6,
    hint => '"vrrp_match" is not allowed here: its place is the "vrrp", "http" '
    . 'or "stream" block');
rejects('vrrp_match in the main context', "$good vrrp_match m {",
    '"vrrp_match" directive is not allowed here', 9);

for my $lines (
    'status 200;', 'status 200-399 !301;', 'status ! 500-599 404;',
    'status 100 599;', 'status 200; status 204;',
    'header Content-Type ~ json;', 'header ! X; header Y;',
    'header X = y; header X != "";', 'header X !~ ^y$;',
    'body ~ "\"status\":\"up\""; body !~ down;',
    'send "PING\r\n"; expect "+PONG\r\n";', 'send "\x00\xff\x41";',
    'expect ~ "^220 "; send QUIT; expect ~ "\x41";',
    'expect ~ ok; expect ready;')
{
    accepts("vrrp_match m { $lines }", "vrrp_match m { $lines }\n$good");
}


# --- vrrp_check: its words ---------------------------------------------------

my $where = "@{[conf_dir]}/nginx.conf";

# line 10 has the check
sub upstream ($check, $server = '127.0.0.1:1', $context = 'http') {
    return "$good$context { upstream web { server $server;\n$check\n} }";
}

sub rejects_check ($check, $message, $server = '127.0.0.1:1') {
    rejects("$check on $server", upstream("vrrp_check $check;", $server),
        $message, 10);
}

my %expected = (
    uri      => 'must begin with "/" and contain no spaces, or be "*" with '
        . 'method=OPTIONS',
    host     => 'must be the value of the "Host" header',
    method   => 'must be GET, HEAD or OPTIONS',
    flag     => 'must be "on" or "off"',
    name     => $name,
    port     => 'must be 1-65535',
    time     => 'must be a time from 10ms to 1h',
    timeout  => 'must be a time from 1ms to 1h',
    count    => 'must be 1-1000',
    jitter   => 'must be 0%-50% of the interval',
    sni      => 'must be a host name, TLS does not allow IP addresses as '
        . 'server names',
    file     => 'must be the path of a file',
);

for (
    [uri       => 'uri', '', 'health', '*x', '/a b', "/\x7f"],
    [host      => 'host', '', 'a b', 'a/b'],
    [method    => 'method', '', 'get', 'POST'],
    [keepalive => 'flag', '', 'yes', '1'],
    [match     => 'name', '', 'a/b', 'x' x 64],
    [port      => 'port', '', 0, 65536, 'http'],
    [interval  => 'time', '', 0, '9ms', '61m', 'often', '-1'],
    [timeout   => 'timeout', '', 0, '61m', 'x'],
    [fastinter => 'time', '', 0, '9ms'],
    [downinter => 'time', '', 0, '9ms'],
    [fall      => 'count', '', 0, 1001, '-1'],
    [rise      => 'count', '', 0, 1001, 'x'],
    [jitter    => 'jitter', '', 10, '51%', '%', 'x%'],
    [sni       => 'sni', '', '10.0.0.1', '::1', 'a b', 'a:443'],
    [verify    => 'flag', '', 'peer'],
    [ca        => 'file', ''],
    [cert      => 'file', ''],
    [key       => 'file', ''])
{
    my ($word, $kind, @bad) = @$_;

    rejects_check(qq(https "$word=$_"),
        qq(invalid parameter "$word=$_": $expected{$kind}))
        for @bad;
}

rejects_check($_, qq(invalid kind of check "$_": )
    . 'must be tcp, http, https or send-expect') for qw(udp HTTP interval=1s);
rejects('no kind', upstream('vrrp_check;'),
    'invalid number of arguments in "vrrp_check" directive', 10);
rejects_check("tcp $_ $_", qq(duplicate parameter "$_"))
    for qw(interval=1s mandatory port=1);
rejects_check('http uri=/a uri=/b', 'duplicate parameter "uri=/b"');

my $tcp = '"port=", "interval=", "timeout=", "fall=", "rise=", "fastinter=", '
    . '"downinter=", "jitter=", "mandatory"';

rejects_check("tcp $_", qq(invalid parameter "$_": "vrrp_check tcp" supports )
    . $tcp) for qw(inter=1s mandatory=1 1s interval);
rejects_check("$_->[0] $_->[1]", qq(invalid parameter "$_->[1]": )
    . qq("vrrp_check $_->[0]" does not support "$_->[2]", it is for $_->[3]))
    for ['tcp', 'uri=/', 'uri=', '"vrrp_check http", "vrrp_check https"'],
        ['http', 'verify=on', 'verify=',
         '"vrrp_check https", "track_http https://"'],
        ['send-expect', 'sni=a', 'sni=',
         '"vrrp_check https", "track_http https://"'],
        ['tcp', 'match=m', 'match=', '"vrrp_check http", "vrrp_check https", '
         . '"vrrp_check send-expect", "track_http http://", '
         . '"track_http https://"'],
        ['tcp', 'count=2', 'count=', '"track_ping"'],
        ['http', 'status=200', 'status=',
         '"track_http http://", "track_http https://"'];


# --- vrrp_check: words that must fit together --------------------------------

rejects_check('tcp interval=1s fastinter=2s', '"fastinter" is 2000ms, but '
    . 'must not be longer than "interval" of 1000ms');
accepts('a timeout longer than the interval',
    upstream('vrrp_check tcp interval=100ms timeout=1s;'),
    warning => '"timeout" is 1000ms, longer than "interval" of 100ms: the '
    . 'next check waits until this one has ended', line => 10);
rejects_check('http uri=*',
    '"uri=*" needs "method=OPTIONS", a GET request has a path');
rejects_check('send-expect', '"vrrp_check send-expect" needs "match=", the '
    . 'name of a "vrrp_match" with "send" or "expect"');

rejects_check('https key=/k', '"key=/k" needs "cert=" as well');
rejects_check('https cert=/nonexistent.pem',
    qr/cannot load certificate "\/nonexistent\.pem".*/);
# nginx before 1.27.2, and since then
rejects_check('https verify=on sni=a ca=/nonexistent.pem',
    qr{(?:SSL_CTX_load_verify_locations\(|cannot\ load\ certificate\ )
       "/nonexistent\.pem".*}x);
accepts('ca= without verify=on', upstream('vrrp_check https ca=/x;'),
    warning => '"ca=/x" has no effect without "verify=on"', line => 10);

SKIP: {
    my ($one, $two) = map { conf_dir . "/$_" } qw(a b);
    my $make = 'openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=a -days 1';

    for ($one, $two) {
        system("$make -keyout $_.key -out $_.crt 2> /dev/null") == 0
            or skip 'no openssl', 5;
    }
    system("cat $one.crt $one.key > $one.pem") == 0 or skip 'no cat', 5;

    accepts("https $_", upstream("vrrp_check https $_;"))
        for "cert=$one.crt key=$one.key", 'cert=a.crt key=a.key',
            "cert=$one.pem", "verify=on sni=a ca=$one.crt";

    rejects_check("https cert=$one.crt key=$two.key",
        qr/SSL_CTX_use_PrivateKey\("\Q$two\E.key"\) failed.*/);
}

rejects_check("https verify=on$_->[0]",
    '"verify=on" needs the name in the certificate of "10.0.0.1:443": set '
    . '"sni=" or "host="', '10.0.0.1:443')
    for [''], [' host=10.0.0.2'];
accepts("https verify=on $_", upstream("vrrp_check https verify=on $_;"))
    for 'sni=web.example', 'host=web.example', 'host=web.example:8443';
accepts('https verify=on of a name',
    upstream('vrrp_check https verify=on;', 'localhost:443'));
rejects_check('tcp port=80', '"port=80" cannot be used: server "unix:/s" of '
    . 'upstream "web" has no port', 'unix:/s');

for (
    'tcp', 'tcp port=8080 mandatory', 'tcp interval=10ms timeout=1ms',
    'tcp interval=1h jitter=0% fall=1000 rise=1000',
    'tcp fastinter=10ms downinter=10s jitter=50%',
    'http', 'http uri=/health host=web.example:80 method=HEAD keepalive=off',
    'http uri=* method=OPTIONS', 'https',
    'https sni=web.example verify=off')
{
    accepts($_, upstream("vrrp_check $_;"));
    accepts("$_ in stream", upstream("vrrp_check $_;", '127.0.0.1:1',
        'stream'), stream => 1) if has_stream;
}

accepts("http on $_", upstream('vrrp_check http;', $_))
    for 'unix:/s', '[::1]:8080', 'localhost';
accepts('a server that is down',
    upstream('server 127.0.0.1:2 down; vrrp_check tcp;'));


# --- vrrp_check and its match ------------------------------------------------

my $http_match = 'vrrp_match ok { status 200; }';
my $body_match = 'vrrp_match ok { body ~ ok; }';
my $text_match = 'vrrp_match ok { send x; }';

rejects_check('http match=ok', 'unknown vrrp_match "ok"');
rejects("vrrp_match ok of another kind, $_->[0]",
    "$_->[1] " . upstream("vrrp_check $_->[0] match=ok;"),
    qq(vrrp_match "ok" $_->[2]), 10)
    for ['http', $text_match, 'is for send-expect, but an HTTP check needs '
         . '"status", "header" or "body"'],
        ['send-expect', $http_match, 'is for HTTP, but a send-expect check '
         . 'needs "send" or "expect"'],
        ['http method=HEAD', $body_match,
         'tests the body, but a response to HEAD has no body'];

accepts("vrrp_check $_->[0] match=ok",
    "$_->[1] " . upstream("vrrp_check $_->[0] match=ok;"))
    for ['http', $http_match], ['https', $body_match],
        ['http method=HEAD', $http_match], ['send-expect', $text_match];

accepts('vrrp_match in http', $good . "http { $http_match\n"
    . 'upstream web { server 127.0.0.1:1; vrrp_check http match=ok; } }');
accepts('vrrp_match after its use', $good . 'http { upstream web { '
    . "server 127.0.0.1:1; vrrp_check http match=ok; }\n$http_match }");
rejects('vrrp_match in vrrp and in http', "$http_match ${good}http {\n"
    . "vrrp_match ok { status 204; } }",
    qr/duplicate vrrp_match "ok", the first one is in \Q$where\E:6/, 10);

if (has_stream) {
    accepts('vrrp_match of http in stream', "${good}stream { upstream db { "
        . "server 127.0.0.1:1; vrrp_check http match=ok; } }\n"
        . "http { $http_match }", stream => 1);
    accepts('vrrp_match in stream', "${good}stream { $text_match upstream db "
        . '{ server 127.0.0.1:1; vrrp_check send-expect match=ok; } }',
        stream => 1);
}


# --- vrrp_check_panic --------------------------------------------------------

my $panic = 'must be a number of servers, a percentage of them from 1% to '
    . '100%, or "off"';

rejects("vrrp_check_panic $_",
    upstream(qq(vrrp_check tcp; vrrp_check_panic "$_";)),
    qq(invalid vrrp_check_panic "$_": $panic), 10)
    for '', 0, '0%', '101%', 'on', '-1';
accepts("vrrp_check_panic $_",
    upstream("vrrp_check tcp; vrrp_check_panic $_;"))
    for qw(1 2 1% 100% off);
rejects('vrrp_check twice', upstream('vrrp_check tcp; vrrp_check tcp;'),
    '"vrrp_check" directive is duplicate', 10);
rejects('vrrp_check_panic alone', upstream('vrrp_check_panic 1;'),
    '"vrrp_check_panic" needs a "vrrp_check" in the same upstream', 10);


# --- without a vrrp block ----------------------------------------------------

rejects('vrrp_check without a vrrp block', 'http { upstream web { '
    . 'server 127.0.0.1:1; vrrp_check tcp; } }',
    '"vrrp_check" needs a "vrrp" block', 6, no_block => 1);
rejects('vrrp_match without a vrrp block', "http {\n$http_match }",
    '"vrrp_match" needs a "vrrp" block', 7, no_block => 1);

done_testing();
