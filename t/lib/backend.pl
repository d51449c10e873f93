#!/usr/bin/perl

# A web server that can misbehave in every way that a health check knows. Its
# manners are the first words of a file that is read whenever a request, or a
# connection, comes:
#
#     ok                200 and the server's name
#     status CODE       that status
#     body TEXT         200 and another body
#     slow SECONDS      the right answer, late
#     silent            reads, and never answers
#     header            a header that never ends
#     endless           a body that never ends
#     drip              the right answer, one byte a second
#     garbage           no HTTP at all
#     reset             closes as soon as a request is there
#     flap              status 500 to every second request of a check
#
# A line for each request goes to standard output: time, kind, path; kind is
# "check" for requests of ngx_vrrp, else "client".
#
# usage: backend.pl NAME PORT MANNERS-FILE

use v5.36;

use IO::Socket::INET;
use Time::HiRes qw(time);

my ($name, $port, $file) = @ARGV;

my $listener = IO::Socket::INET->new(
    LocalAddr => '0.0.0.0', LocalPort => $port, Listen => 1024,
    ReuseAddr => 1, Blocking => 0) or die "backend: port $port: $@\n";

my %open;      # by descriptor: socket, in, out, drip
my @later;     # [time, descriptor, serial, answer]
my $serial = 0;

$SIG{PIPE} = 'IGNORE';
$SIG{TERM} = sub { exit 0 };
$| = 1;

say time, ' listening -';

while (1) {
    my ($reads, $writes) = interests();
    my $timeout = @later || grep({ $_->{drip} } values %open) ? 0.005 : 1;

    select $reads, $writes, undef, $timeout;

    answer_later();
    accept_all() if vec($reads, fileno $listener, 1);

    for my $fd (keys %open) {
        receive($fd)  if vec($reads, $fd, 1);
        transmit($fd) if $open{$fd};
    }
}


sub manners () {
    open my $in, '<', $file or return 'ok';
    my $line = <$in> // 'ok';

    return $line =~ s/\s+$//r;
}


sub interests () {
    my ($reads, $writes) = ('', '');

    vec($reads, fileno $listener, 1) = 1;

    for my $fd (keys %open) {
        vec($reads, $fd, 1) = 1;
        vec($writes, $fd, 1) = 1
            if (length $open{$fd}{out} || $open{$fd}{more})
               && !$open{$fd}{drip};
    }

    return ($reads, $writes);
}


sub accept_all () {
    while (my $socket = $listener->accept) {
        $socket->blocking(0);

        if (fileno $socket > 1000) {
            close $socket;
            next;
        }

        $open{ fileno $socket } = { socket => $socket, in => '', out => '',
                                    serial => ++$serial };
    }
}


sub hang_up ($fd) {
    close $open{$fd}{socket};
    delete $open{$fd};
}


sub receive ($fd) {
    my $one = $open{$fd};
    my $n = sysread $one->{socket}, $one->{in}, 65536, length $one->{in};

    return hang_up($fd) if defined $n ? $n == 0 : !$!{EAGAIN};

    while ($open{$fd} && $one->{in} =~ s/^(\S+) (\S+) .*?\r\n\r\n//s) {
        my ($request, $method, $path) = ($&, $1, $2);
        my $kind = $request =~ /^User-Agent: ngx_vrrp/mi ? 'check' : 'client';

        say time, " $kind $path";
        answer($fd, $request, $method, manners());
    }
}


sub answer ($fd, $request, $method, $manners) {
    my ($word, $argument) = split ' ', $manners, 2;
    my $one = $open{$fd};
    my $close = $request =~ /^Connection: close/mi;
    my $good = response(200, $name, $close);

    $one->{close} = $close;

    if    ($word eq 'ok')      { $one->{out} .= $good }
    elsif ($word eq 'status')  { $one->{out} .= response($argument, $name,
                                                         $close) }
    elsif ($word eq 'body')    { $one->{out} .= response(200, $argument,
                                                         $close) }
    elsif ($word eq 'garbage') { $one->{out} .= "\0\1\2 hello\r\n" x 9 }
    elsif ($word eq 'flap')    { $one->{out} .= flap($request, $good, $close) }
    elsif ($word eq 'reset')   { hang_up($fd) }
    elsif ($word eq 'drip')    { @$one{qw(out drip)} = ($good, 1) }
    elsif ($word eq 'header')  { @$one{qw(out more)}
                                     = ("HTTP/1.1 200 OK\r\n",
                                        "X-More: more and more\r\n" x 200) }
    elsif ($word eq 'endless') { @$one{qw(out more)}
                                     = ("HTTP/1.1 200 OK\r\n\r\n",
                                        'more and more ' x 300) }
    elsif ($word eq 'slow')    { push @later, [ time + $argument, $fd,
                                                $one->{serial}, $good ] }
    elsif ($word ne 'silent')  { die "backend: no manners \"$manners\"\n" }
}


sub flap ($request, $good, $close) {
    state $n = 0;

    return $request =~ /^User-Agent: ngx_vrrp/mi && $n++ % 2
           ? response(500, $name, $close) : $good;
}


sub response ($status, $body, $close) {
    my $length = 1 + length $body;

    return "HTTP/1.1 $status Whatever\r\nContent-Type: text/plain\r\n"
           . "Content-Length: $length\r\n"
           . ($close ? "Connection: close\r\n" : '') . "\r\n$body\n";
}


sub answer_later () {
    my $now = time;
    my @due = grep { $_->[0] <= $now } @later;

    @later = grep { $_->[0] > $now } @later;

    for my $one (@due) {
        my (undef, $fd, $serial, $text) = @$one;

        $open{$fd}{out} .= $text
            if $open{$fd} && $open{$fd}{serial} == $serial;
    }
}


sub transmit ($fd) {
    my $one = $open{$fd};

    return if $one->{drip} && time < ($one->{next} // 0);

    if ($one->{more} && length $one->{out} < 4096) {
        $one->{out} .= $one->{more};
    }

    return unless length $one->{out};

    my $length = $one->{drip} ? 1 : length $one->{out};
    my $n = syswrite $one->{socket}, $one->{out}, $length;

    if (!defined $n) {
        hang_up($fd) unless $!{EAGAIN};
        return;
    }

    substr $one->{out}, 0, $n, '';
    $one->{next} = time + 1;

    hang_up($fd) if $one->{close} && !length $one->{out} && !$one->{more};
}
