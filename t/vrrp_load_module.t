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

reload(vrrp => $classic->vrrp('lb1'), http => $classic->status_server);
$lab->wait_for_holder('lb1', 10);
shows_another_build();

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


# Its path has another build: a reload keeps the loaded one, an upgrade does not.
sub shows_another_build () {
    my $before = $nginx->status;
    like($before->{build_id}, qr/^[0-9a-f]{40}$/, 'which build runs');
    is($before->{installed_build_id}, $before->{build_id}, 'it is installed');
    unlike($nginx->log_text, qr/module file has changed/, 'no warning');

    put_module(write_other_build());
    my $installed = $nginx->status->{installed_build_id};
    isnt($installed, $before->{build_id}, 'another build is installed');

    reload();
    $lab->wait_until('a warning', 10, sub {
        $nginx->log_text =~ /\[warn\].*vrrp: the module file has changed/ });
    like($nginx->log_text, qr/\(build $before->{build_id} runs, $installed is/,
         'it names both builds');
    is($nginx->status->{build_id}, $before->{build_id},
       'the old one runs after a reload');

    $nginx->signal('USR2', $master);
    $lab->wait_until('another master', 10, sub { $nginx->masters == 2 });
    $nginx->signal('QUIT', $master);
    $lab->wait_until('the end of the old one', 10, sub {
        $nginx->masters == 1 && $nginx->vrrp_processes == 1 });
    $lab->wait_for_holder('lb1', 10);

    my $after = $nginx->status;
    is($after->{build_id}, $installed, 'the other one runs after an upgrade');
    is($after->{installed_build_id}, $installed, 'and is installed');
    is(() = $nginx->log_text =~ /module file has changed/g, 1,
       'one warning for one reload');
}


# The same code, but the identity that the linker wrote has other digits.
sub write_other_build () {
    my $other = $lab->dir . '/other.so';

    copy($module, $other) or die "$other: $!\n";

    open my $file, '+<:raw', $other or die "$other: $!\n";
    local $/ = undef;
    my $bytes = <$file>;
    my $at = index $bytes, pack 'L<3a4', 4, 20, 3, 'GNU';
    die "no build id in $module\n" if $at < 0;

    seek $file, $at + 16, 0;
    print {$file} ~. substr $bytes, $at + 16, 20;
    close $file or die "$other: $!\n";

    return $other;
}


sub lives ($when, $vrrp_processes) {
    is(join(' ', $nginx->masters), $master, "$when: master");
    is(scalar(my @now = $nginx->vrrp_processes), $vrrp_processes,
       "$when: vrrp processes");
}
