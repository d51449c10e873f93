#!/usr/bin/perl

# Each file of conf-examples/ passes nginx -t unchanged, and the only warnings
# are about interfaces that this machine does not have. A file with "node"
# blocks is tested on a machine with the name of each.

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use File::Temp qw(tempdir);
use Test::More;

use VRRP::Nginx;
use VRRP::Proc;

my $reason = VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;
plan(skip_all => 'must be root: nginx -t tries to listen on port 80')
    if $> != 0;

my $examples = abs_path(dirname(__FILE__) . '/../conf-examples');
my @files = glob "$examples/*.conf";

# the prefix that "load_module modules/..." is relative to
my $prefix = tempdir('vrrp_examples.XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $module = VRRP::Nginx->module;

plan(skip_all => 'the module is linked in') if $module eq '';

# nginx from source opens its logs in logs/
mkdir $_ or die "mkdir $_: $!\n" for "$prefix/modules", "$prefix/logs";
symlink abs_path($module), "$prefix/modules/ngx_vrrp_module.so"
    or die "symlink: $!\n";

cmp_ok(@files, '>=', 7, 'the examples are there');

for my $file (@files) {
    my %hosts = map { $_ => 1 } VRRP::Proc::slurp($file) =~ /\bnode (\w+) \{/g;

    passes($file, $_) for %hosts ? sort keys %hosts : 'localhost';
}

sub passes ($file, $host) {
    my $nginx = VRRP::Nginx->binary;
    my $main = "pid $prefix/nginx.pid; error_log stderr;";

    my $command = "$nginx -t -p '$prefix' -c '$file' -g '$main'";

    # a directory that an example wants, only here
    my $run = 'mount -t tmpfs tmpfs /run && mkdir -m 700 /run/nginx-vrrp';

    my $output
        = `unshare -u -m sh -c "hostname $host && $run && $command" 2>&1`;
    my $status = $?;

    my @complaints = grep { !/interface "eth[01]" does not exist yet/ }
        $output =~ /^.*\[(?:warn|error|crit|alert|emerg)\].*$/mg;

    ok($status == 0 && !@complaints, basename($file) . " on $host")
        or diag($output);
}

done_testing();
