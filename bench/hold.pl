# Opens connections from one address, and sends half of a request on each. Sends
# the rest when a file exists. Prints "open", then for each outcome its count and
# name: that of the node that has answered, or the error.
#
#     hold.pl N FILE FROM ADDRESS...

use v5.36;

use IO::Socket::IP;
use Time::HiRes qw(sleep time);

my ($wanted, $file, $from, @addresses) = @ARGV;
my $PATIENCE = 300;  # s

$SIG{PIPE} = 'IGNORE';
$| = 1;

my @open;
for my $n (0 .. $wanted - 1) {
    my $s = IO::Socket::IP->new(PeerHost => $addresses[$n % @addresses],
                                PeerPort => 80, LocalHost => $from)
        or die "connection $n: $@\n";
    syswrite $s, "GET /held HTTP/1.0\r\n";
    push @open, $s;
}
say 'open';

my $end = time + $PATIENCE;
sleep 0.1 while !-e $file && time < $end;

syswrite $_, "\r\n" for @open;

my %outcomes;
for my $s (@open) {
    my $answer = '';
    1 while sysread $s, $answer, 4096, length $answer;
    my ($node) = $answer =~ /^HTTP\S+ 200 .*\r\nX-Node: (\S+)\r\n/s;
    my $is_whole = defined $node && $answer =~ /\r\n\r\nheld \Q$node\E$/;
    $outcomes{$is_whole ? $node : $! ? "$!" =~ tr/ /_/r : 'cut'}++;
}
say "$outcomes{$_} $_" for sort keys %outcomes;
