#!/usr/bin/perl

# The page of vrrp_status: its content (its script, run by njs), that it loads
# nothing but the JSON, and, in a browser, that it follows changes.
#
# VRRP_SCREENSHOTS=DIR writes pictures of it to DIR, for docs/images.

use v5.36;
use utf8;

use lib 't/lib';
use Digest::SHA qw(sha256_base64);
use Encode qw(decode encode);
use Test::More;

use VRRP::Browser;
use VRRP::Lab;
use VRRP::Page;

binmode(Test::More->builder->$_, ':utf8')
    for qw(output failure_output);

my $reason = VRRP::Lab->unavailable || VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $lab = VRRP::Lab->new(nodes => [qw(lb1 lb2 web1)]);
my $lb1 = $lab->node('lb1');
my $web = $lab->node('web1')->address;

$lab->start_nginx('web1', http => <<'END');
    server { listen 8101; location / { return 200; } }
    server { listen 8102; location / { return 500; } }
END

sub start_balancer ($name, $priority) {
    return $lab->start_nginx($name, vrrp => <<"END", http => <<"HTTP");
    router_id $name;
    vrrp_instance VI_1 {
        interface $VRRP::Node::INTERFACE;
        virtual_router_id 51;
        priority $priority;
        advert_int 100ms;
        virtual_ipaddress $VRRP::Lab::VIP/24;
        track_nginx workers=1 timeout=2s;
        track_upstream web min_up=2 weight=-5;
        track_interface $VRRP::Node::INTERFACE;
    }
END
    upstream web {
        zone web 128k;
        server $web:8101;
        server $web:8102;
        vrrp_check http uri=/ interval=100ms timeout=2s fall=2 rise=2;
    }
    server {
        listen 8080;
        location /vrrp { vrrp_status; }
    }
HTTP
}

my $nginx = start_balancer('lb1', 150);

$lab->wait_for_holder('lb1', 10);

my $other = start_balancer('lb2', 100);

# Returns headers and body of the page.
sub page () {
    my $out = $lb1->run(qw(curl -s -i -m 5 -H Accept:text/html),
                        'http://127.0.0.1:8080/vrrp');

    return split /\r\n\r\n/, decode('UTF-8', $out), 2;
}

sub page_text () {
    return VRRP::Page->text($lb1, 'http://127.0.0.1:8080/vrrp');
}

$lab->wait_until('a failed server', 10, sub {
    page_text() =~ /http upstream web: 1 of 2 up/;
});


# --- all in one --------------------------------------------------------------

my ($head, $body) = page();

like($body, qr/^<!DOCTYPE html>/, 'a document');
like($body, qr/<\/body>\n<\/html>\n\z/, 'all of it');
unlike($body, qr/ src=|\@import|url\(/, 'nothing is loaded');

my @links = grep { !/^(?:\?format=|data:)/ } $body =~ /href="([^"]*)"/g;

is_deeply(\@links, [], 'no link to anywhere else');
like($head, qr/^X-Content-Type-Options: nosniff\r?$/m, 'type is not guessed');

my ($policy) = $head =~ /^Content-Security-Policy: ([^\r\n]*)/m;

like($policy, qr/^default-src 'none'; /, 'policy: nothing by default');

for my $element (qw(script style)) {
    my ($text) = $body =~ /<$element>(.*?)<\/$element>/s;
    my ($allowed) = $policy =~ /$element-src '([^']*)'/;

    is($allowed, 'sha256-' . sha256_base64(encode('UTF-8', $text)) . '=',
       "policy: the $element is this one");
}


# --- what it says ------------------------------------------------------------

my $text = page_text();

like($text, qr/lb1 ● MASTER/, 'state of the node');
like($text, qr/VI_1 MASTER Since [-\d]+ [:\d]+ UTC/, 'since when');
like($text, qr/track_upstream web ✗ down weight -5 -5/, 'a weight');
like($text, qr/effective priority 145/, 'the sum');
like($text, qr/Changes of state \S+ \S+ UTC .*? ago VI_1 BACKUP → MASTER /,
     'what has changed');
like($text, qr/\Q$VRRP::Lab::VIP\E\/24 \w+ ✓ present/, 'address is there');
like($text, qr/:8101 ✓ up (?:for .*?)?OK in [\d.]+ ms/, 'a server that is up');
like($text, qr/:8102 ✗ down for .* L7STS in [\d.]+ ms/, 'a server that is down');
like($text, qr/worker process \d+ \d+ m?s ago/, 'workers');
like($text, qr/vrrp checker process \d+ m?s ago/, 'checker') or diag($text);


# --- in a browser ------------------------------------------------------------

