#!/usr/bin/perl

# The processes with checks: their start, their rights, their descriptors, and
# that they never outlive their master or their time.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $NONE = '0' x 16;

# Bits of linux/capability.h.
my ($DAC_READ_SEARCH, $KILL, $SETGID, $SETUID) = (2, 5, 6, 7);
my $RUNNER = sprintf '%016x', 1 << $DAC_READ_SEARCH | 1 << $KILL
                              | 1 << $SETGID | 1 << $SETUID;

my $PROBES = 'track_tcp 127.0.0.1:80 weight=1 interval=20ms;'
             . ' track_ping 192.168.64.147 weight=1 interval=20ms;';
my $classic = VRRP::Classic->new(profile => 'v3');
my $lab = VRRP::Lab->new(nodes => ['lb1']);
my $node = $lab->node('lb1');

my $SCRIPT = 'track_script ' . write_script() . ' user=nobody weight=1'
             . ' interval=100ms timeout=2m;';

my $nginx = $lab->start_nginx('lb1', expect => qr/on signal 9/,
    vrrp => vrrp("$PROBES $SCRIPT"),
    http => $classic->status_server
            . 'server { listen 80; location / { return 200; } }');

my @titles = ('vrrp checker process', 'vrrp runner process');


subtest 'what they are' => sub {
    $lab->wait_until('both', 5, sub { pid_of($_) || return 0 for @titles; 1 });

    my %checker = status_of(pid_of('vrrp checker process'))->%*;
    my %runner = status_of(pid_of('vrrp runner process'))->%*;

    is($checker{Name}, 'ngx_vrrp_check', 'the name of the checker');
    is($runner{Name}, 'ngx_vrrp_run', 'the name of the runner');

    for (\%checker, \%runner) {
        is(getpwuid((split ' ', $_->{Uid})[1]), 'www-data', 'its user');
        is(getgrgid((split ' ', $_->{Gid})[1]), 'www-data', 'its group');
        is($_->{CapAmb} . $_->{CapInh}, $NONE x 2, 'nothing to inherit');
        is(scheduling_of($_->{Pid}), 'SCHED_OTHER 0', 'usual scheduling');
    }

    is("$checker{CapPrm} $checker{CapEff}", "$NONE $NONE",
       'the checker may do nothing');
    is($checker{NoNewPrivs}, 1, 'and no more than that');
    is("$runner{CapPrm} $runner{CapEff}", "$RUNNER $RUNNER",
       'the runner may start and end processes of others');
};


subtest 'what a script is' => sub {
    $lab->wait_until('it to run', 5, sub { script() == 1 });

    my ($pid) = script();
    my %script = status_of($pid)->%*;

    is(getpwuid((split ' ', $script{Uid})[1]), 'nobody', 'its user');
    is("$script{CapPrm} $script{CapEff} $script{CapAmb}",
       "$NONE $NONE $NONE", 'it may do nothing');
    is(scalar(keys descriptors_of($pid)->%*), 3, 'and has nothing open');
};


subtest 'what they have open' => sub {
    my ($event) = eventfds_of($nginx->masters);
    ok(defined $event, 'the master has an eventfd');

    my %listening = map { $_ => 1 } listening();
    ok(%listening, 'there are listening sockets');

    for my $title (@titles) {
        my $pid = pid_of($title);
        my @open = values descriptors_of($pid)->%*;

        is(scalar(grep { $listening{$_} } @open), 0,
           "$title: no listening socket");
        is(has_event($pid, $event), 1, "$title: the eventfd");
    }

    is(scalar(grep { /^socket:/ }
              values descriptors_of(pid_of('vrrp runner process'))->%*),
       1, 'vrrp runner process: a channel, and no other socket');

    is(has_event($nginx->vrrp_processes, $event), 1,
       'vrrp process: the eventfd');
    is(has_event($_, $event), 0, 'worker process: none') for $nginx->workers;
};


subtest 'killed' => sub {
    my ($event) = eventfds_of($nginx->masters);

    for my $title (@titles) {
        replaced_by(sub { $nginx->signal('KILL', pid_of($title)) }, $title);
        is(has_event(pid_of($title), $event), 1, "$title: the same eventfd");
    }
};


subtest 'reload' => sub {
    for my $round (1 .. 5) {
        my ($before) = eventfds_of($nginx->masters);
        my $log = length $nginx->log_text;

        replaced_by(sub { $nginx->command('reload') }, @titles);

        my @now = eventfds_of($nginx->masters);
        is(scalar(@now), 1, "reload $round: one eventfd in the master");
        isnt($now[0], $before, "reload $round: another one");

        my $text = substr $nginx->log_text, $log;

        for my $title (@titles) {
            like($text, qr/start \Q$title\E.*\Q$title\E exiting/s,
                 "$title: the new one is there before the old one goes");
            is(has_event(pid_of($title), $before), 0,
               "$title: has not kept the eventfd of the one before");
        }
    }

    is(scalar(script()), 1, 'one script runs');
};


