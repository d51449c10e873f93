#!/usr/bin/perl

# tools/install, with programs that only look like nginx and its ./configure.
# tools/test-matrix has the real ones ("install").

use v5.36;

use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use Test::More;

my $INSTALL = abs_path('tools/install');

my $SHELL = "#!/bin/sh";

my $dir = tempdir(CLEANUP => 1);
my $prefix = "$dir/nginx";
my $module = "$prefix/modules/ngx_vrrp_module.so";

# The configure arguments as nginx -V prints them; what nginx -t says.
my @ARGUMENTS = ("--prefix=$prefix", q(--with-cc-opt='-g -O2'),
                 '--with-stream=dynamic', '--with-http_xslt_module=dynamic',
                 '--add-dynamic-module=/nowhere/other', '--builddir=/nowhere');

mkdir "$dir/$_" for qw(tree tree/src tree/src/core destdir);
source_tree('1.99.9');


subtest 'built and installed' => sub {
    my ($said, $status) = install_for('nginx/1.99.9',
                                      [ @ARGUMENTS, '--with-compat' ]);

    is($status, 0, 'it works') or diag($said);
    is(configured(), join(' | ', "--prefix=$prefix", '--with-cc-opt=-g -O2',
                          '--with-stream=dynamic', '--with-compat',
                          "--builddir=$dir/build/ngx_vrrp-objs",
                          '--add-dynamic-module=' . abs_path('.')),
       'the arguments of nginx, without those of other modules');
    ok(-f $module, 'in the directory for modules');
    like($said, qr{^load_module \Q$module\E;$}m, 'a line to add');
    like($said, qr{^include \Q$prefix\E/conf/vrrp\.d/\*\.conf;$}m,
         'and another');
};

subtest 'into another directory' => sub {
    my ($said) = install_for('nginx/1.99.9',
        [ @ARGUMENTS, '--with-compat', '--modules-path=/usr/lib/nginx',
          '--conf-path=/etc/nginx/nginx.conf' ],
        '--destdir', "$dir/destdir");

    ok(-f "$dir/destdir/usr/lib/nginx/ngx_vrrp_module.so", 'below it');
    like($said, qr{^load_module /usr/lib/nginx/ngx_vrrp_module\.so;$}m,
         'the lines are without it');
    like($said, qr{^include /etc/nginx/vrrp\.d/\*\.conf;$}m,
         'beside nginx.conf');
};

subtest 'dry run' => sub {
    unlink $module;

    my ($said, $status) = install_for('nginx/1.99.9', \@ARGUMENTS, '--dry-run');

    is($status, 0, 'it works') or diag($said);
    like($said, qr{^installed: +\Q$module\E$}m, 'it says where');
    ok(!-e $module, 'nothing is there');
};

subtest 'sources are downloaded' => sub {
    rename "$dir/tree", "$dir/nginx-1.99.9" or die;
    system('tar', '-C', $dir, '-czf', "$dir/nginx-1.99.9.tar.gz",
           'nginx-1.99.9') == 0 or die;
    rename "$dir/nginx-1.99.9", "$dir/tree" or die;

    my ($said, $status) = install_for('nginx/1.99.9', \@ARGUMENTS,
                                      '--nginx-src', undef);

    is($status, 0, 'of the version of nginx') or diag($said);
    ok(-f $module, 'and built');

    refused('nginx/1.99.8', \@ARGUMENTS, qr/no nginx-1\.99\.8\.tar\.gz from/,
            '--nginx-src', undef);
    refused('Angie/1.12.1', \@ARGUMENTS, qr/Angie\/1\.12\.1: give its sources/,
            '--nginx-src', undef);
};

