#!/usr/bin/perl

# Requests while few servers, or none, pass their checks, and passive checks
# beside newer results of active ones.

use v5.36;

use lib 't/lib';
use Test::More;

use VRRP::Pools;

my $reason = VRRP::Lab->unavailable || VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my ($a, $b, $c) = @VRRP::Pools::PORTS;
my $web = $VRRP::Pools::WEB;
my $three = join ' ', map { "server $web:$_;" } $a, $b, $c;

my (@names, $upstreams);

for my $zone (0, 1) {
    my %args = (zone => $zone, servers => $three);
    my $suffix = $zone ? '_zone' : '';

    my %pools = (
        default => {},
        off     => { more => 'vrrp_check_panic off;' },
        two     => { more => 'vrrp_check_panic 2;' },
        half    => { more => 'vrrp_check_panic 60%;' },
        single  => { servers => "server $web:$a;" },
        alone   => { servers => "server $web:$a;",
                     more => 'vrrp_check_panic off;' },
        drained => { servers => "server $web:$a; server $web:$b;"
                                . " server $web:$c down;" },
    );

    for my $name (sort keys %pools) {
        push @names, "$name$suffix";
        $upstreams .= VRRP::Pools->upstream("$name$suffix", %args,
                                            %{ $pools{$name} });
    }
}

my $pools = VRRP::Pools->new;

$pools->start(http => $upstreams . VRRP::Pools->server(@names));

# Answers of the pools of that name, with a zone and without.
sub answers ($name, @expected) {
    my $expected = join ' ', sort @expected;

    is($pools->wait_for("$_/", @expected), $expected, "$_: $expected")
        for $name, "${name}_zone";
}


# One of three fails.
$pools->fail($a);
answers(default => $b, $c);
answers(off     => $b, $c);
answers(two     => $b, $c);
answers(half    => $b, $c);
answers(single  => $a);
answers(alone   => 502);
answers(drained => $b);

# Two of three fail.
$pools->fail($b);
answers(default => $c);
answers(off     => $c);
answers(two     => $a, $b, $c);
answers(half    => $a, $b, $c);
answers(drained => $a, $b);

# All of them fail.
$pools->fail($c);
answers(default => $a, $b, $c);
answers(off     => 502);
answers(two     => $a, $b, $c);

like($pools->nginx->log_text, qr/upstream "default": fewer servers are usable than/,
     'it is told');

# And one comes back.
$pools->pass($a);
answers(default => $a);
answers(off     => $a);
answers(two     => $a, $b, $c);
answers(alone   => $a);
answers(drained => $a);

$pools->pass($b, $c);
answers($_, $a, $b, $c) for qw(default off two half);
answers(drained => $a, $b);

like($pools->nginx->log_text, qr/upstream "default": enough servers are usable/,
     'that it is over, too');

$pools->finish;

done_testing;
