#!/usr/bin/perl

# The first process of a lab node: it holds the node's namespaces open, reaps
# orphans, and takes every process of the node with it when it ends. It ends
# when the lab that holds the other end of its standard input does, however
# that happens, unless it got the order "keep".

use v5.36;

my ($name) = @ARGV;

sub run (@command) {
    system(@command) == 0 or die "node-init: \"@command\" failed\n";
}

run(qw(mount -t tmpfs -o mode=755 tmpfs /run));
run(qw(mount -t sysfs sysfs /sys));
run('hostname', $name);
run(qw(ip link set lo up));

$SIG{CHLD} = 'IGNORE';
$SIG{TERM} = sub { exit 0 };

$| = 1;
say 'ready';

my $line = <STDIN> // exit 0;
die "node-init: unknown order $line" if $line ne "keep\n";

say 'kept';
open STDIN,  '<', '/dev/null';
open STDOUT, '>', '/dev/null';

sleep 3600 while 1;
