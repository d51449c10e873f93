# The server of connections that talk (transfer.pl): agrees to the upgrade, and
# sends back what it gets.
#
#     echo.pl PORT

use v5.36;

use IO::Select;
use IO::Socket::INET;

my $listening = IO::Socket::INET->new(
    LocalAddr => '127.0.0.1', LocalPort => $ARGV[0], Listen => 1000,
    ReuseAddr => 1) or die "port $ARGV[0]: $@\n";
my $all = IO::Select->new($listening);
my %head;  # of each connection, until it is complete

$SIG{PIPE} = 'IGNORE';

while (my @ready = $all->can_read) {
    for my $s (@ready) {
        if ($s == $listening) {
            my $new = $listening->accept or next;
            $head{$new} = '';
            $all->add($new);
        } else {
            serve($s);
        }
    }
}

sub serve ($s) {
    if (!sysread $s, my $text, 65_536) {
        $all->remove($s);
        delete $head{$s};
        close $s;
    } elsif (!defined $head{$s}) {
        syswrite $s, $text;
    } elsif (($head{$s} .= $text) =~ /\r\n\r\n$/) {
        $head{$s} = undef;
        syswrite $s, "HTTP/1.1 101 Switching Protocols\r\n"
                     . "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    }
}
