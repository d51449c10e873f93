#!/usr/bin/perl

# An open-loop HTTP client: starts one request every interval, whether or not
# earlier ones were answered, and never retries. Each request has a new
# connection; with CONNECTIONS, only if fewer are open. A line for each finished
# request goes to standard output:
#
#     start end code server body
#
# with times in seconds since the epoch, "server" the X-Node header or "-",
# and code 0 with the reason as the body if there was no answer in time. The
# reason ends with "(used)" if the connection had served a request before.
#
# usage: load.pl ADDRESS PORT PATH INTERVAL-MS TIMEOUT-MS [CONNECTIONS]

use v5.36;

use Errno qw(EINPROGRESS EAGAIN);
use Fcntl qw(F_SETFL O_NONBLOCK);
use Socket qw(:DEFAULT :addrinfo IPPROTO_TCP TCP_NODELAY SOL_SOCKET SO_ERROR);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my ($address, $port, $path, $interval, $timeout, $keep) = @ARGV;

$interval /= 1000;
$timeout  /= 1000;

# select() takes descriptors below 1024.
my $most = 1000;

my ($error, $where) = getaddrinfo($address, $port,
    { flags => AI_NUMERICHOST, socktype => SOCK_STREAM });
die "load: $address: $error\n" if $error;

my $host = $address =~ /:/ ? "[$address]" : $address;
my $request = "GET $path HTTP/1.1\r\nHost: $host\r\n"
              . ($keep ? "\r\n" : "Connection: close\r\n\r\n");

my $epoch = Time::HiRes::time() - clock_gettime(CLOCK_MONOTONIC);
my $stop = 0;
my (%open, @idle);
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

    report($one->{start}, $code, $server,
           $body . ($one->{used} && !$code ? ' (used)' : ''));
}

# Its descriptor waits for the next request.
sub keep ($fd, $code, $server, $body) {
    my $one = delete $open{$fd};

    vec($read_bits, $fd, 1) = 0;
    push @idle, $one->{socket};
    report($one->{start}, $code, $server, $body);
}

# A request on a connection that the server has not closed. False: there is no
# such connection.
sub start_on_idle ($start) {
    while (my $socket = shift @idle) {
        my $fd = fileno $socket;

        next if defined sysread($socket, my $none, 1) || $! != EAGAIN;

        $open{$fd} = { socket => $socket, start => $start, answer => '',
                       used => 1 };
        send_request($fd);
        return 1;
    }

    return 0;
}

sub report ($start, $code, $server, $body) {
    $body =~ s/\n.*//s;
    $body =~ tr/ /_/;
    printf "%.6f %.6f %d %s %s\n", $start, now(), $code, $server, $body;
}

sub start () {
    my $start = now();

    return if $keep && @idle + keys %open >= $keep && start_on_idle($start);
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

    return if $n > 0 && !($keep && is_whole($one->{answer}));

    my ($code) = $one->{answer} =~ m{^HTTP/1.\d (\d+) };
    return finish($fd, 0, '-', 'closed without an answer') unless $code;

    my ($server) = $one->{answer} =~ /^X-Node: (\S+)/mi;
    my ($body) = $one->{answer} =~ /\r\n\r\n(.*)/s;

    my $done = $n > 0 ? \&keep : \&finish;
    $done->($fd, $code, $server // '-', $body // '');
}

sub is_whole ($answer) {
    my ($header, $body) = split /\r\n\r\n/, $answer, 2;

    return defined $body
           && $header =~ /^Content-Length: (\d+)/mi && length $body >= $1;
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
