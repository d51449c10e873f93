#!/usr/bin/perl

# The notifier process: its start, its rights, its descriptors, its end and
# its last events when nginx ends, and that no script can delay nginx for
# longer than documented.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $TITLE = 'vrrp notifier process';
my $NONE = '0' x 16;

# Bits of linux/capability.h.
my ($DAC_READ_SEARCH, $KILL, $SETGID, $SETUID) = (2, 5, 6, 7);
my $SCRIPTS = sprintf '%016x', 1 << $DAC_READ_SEARCH | 1 << $KILL
                               | 1 << $SETGID | 1 << $SETUID;

my $classic = VRRP::Classic->new(profile => 'v3');
my $lab = VRRP::Lab->new(nodes => ['lb1']);
my $node = $lab->node('lb1');
my $dir = $node->dir;
my $told = "$dir/told";

# Its events, after a pause as in the file "pause".
my $script = write_script('notify.sh', <<"END");
read pause < $dir/pause && sleep \$pause
echo "\$\@" >> $told
END

my $quick = "notify $script user=root;";

# Checks, so that there is a checker process, too, and a runner process.
my $checks = 'track_tcp 127.0.0.1:80 weight=1 interval=20ms;'
             . ' track_script /bin/true weight=1 interval=100ms;';

pause(0);

my $nginx = $lab->start_nginx('lb1', expect => qr/on signal 9/,
    vrrp => $classic->vrrp('lb1', instance => "$checks $quick"),
    http => $classic->status_server
            . 'server { listen 80; location / { return 200; } }');


subtest 'what it is' => sub {
    $lab->wait_until('it', 5, sub { notifier() });
    told_is('MASTER', 'the first word');

    my %status = status_of(notifier())->%*;

    is($status{Name}, 'ngx_vrrp_notify', 'its name');
    is(getpwuid((split ' ', $status{Uid})[1]), 'www-data', 'its user');
    is(getgrgid((split ' ', $status{Gid})[1]), 'www-data', 'its group');
    is("$status{CapPrm} $status{CapEff}", "$SCRIPTS $SCRIPTS",
       'it may start and end processes of others');
    is($status{CapAmb} . $status{CapInh}, $NONE x 2, 'nothing to inherit');
    is($status{NoNewPrivs}, 0, 'its scripts may use sudo');
};


subtest 'what it has open' => sub {
    my ($sent, $received) = ends();
    my %senders = map { $_ => 1 } $nginx->vrrp_processes, $nginx->checkers;

    ok($sent && $received, 'the master has both ends');

    for my $process ($nginx->processes) {
        my ($pid, $title) = $process->@{qw(pid title)};
        my $master = $title =~ /master/;

        is(has_open($pid, $sent), $master || $senders{$pid} ? 1 : 0,
           "$title: the end that events are sent to");
        is(has_open($pid, $received), $master || $pid == notifier() ? 1 : 0,
           "$title: the end where they are received");
    }

    is(scalar(grep { /^socket:/ } values descriptors_of(notifier())->%*), 2,
       'the channel and that end, and no other socket');
};


subtest 'privileges' => sub {
    for (['a script of its own user', "notify /bin/true;", $NONE, 0],
         ['no script', "notify_fifo $dir/fifo;", $NONE, 1])
    {
        my ($what, $notify, $capabilities, $no_new) = @$_;

        $nginx->configure(vrrp => $classic->vrrp('lb1',
            instance => "$checks $notify"));
        replaced_by(sub { $nginx->command('reload') });

        my %status = status_of(notifier())->%*;

        is("$status{CapPrm} $status{CapEff}",
           "$capabilities $capabilities", "$what: capabilities");
        is($status{NoNewPrivs}, $no_new, "$what: new privileges");
    }

    my ($mode, $uid) = (stat "$dir/fifo")[2, 4];

    ok(-p "$dir/fifo", 'the FIFO has been made');
    is($mode & 0777, 0600, 'nobody else may read it');
    is(getpwuid $uid, 'www-data', 'but nginx');
};


