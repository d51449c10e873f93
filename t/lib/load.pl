#!/usr/bin/perl

# An open-loop HTTP client: starts one request on a new connection every
# interval, whether or not earlier ones were answered, and never retries. A
# line for each finished request goes to standard output:
#
#     start end code server body
#
# with times in seconds since the epoch, "server" the X-Node header or "-",
# and code 0 with the reason as the body if there was no answer in time.
#
# usage: load.pl ADDRESS PORT PATH INTERVAL-MS TIMEOUT-MS

use v5.36;

use Errno qw(EINPROGRESS EAGAIN);
use Fcntl qw(F_SETFL O_NONBLOCK);
use Socket qw(:DEFAULT :addrinfo IPPROTO_TCP TCP_NODELAY SOL_SOCKET SO_ERROR);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my ($address, $port, $path, $interval, $timeout) = @ARGV;

$interval /= 1000;
$timeout  /= 1000;

# select() takes descriptors below 1024.
my $most = 1000;

my ($error, $where) = getaddrinfo($address, $port,
    { flags => AI_NUMERICHOST, socktype => SOCK_STREAM });
die "load: $address: $error\n" if $error;

my $host = $address =~ /:/ ? "[$address]" : $address;
my $request = "GET $path HTTP/1.1\r\nHost: $host\r\nConnection: close\r\n\r\n";

my $epoch = Time::HiRes::time() - clock_gettime(CLOCK_MONOTONIC);
my $stop = 0;
my %open;
my ($read_bits, $write_bits) = ('', '');

$SIG{TERM} = $SIG{INT} = sub { $stop = 1 };
$SIG{PIPE} = 'IGNORE';
$| = 1;

sub now () {
    return $epoch + clock_gettime(CLOCK_MONOTONIC);
}

sub finish ($fd, $code, $server, $body) {
    my $one = delete $open{$fd};

    vec($read_bits,  $fd, 1) = 0;
    vec($write_bits, $fd, 1) = 0;
    close $one->{socket};

    report($one->{start}, $code, $server, $body);
}

sub report ($start, $code, $server, $body) {
    $body =~ s/\n.*//s;
    $body =~ tr/ /_/;
    printf "%.6f %.6f %d %s %s\n", $start, now(), $code, $server, $body;
}

sub start () {
    my $start = now();

    return report($start, 0, '-', 'too many open requests')
        if keys %open >= $most;

    socket my $socket, $where->{family}, SOCK_STREAM, IPPROTO_TCP
        or return report($start, 0, '-', "socket: $!");

    fcntl $socket, F_SETFL, O_NONBLOCK;

    my $fd = fileno $socket;
    $open{$fd} = { socket => $socket, start => $start, answer => '' };

    if (connect $socket, $where->{addr} or $! == EINPROGRESS) {
        vec($write_bits, $fd, 1) = 1;
    } else {
        finish($fd, 0, '-', "connect: $!");
    }
}

sub send_request ($fd) {
    my $socket = $open{$fd}{socket};

    vec($write_bits, $fd, 1) = 0;

    my $failed = unpack 'i', getsockopt $socket, SOL_SOCKET, SO_ERROR;
    local $! = $failed;
    return finish($fd, 0, '-', "connect: $!") if $failed;

    syswrite $socket, $request
        or return finish($fd, 0, '-', "write: $!");

    vec($read_bits, $fd, 1) = 1;
}

sub read_answer ($fd) {
    my $one = $open{$fd};
    my $n = sysread $one->{socket}, $one->{answer}, 65536,
                    length $one->{answer};

    if (!defined $n) {
        return if $! == EAGAIN;
        return finish($fd, 0, '-', "read: $!");
    }

    return if $n > 0;

    my ($code) = $one->{answer} =~ m{^HTTP/1.\d (\d+) };
    return finish($fd, 0, '-', 'closed without an answer') unless $code;

    my ($server) = $one->{answer} =~ /^X-Node: (\S+)/mi;
    my ($body) = $one->{answer} =~ /\r\n\r\n(.*)/s;

    finish($fd, $code, $server // '-', $body // '');
}

my $next = now();

while (!$stop || %open) {
    my $now = now();

    while (!$stop && $next <= $now) {
        start();
        $next += $interval;
    }

    my $wait = $stop ? 0.01 : $next - now();
    $wait = 0 if $wait < 0;

    my $ready = select my $readable = $read_bits,
                       my $writable = $write_bits, undef, $wait;

    $now = now();

    for my $fd (keys %open) {
        if ($ready > 0 && vec $readable, $fd, 1) {
            read_answer($fd);
        } elsif ($ready > 0 && vec $writable, $fd, 1) {
            send_request($fd);
        }

        finish($fd, 0, '-', 'timed out')
            if $open{$fd} && $now - $open{$fd}{start} > $timeout;
    }
}
