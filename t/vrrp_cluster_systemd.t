#!/usr/bin/perl

# A real systemd runs nginx with the example drop-in: it starts nginx again, and
# the address moves in the meantime, also with a control socket on a path; it
# gives up, and reports that.

use v5.36;

use JSON::PP qw(decode_json);
use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;
use VRRP::Proc;
use VRRP::Receiver;
use VRRP::Systemd;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable
             // VRRP::Receiver->unavailable // VRRP::Systemd->unavailable;
plan(skip_all => $reason) if $reason;

my $PORT = 8000;
my $VIP = $VRRP::Lab::VIP;

my $classic = VRRP::Classic->new(profile => 'v3');
my $lab = VRRP::Lab->new;
my ($lb1) = $classic->start_all($lab, remembers => 1,
                                expect => qr/on signal 9/);

$lb1->stop('QUIT');
$lab->wait_for_holder('lb2', 10);

my $drop_in = VRRP::Proc::slurp("$VRRP::Systemd::EXAMPLES/nginx.service.d/vrrp.conf");
ok($drop_in =~ s/^#(?=OnFailure=)//m, 'the drop-in names a unit for the end');

# In the directory that systemd makes: a killed nginx leaves the file of its
# socket, and cannot start again while it is there.
my $control = "$VRRP::Systemd::RUNTIME/nginx-vrrp";
$lb1->configure(http => $lb1->{http} . <<"END");
    server {
        listen unix:$control/control.sock;
        location /vrrp/control { vrrp_control on; }
    }
END

my $systemd = VRRP::Systemd->start(node => $lab->node('lb1'), nginx => $lb1,
                                   drop_in => $drop_in);
my $load = $lab->load;


# Waits until systemd has started nginx again, so many times in all.
sub restarted ($times) {
    return 1 if eval {
        $lab->wait_until("restart $times", 15, sub {
            $systemd->show('NRestarts') >= $times && $lb1->workers;
        });
    };

    diag($@, $systemd->report);
    return;
}

{
    my ($out, $status) = $systemd->systemctl('start', 'nginx');
    is($status, 0, 'systemd starts nginx') or diag($out);
    ok(eval { $lab->wait_for_holder('lb1', 10) }, 'which gets the address')
        or diag($@);
    is($systemd->show('ExitType'), 'cgroup', 'the drop-in is in effect');

    my ($mode) = $lb1->node->try('stat', '-c', '%a', $control);
    is($mode, "700\n", 'only root can enter the directory of the control socket');
}

# The vrrp process and the workers outlive the master process.
{
    my @workers = $lb1->workers;
    my $since = time;

    $lb1->signal('KILL', $lb1->masters);
    ok(eval { $lab->wait_for_holder('lb2', 5) }, 'master killed: lb2 takes over')
        or diag($@);
    sleep 0.5;

    my $summary = $load->summary($since, time);
    note("master killed: outage $summary->{outage} ms, failed $summary->{failed}");

    # ExitType=main would kill the workers at once, and the address would stay.
    cmp_ok($summary->{outage}, '<', 1000, 'before its lease ends');

    ok(restarted(1), 'master killed: systemd starts nginx again');
    ok(!(grep { VRRP::Proc::is_alive($_) } @workers),
       'after the old workers have ended');
    ok(eval { $lab->wait_for_holder('lb1', 10) }, 'and the address comes back')
        or diag($@);
}

# A clean exit for nginx and for systemd.
{
    $lb1->signal('TERM', $lb1->masters, $lb1->workers);
    ok(restarted(2), 'killall nginx: systemd starts nginx again');
    ok(eval { $lab->wait_for_holder('lb1', 10) }, 'and the address comes back')
        or diag($@);
    is($lb1->status->{node}{nginx_crashes}, 0, 'it is not counted as a crash');
}

for my $time (3 .. 5) {
    $lb1->signal('KILL', map { $_->{pid} } $lb1->processes);
    ok(restarted($time), 'all killed: systemd starts nginx again');
    ok(eval { $lab->wait_for_holder('lb1', 10) }, 'and the address comes back')
        or diag($@) if $time < 5;
}

sleep 2;
is($lb1->state, 'BACKUP', 'all killed three times: the address stays on lb2');
is($lb1->status->{node}{nginx_crashes}, 3, 'because of the crashes');

{
    my ($out, $status) = $systemd->systemctl('stop', 'nginx');
    is($status, 0, 'systemctl stop') or diag($out);
    sleep 2;
    is(scalar(my @running = $lb1->processes), 0,
       'systemctl stop: nginx does not start again');
}

# A wrong configuration.
{
    my $receiver = VRRP::Receiver->webhook(node => $lab->node('client'),
                                           port => $PORT, format => 'slack');
    my $dir = $lb1->dir;
    my $env = VRRP::Proc::slurp("$VRRP::Systemd::EXAMPLES/nginx-failed.env")
        =~ s{^URL=.*}{URL=http://192.168.64.10:$PORT/hook}mr;
    my $unit = VRRP::Proc::slurp("$VRRP::Systemd::EXAMPLES/nginx-failed.service")
        =~ s{/etc/nginx-failed\.env}{$dir/failed.env}gr
        # so that it does not take a minute
        =~ s{network-online\.target}{}gr;

    open my $out, '>', "$dir/failed.env" or die "failed.env: $!\n";
    print {$out} $env;
    close $out;

    $systemd->write_unit('nginx-failed.service', $unit);
    $systemd->write_unit('nginx.service.d/z.conf', "[Service]\nRestartSec=50ms\n");
    $systemd->systemctl('daemon-reload');

    $lb1->configure(main => 'no_such_directive on;');
    my (undef, $status) = $systemd->systemctl('start', 'nginx');
    isnt($status, 0, 'wrong configuration: nginx does not start');

    ok(eval { $lab->wait_until('systemd to give up', 30, sub {
        $systemd->show('ActiveState') eq 'failed'
            && $systemd->show('NRestarts') >= 10 - 1;
    }) }, 'systemd gives up') or diag($@, $systemd->systemctl('status', 'nginx'));

    my $got;
    ok(eval { $lab->wait_until('a message', 15, sub {
        ($got) = $receiver->accepted;
    }) }, 'and a message is sent') or diag($@, $systemd->systemctl('status', 'nginx-failed'));
    like(decode_json($got->{body} // '{}')->{text} // '',
         qr/systemd has given up/, 'that says so');
}

$systemd->stop;
$load->stop;
$lab->finish;
done_testing;