subtest 'killed' => sub {
    $nginx->configure(vrrp => $classic->vrrp('lb1',
        instance => "$checks $quick track_file $dir/drain;"));
    replaced_by(sub { $nginx->command('reload') });

    my @ends = ends();

    replaced_by(sub { $nginx->signal('KILL', notifier()) });
    is(has_open(notifier(), $ends[1]), 1, 'the same socket');

    write_file("$dir/drain", "1\n");
    told_is('FAULT', 'told by the one that came after it');
    unlink "$dir/drain";
    told_is('MASTER', 'and so on');
};


subtest 'reload' => sub {
    my $told_before = VRRP::Proc::slurp($told);

    for my $round (1 .. 5) {
        my ($before) = ends();

        replaced_by(sub { $nginx->command('reload') });

        my @now = ends();
        is(scalar(@now), 2, "reload $round: one pair in the master");
        isnt($now[0], $before, "reload $round: another one");

        # A process that ends closes its sockets one after the other.
        ok(eval {
            $lab->wait_until('the end of the one before', 5, sub {
                !grep { has_open($_->{pid}, $before) } $nginx->processes;
            });
            1;
        }, "reload $round: the one before is closed") or diag($@);
    }

    is(VRRP::Proc::slurp($told), $told_before, 'a reload is no event');

    my $log = $nginx->log_text;
    unlike($log, qr/cannot notify|notifications are disabled/, 'nothing went wrong');
};


