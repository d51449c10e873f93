#!/usr/bin/perl

# A release: the tarball has all files of the project, it is the same each time,
# and a version that differs in one place is found.

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use Test::More;

use VRRP::Proc;

my $top = abs_path(dirname(__FILE__) . '/..');
my $dir = tempdir('vrrp_release.XXXXXX', TMPDIR => 1, CLEANUP => 1);

sub run (@command) {
    my $output = qx{@command 2>&1};

    return ($output, $? >> 8);
}

sub files_of ($tree) {
    return [split /\0/, qx{$tree/tools/list-files}];
}

sub spurt ($path, $text) {
    open my $file, '>', $path or die "$path: $!\n";
    print {$file} $text;
    close $file or die "$path: $!\n";
}


for my $run (qw(one two)) {
    my ($output, $status) = run("$top/tools/release", '--tarball',
                                '--build-dir', "$dir/$run");
    is($status, 0, "tarball $run") or diag($output);
}

my ($one, $two) = map { glob "$dir/$_/ngx_vrrp-*.tar.gz" } qw(one two);
ok(VRRP::Proc::slurp($one) eq VRRP::Proc::slurp($two), 'it is the same each time');

my ($version) = $one =~ /ngx_vrrp-(\d+\.\d+\.\d+)\.tar\.gz$/;
ok(defined $version, 'its name has a version');

run('tar', '-C', $dir, '-xf', $one);
my $tree = "$dir/ngx_vrrp-$version";
is_deeply(files_of($tree), files_of($top), 'it has all files');
ok(-x "$tree/tools/test", 'modes are kept');

run("$tree/tools/release", '--tarball', '--build-dir', "$dir/three");
ok(VRRP::Proc::slurp("$dir/three/ngx_vrrp-$version.tar.gz")
   eq VRRP::Proc::slurp($one), 'without git, it makes the same tarball');


# Without git: in a place that is in no other checkout.
sub check () {
    return run("$tree/tools/release", '--check');
}

my $changes = VRRP::Proc::slurp("$tree/CHANGES");

spurt("$tree/CHANGES", $changes =~ s/^\s*Unreleased$/\n$version (2026-11-30)/mr);
is_deeply([check()], ["release: $version\n", 0], 'a version for a release');

for my $file (qw(CHANGES debian/changelog packaging/rpm/nginx-mod-vrrp.spec)) {
    my $text = VRRP::Proc::slurp("$tree/$file");

    spurt("$tree/$file", $text =~ s/\Q$version\E/9.9.9/r);
    my ($output, $status) = check();
    is($status, 1, "$file: another version");
    like($output, qr/^\Q$file\E.*\n/, '... is named');
    spurt("$tree/$file", $text);
}

done_testing;
