#!/usr/bin/perl

# systemd accepts the example drop-in for Debian's nginx.service, and its
# times fit each other.

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Copy qw(copy);
use File::Temp qw(tempdir);
use Test::More;

use VRRP::Proc;

my $DEFAULT_RELEASE = 3;  # s, of release_timeout

my ($unit) = grep { -e } map { "$_/systemd/system/nginx.service" }
    qw(/lib /usr/lib);
my ($analyze) = grep { -x } map { "$_/systemd-analyze" } qw(/usr/bin /bin);

plan(skip_all => 'no nginx.service here, Debian has one in nginx-common')
    if !$unit;
plan(skip_all => 'no systemd-analyze here') if !$analyze;

my ($version) = `$analyze --version` =~ /^systemd (\d+)/;

plan(skip_all => 'systemd 250 is needed for "ExitType"')
    if ($version // 0) < 250;

my $example = abs_path(dirname(__FILE__)
    . '/../conf-examples/systemd/nginx.service.d/vrrp.conf');
my $text = VRRP::Proc::slurp($example);

# systemd's messages about the unit with such a drop-in.
sub verify ($drop_in) {
    my $dir = tempdir('vrrp_systemd.XXXXXX', TMPDIR => 1, CLEANUP => 1);

    copy($unit, "$dir/nginx.service") or die "copy $unit: $!\n";
    mkdir "$dir/nginx.service.d" or die "mkdir: $!\n";

    open my $out, '>', "$dir/nginx.service.d/vrrp.conf" or die "open: $!\n";
    print {$out} $drop_in;
    close $out or die "close: $!\n";

    my $said = `$analyze verify --man=no '$dir/nginx.service' 2>&1`;

    return join '', grep { /nginx\.service/ } split /^/, $said;
}

is(verify($text), '', 'the example is understood');

# including the lines that are commented out
is(verify($text =~ s/^#(?=[A-Z]\w+=)//mgr), '', 'and so are its suggestions');

# so that these are no empty promises
like(verify($text =~ s/^Restart=.*/Restart=maybe/mr), qr/maybe/,
     'a mistake would be seen');

my ($quit) = $text =~ m{^ExecStop=.* QUIT/(\d+) }m;
my ($stop) = $text =~ /^TimeoutStopSec=(\d+)$/m;

cmp_ok($quit, '>', $DEFAULT_RELEASE, 'QUIT has time to give the address away');
cmp_ok($stop, '>', $quit, 'and systemd more time than that');

done_testing();
