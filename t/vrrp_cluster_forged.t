#!/usr/bin/perl

# A new binary finds the memory of its vrrp processes by a variable in its
# environment, which any program may have set: the descriptor is used only if
# it really is that memory.

use v5.36;

use Test::More;

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;
plan(skip_all => 'not x86-64') if `uname -m` ne "x86_64\n";

# Runs nginx in the background, as one that starts another binary does: with
# two descriptors and a variable that names them. The first one is a memory of
# that size, with these seals and this header.
my $FORGER = <<'END';
my ($inherited, $size, $seals, $header, @nginx) = @ARGV;
my $name = "forged\0";
my $fd = syscall(319, $name, 2);
open my $memory, '+<&=', $fd or die "memfd: $!\n";
truncate $memory, $size or die "truncate: $!\n";
syswrite $memory, pack 'Q<LLQ<', 0x6e67787672727033, 1024, 64, $header;
fcntl $memory, 1033, $seals + 0 or die "seals: $!\n" if $seals;
my $wake = syscall(290, 0, 2048);
$ENV{NGX_VRRP_OWNERSHIP} = "$fd,$wake,abc";
$ENV{NGINX} = '' if $inherited;
$^F = 100;
exit 0 if fork;
open STDOUT, '>', '/dev/null';
open STDERR, '>', '/dev/null';
fcntl $memory, 2, 0;
exec @nginx;
END

my $SIZE = 4096 + 1024 * (64 + 16384);
my $SEALS = 1 | 2 | 4;    # F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW
my $NUMBER = hex 'abc';

my $lab = VRRP::Lab->new(nodes => ['lb1']);
my $node = $lab->node('lb1');

runs_with('of another process that nginx does not go on for', 'ngx_vrrp_ownership',
          0, $SIZE, $SEALS, $NUMBER);
runs_with('without seals', 'ngx_vrrp_ownership', 1, $SIZE, 0, $NUMBER);
runs_with('of another size', 'ngx_vrrp_ownership', 1, 4096, $SEALS, $NUMBER);
runs_with('with another number', 'ngx_vrrp_ownership', 1, $SIZE, $SEALS, 1);
runs_with('that is the right one', 'forged', 1, $SIZE, $SEALS, $NUMBER);

$lab->destroy;
done_testing;


sub runs_with ($what, $expected, @forger) {
    subtest "a memory $what" => sub {
        my $nginx = VRRP::Nginx->new(node => $node, workers => 1,
            wrapper => [$^X, '-e', $FORGER, @forger], vrrp => <<'END',
    vrrp_instance VI_1 {
        interface vrlab0;
        virtual_router_id 51;
        virtual_ipaddress 192.168.64.200/24;
    }
END
            http => 'server { listen 80; location / { return 200; } }');
        $nginx->start;
        $lab->wait_for_holder('lb1', 10);

        my ($vrrp) = $nginx->vrrp_processes;
        my @mapped = (VRRP::Proc::slurp("/proc/$vrrp/maps") // '')
                     =~ /memfd:(ngx_vrrp_ownership|forged)/g;
        is("@mapped", $expected, 'what the vrrp process has mapped');

        my ($worker) = $nginx->workers;
        unlike(join(' ', map { readlink // '' } glob "/proc/$worker/fd/*"),
               qr/ngx_vrrp_ownership/, 'a worker has nothing of it');

        $nginx->stop;
        is(join("\n", $nginx->complaints), '', 'nothing alarming logged');
    };
}