sub shoot ($browser, $state, %look) {
    my $dir = $ENV{VRRP_SCREENSHOTS} // return;

    $browser->look(width => 960, height => 1240, %look);
    $browser->evaluate('scrollTo(0, 0)');
    $browser->screenshot("$dir/status-$state.png");
}

sub wait_for_text ($browser, $what, $pattern) {
    my $got;

    eval {
        $lab->wait_until($what, 20, sub {
            $got = $browser->evaluate('document.body.innerText');
            $got =~ $pattern;
        });
    };

    like($got, $pattern, "browser: $what");
}

SKIP: {
    my $none = VRRP::Browser->unavailable;

    skip($none, 1) if $none;

    my $browser = VRRP::Browser->new(node => $lb1);
    my $lb2 = $lab->node('lb2')->address;

    $browser->go("http://$lb2:8080/vrrp");
    wait_for_text($browser, 'a backup', qr/lb2\s+○ BACKUP/);
    like($browser->evaluate('document.title'), qr/^BACKUP lb2$/,
         'browser: title of a backup');
    shoot($browser, 'backup');

    $browser->go('http://127.0.0.1:8080/vrrp');
    wait_for_text($browser, 'a master', qr/lb1\s+● MASTER/);
    shoot($browser, 'master');
    shoot($browser, 'master-dark', scheme => 'dark');

    $browser->look(width => 360, height => 640);
    is($browser->evaluate('document.documentElement.scrollWidth'
                          . ' - document.documentElement.clientWidth'), 0,
       'browser: it fits on a phone');

    # the reader's changes to the page are still there afterwards
    $browser->evaluate('document.querySelector("details").open = true;'
                       . 'document.querySelector("nav a").focus();'
                       . 'document.querySelector("h1").seen = 1');

    is_deeply([$browser->complaints], [], 'browser: nothing in the console');

    my ($hung) = $nginx->vrrp_processes;

    $nginx->signal('STOP', $hung);
    wait_for_text($browser, 'stale', qr/Stale: .* MASTER \(stale\)/s);
    $nginx->signal('CONT', $hung);
    wait_for_text($browser, 'fresh again', qr/lb1\s+● MASTER/);

    $lab->unplug('lb1');
    wait_for_text($browser, 'a fault', qr/lb1\s+✗ FAULT/);
    wait_for_text($browser, 'a fault in the timeline',
                  qr/Changes\ of\ state\s+\S+\ \S+\ UTC\ \d+\ m?s\ ago\s+
                     VI_1\ (?:MASTER|BACKUP)\ →\ FAULT\s+interface\ .*\ is\ down/x);
    is($browser->evaluate('document.title'), 'FAULT lb1',
       'browser: title follows');
    like($browser->evaluate('document.getElementById("news").textContent'),
         qr/FAULT/, 'browser: a screen reader is told');
    is($browser->evaluate('document.querySelector("details").open'), 1,
       'browser: what was open is open');
    is($browser->evaluate('document.querySelector("h1").seen'), 1,
       'browser: it is the same page');
    is($browser->evaluate('document.activeElement.textContent'), 'JSON',
       'browser: focus is where it was');
    $browser->evaluate('document.querySelector("details").open = false;'
                       . 'document.activeElement.blur(); 0');
    shoot($browser, 'fault');

    is_deeply([$browser->complaints], [], 'browser: nothing in the console');

    $lab->plug('lb1');
    wait_for_text($browser, 'master again', qr/lb1\s+● MASTER/);

    $browser->go("http://$lb2:8080/vrrp");
    wait_for_text($browser, 'a backup again', qr/lb2\s+○ BACKUP/);
    wait_for_text($browser, 'a failover in the timeline', qr/
        VI_1\ MASTER\ →\ BACKUP\s+
        advertisement\ with\ higher\ .*\s+
        \S+\ \S+\ UTC\ .*\ ago\s+
        VI_1\ BACKUP\ →\ MASTER/x);
    $lab->unplug('lb1');
    wait_for_text($browser, 'a lost node',
                  qr/No answer since \d\d:\d\d:\d\d: this page is out of date/);
    $lab->plug('lb1');
    wait_for_text($browser, 'a node that is back', qr/^(?!.*No answer)/s);

    $browser->close;
    $lab->wait_for_holder('lb1', 15);
}


# --- a vrrp process that hangs -----------------------------------------------

my ($hung) = $nginx->vrrp_processes;

$nginx->signal('STOP', $hung);

$lab->wait_until('a stale page', 15, sub { page_text() =~ /Stale : / });
like(page_text(), qr/was \d+ s ago, it hangs or has exited/,
     'stale: how old it is');
like(page_text(), qr/MASTER \(stale\)/, 'stale: so is the state');

$nginx->signal('CONT', $hung);
$lab->wait_until('a fresh page', 15, sub { page_text() !~ /Stale : / });

$lab->finish;
done_testing();
