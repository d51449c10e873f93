#!/usr/bin/perl

# What keepalived makes of a file, and what this module makes of its
# translation, are the same: version, VRID, priority, interval, preemption,
# password, addresses. Each sample of tests/translator/samples runs twice, in
# namespaces of its own: keepalived writes its data on SIGUSR1, nginx answers
# with its status.

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use File::Temp qw(tempdir);
use JSON::PP qw(decode_json);
use Test::More;

use VRRP::Nginx;
use VRRP::Proc;

my $reason = VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;
plan(skip_all => 'must be root: makes namespaces') if $> != 0;
plan(skip_all => 'no keepalived 2.2')
    if `keepalived --version 2>&1` !~ /Keepalived v2\.2\./;

my $module = VRRP::Nginx->module;
plan(skip_all => 'the module is linked in') if $module eq '';

my $translator = dirname(abs_path($module)) . '/ngx-vrrp-from-keepalived';
plan(skip_all => "there is no $translator") if !-x $translator;

my $samples = abs_path(dirname(__FILE__) . '/../tests/translator/samples');
my $work = tempdir('vrrp_interop_translator.XXXXXX', TMPDIR => 1,
                   CLEANUP => 1);

# Members of a group must have one priority here, and a remark says so.
my %differs = ('sync_group.conf VI_IN priority' => 1);

my $MACHINE = <<'END';
set -e
mount -t tmpfs run /run
n=0
{
    echo link set lo up
    for i in eth0 eth1 eth2 ens33; do
        n=$((n + 1))
        echo link add $i type veth peer name peer$n
        echo link set peer$n up
        echo link set $i up
        echo address add 10.0.$n.251/16 dev $i
        echo address add 192.168.64.$n/24 dev $i
    done
    echo address add 10.0.0.11/24 dev eth0
    echo address add 192.168.65.11/24 dev eth1
} | ip -batch -
END

my $KEEPALIVED = <<'END';
exec 3> "$2" 4> "$2.log"
export TMPDIR=/tmp
mkdir /run/tmp
cp -r "$(dirname "$1")" /run/samples
mount --bind /run/tmp /tmp
conf=/run/samples/$(basename "$1")
# "$2" may be in the /tmp that is hidden now
keepalived -n -l -P -i lb1 -p /run/k.pid -r /run/v.pid -f "$conf" \
    > /run/k.log 2>&1 &
for i in $(seq 100); do
    ! grep -q 'Startup complete' /run/k.log || break
    sleep 0.1
done
kill -USR1 $(cat /run/v.pid)
for i in $(seq 100); do
    ! grep -q 'VRRP Sockpool' /tmp/keepalived.data 2> /dev/null || break
    sleep 0.1
done
cat /run/k.log >&4
cat /tmp/keepalived.data >&3
END

my $OURS = <<'END';
$NGINX -c "$1" -e "$2.log" &
for i in $(seq 100); do
    ! curl -sf http://127.0.0.1:8080/ > "$2" || break
    sleep 0.1
done
END

my $STATUS = 'server { listen 127.0.0.1:8080; location / { vrrp_status; } }';

sub spew ($file, $text) {
    open my $out, '>', $file or die "open $file: $!\n";
    print {$out} $text;
    close $out or die "close $file: $!\n";
}

# Some at once, each at most 20 s; what a script has started ends with it.
sub run_all (@jobs) {
    local $ENV{NGINX} = VRRP::Nginx->binary;
    my $running = 0;

    for my $job (@jobs) {
        wait if $running++ >= 16;
        my $pid = fork // die "fork: $!\n";
        if ($pid == 0) {
            open STDERR, '>>', "$work/scripts.log" or die "open: $!\n";
            exec 'timeout', '-k', '2', '20', 'unshare', '-n', '-m', '-p',
                '-f', '--kill-child', '--mount-proc', 'bash', '-c',
                $MACHINE . $job->{script}, 'bash', $job->{conf}, $job->{out}
                or die "exec: $!\n";
        }
    }
    1 while wait != -1;
}

sub with_length ($address) {
    return $address if $address =~ m{/};
    return $address . ($address =~ /:/ ? '/128' : '/32');
}

