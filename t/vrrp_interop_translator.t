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
use VRRP::Pools;
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
ip link set lo up
n=0
for i in eth0 eth1 eth2 ens33; do
    n=$((n + 1))
    ip link add $i type veth peer name peer$n
    ip link set peer$n up
    ip link set $i up
    ip address add 10.0.$n.251/16 dev $i
    ip address add 192.168.64.$n/24 dev $i
done
ip address add 10.0.0.11/24 dev eth0
ip address add 192.168.65.11/24 dev eth1
END

my $KEEPALIVED = <<'END';
exec 3> "$2" 4> "$2.log"
mkdir /run/tmp
cp -r "$(dirname "$1")" /run/samples
mount --bind /run/tmp /tmp
conf=/run/samples/$(basename "$1")
keepalived -n -l -P -i lb1 -p /run/k.pid -r /run/v.pid -f "$conf" >&4 2>&4 &
for i in $(seq 100); do
    [ ! -s /run/v.pid ] || break
    sleep 0.05
done
sleep 0.5
kill -USR1 $(cat /run/v.pid)
for i in $(seq 100); do
    ! grep -q 'VRRP Sockpool' /tmp/keepalived.data 2> /dev/null || break
    sleep 0.05
done
cat /tmp/keepalived.data >&3
kill $(cat /run/k.pid)
END

my $OURS = <<'END';
$NGINX -c "$1" -e "$2.log" &
for i in $(seq 100); do
    ! curl -sf http://127.0.0.1:8080/ > "$2" || break
    sleep 0.05
done
kill -QUIT $(cat /run/nginx.pid)
END

sub spew ($file, $text) {
    open my $out, '>', $file or die "open $file: $!\n";
    print {$out} $text;
    close $out or die "close $file: $!\n";
}

# All at once, each at most 20 s.
sub run_all (@jobs) {
    local $ENV{NGINX} = VRRP::Nginx->binary;
    my @pids;

    for my $job (@jobs) {
        my $pid = fork // die "fork: $!\n";
        if ($pid == 0) {
            open STDERR, '>>', "$work/scripts.log" or die "open: $!\n";
            exec 'timeout', '-k', '2', '20', 'unshare', '-n', '-m', '-p',
                '-f', '--kill-child', '--mount-proc', 'bash', '-c',
                $MACHINE . $job->{script}, 'bash', $job->{conf}, $job->{out}
                or die "exec: $!\n";
        }
        push @pids, $pid;
    }
    waitpid $_, 0 for @pids;
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
        $is{password} = $part =~ /^   Authentication type = SIMPLE/m ? 1 : 0;
        my %addresses = map { with_length($_) => 1 }
            ($list . ($excluded // '')) =~ /^ {5}(\S+)/mg;
        $is{addresses} = join ' ', sort keys %addresses;
        $all{$instance} = \%is;
    }

    return \%all;
}

# the status
sub ours ($text) {
    my %all;

    for my $instance (decode_json($text)->{instances}->@*) {
        my %is;

        $is{version} = $instance->{version};
        $is{vrid} = $instance->{virtual_router_id};
        $is{priority} = $instance->{priority}{base};
        $is{preempt} = $instance->{preempt} ? 'enabled' : 'disabled';
        $is{interval} = $instance->{advert_int_ms};
        $is{password} = $instance->{authentication}{type} eq 'PASS' ? 1 : 0;
        $is{addresses} = join ' ', sort map { $_->{address} }
            $instance->{addresses}->@*;
        $all{$instance->{name}} = \%is;
    }

    return \%all;
}

# Debian loads the module of stream.
my $stream = VRRP::Pools->stream_unavailable
    ? '' : "load_module $VRRP::Pools::STREAM;\n";

my @jobs;
my @files = grep { VRRP::Proc::slurp($_) =~ /^\s*vrrp_instance/m }
    glob "$samples/*.conf";

for my $file (@files) {
    my $name = basename($file);
    my $conf = "$work/$name.nginx";
    my $main = `$translator --host lb1 $file 2>/dev/null`;

    spew($conf, $stream . 'load_module ' . abs_path($module) . ";\n"
        . "daemon off; worker_processes 1; pid /run/nginx.pid;\n"
        . "error_log $work/$name.error;\nevents { }\n$main\n"
        . "http { access_log off; server { listen 127.0.0.1:8080; "
        . "location / { vrrp_status; } } }\n");

    push @jobs, { script => $KEEPALIVED, conf => $file,
                  out => "$work/$name.data" };
    push @jobs, { script => $OURS, conf => $conf, out => "$work/$name.json" };
}

run_all(@jobs);

for my $file (@files) {
    my $name = basename($file);
    my $theirs = theirs(VRRP::Proc::slurp("$work/$name.data") // '');
    my $ours = eval { ours(VRRP::Proc::slurp("$work/$name.json") // '') };

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