subtest 'no source is removed' => sub {
    my $header = "$dir/tree/src/core/nginx.h";

    # The last --build-dir counts.
    refused('nginx/1.99.9', \@ARGUMENTS,
            qr{the build directory \S+ is in the source \S+/tree:},
            '--build-dir', $_) for "$dir/tree", "$dir/tree/build";
    ok(-f $header, 'the source is there');

    refused('nginx/1.99.9', \@ARGUMENTS, qr/where it would be removed/,
            '--nginx-src', "$dir/build/ngx_vrrp-src");
    ok(-f "$dir/build/ngx_vrrp-src/src/core/nginx.h", 'a copy is there, too');

    my ($said, $status) = install_for('nginx/1.99.9',
        [ @ARGUMENTS, '--with-compat' ], '--nginx-src', undef,
        '--build-dir', "$dir/tree");

    is($status, 0, 'a download, with a source as build directory')
        or diag($said);
    ok(-f $header, 'that source is there');
};

subtest 'what cannot be done' => sub {
    refused('nginx/1.99.8', \@ARGUMENTS,
            qr{is nginx/1\.99\.8, but \S+/tree is 1\.99\.9$}m);
    refused('nginx/1.99.9', ['--with-openssl=/nowhere'],
            qr{with --with-openssl=/nowhere, and /nowhere is not here});
    refused('nginx/1.99.9', ['--add-module=/nowhere'],
            qr{with --add-module=/nowhere, and /nowhere is not here});

    my ($said) = install_for('nginx/1.99.9',
                             [ '--add-module=/nowhere', '--with-compat',
                               "--prefix=$prefix" ]);
    unlike(configured(), qr/nowhere/, 'not needed with --with-compat');

    refused('nginx/1.99.9', [ "--prefix=$prefix" ],
            qr/was built without --with-compat, .*build nginx again/,
            incompatible => 1);
    refused('nginx/1.99.9', [ "--prefix=$prefix" ], qr/\[emerg\] no symbol/,
            broken => 1);
};

done_testing;


# A tree whose ./configure writes down its arguments, and a makefile that
# copies a file.
sub source_tree ($version) {
    write_file('tree/src/core/nginx.h', qq(#define NGINX_VERSION "$version"\n));
    write_file('tree/configure', <<"END");
$SHELL
printf '%s\\n' "\$@" > $dir/configured
objs=\$(printf '%s\\n' "\$@" | sed -n 's/^--builddir=//p')
mkdir -p "\$objs"
printf "\$objs/ngx_vrrp_module.so:\\n\\tcp /bin/true \\\$@\\n" > "\$objs/Makefile"
END
    chmod 0755, "$dir/tree/configure";
}


sub configured () {
    open my $in, '<', "$dir/configured" or return '';
    chomp(my @lines = <$in>);

    return join ' | ', @lines;
}


# Returns what the tool prints, and its status. Options are ours, or those of
# the tool.
sub install_for ($version, $arguments, @options) {
    my %options = ('--nginx-src' => "$dir/tree", @options % 2 ? () : @options);
    my @flags = @options % 2 ? @options : ();
    my $error = delete $options{incompatible}
                ? 'module "x" is not binary compatible in x'
                : delete $options{broken} ? 'no symbol' : '';
    my $test = $error eq '' ? 'exit 0'
                            : "echo '[emerg] $error' >&2; exit 1";

    write_file('fake', <<"END");
$SHELL
if [ "\$1" = -t ]; then
    $test
fi
cat >&2 << 'TEXT'
nginx version: $version
configure arguments: @$arguments
TEXT
END
    chmod 0755, "$dir/fake";
    unlink "$dir/configured";

    my @command = ($INSTALL, '--nginx', "$dir/fake", '--build-dir',
                   "$dir/build", @flags,
                   map { defined $options{$_} ? ($_, $options{$_}) : () }
                       sort keys %options);
    my $line = join ' ', map { "'$_'" } @command;
    my $said = `NGX_VRRP_NGINX_DOWNLOAD=file://$dir $line 2>&1`;

    return ($said, $? >> 8);
}


sub refused ($version, $arguments, $words, @options) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    unlink $module;

    my ($said, $status) = install_for($version, $arguments, @options);

    isnt($status, 0, "$version @$arguments: refused");
    like($said, $words, 'in words');
    ok(!-e $module, 'nothing is installed');
}


sub write_file ($name, $text) {
    open my $out, '>', "$dir/$name" or die "$dir/$name: $!\n";
    print {$out} $text;
    close $out;
}
