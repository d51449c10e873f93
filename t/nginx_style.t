#!/usr/bin/perl

# tools/nginx-style finds each kind of mistake, and accepts correct code.

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use Test::More;

my $TOP = abs_path(dirname(__FILE__) . '/..');

my $dir = tempdir(CLEANUP => 1);

my $GOOD = <<'END_OF_C';

/*
 * What the file is for.
 */


#include <ngx_core.h>

#include "core/capi.h"
#include "ngx_vrrp_module.h"


static ngx_int_t ngx_one(void);


/* http://example.org is no comment in a comment */

static ngx_int_t
ngx_one(void)
{
    char  *url = "http://example.org /* nor here";

    return url ? NGX_OK : NGX_ERROR;
}


#if (NGX_LINUX)

static void *
ngx_two(ngx_pool_t *pool,
    size_t size)
{
    return ngx_palloc(pool, size);
}

#endif
END_OF_C


# The messages about a file with this text, without its name.
sub findings ($text) {
    my $file = "$dir/ngx_x.c";

    open my $out, '>', $file or die "$file: $!\n";
    print {$out} $text;
    close $out;

    open my $in, '-|', "$TOP/tools/nginx-style", $file or die "$!\n";
    my @said = map { s/^\Q$file\E:\d+: //r } <$in>;
    close $in;

    return join '', @said;
}


# The good text with one change that must be noticed.
sub notices ($what, $from, $to) {
    my $text = $GOOD;

    $text =~ s/\Q$from\E/$to/ or die "nothing to change for \"$what\"\n";
    like(findings($text), qr/^\Q$what\E/m, "noticed: $what");
}


is(findings($GOOD), '', 'nothing to say about good code');

notices('81 columns', '/* http', '/*' . ' ' x 30 . ' http');
notices('a tab', '    return url', "\treturn url");
notices('trailing space', 'NGX_ERROR;', 'NGX_ERROR; ');
notices('three blank lines', "capi.h\"\n", "capi.h\"\n\n\n\n");
notices('a blank line at the end', "#endif\n", "#endif\n\n");
notices('a comment with //', '    return url', '    // return url');
notices('no space after a keyword', '    return url', '    if(url) return url');

notices('an include that a shim', 'core/capi.h', 'core/base/ip.hpp');
notices('an include that a shim', '<ngx_core.h>', '<vector>');

notices('not two blank lines after', "}\n\n\n#if", "}\n\nint a;\n\n#if");
notices('not two blank lines before', "void);\n\n\n/*", "void);\n\n/*");
notices('the name of a function', "void *\nngx_two", 'void *ngx_two');
notices('a function without its type', "static void *\n", "\n");

done_testing;
