# A client of the tests of planned moves: one connection, and what became of it.
#
#     transfer.pl [tls-]download|upload|late|idle|talk ADDRESS PATH SECONDS
#     transfer.pl [tls-]download|upload|late|idle ADDRESS PATH FILE
#
# An upload takes so many seconds; a late client connects, and sends its request
# after this time. If a file is given, these and downloads are slow until it
# exists. An idle client keeps its connection until the server closes it. One
# that talks upgrades its connection as WebSocket does, and says a line each
# second, which comes back; its gap is the longest time until it has. Says
# on stderr that it has connected, and prints "status node octets md5
# longest-gap-ms error" at the end.

use v5.36;

use Digest::MD5 qw(md5_hex);
use FindBin;
use IO::Socket::IP;
use Socket qw(SOL_SOCKET SO_RCVBUF);
use Time::HiRes qw(sleep time);

use lib $FindBin::Bin;
use VRRP::Transfers;

my ($kind, $address, $path, $length) = @ARGV;
my $tls = $kind =~ s/^tls-//;
require IO::Socket::SSL if $tls;
my $file = $length =~ m{^/} ? $length : undef;

# While it waits for the file, this much in this time.
my ($SLOW, $MOMENT) = (1000, 0.2);
my $WINDOW = 16_384;

$SIG{PIPE} = 'IGNORE';

my $body = $VRRP::Transfers::BODY;
my $size = length $body;

sub is_slow () { defined $file && !-e $file }

my $s = IO::Socket::IP->new(
    PeerHost => $address, PeerPort => $tls ? 443 : 80, Timeout => 5,
    Sockopts => [ defined $file ? [ SOL_SOCKET, SO_RCVBUF, $WINDOW ] : () ])
    or die "$address: $@\n";
if ($tls) {
    IO::Socket::SSL->start_SSL($s, SSL_verify_mode => 0, Timeout => 5)
        or die "$address: ", IO::Socket::SSL::errstr(), "\n";
}
print STDERR "connected\n";

my $version = $kind =~ /idle|talk/ ? '1.1' : '1.0';
my $head = "HTTP/$version\r\nHost: x\r\n";

if ($kind eq 'late' && defined $file) {
    sleep $MOMENT while is_slow;
} elsif ($kind eq 'late') {
    sleep $length;
}

if ($kind eq 'upload') {
    my $chunk = defined $file ? $SLOW : 10_000;
    syswrite $s, "PUT $path $head" . "Content-Length: $size\r\n\r\n";
    for (my $at = 0; $at < $size; $at += $chunk) {
        syswrite $s, substr $body, $at, $chunk or last;
        sleep $length * $chunk / $size if !defined $file;
        sleep $MOMENT if is_slow;
    }
} elsif ($kind eq 'talk') {
    syswrite $s, "GET $path $head"
                 . "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
} else {
    syswrite $s, "GET $path $head\r\n";
}

my ($answer, $gap, $last, $n) = ('', 0, time, 0);
talk() if $kind eq 'talk';
while (defined $n
       && ($n = sysread $s, my $more, is_slow ? $SLOW : 65_536)) {
    my $now = time;
    $gap = $now - $last if $kind ne 'talk' && $now - $last > $gap;
    $last = $now;
    $answer .= $more;
    sleep $MOMENT if is_slow && $kind eq 'download';
}
my $error = defined $n ? '-' : "$!" =~ s/ /_/gr;

my ($status) = $answer =~ /^HTTP\S+ (\d+)/;
my ($node) = $answer =~ /^X-Node: (\S+)/m;
my $got = $answer =~ s/.*?\r\n\r\n//sr;
$got = $body if $kind eq 'upload';

printf "%s %s %d %s %.0f %s\n", $status // '-', $node // '-', length $got,
    md5_hex($got), 1000 * $gap, $error;


# Waits for the whole of each answer.
sub talk () {
    read_until(qr/\r\n\r\n$/) or return;
    for my $line (VRRP::Transfers::lines($length)) {
        my $since = time;

        syswrite $s, $line;
        read_until(qr/\Q$line\E$/) or return;
        $gap = time - $since if time - $since > $gap;
        sleep $since + 1 - time if $since + 1 > time;
    }
    shutdown $s, 1;
}

sub read_until ($end) {
    while ($answer !~ $end) {
        $n = sysread $s, $answer, 65_536, length $answer or return;
    }
    return 1;
}
