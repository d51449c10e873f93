# Sends TCP segments that belong to no connection, each from another port, until
# it is killed, for a minute at most.
#
#     strays.pl FROM TO FIRST-PORT

use v5.36;

use Socket;
use Time::HiRes qw(sleep);

my ($from, $to, $port) = @ARGV;
my $ACK = 0x10;

socket my $s, AF_INET, SOCK_RAW, Socket::IPPROTO_TCP or die "socket: $!\n";

for (1 .. 30_000) {
    my $segment = pack 'n n N N C C n n n',
        $port++, 80, 1, 1, 5 << 4, $ACK, 512, 0, 0;
    my $sum = checksum(inet_aton($from) . inet_aton($to)
                       . pack('n n', Socket::IPPROTO_TCP, length $segment)
                       . $segment);

    substr $segment, 16, 2, pack 'n', $sum;
    send $s, $segment, 0, sockaddr_in(0, inet_aton($to));
    sleep 0.002;
}


sub checksum ($bytes) {
    my $sum = 0;

    $sum += $_ for unpack 'n*', $bytes;
    $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
    return ~$sum & 0xffff;
}