# keepalived.data
sub theirs ($text) {
    my %all;

    for my $part (split /^ VRRP Instance = /m, $text) {
        my ($instance) = $part =~ /^(\S+)\n(?=.*Virtual Router ID)/s or next;
        my %is;
        my ($interval, $unit) = $part =~ /^   Advert interval = (\d+) (\w+)/m;
        my ($list) = $part =~ /^   Virtual IP \(\d+\):\n((?: {5}.*\n)*)/m;
        my ($excluded) = $part =~ /^   Virtual IP Excluded :\n((?: {5}.*\n)*)/m;

        ($is{version}) = $part =~ /^   VRRP Version = (\d)/m;
        ($is{vrid}) = $part =~ /^   Virtual Router ID = (\d+)/m;
        ($is{priority}) = $part =~ /^   Priority = (\d+)/m;
        ($is{preempt}) = $part =~ /^   Preempt = (\w+)/m;
        $is{interval} = $interval * ($unit eq 'milli' ? 1 : 1000);
        ($is{password}) = $part =~ /^   Password = (.*)$/m;
        my %addresses = map { with_length($_) => 1 }
            (($list // '') . ($excluded // '')) =~ /^ {5}(\S+)/mg;
        $is{addresses} = join ' ', sort keys %addresses;
        $all{$instance} = \%is;
    }

    return \%all;
}

# The status does not show passwords, the configuration has them.
sub passwords ($text) {
    my %all;

    for my $part (split /^ *vrrp_instance /m, $text) {
        my ($word) = $part =~ /^ *authentication +PASS (.*);$/m or next;

        $word =~ s/^"(.*)"$/$1/ and $word =~ s/\\(.)/$1/g;
        $all{ $part =~ s/ .*//sr } = $word;
    }

    return %all;
}

# the status, and the configuration
sub ours ($text, $conf) {
    my %password = passwords($conf);
    my %all;

    for my $instance (decode_json($text)->{instances}->@*) {
        my %is;

        $is{version} = $instance->{version};
        $is{vrid} = $instance->{virtual_router_id};
        $is{priority} = $instance->{priority}{base};
        $is{preempt} = $instance->{preempt} ? 'enabled' : 'disabled';
        $is{interval} = $instance->{advert_int_ms};
        $is{password} = $password{$instance->{name}}
            if $instance->{authentication}{type} eq 'PASS';
        $is{addresses} = join ' ', sort map { $_->{address} }
            $instance->{addresses}->@*;
        $all{$instance->{name}} = \%is;
    }

    return \%all;
}

my $load_stream = VRRP::Nginx->load_stream;

# What keepalived 2.2 does not start with here.
my %not_here = (
    'globals_other_machine.conf' => 'network namespaces, SNMP',
    'hmac.conf'                  => 'keepalived 2.4',
);

my @jobs;
my @files = grep { !$not_here{basename($_)} }
    grep { VRRP::Proc::slurp($_) =~ /^\s*vrrp_instance/m }
    glob "$samples/*.conf";

for my $file (@files) {
    my $name = basename($file);
    my $conf = "$work/$name.nginx";
    my $main = `$translator --host lb1 $file 2>/dev/null`;

    # nginx allows one http block.
    $main .= "http {\n}\n" if $main !~ /^http \{/m;
    $main =~ s/^http \{/http { access_log off; $STATUS/m;

    spew($conf, ($load_stream // '') . "\n"
        . 'load_module ' . abs_path($module) . ";\n"
        . "daemon off; worker_processes 1; pid /run/nginx.pid;\n"
        . "error_log $work/$name.error;\nevents { }\n$main");

    push @jobs, { script => $KEEPALIVED, conf => $file,
                  out => "$work/$name.data" };
    push @jobs, { script => $OURS, conf => $conf, out => "$work/$name.json" };
}

run_all(@jobs);

for my $file (@files) {
    my $name = basename($file);
    my $theirs = theirs(VRRP::Proc::slurp("$work/$name.data") // '');
    my $ours = eval { ours(VRRP::Proc::slurp("$work/$name.json") // '',
                           VRRP::Proc::slurp("$work/$name.nginx")) };

    ok(%{$theirs} && $ours, "$name: both are running")
        or diag($@, VRRP::Proc::slurp("$work/$name.data.log") // '',
                VRRP::Proc::slurp("$work/$name.error") // '');
    is(join(' ', sort keys %{ $ours // {} }), join(' ', sort keys %{$theirs}),
        "$name: the same instances");

    for my $instance (sort keys %{$theirs}) {
        for my $key (qw(version vrid priority preempt interval password
                        addresses))
        {
            next if $differs{"$name $instance $key"};
            is($ours->{$instance}{$key}, $theirs->{$instance}{$key},
                "$name: $instance: $key");
        }
    }
}

done_testing();
