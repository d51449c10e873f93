#!/usr/bin/perl

# ngx-vrrp-from-keepalived: nginx -t accepts the translation of each sample of
# tests/translator/samples, on standard output and as files; exit status and
# options.

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use File::Temp qw(tempdir);
use Test::More;

use VRRP::Nginx;
use VRRP::Proc;

my $reason = VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;
plan(skip_all => 'must be root: nginx -t checks users of scripts') if $> != 0;

my $module = VRRP::Nginx->module;
plan(skip_all => 'the module is linked in') if $module eq '';

my $command = dirname(abs_path($module)) . '/ngx-vrrp-from-keepalived';
plan(skip_all => "there is no $command") if !-x $command;

my $samples = abs_path(dirname(__FILE__) . '/../tests/translator/samples');
my $work = tempdir('vrrp_translator.XXXXXX', TMPDIR => 1, CLEANUP => 1);

# nginx from source opens its log there.
mkdir "$work/logs" or die "mkdir $work/logs: $!\n";

sub spew ($file, $text) {
    open my $out, '>', $file or die "open $file: $!\n";
    print {$out} $text;
    close $out or die "close $file: $!\n";
}

# Returns exit status, standard output and standard error.
sub run (@args) {
    my $line = join ' ', map { "'$_'" } $command, @args;
    my $output = `$line 2>$work/stderr`;

    return ($? >> 8, $output, VRRP::Proc::slurp("$work/stderr"));
}

my $load_stream = VRRP::Nginx->load_stream;

sub accepted ($text) {
    spew("$work/nginx.conf", ($load_stream // '')
        . "\nload_module " . abs_path($module) . ";\n"
        . "pid $work/nginx.pid; error_log stderr;\n$text\nevents { }\n");

    my $nginx = VRRP::Nginx->binary;
    my $output = `$nginx -t -p $work -e stderr -c $work/nginx.conf 2>&1`;
    my $status = $?;

    my @complaints =
        grep { !/does\ not\ exist\ yet|its\ only\ member|with\ "nopreempt"
                 |without\ addresses/x }
        $output =~ /^.*\[(?:warn|error|crit|alert|emerg)\].*$/mg;

    return ($status == 0 && !@complaints, $output);
}

for my $file (glob "$samples/*.conf") {
    my ($status, $text, $remarks) = run('--host', 'lb1', $file);

  SKIP: {
        skip('no stream', 1) if $text =~ /^stream /m && !defined $load_stream;
        my ($passes, $output) = accepted($text);
        ok($passes, 'nginx -t accepts ' . basename($file))
            or diag($output, $text);
    }
    is($status, $remarks =~ /DECIDE/ ? 1 : 0, 'exit status') or diag($remarks);
}

# files
my $file = "$work/pair.conf";
my $block = "vrrp_instance VI_1 {\n    interface lo\n"
    . "    virtual_router_id 51\n    virtual_ipaddress {\n"
    . "        10.99.0.1/24\n    }\n}\n";

spew($file, $block);
is((run('-o', "$work/out", $file))[0], 0, 'a translation that is complete');
my $main = "$work/out/vrrp.d/pair.conf";
ok((accepted("include $main;"))[0], 'a file for the main context');

# modes: other users do not read a password
sub mode_of ($with_password, $mode = undef) {
    my $password = "    authentication {\n        auth_type PASS\n"
        . "        auth_pass 1234\n    }\n";

    spew($file, $with_password ? $block =~ s/^}/$password}/mr : $block);
    unlink $main;
    if (defined $mode) {
        spew($main, "# a longer text than the new one\n" x 100);
        chmod $mode, $main;
    }

    my ($status) = run('-o', "$work/out", $file);
    my $text = VRRP::Proc::slurp($main);

    return sprintf '%d %03o%s', $status, (stat $main)[2] & 0777,
        $text =~ /longer/ ? ' with the old text' : '';
}

