#!/usr/bin/perl

# The documentation matches the source: each directive of the source is in
# docs/directives.md and the other way round, with the right contexts and
# parameters, and every example passes nginx -t.
#
# An example is a ```nginx block. Its first directive decides on its context,
# and the rest of the configuration is added. /etc/nginx and /run/nginx-vrrp
# are directories of the test, with the files that the examples use.

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

my $top = abs_path(dirname(__FILE__) . '/..');
my $module = VRRP::Nginx->module;

plan(skip_all => 'the module is linked in') if $module eq '';

my $load_stream = VRRP::Nginx->load_stream;

my $dir = tempdir('vrrp_docs.XXXXXX', TMPDIR => 1, CLEANUP => 1);

# nginx from source opens its logs there.
mkdir "$dir/logs" or die "mkdir $dir/logs: $!\n";

sub write_file ($name, $text, $mode = 0644) {
    open my $file, '>', "$dir/$name" or die "open $dir/$name: $!\n";
    print {$file} $text;
    close $file or die "close $dir/$name: $!\n";
    chmod $mode, "$dir/$name" or die "chmod $dir/$name: $!\n";
}


# --- what the source has -----------------------------------------------------

# As the source calls a place, and as nginx's documentation does.
my %place = (
    NGX_MAIN_CONF          => ['main'],
    NGX_HTTP_MAIN_CONF     => ['http'],
    NGX_HTTP_UPS_CONF      => ['upstream'],
    NGX_HTTP_LOC_CONF      => ['location'],
    NGX_STREAM_MAIN_CONF   => ['stream'],
    NGX_STREAM_UPS_CONF    => ['upstream'],
    NGX_VRRP_BLOCK_CONF    => ['vrrp'],
    NGX_VRRP_IDENTITY_CONF => ['vrrp_instance'],
    NGX_VRRP_INSTANCE_CONF => ['vrrp', 'vrrp_instance'],
    NGX_VRRP_GROUP_CONF    => ['sync_group'],
);

my %source;     # directive => context => 1
my @variables;  # a prefix ends with _

