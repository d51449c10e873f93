#!/usr/bin/perl

# A DNS server with one host for any name: its addresses are the lines of a
# file, read for each question.
#
# usage: dns.pl ADDRESS PORT FILE

use v5.36;

use IO::Socket::INET;
use Socket qw(inet_aton);

my ($address, $port, $file) = @ARGV;

my $TYPE_A = 1;
my $CLASS_IN = 1;
my $TTL = 1;

my $socket = IO::Socket::INET->new(LocalAddr => $address, LocalPort => $port,
                                   Proto => 'udp')
    or die "dns: cannot bind $address:$port: $!\n";


sub addresses () {
    open my $in, '<', $file or return;
    chomp(my @lines = <$in>);

    return @lines;
}


# RFC 1035: the question comes back, answers point to its name at offset 12.
sub answer ($query) {
    my ($id) = unpack 'n', $query;
    my ($name) = substr($query, 12) =~ /^((?:[^\0]+)\0)/s or return;
    my ($type) = unpack 'n', substr $query, 12 + length $name;
    my $question = substr $query, 12, length($name) + 4;

    my @answers = $type == $TYPE_A
                ? map { pack 'n n n N n a4', 0xc00c, $TYPE_A, $CLASS_IN, $TTL,
                             4, inet_aton($_) } addresses()
                : ();

    return pack('n6', $id, 0x8180, 1, scalar @answers, 0, 0)
           . join '', $question, @answers;
}


while (defined(my $from = $socket->recv(my $query, 512))) {
    my $answer = answer($query) // next;
    $socket->send($answer, 0, $from);
}