umask 022;
is(mode_of(0), '0 644', 'a new file without a password');
is(mode_of(1), '0 600', 'a new file with a password');
is(mode_of(0, 0664), '0 664', 'an existing file keeps its mode');
is(mode_of(1, 0640), '0 640', 'also with a password, for its group');
is(mode_of(1, 0664), '0 660', 'but other users lose their rights');
unlink $main;
spew($file, $block);
run('-o', "$work/out", $file);

# one file for each context
my $lvs = "$samples/lvs_checkers.conf";
run('-o', "$work/out", $lvs);
my $of_http = "$work/out/conf.d/lvs_checkers-upstreams.conf";
my $of_stream = "$work/out/lvs_checkers-stream.conf";
$main = "$work/out/vrrp.d/lvs_checkers.conf";
like(VRRP::Proc::slurp("$work/stderr"),
    qr/^\Q$of_stream\E: write "stream \{ include .*into nginx.conf/m,
    'where to include the file for stream');
SKIP: {
    skip('no stream', 1) if !defined $load_stream;
    my ($passes, $output) = accepted("include $main; http { include $of_http; }"
        . " stream { include $of_stream; }");
    ok($passes, 'files for the contexts') or diag($output);
}

spew("$work/out/nginx.conf", "events { }\nstream {\n}\n");
run('-o', "$work/out", $lvs);
like(VRRP::Proc::slurp("$work/stderr"), qr/the stream \{ \} of .*nginx.conf:2$/m,
    'a stream { } that exists');

# files of an earlier translation
spew($file, $block);
my @earlier = ("$work/out/conf.d/pair-upstreams.conf",
    "$work/out/pair-stream.conf");
for my $earlier (@earlier) {
    spew($earlier, "# upstreams\n");

    my ($status, undef, $remarks) = run('-o', "$work/out", $file);
    is($status, 1, basename($earlier) . ' needs a decision');
    like($remarks, qr/^\Q$earlier\E: DECIDE: is from an earlier translation/m,
        'in words');
    is(VRRP::Proc::slurp($earlier), "# upstreams\n", 'it is not changed');
    unlink $earlier;
}
is((run('-o', "$work/out", $file))[0], 0, 'without them, it does not');

# "@" lines
spew($file, "\@lb1 global_defs {\n\@lb1   router_id one\n\@lb1 }\n$block");
like((run('--config-id', 'lb1', $file))[1], qr/router_id\s+one;/, 'this node');
unlike((run('--config-id', 'lb2', $file))[1], qr/^\s+router_id/m, 'another node');

# an unknown word, another file, no file
spew($file, $block =~ s/interface/intreface/r);
my ($status, undef, $remarks) = run($file);
is($status, 1, 'an unknown word needs a decision');
like($remarks, qr/pair\.conf:2: intreface: .*did you mean "interface"/,
    'its place, and what it could be');

spew($file, "http {\n}\n");
($status, undef, $remarks) = run($file);
is($status, 2, 'not a keepalived.conf');
like($remarks, qr/pair\.conf:1: .*expected a block/, 'what was expected');

for my $case (["$work/missing", 'No such file or directory'],
              [$work, 'Is a directory'])
{
    my ($path, $why) = @$case;

    ($status, undef, $remarks) = run($path);
    is($status, 2, "cannot be read: $why");
    is($remarks, "ngx-vrrp-from-keepalived: cannot read $path: $why\n",
        'its name and the error');
}

spew($file, "include $work/none/*.conf\n");
($status, undef, $remarks) = run($file);
is($status, 2, 'nothing but an include');
like($remarks, qr/^\Q$file\E:1: include: DECIDE: no file matches/,
    'that has no file');
like($remarks, qr/: \Q$file\E: not a keepalived\.conf: expected a block, but/,
    'the name of the file');

is((run('-x'))[0], 2, 'an unknown option');

done_testing();
