#!/usr/bin/perl

# The module and its block are added, removed, and replaced by a reload, and
# the master lives on.

use v5.36;

use File::Copy qw(copy);
use Test::More;

use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;
plan(skip_all => 'the module is linked in') if VRRP::Nginx->module eq '';

my $classic = VRRP::Classic->new(profile => 'v3');
my $lab = VRRP::Lab->new(nodes => ['lb1']);

my $module = $lab->dir . '/module.so';
put_module(VRRP::Nginx->module);
$ENV{NGX_VRRP_MODULE} = $module;

my $PLAIN = 'server { listen 127.0.0.1:8080; location / { return 200; } }';

my $nginx = $lab->start_nginx('lb1', http => $PLAIN);
my ($master) = $nginx->masters;

for my $round (1, 2) {
    reload(vrrp => $classic->vrrp('lb1'), http => $classic->status_server);
    $lab->wait_for_holder('lb1', 10);
    lives("round $round: loaded", 1);

    my ($old) = $nginx->vrrp_processes;
    put_module($ENV{NGX_VRRP_MODULE});
    reload();
    $lab->wait_until('another vrrp process', 10, sub {
        my @now = $nginx->vrrp_processes;
        return @now == 1 && $now[0] != $old;
    });
    $lab->wait_for_holder('lb1', 10);
    lives("round $round: replaced", 1);

    reload(vrrp => undef, http => $PLAIN);
    $lab->wait_until('the vrrp process to end', 10,
                     sub { !$nginx->vrrp_processes });
    lives("round $round: removed", 0);
    is(join(' ', $lab->who_has), '', "round $round: address given up");
}

unlike($nginx->log_text, qr/on signal/, 'nothing crashed');

$lab->finish;
done_testing;


# Another file of the same name, as a package manager does it: the loaded code
# does not change.
sub put_module ($from) {
    copy($from, "$module.new") or die "$module.new: $!\n";
    rename "$module.new", $module or die "$module: $!\n";
}


sub reload (%changes) {
    $nginx->configure(%changes);
    $nginx->command('reload');
}


sub lives ($when, $vrrp_processes) {
    is(join(' ', $nginx->masters), $master, "$when: master");
    is(scalar(my @now = $nginx->vrrp_processes), $vrrp_processes,
       "$when: vrrp processes");
}
