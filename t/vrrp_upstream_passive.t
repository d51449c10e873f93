#!/usr/bin/perl

# Passive checks beside active ones: a server that nginx has disabled for a
# minute is back as soon as it passes its check again, and a server that is
# down gets requests when nginx has disabled all others.

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

my $pools = VRRP::Pools->new;

# One worker: without a zone each worker has its own result.
$pools->start(workers => 1,
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

$pools->finish;

done_testing;
