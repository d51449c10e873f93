#!/usr/bin/perl

# Passive checks beside active ones: a server that nginx has disabled for a
# minute is back as soon as it passes its check again, and a server that is
# down gets requests when nginx has disabled all others. In stream, a server
# fails when nginx cannot connect to it.

use v5.36;

use lib 't/lib';
use Test::More;

use VRRP::Pools;

my $reason = VRRP::Lab->unavailable || VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my ($a, $b) = @VRRP::Pools::PORTS;
my $servers = join ' ', map {
    "server $VRRP::Pools::WEB:$_ max_fails=1 fail_timeout=60s;"
} $a, $b;

my @names = qw(shared own);

# One that can be down, and one that passes its checks and refuses connections.
my ($c) = $VRRP::Pools::PORTS[2];
my ($one, $closed) = ("$VRRP::Pools::WEB:$c", '192.168.64.151:8199');
my ($streams, %port, $check) = '';

if (defined VRRP::Nginx->stream_module) {
    %port = (stream_shared => 9000, stream_own => 9001);
    $check = $VRRP::Pools::CHECK =~ s{/check}{/check_address port=$c}r;
}

for my $name (keys %port) {
    $streams .= VRRP::Pools->upstream($name, zone => $name =~ /shared/ ? 1 : 0,
        check => $check,
        servers => "server $one max_fails=1 fail_timeout=60s;"
                   . " server $closed max_fails=1 fail_timeout=60s;");
}

my $pools = VRRP::Pools->new;

if (%port) {
    $pools->lab->node('web1')->batch_ip(
        "address add 192.168.64.151/24 dev $VRRP::Node::INTERFACE");
    $pools->pass('192.168.64.151');
}

# One worker: without a zone each worker has its own result.
$pools->start(workers => 1, %port ? VRRP::Pools->stream($streams, %port) : (),
    http => VRRP::Pools->upstream('shared', zone => 1, servers => $servers)
            . VRRP::Pools->upstream('own', servers => $servers)
            . VRRP::Pools->server(@names));

is($pools->wait_for("$_/", $a, $b), "$a $b", "$_: both") for @names;


# The error of one of them, and nginx leaves it alone.
for my $name (@names) {
    $pools->ask("$name/fail$a", 4);

    is($pools->wait_for("$name/", $b), $b, "$name: counted out by nginx");
}

$pools->fail($a);

my $log = sub ($port) { scalar grep { /:$port.* is down/ } split /\n/,
                        $pools->nginx->log_text };

$pools->lab->wait_until('the active check to fail', 10,
                        sub { $log->($a) >= @names });

$pools->pass($a);
is($pools->wait_for("$_/", $a, $b), "$a $b", "$_: back at once") for @names;


# One is down, and nginx counts the other one out: that makes no server left.
$pools->fail($a);
is($pools->wait_for("$_/", $b), $b, "$_: one is down") for @names;

for my $name (@names) {
    for my $path ("close$b", '') {
        my $answers = $pools->ask("$name/$path", 10);
        is(join(' ', keys %$answers), $a,
           "$name/$path: the one that is down is asked");
    }
}

$pools->lab->wait_until('the panic to be logged', 10, sub {
    $pools->nginx->log_text =~ /upstream "shared": fewer servers are usable/;
});

# The other one recovers: no request goes to the one that is still down.
my $downs = $log->($b);

$pools->fail($b);
$pools->lab->wait_until('the active check to fail', 10,
                        sub { $log->($b) >= $downs + @names });

$pools->pass($b);
is($pools->wait_for("$_/", $b), $b, "$_: enough are usable again") for @names;


# stream: one is down, and the first session counts the other one out.
$pools->lab->wait_until('the checks of stream', 10, sub {
    my @down = $pools->nginx->log_text =~ /\Q$one\E.* is down/g;
    return @down >= keys %port;
});

for my $name (sort keys %port) {
    my $url = "http://127.0.0.1:$port{$name}/";
    my $answers = $pools->ask_url("$url?[1-10]");
    is(join(' ', keys %$answers), $c, "$name: the one that is down is asked");
}

$pools->finish;

done_testing;
