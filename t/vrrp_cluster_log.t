#!/usr/bin/perl

# The error log is a pipe, and its reader stops until the pipe is full. The node
# still gives the address up and takes it back, although it logs both.

use v5.36;

use POSIX qw(mkfifo);
use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Classic;
use VRRP::Lab;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $lab = VRRP::Lab->new(nodes => [qw(lb1 lb2)]);
my $classic = VRRP::Classic->new(profile => 'v3');
my $http = $classic->status_server;
my $node = $lab->node('lb1');
my $log = $node->dir . '/log';

mkfifo($log, 0666) or die "$log: $!\n";

my $read = $node->dir . '/read';
my $reader = $node->spawn({ output => $read, tag => 'reader' },
                          'sh', '-c', "exec cat <>$log");

# What the pipe takes while nothing reads it. The longest write that is all or
# nothing, then single octets.
sub fill () {
    open my $pipe, '>>', $log or die "$log: $!\n";
    $pipe->blocking(0);

    for my $text ('x' x 4096, 'x') {
        1 while defined syswrite $pipe, $text;
    }
}

my $lb1 = $lab->start_nginx('lb1', vrrp => $classic->vrrp('lb1'), http => $http,
                            main => "error_log $log info;");

ok(eval { $lab->wait_for_holder('lb1', 15) }, 'lb1 is MASTER') or diag($@);
$lab->start_nginx('lb2', vrrp => $classic->vrrp('lb2'), http => $http);

kill 'STOP', $reader;
fill();

for my $time (1 .. 2) {
    $lab->unplug('lb1');
    ok(eval { $lab->wait_for_holder('lb2', 10) }, "$time: lb2 has taken over")
        or diag($@);
    $lab->plug('lb1');
    ok(eval { $lab->wait_for_holder('lb1', 10) }, "$time: lb1 has it again")
        or diag($@);
}

# The address would be gone after its lease.
sleep 3;
is(join(' ', $lab->who_has), 'lb1', 'lb1 keeps the address');
is($lb1->state, 'MASTER', 'lb1 is MASTER');

kill 'CONT', $reader;
$lab->wait_until('the pipe to be read', 10, sub { -s $read > 65_000 });
$lab->unplug('lb1');
ok(eval {
    $lab->wait_until('a line', 10, sub {
        VRRP::Proc::slurp($read) =~ /x.*MASTER -> FAULT: interface/s;
    });
}, 'what happens when the pipe is read is in the log') or diag($@);

$lab->finish;
done_testing;
