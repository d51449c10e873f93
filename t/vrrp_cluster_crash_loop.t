#!/usr/bin/perl

# An nginx that is killed again and again, and started again each time, does not
# move the address back and forth.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;
use VRRP::Proc;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $classic = VRRP::Classic->new(profile => 'v3');
my $lab = VRRP::Lab->new;
my ($lb1, $lb2) = $classic->start_all($lab, remembers => 1,
                                      expect => qr/on signal 9/);
my $watch = $lab->watch_addresses('lb2');

# As systemd with Restart=always does it.
sub kill_and_start () {
    $lb1->signal('KILL', map { $_->{pid} } $lb1->processes);
    $lb1->wait_gone;
    $lab->wait_for_holder('lb2', 10);
    $lb1->start;
}

# Right after a start, there is none.
sub node_status () {
    return $lab->wait_until('a status', 10, sub { $lb1->status->{node} });
}

# Moves of the address to and from lb2 since a time.
sub moves ($since) {
    return map { $_->{present} ? '+' : '-' } $watch->events($VRRP::Lab::VIP,
                                                            $since);
}

for my $time (1, 2) {
    kill_and_start();
    ok(eval { $lab->wait_for_holder('lb1', 10) },
       "killed $time times: takes the address back") or diag($@);
}

is(node_status()->{nginx_crashes}, 2, 'crashes counted');
is(node_status()->{preempt_wait_left_ms}, 0, 'and nothing waits');

kill_and_start();
my $since = time;

# The shortest wait would be over after 60 s, and begins again each time.
for my $time (4 .. 6) {
    kill_and_start();
    sleep 2;
    is($lb1->state, 'BACKUP', "killed $time times: is BACKUP");
}

is(join('', moves($since)), '', 'lb2 keeps the address');

my $node = node_status();
is($node->{nginx_crashes}, 6, 'more crashes counted');
cmp_ok($node->{preempt_wait_left_ms}, '>', 50_000, 'the wait is in the status');
cmp_ok($node->{preempt_wait_left_ms}, '<=', 60_000, 'and is not longer');

like($lb1->log_text,
     qr/\[error\].*killed\ or\ crashed\ 3\ times\ within\ 600\ s,
        \ not\ preempting\ for\ 60\ s/x,
     'and in the log');

{
    my $mode = (stat $lb1->history_file)[2] & 0777;
    is(sprintf('%o', $mode), '600', 'only root reads and writes the file');
    like(VRRP::Proc::slurp($lb1->history_file),
         qr/^ngx_vrrp nginx 1 [0-9a-f]{16}\nrunning\ncrashes 6\n/,
         'in which it is kept');
}

$lb1->reload;
cmp_ok(node_status()->{preempt_wait_left_ms}, '>', 30_000,
       'a reload does not end the wait');

# One node must serve.
$lb2->signal('KILL', map { $_->{pid} } $lb2->processes);
ok(eval { $lab->wait_for_holder('lb1', 10) },
   'takes the address of a node that is gone') or diag($@);
$lb2->wait_gone;
$lb2->start;
kill_and_start();

# nginx's user may send this signal to the vrrp process: a broken worker must
# not remove the count.
{
    my $crashes = node_status()->{nginx_crashes};
    my ($old) = $lb1->vrrp_processes;

    $lb1->signal('TERM', $old);
    $lab->wait_until('another vrrp process', 10, sub {
        my ($new) = $lb1->vrrp_processes;
        return $new && $new != $old;
    });
    $lab->wait_until('its status', 10, sub { node_status()->{pid} != $old });
    is(node_status()->{nginx_crashes}, $crashes,
       'TERM to the vrrp process alone keeps the count');
    like(VRRP::Proc::slurp($lb1->history_file),
         qr/\nrunning\ncrashes $crashes\n/, 'and the file');
}

# An operator has done something about it.
$lb1->stop('QUIT');
unlike(VRRP::Proc::slurp($lb1->history_file), qr/running/,
       'a stop is no crash');
$lb1->start;
ok(eval { $lab->wait_for_holder('lb1', 10) },
   'stopped and started: takes the address back') or diag($@);
is(node_status()->{nginx_crashes}, 0, 'and ends the count');

# The master process alone; its vrrp process ends in an orderly way.
$lb1->signal('KILL', $lb1->masters);
$lb1->wait_gone;
$lb1->start;
is(node_status()->{nginx_crashes}, 1,
   'a master process that was killed is a crash');
$lab->wait_for_holder('lb1', 10);

# After that, systemd sends TERM to the others, unless KillMode= is "mixed".
{
    my ($master) = $lb1->masters;
    my @others = grep { $_ != $master } map { $_->{pid} } $lb1->processes;

    $lb1->signal('KILL', $master);
    $lab->wait_until('its end', 10, sub { !-e "/proc/$master" });
    $lb1->signal('TERM', @others);
    $lb1->wait_gone;
    $lb1->start;
    is(node_status()->{nginx_crashes}, 2, 'also if the others get TERM then');
}

$lab->wait_for_holder('lb1', 10);
$lab->finish;
done_testing;
