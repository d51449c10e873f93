package VRRP::Conf;

# The output of nginx -t for a configuration: for tests of its rules.
#
# Line 5 of the file opens the vrrp block, the text under test begins on line
# 6. Missing braces at its end are added.

use v5.36;

use Exporter qw(import);
use File::Temp qw(tempdir);
use Test::More;

use VRRP::Nginx;

our @EXPORT_OK = qw(accepts conf_dir has_stream last_output rejects
                    write_file);

my $dir = tempdir('vrrp_conf.XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $conf = "$dir/nginx.conf";
my $output;  # of the last nginx -t

# nginx from source opens logs/access.log there.
mkdir "$dir/logs" or die "mkdir $dir/logs: $!\n";


# Relative names in the configuration begin here.
sub conf_dir () { $dir }

sub last_output () { $output }

sub has_stream () { defined VRRP::Nginx->stream_module }


sub write_file ($name, $text) {
    open my $file, '>', $name or die "open $name: $!\n";
    print {$file} $text;
    close $file or die "close $name: $!\n";
}


sub nginx_t ($text, %options) {
    my $module = VRRP::Nginx->module;
    my $load = $module eq '' ? '' : "load_module $module;";
    my $block = $options{no_block} ? '' : 'vrrp {';
    my $main = $options{main} // '';

    $load .= ' ' . VRRP::Nginx->load_stream if $options{stream};

    # Rules about an instance are checked at the end of the vrrp block.
    my $open = "$block $text" =~ tr/{// - "$block $text" =~ tr/}//;

    $text .= '}' x $open if $open > 0;

    write_file($conf, <<~"END");
        $load
        error_log stderr;
        pid nginx.pid;
        worker_processes 2; events { } $main
        $block
        $text
        END

    my $nginx = VRRP::Nginx->binary;

    $output = `$nginx -t -p '$dir' -c '$conf' -e stderr 2>&1`;

    return $? == 0;
}


sub messages ($level) {
    return [$output =~ /\[$level\] [\d#]+: (.*)$/mg];
}


# The only error, on that line; without a line the message has the place.
# hint: the message that follows it on the same line; stream: with nginx's
# module of that name; no_block: without the vrrp block; main: more directives
# before it.
sub rejects ($what, $text, $message, $line, %options) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $ok = nginx_t($text, %options);
    my ($found, @more) = messages('emerg')->@*;

    my $where = defined $line ? " in $conf:$line" : '';
    my $pattern = ref $message ? $message : qr/\Q$message\E/;

    my @hint = defined $options{hint} ? "$options{hint}$where" : ();

    ok(!$ok && "@more" eq "@hint"
       && ($found // '') =~ /^$pattern\Q$where\E$/, $what)
        or diag("expected: $message$where @hint\noutput: $output");
}


# warning: the only one, on that line; warnings: the number of other ones
sub accepts ($what, $text, %options) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $ok = nginx_t($text, %options);
    my $found = messages('warn');

    my @expected = exists $options{warning}
        ? "$options{warning} in $conf:$options{line}" : ();

    if ($options{warnings}) {
        ok($ok && @$found == $options{warnings}, $what) or diag($output);

    } else {
        ok($ok && "@$found" eq "@expected", $what)
            or diag("expected: @expected\noutput: $output");
    }
}


1;