for my $file (map { glob "$top/ngx_vrrp_module/$_.c" } "*", "*/*") {
    my $text = VRRP::Proc::slurp($file);

    while ($text =~ /ngx_command_t\s+\w+\[\]\s*=\s*\{(.*?)^\};/gms) {
        my $table = $1;

        while ($table =~
               /\{\s*ngx_string\("(\w+)"\),\s*([^,]+),\s*(\w+)/g) {
            my ($name, $type, $handler) = ($1, $2, $3);
            next if $handler eq 'ngx_vrrp_conf_refuse';

            $source{$name}{$_} = 1
                for map { ($place{$_} // [])->@* } $type =~ /\w+/g;
        }
    }

    if ($text =~ /ngx_http_variable_t\s+\w+\[\]\s*=\s*\{(.*?)^\};/ms) {
        push @variables, $1 =~ /\{\s*ngx_string\("(\w+)"\)/g;
    }

    # nginx does not know what is inside vrrp_match
    if ($text =~ /\bngx_vrrp_match_lines\[\]\s*=\s*\{(.*?)^\};/ms) {
        $source{$_}{vrrp_match} = 1 for $1 =~ /\{\s*"(\w+)"/g;
    }
}

cmp_ok(keys %source, '>=', 40, 'directives of the source are found');
cmp_ok(@variables, '>=', 4, 'and its variables');


# --- what the documentation has ----------------------------------------------

my %doc;    # directive => { syntax => [...], default => ..., context => ... }

my $directives = VRRP::Proc::slurp("$top/docs/directives.md");

while ($directives =~ /^\#{3,4}\ (\w+)\n\n```\n
                       Syntax:\ +(.*?)\nDefault:\ +(.*?)\n
                       Context:\ +(.*?)\n```\n/gmsx)
{
    my ($name, $syntax, $default, $context) = ($1, $2, $3, $4);

    ok(!$doc{$name}, "$name is explained once");

    $doc{$name} = {
        syntax  => [$syntax =~ /(\S.*?(?:;|\}))(?:\s|\z)/gs],
        default => $default,
        context => [split /, /, $context],
    };
}

is_deeply([sort $directives =~ /^\* `\$(\w+?)(?:NAME)?`:/gm],
    [sort @variables], 'the variables are those of the source');

my @headings = $directives =~ /^#+ ([a-z_0-9]+)$/gm;

is_deeply([sort @headings], [sort keys %doc], 'each heading has its table');
is_deeply([sort keys %doc], [sort keys %source],
    'the directives are those of the source');

for my $name (sort grep { $source{$_} } keys %doc) {
    is_deeply([sort $doc{$name}{context}->@*], [sort keys $source{$name}->%*],
        "$name: contexts");

    my @others = grep { !/^\Q$name\E\b/ } $doc{$name}{syntax}->@*;

    ok($doc{$name}{syntax}->@* && !@others, "$name: syntax")
        or diag("@others");
}


# --- examples ----------------------------------------------------------------

mkdir "$dir/$_" or die "mkdir $dir/$_: $!\n" for qw(modules ssl checks notify secrets);
symlink abs_path($module), "$dir/modules/ngx_vrrp_module.so"
    or die "symlink: $!\n";

chmod 0755, $dir or die "chmod $dir: $!\n";
write_file($_, "#!/bin/sh\n", 0755)
    for 'checks/replication.sh', 'notify/notify.sh';
write_file("secrets/$_", "secret\n", 0600) for qw(dingtalk hook smtp vrrp);
write_file('secrets/peers', "5e" x 32 . "\n", 0600);
write_file("secrets/vrrp-$_", "hex:" . "5e" x 32 . "\n", 0600) for 1, 2;

system("openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=ca "
    . "-keyout $dir/ssl/ca.key -out $dir/ssl/ca.pem >$dir/openssl.log 2>&1")
    == 0 or die VRRP::Proc::slurp("$dir/openssl.log");


# Where nginx's own directives of the examples stand, if it is not main.
my %nginx = (
    upstream => 'http',
    server   => 'http',
    location => 'server',
    listen   => 'server',
);

my %needed = (
    interface         => 'eth0',
    virtual_router_id => 51,
    virtual_ipaddress => '192.168.64.200/24',
);

# A vrrp_instance has what it must have.
sub complete ($text) {
    my $more = join ' ', map { "$_ $needed{$_};" }
               grep { $text !~ /^\s*$_\b/m } sort keys %needed;

    return "vrrp_instance VI_0 { $more\n$text\n}";
}

my %around = (
    vrrp          => ['main', sub ($text) {
        return $text =~ /\bvrrp_instance\b/ ? "vrrp {\n$text\n}"
            : 'vrrp { ' . complete('') . "\n$text\n}";
    }],
    vrrp_instance => ['vrrp',   \&complete],
    vrrp_match    => ['vrrp',   sub ($text) { "vrrp_match m {\n$text\n}" }],
    http          => ['main',   sub ($text) { "http {\n$text\n}" }],
    stream        => ['main',   sub ($text) { "stream {\n$text\n}" }],
    server        => ['http',   sub ($text) { "server {\n$text\n}" }],
    upstream      => ['http',   sub ($text) {
        return "upstream u { server 10.0.0.1:80;\n$text\n}";
    }],
    location      => ['server', sub ($text) { "location / {\n$text\n}" }],
);

# The first directive says where a text stands: defaults of instances are shown
# in an instance, and notifications of all instances in vrrp.
sub context ($text) {
    my ($first) = $text =~ /^\s*([a-z_0-9]+)/m;

    return $doc{$first}{context}[$first =~ /^notify/ ? 0 : -1] if $doc{$first};
    return $nginx{$first} // 'main';
}


# The whole configuration around it.
sub whole ($text, $context = context($text)) {
    while ($context ne 'main') {
        my ($outer, $wrap) = $around{$context}->@*;

        $text = $wrap->($text);
        $context = $outer;
    }

    $text .= "\nvrrp { " . complete('') . ' }' if $text !~ /^vrrp\b/m;
    $text = "events { }\n$text" if $text !~ /^events\b/m;
    $text = "load_module modules/ngx_vrrp_module.so;\n$text"
        if $text !~ /^load_module\b/m;
    $text = "$load_stream\n$text"
        if $text =~ /^stream\b/m && defined $load_stream;

    return $text =~ s{/etc/nginx/|/run/nginx-vrrp/}{$dir/}gr;
}


sub passes ($what, $text) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    if ($text =~ /^stream\b/m && !defined $load_stream) {
        pass("$what: skipped, no stream module");
        return;
    }

    write_file('nginx.conf', $text);

    my $nginx = VRRP::Nginx->binary;
    my $main = "pid $dir/nginx.pid; error_log stderr;";
    my $output = `$nginx -t -p $dir -c $dir/nginx.conf -g '$main' 2>&1`;
    my $status = $?;

    my @complaints = grep {
        !/interface\ "eth\d"\ does\ not\ exist\ yet|"node"\ block\ is\ for\ this\ node
          |"virtual_ipaddress\ none"\ sends/x
    }
        $output =~ /^.*\[(?:warn|error|crit|alert|emerg)\].*$/mg;

    ok($status == 0 && !@complaints, $what) or diag($text, $output);
}


my $examples = 0;

for my $file (glob "$top/{README,README.zh-CN,docs/*,docs/zh/*}.md") {
    my $text = VRRP::Proc::slurp($file);

    while ($text =~ /^```nginx\n(.*?)^```$/gms) {
        my $example = $1;
        my $line = 2 + (substr($text, 0, $-[0]) =~ tr/\n//);

        passes(basename($file) . ":$line", whole($example));
        $examples++;
    }
}

cmp_ok($examples, '>=', 40, 'examples are found');

# A default that is a directive may be written out, beside what it is about.
my %beside = (
    garp_master_refresh_repeat => 'garp_master_refresh 1s;',
    vrrp_check_panic           => 'vrrp_check tcp;',
);

for my $name (sort keys %doc) {
    my ($default) = $doc{$name}{default} =~ /^($name\s.*?;)/ or next;
    my $text = join ' ', grep { defined } $beside{$name}, $default;

    passes($default, whole($text, $doc{$name}{context}[0]));
}


# --- parameters --------------------------------------------------------------

# nginx -t lists those that it supports.
sub known ($directive, $context) {
    write_file('nginx.conf', whole("$directive no_such=1;", $context));

    my $nginx = VRRP::Nginx->binary;
    my $output = `$nginx -t -p $dir -c $dir/nginx.conf -e stderr 2>&1`;
    my ($list) = $output =~ /invalid parameter "no_such=1": "[^"]+" supports (.*) in /;

    return [sort $list =~ /"(\w+)=?"/g] if defined $list;

    diag($output);
    return [];
}

my %argument = (
    virtual_ipaddress => '10.0.0.9',
    unicast_peer    => '10.0.0.2',
    virtual_ipaddress_excluded => '10.0.0.9',
    peer_link       => 'on',
    track_upstream  => 'web',
    track_http      => undef,  # the beginning of the URL, as it is written
    track_tcp       => '127.0.0.1:80',
    track_ping      => '10.0.0.1',
    track_interface => 'eth1',
    track_file      => '/run/file',
    track_script    => '/bin/true',
    vrrp_check      => undef,
    notify          => '/bin/true',
    notify_master   => '/bin/true',
    notify_backup   => '/bin/true',
    notify_fault    => '/bin/true',
    notify_stop     => '/bin/true',
    notify_deleted  => '/bin/true',
    notify_master_rx_lower_pri => '/bin/true',
    notify_fifo     => '/run/fifo',
    notify_email    => '',
    notify_webhook  => undef,
);

for my $name (sort keys %argument) {
    for my $syntax ($doc{$name}{syntax}->@*) {
        next if $syntax =~ /^(?:virtual_ipaddress none|peer_link off)/;

        my ($word) = $syntax =~ m{^\w+ ([a-z-]+(?:://)?)};
        my $argument = $argument{$name}
            // ($word =~ m{://} ? "${word}127.0.0.1/" : $word);

        # "exists=path" is an argument, which decides about the parameters
        my $rest = $syntax =~ s/^\w+ (exists|absent)=//r;
        $argument = "$1=$argument" if $rest ne $syntax;

        my @written = $rest =~ /[[ ](\w+)=/g;
        push @written, $syntax =~ /\[(\w+)\]/g;

        is_deeply([sort @written],
            known("$name $argument", $doc{$name}{context}[0]),
            "$name $argument: parameters");
    }
}

# Its second syntax is a parameter that stands alone.
is_deeply([sort 'off', "$doc{track_nginx}{syntax}->@*" =~ /\[(\w+)=/g],
    known('track_nginx', 'vrrp_instance'), 'track_nginx: parameters');

done_testing();
