#!/usr/bin/perl

# Open connections of clients to the address when it moves: they are closed at
# once, and do not keep the old nginx from ending.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $VIP = $VRRP::Lab::VIP;

# nginx gives a client a minute for its header.
my $SOON = 3;
$VRRP::Nginx::SHUTDOWN_TIMEOUT = 60;

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
my $classic = VRRP::Classic->new(profile => 'v3');
my %nginx = map { $_ => start($_) } qw(lb1 lb2);

# A client that says so much, and then waits: "name seconds error".
my $CLIENT = <<'END';
    use v5.36; use IO::Socket::INET; use Time::HiRes 'time';
    my ($name, $to, $said) = @ARGV;
    my $s = IO::Socket::INET->new(PeerAddr => $to, PeerPort => 80)
        or die "$to: $!\n";
    $said =~ s/\|/\r\n/g;
    print {$s} $said; $s->flush;
    my $since = time;
    my $n; my $answer = '';
    while ($n = sysread $s, my $more, 4096) { $answer .= $more }
    my $end = defined $n ? 'closed' : "$!";
    $answer =~ s/\r\n.*//s;
    printf "%s: %s: %s: %.3f\n", $name, $answer, $end, time;
END


sub vrrp ($name, $instance = '') {
    return $classic->vrrp($name, instance => $instance);
}


sub start ($name) {
    return $lab->start_nginx($name, vrrp => vrrp($name),
        expect => qr/worker process \d+ exited on signal 9/,
        http => <<'END');
    server { listen 80; location / { return 200 ok; } }
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; allow 127.0.0.1; deny all; }
    }
END
}


sub connect_clients ($tag) {
    my %said = (half => 'GET / HT', silent => '',
                idle => 'GET / HTTP/1.1|Host: x||');

    for my $name (sort keys %said) {
        $lab->node('client')->spawn(
            { tag => "$tag-$name" },
            'perl', '-e', $CLIENT, $name, $VIP, $said{$name});
    }
    sleep 0.5;
    return map { $lab->node('client')->dir . "/$tag-$_.out" } sort keys %said;
}


sub ended ($since, @files) {
    my %ends;

    eval {
        $lab->wait_until('the clients', $SOON, sub {
            for my $text (map { VRRP::Proc::slurp($_) // '' } @files) {
                my ($name, $answer, $end, $at) = $text =~
                    /^(\w+): (.*): (.*): ([\d.]+)$/ or next;
                $ends{$name} = { answer => $answer, end => $end,
                                 after => $at - $since };
            }
            return 3 == keys %ends;
        });
    };
    return \%ends;
}


# --- quit ---------------------------------------------------------------------

$lab->wait_for_holder('lb1', 10);

my @files = connect_clients('quit');
my $since = time;

$nginx{lb1}->signal('QUIT', $nginx{lb1}->masters);

my $ends = ended($since, @files);
is($ends->{half}{end}, 'Connection reset by peer', 'a half request: reset');
like($ends->{idle}{answer}, qr/^HTTP\/1.1 200/, 'an idle one was answered');
is(join(' ', sort keys %$ends), 'half idle silent', 'all of them ended')
    or diag(explain($ends));

eval { $nginx{lb1}->wait_gone($SOON) };
is($@, '', 'nginx has ended');
cmp_ok(time - $since, '<', 2 * $SOON, 'soon');
like($nginx{lb1}->log_text, qr/\[notice\].*closed \d+ connections? to/,
     'the log tells how many');

$nginx{lb1}->start;
$lab->wait_for_holder('lb1', 10);


# --- off ----------------------------------------------------------------------

$nginx{lb1}->configure(vrrp => vrrp('lb1', 'close_connections off;'));
$nginx{lb1}->reload;
@files = connect_clients('off');
$nginx{lb1}->signal('QUIT', $nginx{lb1}->masters);
$lab->wait_for_holder('lb2', 10);
sleep 1;
my ($half) = grep { /half/ } @files;
is(VRRP::Proc::slurp($half) // '', '', 'off: it waits');
unlike(($nginx{lb1}->log_text =~ /reconfiguring(.*)/s)[0], qr/closed \d+ conn/,
       'off: nothing is closed');
$nginx{lb1}->signal('KILL', $nginx{lb1}->workers);
$nginx{lb1}->wait_gone;


# --- a router with a higher priority ------------------------------------------

@files = connect_clients('preempted');
$since = time;
$nginx{lb1}->start;
$lab->wait_for_holder('lb1', 10);
$ends = ended($since, @files);
is($ends->{$_}{end}, 'Connection reset by peer', "preempted, $_: reset")
    for qw(half idle silent);

$lab->finish;
done_testing;