subtest 'reopen' => sub {
    my $old = $nginx->error_log . '.1';
    rename $nginx->error_log, $old;
    $nginx->command('reopen');

    for my $title (@titles) {
        ok(eval {
            $lab->wait_until("$title to have the new log", 5, sub {
                my @open = values descriptors_of(pid_of($title))->%*;

                return (grep { $_ eq $nginx->error_log } @open)
                       && !grep { $_ eq $old } @open;
            });
            1;
        }, $title) or diag($@);
    }
};


subtest 'as many as there is work for' => sub {
    my @cases = ([ $PROBES => 'vrrp checker process' ],
                 [ $SCRIPT => 'vrrp runner process' ],
                 [ ''      => '' ]);

    for my $case (@cases) {
        my ($trackers, $expected) = @$case;

        $nginx->configure(vrrp => vrrp($trackers));
        $nginx->command('reload');

        ok(eval {
            $lab->wait_until('the others to go', 10, sub {
                return "@{[ sort map { titled($_) } @titles ]}" eq $expected;
            });
            1;
        }, $expected || 'nothing to check, no process') or diag($@);
    }

    is(scalar(eventfds_of($nginx->masters)), 0,
       'nothing to check, no eventfd');

    $nginx->stop;
};


for my $signal (qw(QUIT TERM KILL)) {
    $nginx->configure(vrrp => vrrp("$PROBES $SCRIPT"));
    $nginx->start;
    $lab->wait_until('a script', 5, sub { script() == 1 });

    ok(eval { $nginx->stop($signal); 1 }, "$signal to the master ends all")
        or diag($@);
    is(scalar(script()), 0, "$signal: scripts too");
}

$lab->finish;
done_testing;


sub vrrp ($trackers) {
    return $classic->vrrp('lb1', instance => $trackers);
}


# As many times as there is one.
sub titled ($title) {
    return map { $title }
           grep { $_->{title} eq "nginx: $title" } $nginx->processes;
}


sub pid_of ($title) {
    my ($found) = grep { $_->{title} eq "nginx: $title" } $nginx->processes;

    return $found && $found->{pid};
}


# In a directory that no other user may enter, not even nginx.
sub write_script () {
    my $dir = $node->dir . '/scripts';
    my $file = "$dir/check";

    mkdir $dir or die "mkdir $dir: $!\n";

    open my $out, '>', $file or die "$file: $!\n";
    print {$out} "#!/bin/sh\nexec /bin/sleep 60\n";
    close $out;

    chmod 0700, $dir, $file;
    chown +(getpwnam 'nobody')[2, 3], $dir, $file;

    return $file;
}


sub script () {
    return map { $_->{pid} }
           grep { $_->{title} eq '/bin/sleep 60' } $node->processes;
}


# Other processes of these titles come in the place of those there are.
sub replaced_by ($act, @which) {
    my %old = map { $_ => pid_of($_) } @which;

    $act->();

    for my $title (@which) {
        $lab->wait_until("another $title", 10, sub {
            my $now = pid_of($title);
            return titled($title) == 1 && $now && $now != $old{$title};
        });
    }
}


# Fields of /proc/PID/status.
sub status_of ($pid) {
    return { VRRP::Proc::slurp("/proc/$pid/status")
             =~ /^(\w+):\s+(.*?)\s*$/mg };
}


# "SCHED_OTHER 0", as chrt says it.
sub scheduling_of ($pid) {
    my ($policy, $priority) = `chrt -p $pid` =~ /: (\S+)$/mg;

    return "$policy $priority";
}


sub descriptors_of ($pid) {
    return { map { m{/(\d+)$} => readlink } glob "/proc/$pid/fd/*" };
}


# The kernel's numbers of eventfds. Without the one that is passed to a new
# binary: it is not closed on exec.
sub eventfds_of ($pid) {
    return map { /^flags:\s*02\d{6}$/m && /^eventfd-id:\s*(\d+)/m ? $1 : () }
           map { VRRP::Proc::slurp($_) // '' } glob "/proc/$pid/fdinfo/*";
}


sub has_event ($pid, $event) {
    return scalar grep { $_ == $event } eventfds_of($pid);
}


# The listening sockets of the node, as links in /proc/PID/fd name them.
sub listening () {
    my ($pid) = $nginx->masters;

    return map { /^\s*\d+: \S+ \S+ 0A (?:\S+\s+){5}(\d+)/ ? "socket:[$1]" : () }
           split /\n/, VRRP::Proc::slurp("/proc/$pid/net/tcp");
}
