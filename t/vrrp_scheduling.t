#!/usr/bin/perl

# The vrrp process is on time: a realtime priority and locked memory, in force
# after the privileges are gone; and a node that boots does not take the
# address before the end of startup_delay, which no reload restarts.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $DELAY = 6;   # s
my $ZONE = 256;  # of shared memory that the vrrp process never looks at, MB

my $classic = VRRP::Classic->new(profile => 'v3');
my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
my $VIP = $VRRP::Lab::VIP;

sub vrrp ($name, $directives = '') {
    return "$directives\n" . $classic->vrrp($name);
}

# Fields of /proc/PID/status.
sub status_of ($pid) {
    my $text = VRRP::Proc::slurp("/proc/$pid/status") // '';

    return { $text =~ /^(\w+):\s+(.*)$/mg };
}

# "SCHED_RR|SCHED_RESET_ON_FORK 50", as chrt says it.
sub scheduling_of ($pid) {
    my $text = `chrt -p $pid 2>&1`;
    my ($policy) = $text =~ /policy: (\S+)/;
    my ($priority) = $text =~ /priority: (\d+)/;

    return join ' ', grep { defined } $policy, $priority;
}


# --- a realtime priority and locked memory -----------------------------------

my $http = $classic->status_server
    . "proxy_cache_path cache keys_zone=big:${ZONE}m;";
my $lb1 = $lab->start_nginx('lb1', http => $http, expect => qr/on signal 9/,
    vrrp => vrrp('lb1', 'realtime_priority 50; mlock on;'));

$lab->wait_for_holder('lb1', 5);

SKIP: {
    skip 'realtime scheduling is not permitted here', 4
        if system('chrt -r 1 true 2>/dev/null') != 0;

    my ($pid) = $lb1->vrrp_processes;

    is(scheduling_of($pid), 'SCHED_RR|SCHED_RESET_ON_FORK 50',
       'realtime_priority: policy of the vrrp process');
    is($lb1->status->{node}{realtime_priority}, 50,
       'realtime_priority: the status tells');
    is(join(' ', map { scheduling_of($_) } $lb1->masters, $lb1->workers),
       join(' ', ('SCHED_OTHER 0') x 3),
       'realtime_priority: nothing else has it');

    kill 'KILL', $pid;
    $lab->wait_until('another vrrp process', 5, sub {
        my ($new) = $lb1->vrrp_processes;
        return $new && $new != $pid;
    });
    ($pid) = $lb1->vrrp_processes;
    $lab->wait_until('it to be on time', 5,
        sub { scheduling_of($pid) =~ /SCHED_RR/ });
    pass('realtime_priority: a respawned one has it, too');
}

