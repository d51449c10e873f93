#!/usr/bin/perl

# Servers whose addresses come and go at run time ("resolve", nginx 1.27.3 and
# later): new ones are checked, and none that is down gets a request.

use v5.36;

use lib 't/lib';
use Cwd qw(abs_path);
use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Pools;

my $reason = VRRP::Lab->unavailable || VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;
plan(skip_all => 'no "resolve" in this nginx')
    if VRRP::Nginx->version < 1_027_003;

my ($port) = @VRRP::Pools::PORTS;
my ($a, $b, $c) = map { "192.168.64.$_" } 143, 151, 152;

my $pools = VRRP::Pools->new;
my $lb1 = $pools->lab->node('lb1');
my $names = $lb1->dir . '/names';

$pools->lab->node('web1')->batch_ip(
    map { "address add $_/24 dev $VRRP::Node::INTERFACE" } $b, $c);

# The addresses of the name from now on.
sub name_means (@addresses) {
    open my $out, '>', "$names.new" or die "$names: $!\n";
    say {$out} $_ for @addresses;
    close $out;

    rename "$names.new", $names or die "$names: $!\n";
}

sub upstream ($name, $check = '') {
    my $http = $VRRP::Pools::CHECK =~ s{uri=/check}{uri=/check_address $check}r;

    return VRRP::Pools->upstream($name, zone => 1, check => $http,
        servers => "server $name.test:$port resolve;",
        more => 'resolver 127.0.0.1:5353 valid=1s ipv6=off;');
}

sub answers ($name, @expected) {
    my $expected = join ' ', sort @expected;

    is($pools->wait_for("$name/address", @expected), $expected,
       "$name: $expected");
}

$pools->pass($a, $b);
name_means($a, $b);

$lb1->spawn({}, $^X, abs_path('t/lib/dns.pl'), '127.0.0.1', 5353, $names);

$pools->start(http => upstream('trusted') . upstream('wary', 'mandatory')
                      . VRRP::Pools->server(qw(trusted wary)));

answers($_, $a, $b) for qw(trusted wary);


# Both are checked.
$pools->fail($b);
answers($_, $a) for qw(trusted wary);


# One that is down is replaced, first by one that is down as well.
name_means($a, $c);

$pools->lab->wait_until("$c to be found down", 10, sub {
    $pools->nginx->log_text =~ /\Q$c\E.*down/;
});

answers($_, $a) for qw(trusted wary);

is(scalar(grep { $_->{upstream} eq 'wary' && $_->{address} eq $c }
                 $pools->requests), 0,
   'wary: no request before it has passed its checks');

$pools->pass($c);
answers($_, $a, $c) for qw(trusted wary);


# A reload forgets neither the addresses nor what is known of them.
$pools->fail($c);
answers($_, $a) for qw(trusted wary);

is(to_the_one_down(under_load(sub { $pools->reload for 1 .. 10 })), 0,
   'reloads: none to the one down');


# The first address again.
name_means($b, $c);
$pools->pass($b);
answers($_, $b) for qw(trusted wary);

$pools->pass($c);
answers($_, $b, $c) for qw(trusted wary);


# An answer that has one address twice: nginx makes two servers of it, and one
# check is for both. When it fails, no server is left, and both are asked.
name_means($b, $b);
answers($_, $b) for qw(trusted wary);

for my $name (qw(trusted wary)) {
    my @checks = grep { $_->{group} eq $name && $_->{address} =~ /^\Q$b\E:/ }
                 @{ $pools->nginx->status->{checks} };

    is(scalar @checks, 1, "$name: one check of an address that is there twice");
}

$pools->fail($b);

$pools->lab->wait_until('the checks to fail', 10, sub {
    my @checks = grep { $_->{address} =~ /^\Q$b\E:/ && $_->{verdict} eq 'down' }
                 @{ $pools->nginx->status->{checks} };

    return @checks == 2;
});

answers($_, $b) for qw(trusted wary);

$pools->pass($b);
name_means($b, $c);
answers($_, $b, $c) for qw(trusted wary);


# The process that checks dies, and the one after it finds the addresses in
# another order than the master knew.
$pools->fail($c);
answers($_, $b) for qw(trusted wary);

for my $round (1 .. 3) {
    name_means($b);
    answers($_, $b) for qw(trusted wary);
    name_means($c, $a, $b);
    answers($_, $a, $b) for qw(trusted wary);

    my ($checker) = $pools->nginx->checkers;
    my $before = under_load(sub {
        $pools->nginx->signal(KILL => $checker);

        $pools->lab->wait_until('another checker', 10, sub {
            my ($now) = $pools->nginx->checkers;
            return $now && $now != $checker;
        });
        sleep 0.5;
    });

    is(to_the_one_down($before), 0,
       "checker killed, time $round: none to the one down");
}

$pools->nginx->{expect} = qr/exited on signal 9/;

$pools->finish;

done_testing;


# How many requests there were before.
sub under_load ($act) {
    my $before = $pools->requests;

    my @load = map {
        $lb1->spawn({ tag => "load-$_" }, 'curl', '-s',
                    "http://127.0.0.1:8080/$_/address?[1-10000000]")
    } qw(trusted wary);

    $act->();
    $lb1->reap($_) for @load;

    return $before;
}


# Requests to the third address since then.
sub to_the_one_down ($before) {
    my @seen = $pools->requests;

    cmp_ok(scalar @seen, '>', $before + 100, 'under load');

    return scalar grep { $_->{address} eq $c } @seen[$before .. $#seen];
}
