#!/usr/bin/perl

# A strange peer of a peer link, with the right secret. It connects, does what
# it is asked to do, and prints "open" or "ended", and the types of all messages
# that it has received.
#
# usage: peer.pl ADDRESS PORT SECRET-FILE WHAT SECONDS
#
#     later     another version of the format: longer messages, unknown types
#     repeat    a message twice
#     recorded  all that it has sent once, on another connection
#     slow      asks questions, and reads nothing

use v5.36;

use Digest::SHA qw(hmac_sha256);
use Errno qw(EAGAIN);
use Fcntl qw(F_SETFL O_NONBLOCK);
use Socket qw(:DEFAULT IPPROTO_IP IP_TTL);
use Time::HiRes qw(sleep time);

my ($address, $port, $file, $what, $seconds) = @ARGV;
my ($ABOUT, $STATUS, $ALIVE, $QUESTION, $UNKNOWN) = (2, 3, 4, 6, 200);

$SIG{PIPE} = 'IGNORE';
open my $in, '<', $file or die "$file: $!\n";
chomp(my $secret = <$in>);

my ($socket, $sequence, $key, $sent, $received, $ended);

sub raw ($octets) {
    $sent .= $octets;
    my $n = syswrite $socket, $octets;
    $ended = 1 if !defined $n && $! != EAGAIN;
}

sub message ($type, $payload) {
    my $length = 8 + length($payload) + ($key ? 32 : 0);
    my $text = pack('nCCN', $length, $type, 0, $sequence++) . $payload;

    return $text . ($key ? hmac_sha256($text, $key) : '');
}

sub text ($text) { return pack 'C/a', $text }

# Nothing: it has ended, or has been silent.
sub read_message ($patience) {
    my $until = time + $patience;

    while (!$ended && time < $until) {
        if (length $received >= 2) {
            my $length = unpack 'n', $received;
            return substr $received, 0, $length, '' if length $received >= $length;
        }
        vec(my $bits = '', fileno $socket, 1) = 1;
        next if !select $bits, undef, undef, 0.1;
        my $n = sysread $socket, $received, 65536, length $received;
        $ended = 1 if defined $n ? !$n : $! != EAGAIN;
    }
    return;
}

sub open_connection () {
    ($sequence, $key, $sent, $received, $ended) = (0, undef, '', '', 0);
    socket $socket, AF_INET, SOCK_STREAM, 0 or die "socket: $!\n";
    setsockopt $socket, IPPROTO_IP, IP_TTL, pack 'i', 255;
    setsockopt $socket, SOL_SOCKET, SO_RCVBUF, pack 'i', 4096;
    connect $socket, pack_sockaddr_in($port, inet_aton($address))
        or die "connect: $!\n";
    fcntl $socket, F_SETFL, O_NONBLOCK;
}

# Version 9 has more in each message.
sub greet ($version) {
    my $more = $version > 1 ? 'in a later version' : '';
    my $hello = message(1, 'nvpl' . pack('CCnNN', $version, 1, 0, 7, $$)
                           . join('', map { chr rand 256 } 1 .. 32) . $more);
    raw($hello);
    my $theirs = read_message(2) // return;
    $key = hmac_sha256("ngx_vrrp peer link, opener$hello$theirs", $secret);
    raw(message($ABOUT, join '', map { text($_) } 'strange', '9.9', '9.9',
                $more ? 'more' : ()));
    read_message(2);
}

# With entries of 9 octets, and a family that does not exist.
sub status () {
    return message($STATUS, pack('CCn', 9, 0, 2)
                            . pack('CCCCCN', 4, 51, 1, 50, 0, 1)
                            . pack('CCCCCN', 9, 51, 1, 50, 0, 1));
}

open_connection();
greet($what eq 'later' ? 9 : 1);

if ($what eq 'recorded') {
    my $recorded = $sent . status();
    close $socket;
    open_connection();
    raw($recorded);
}

my $until = time + $seconds;
my %types;

if ($what eq 'repeat') {
    my $status = status();
    raw($status);
    raw($status);
}

raw(status()) if $what eq 'later';

while (!$ended && time < $until) {
    if ($what eq 'slow') {
        raw(message($QUESTION, '')) for 1 .. 8;
        sleep 0.01;
        next;
    }
    raw(message($_, 'unknown')) for $what eq 'later' ? ($UNKNOWN, $ALIVE) : ();
    while (defined(my $message = read_message(0.3))) {
        $types{unpack 'x2C', $message}++;
    }
}

say join ' ', $ended ? 'ended' : 'open', sort { $a <=> $b } keys %types;