SKIP: {
    skip 'RLIMIT_MEMLOCK cannot be raised here', 6
        if system('sh -c "ulimit -l unlimited" 2>/dev/null') != 0;

    my ($pid) = $lb1->vrrp_processes;
    my $status = status_of($pid);

    cmp_ok($status->{VmLck} =~ s/ kB//r, '>', 4096, 'mlock: locked, kB');
    cmp_ok($status->{VmRSS} =~ s/ kB//r, '<', 1024 * $ZONE / 2,
           'mlock: what it does not look at is not resident, kB');
    ok($lb1->status->{node}{mlock}, 'mlock: the status tells');
    like(VRRP::Proc::slurp("/proc/$pid/limits"),
         qr/^Max locked memory\s+unlimited\s+unlimited/m,
         'mlock: no limit can make an allocation fail');
    is(join(' ', map { status_of($_)->{VmLck} } $lb1->masters, $lb1->workers),
       join(' ', ('0 kB') x 3), 'mlock: nothing else is locked');

    # capability 14 is CAP_IPC_LOCK
    is(hex($status->{CapPrm}) & 1 << 14, 0, 'mlock: without its capability');
}

{
    my $lag;

    ok(eval {
        $lab->wait_until('adverts', 10, sub {
            $lag = $lb1->status->{node}{timer_lag};
            $lag->{buckets}[-1]{count} > 10;
        });
    }, 'timer lag: every deadline is measured') or diag($@);
    cmp_ok($lag->{max_us}, '>=', $lag->{last_us}, 'timer lag: the longest');

    my ($pid) = $lb1->vrrp_processes;
    $lb1->signal('STOP', $pid);
    sleep 1.2;
    $lb1->signal('CONT', $pid);

    ok(eval {
        $lab->wait_until('a long lag', 5, sub {
            $lb1->status->{node}{timer_lag}{max_us} >= 1_000_000;
        });
    }, 'timer lag: a process that was stopped is told');
    $lab->wait_for_holder('lb1', 5);
}

# The operator takes both back.
{
    my ($old) = $lb1->vrrp_processes;

    $lb1->configure(vrrp => vrrp('lb1'));
    $lb1->command('reload');
    $lab->wait_until('the new vrrp process alone', 5, sub {
        my @now = $lb1->vrrp_processes;
        return @now == 1 && $now[0] != $old;
    });

    my ($pid) = $lb1->vrrp_processes;
    is(scheduling_of($pid), 'SCHED_OTHER 0', 'without: policy');
    is(status_of($pid)->{VmLck}, '0 kB', 'without: nothing is locked');

    my $node = $lb1->status->{node};
    is($node->{realtime_priority}, 0, 'without: the status tells of priority');
    ok(!$node->{mlock}, 'without: the status tells of memory');
}

$lb1->stop;


# --- what cannot be had is a warning -----------------------------------------

# Without the capabilities, as in many containers.
{
    my $poor = VRRP::Nginx->new(
        node => $lab->node('lb2'), http => $classic->status_server,
        vrrp => vrrp('lb2', 'realtime_priority 50; mlock on;'),
        wrapper => [
            'setpriv', '--bounding-set=-sys_nice,-sys_resource,-ipc_lock',
            'prlimit', '--rtprio=0:0', '--memlock=8388608:8388608']);

    $poor->start;
    $lab->wait_for_holder('lb2', 5);

    my @warnings = map { s/.*?: (?=vrrp:)//r }
        grep { /\[warn\].*vrrp:/ } split /\n/, $poor->log_text;

    is(join("\n", @warnings), join("\n",
        'vrrp: sched_setscheduler(SCHED_RR, 50) failed, continuing without '
        . '"realtime_priority", which needs CAP_SYS_NICE or RLIMIT_RTPRIO '
        . '(1: Operation not permitted)',
        'vrrp: setrlimit(RLIMIT_MEMLOCK, infinity) failed, continuing '
        . 'without "mlock", which needs this limit before nginx starts, or '
        . 'CAP_SYS_RESOURCE (1: Operation not permitted)'),
       'not permitted: one warning each');

    my $node = $poor->status->{node};
    is($node->{realtime_priority}, 0, 'not permitted: no priority');
    ok(!$node->{mlock}, 'not permitted: no locked memory');
    $poor->stop;
}


# --- startup_delay -----------------------------------------------------------

{
    my $held = vrrp('lb1', "startup_delay ${DELAY}s;");
    my $started = time;

    $lb1->configure(vrrp => $held);
    $lb1->start;
    $lab->wait_until('a status', 5, sub { eval { $lb1->state } });

    my $status = $lb1->status;
    is($status->{instances}[0]{state}, 'BACKUP', 'startup_delay: it listens');
    like($status->{instances}[0]{reason},
         qr/^startup, delayed by startup_delay for \d{4} ms$/,
         'startup_delay: and says why');

    my $left = $status->{node}{startup_delay_left_ms};
    ok($left > 0 && $left <= 1000 * $DELAY, 'startup_delay: and how long')
        or diag("left: $left ms");

    # Neither ends it nor restarts it.
    sleep 1;
    $lb1->command('reload');
    kill 'KILL', $lb1->vrrp_processes;

    sleep $started + $DELAY - 0.5 - time;
    is(join(' ', $lab->who_has), '',
       'startup_delay: nobody has the address before it is over');

    $lab->wait_for_holder('lb1', 10);
    my $taken = time - $started;
    ok($taken >= $DELAY && $taken < $DELAY + 5,
       'startup_delay: then it is taken') or diag("after $taken s");
    is($lb1->status->{node}{startup_delay_left_ms}, 0,
       'startup_delay: nothing is left of it');
}

# The new process keeps the addresses of the old one.
{
    my $addresses = $lab->watch_addresses('lb1');
    my $since = time;

    $lb1->configure(vrrp => vrrp('lb1', 'startup_delay 1h;'));
    $lb1->command('reload');
    $lab->wait_until('the new configuration', 10,
        sub { $lb1->status->{node}{startup_delay_left_ms} > 0 });
    sleep 1;

    is(join(' ', $lab->who_has), 'lb1', 'startup_delay 1h: still there');
    is(scalar(grep { !$_->{present} } $addresses->events($VIP, $since)), 0,
       'startup_delay 1h: and never away');
    is($lb1->state, 'MASTER', 'startup_delay 1h: MASTER');
}

$lab->finish;
done_testing;