subtest 'what happens while it is replaced' => sub {
    my $before = length VRRP::Proc::slurp($told);

    pause(1);
    write_file("$dir/drain", "1\n");
    $lab->wait_until('the fault', 5, sub { $nginx->state eq 'FAULT' });
    $nginx->command('reload');
    unlink "$dir/drain";
    $lab->wait_until('the end of it', 10, sub { $nginx->state eq 'MASTER' });

    # The last word of before is MASTER, too, until the first of these comes.
    $lab->wait_until('the fault to be told', 15, sub {
        substr(VRRP::Proc::slurp($told), $before) =~ / FAULT /;
    });
    told_is('MASTER', 'the last word comes');
    pause(0);

    my @last = (split /\n/, VRRP::Proc::slurp($told));

    is($last[-1] =~ s/ \d+$//r, 'INSTANCE VI_1 MASTER', 'it is the last one');
    ok((grep { / FAULT / } @last), 'the fault was told, too');

    $lab->wait_until('one of them', 10, sub { notifiers() == 1 });
};


subtest 'reopen' => sub {
    my $old = $nginx->error_log . '.1';
    rename $nginx->error_log, $old;
    $nginx->command('reopen');

    ok(eval {
        $lab->wait_until('the new log', 5, sub {
            my @open = values descriptors_of(notifier())->%*;

            return (grep { $_ eq $nginx->error_log } @open)
                   && !grep { $_ eq $old } @open;
        });
        1;
    }, 'it logs to the new file') or diag($@);
};


subtest 'nobody to be told' => sub {
    $nginx->configure(vrrp => $classic->vrrp('lb1', instance => $checks));
    $nginx->command('reload');

    ok(eval {
        $lab->wait_until('it to go', 10, sub { notifiers() == 0 });
        1;
    }, 'no process') or diag($@);
    is(scalar(ends()), 0, 'and no socket');

    $nginx->stop;
};


for my $signal (qw(QUIT TERM)) {
    subtest "$signal to the master" => sub {
        unlink $told;
        $nginx->configure(vrrp => $classic->vrrp('lb1',
            instance => "$checks $quick"));
        $nginx->start;
        told_is('MASTER', 'begun');

        ok(eval { $nginx->stop($signal); 1 }, 'all ends') or diag($@);
        told_is('STOP', 'the last word');
    };
}


subtest 'KILL to the master' => sub {
    unlink $told;
    $nginx->start;
    told_is('MASTER', 'begun');

    ok(eval { $nginx->stop('KILL'); 1 }, 'all ends') or diag($@);
    told_is('STOP', 'the last word');
};


# A script that never ends: TERM gives it a second, QUIT half a minute, which
# its own time-out cuts short.
for (['TERM', '2m', 8], ['QUIT', '2s', 20]) {
    my ($signal, $timeout, $most) = @$_;

    subtest "$signal while a script hangs" => sub {
        unlink $told;
        pause(100);
        $nginx->configure(vrrp => $classic->vrrp('lb1',
            instance => "$checks notify $script user=root timeout=$timeout;"));
        $nginx->start;
        $lab->wait_until('the script', 10, sub { sleeping() });

        my $since = time;

        ok(eval { $nginx->stop($signal, $most); 1 },
           "all has ended after less than $most s") or diag($@);
        note(sprintf '%.1f s', time - $since);
        is(scalar(sleeping()), 0, 'the script, too');
        pause(0);
    };
}

$lab->finish;
done_testing;


sub write_file ($file, $text, $mode = 0644) {
    open my $out, '>', "$file.new" or die "$file: $!\n";
    print {$out} $text;
    close $out;
    chmod $mode, "$file.new";
    rename "$file.new", $file or die "$file: $!\n";
}


sub write_script ($name, $text) {
    write_file("$dir/$name", "#!/bin/sh\n$text", 0755);

    return "$dir/$name";
}


sub pause ($seconds) {
    write_file("$dir/pause", "$seconds\n");
}


sub sleeping () {
    return grep { $_->{title} eq 'sleep 100' } $node->processes;
}


# The last line that the script has written.
sub told_is ($state, $what) {
    my $last = '';

    ok(eval {
        $lab->wait_until("to be told: $state", 15, sub {
            ($last) = (VRRP::Proc::slurp($told) // '') =~ /(.*)\n\z/;
            return ($last // '') =~ /^INSTANCE VI_1 $state \d+$/;
        });
        1;
    }, $what) or diag($@, $last);
}


sub notifiers () {
    return map { $_->{pid} }
           grep { $_->{title} eq "nginx: $TITLE" } $nginx->processes;
}


sub notifier () {
    return (notifiers())[0];
}


# Another one comes in its place.
sub replaced_by ($act) {
    my $old = notifier();

    $act->();

    $lab->wait_until("another $TITLE", 20, sub {
        my @now = notifiers();
        return @now == 1 && $now[0] != $old;
    });
}


# Fields of /proc/PID/status.
sub status_of ($pid) {
    return { VRRP::Proc::slurp("/proc/$pid/status")
             =~ /^(\w+):\s+(.*?)\s*$/mg };
}


sub descriptors_of ($pid) {
    return { map { m{/(\d+)$} => readlink } glob "/proc/$pid/fd/*" };
}


sub has_open ($pid, $what) {
    return scalar grep { $_ eq $what } values descriptors_of($pid)->%*;
}


# The socket pair in the master, as links in /proc/PID/fd name it: first the
# end of the vrrp process. The channels are sockets, too, but streams.
sub ends () {
    my ($master) = $nginx->masters;
    my $descriptors = descriptors_of($master);
    my ($pid) = VRRP::Proc::slurp("/proc/$master/status")
                =~ /^NSpid:.*?(\d+)$/m;
    my $list = $node->run('ss', '-x', '-p', '-n');
    my @fds = sort { $a <=> $b }
              $list =~ /^u_seq\s.*?\bpid=$pid,fd=(\d+)\)/mg;

    # one line may name several processes
    for my $line (grep { /^u_seq\s/ } split /\n/, $list) {
        push @fds, $line =~ /pid=$pid,fd=(\d+)/g;
    }

    my %seen;
    return map { $descriptors->{$_} }
           grep { !$seen{$_}++ } sort { $a <=> $b } @fds;
}
