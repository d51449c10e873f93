#!/usr/bin/perl

# The rules of vrrp_check and vrrp_match, and what nginx -t says about each.

use v5.36;

use Test::More;

use VRRP::Conf qw(accepts last_output rejects);
use VRRP::Nginx;

my $reason = VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $name = '1 to 63 letters, digits, "_", "." or "-" are expected';

# the text ends the vrrp block that it begins in; line 8 is its last
my $good = <<~'END';
    vrrp_instance VI_1 { interface lo; virtual_router_id 51;
    virtual_ipaddress 192.168.1.100; track_nginx off; }
    }
    END


# --- vrrp_match: one line that is wrong --------------------------------------

my $status = 'a status from 100 to 599 or a range as in "200-399" is '
    . 'expected, with "!" before it if it is none of the good ones';
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
    . '": the name of a header is expected')
    for '""', 'X:', 'X/Y', '! X:', 'X(Y)';
rejects_line("body $_;", '"body" must be written "body ~ regex" or '
    . '"body !~ regex"') for 'x', '= x', '!= x', '~', '~ a b';
rejects_line('send a b;', '"send" must be written "send text"');
rejects_line('send a; send b;', '"send" is duplicate');
rejects_line("expect $_;",
    '"expect" must be written "expect text" or "expect ~ regex"')
    for '= x', '!~ x', '~ x y';
rejects_line(qq($_ "";), qq(invalid $_ "": a text is expected))
    for qw(send expect);

for my $word (qw(send expect)) {
    rejects_line(qq($word "$_";), qq(invalid $word "$_": two hexadecimal )
        . 'digits are expected after "\x"')
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
    . '"expect" for send-expect, they need a block of their own', 7)
    for 'status 200; send x', 'expect x; header X', 'body ~ x; send y';
rejects('vrrp_match in an instance', 'vrrp_instance VI_1 { vrrp_match m {',
    '"vrrp_match" directive is not allowed here', 6);
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

done_testing();
