# A client of the tests of planned moves: one connection, and what became of it.
#
#     transfer.pl download ADDRESS PATH
#     transfer.pl upload ADDRESS PATH SECONDS
#     transfer.pl late ADDRESS PATH SECONDS
#     transfer.pl idle ADDRESS PATH
#     transfer.pl slow ADDRESS PATH FILE
#
# An upload takes so many seconds; a late client connects, and sends its request
# after this time. An idle one keeps its connection until the server closes it.
# A slow one reads 5 kB each second until the file exists.
# Says on stderr that it has connected, and prints "status node octets md5
# longest-gap-ms error" at the end.

use v5.36;

use Digest::MD5 qw(md5_hex);
use IO::Socket::IP;
use Socket qw(SOL_SOCKET SO_RCVBUF);
use Time::HiRes qw(sleep time);

my ($kind, $address, $path, $seconds) = @ARGV;
my $file = $seconds;
my $CHUNK = 10_000;

$SIG{PIPE} = 'IGNORE';

my $body = join '', map { chr } map { ($_ * 7) % 251 } 1 .. 60 * $CHUNK;
my @buffer = $kind eq 'slow' ? ([SOL_SOCKET, SO_RCVBUF, 8192]) : ();
my $s = IO::Socket::IP->new(PeerHost => $address, PeerPort => 80, Timeout => 5,
                            Sockopts => \@buffer)
    or die "$address: $@\n";
print STDERR "connected\n";

my $version = $kind eq 'idle' ? '1.1' : '1.0';
my $head = "HTTP/$version\r\nHost: x\r\n";

sleep $seconds if $kind eq 'late';

if ($kind eq 'upload') {
    syswrite $s, "PUT $path $head" . 'Content-Length: ' . length($body)
               . "\r\n\r\n";
    for (my $at = 0; $at < length $body; $at += $CHUNK) {
        syswrite $s, substr $body, $at, $CHUNK or last;
        sleep $seconds * $CHUNK / length $body;
    }
} else {
    syswrite $s, "GET $path $head\r\n";
}

my ($answer, $gap, $last, $n) = ('', 0, time);
while ($n = sysread $s, my $more, $kind eq 'slow' ? 1024 : 65536) {
    sleep 0.2 if $kind eq 'slow' && !-e $file;
    my $now = time;
    $gap = $now - $last if $now - $last > $gap;
    $last = $now;
    $answer .= $more;
}
my $error = defined $n ? '-' : "$!" =~ s/ /_/gr;

my ($status) = $answer =~ /^HTTP\S+ (\d+)/;
my ($node) = $answer =~ /^X-Node: (\S+)/m;
my $got = $answer =~ s/.*?\r\n\r\n//sr;
$got = $body if $kind eq 'upload';

printf "%s %s %d %s %.0f %s\n", $status // '-', $node // '-', length $got,
    md5_hex($got), 1000 * $gap, $error;
