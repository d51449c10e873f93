#!/usr/bin/perl

# Every tracker of a vrrp_instance: when its object fails, lb2 gets the
# address, and lb1 reports the reason; afterwards the address comes back.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Backend;
use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $lab = VRRP::Lab->new(second_link => [qw(lb1 client)]);
my $classic = VRRP::Classic->new(profile => 'v3');
my $lb1_node = $lab->node('lb1');
my $dir = $lb1_node->dir;

# Files of www-data are run as www-data; directories above belong to root.
my $script = "$dir/check.sh";
my $drain = "$dir/drain";
my $trouble = "$dir/trouble";
my $ps = "$dir/runs";

sub put ($file, $text, $mode = 0644) {
    open my $out, '>', "$file.new" or die "$file: $!\n";
    print {$out} $text;
    close $out;
    chmod $mode, "$file.new";
    rename "$file.new", $file or die "$file: $!\n";
}

put($script, <<"END", 0755);
#!@{["/bin/sh"]}
case `cat $trouble 2>/dev/null` in
    no)   echo "cannot \$1"; exit 2 ;;
    hang) sleep 87 & sleep 88 ;;
esac
END

my $web = VRRP::Backend->new(node => $lab->node('web1'), port => 8000);
my $client = $lab->node('client');

my $trackers = <<"END";
        track_interface vrlab1 weight=-20;
        track_ping 192.168.64.10 interval=50ms timeout=40ms count=5 loss=80%;
        track_ping gateway interval=50ms timeout=40ms fall=2 rise=2;
        track_file $drain weight=-1 interval=10s;
        track_file exists=$dir/out interval=10s;
        track_file exists=$dir/broken interval=10s latch;
        track_http http://127.0.0.1/ping status=200 interval=50ms timeout=2s
                   fall=2 rise=2;
        track_tcp 192.168.64.143:8000 interval=50ms timeout=200ms weight=-20;
        track_script "$script serve" interval=50ms timeout=500ms fall=2;
        track_nginx listen=on timeout=1s;
END

my $http = $classic->status_server . <<"END";
    server {
        listen 80;
        location / { return 200 "\$hostname\\n"; }
        location = /ping {
            if (-f $dir/sick) { return 503; }
            return 200 fine;
        }
    }
    server {
        listen 127.0.0.1:8081;
        location /control { vrrp_control on; }
    }
END

# The gateway of lb1 is a second address of web1.
my $GATEWAY = '192.168.64.11';
my $web1 = $lab->node('web1');

$web1->run(qw(ip addr add), "$GATEWAY/24", qw(dev vrlab0));
$lb1_node->run(qw(ip route add default via), $GATEWAY);

my %nginx = map {
    $_ => $lab->start_nginx($_,
        vrrp => $classic->vrrp($_,
                               instance => $_ eq 'lb1' ? $trackers : ''),
        http => $http)
} qw(lb1 lb2);

my $lb1 = $nginx{lb1};
my $limit = $classic->down_interval + 10;

ok(eval { $lab->wait_for_holder('lb1', $limit) }, 'lb1 has the address')
    or diag($@), diag($lb1->log_text);


sub instance () { $lb1->status->{instances}[0] }

sub tracker ($type) {
    my ($found) = grep { "$_->{type} $_->{name}" =~ /^\Q$type\E\b/ }
                  @{ instance()->{trackers} };

    return $found // die "no tracker \"$type\"\n";
}


# break, mend: what to do; text: why, in the status and in the log; priority:
# the effective one then, else it is a fault.
sub moves ($type, $title, %args) {
    my $since = time;
    my $log = length $lb1->log_text;

    $args{break}->();
    ok(eval { $lab->wait_for_holder('lb2', $limit) }, "$title: lb2 has it")
        or diag($@);
    note(sprintf '%s: lb2 after %.3f s', $title, time - $since);

    my $tracker = tracker($type);
    is($tracker->{state}, 'down', "$title: the tracker says so");
    like($tracker->{reason}, $args{text}, "$title: and why");
    like(substr($lb1->log_text, $log), qr/\Q$type\E.*$args{text}/,
         "$title: and so does the log");

    if ($args{priority}) {
        is(instance()->{state}, 'BACKUP', "$title: lb1 is second");
        is(instance()->{priority}{effective}, $args{priority},
           "$title: by its priority");
    } else {
        is(instance()->{state}, 'FAULT', "$title: lb1 is out");
    }

    $args{check}->() if $args{check};

    $args{mend}->();
    ok(eval { $lab->wait_for_holder('lb1', $limit) }, "$title: lb1 again")
        or diag($@);
    $lab->wait_until("$type to be up", 5, sub {
        tracker($type)->{state} eq 'up';
    });
    is(instance()->{priority}{effective}, 100, "$title: with all it had");
}


moves('track_interface', 'interface', text => qr/vrlab1 is down/,
    priority => 80,
    break => sub { $lab->unplug('lb1', 'switch2') },
    mend  => sub { $lab->plug('lb1', 'switch2') });

moves('track_ping', 'ping', text => qr/L3TOUT.*(?:80|100) %/,
    break => sub { $client->run(qw(sysctl -q -w
                                   net.ipv4.icmp_echo_ignore_all=1)) },
    mend  => sub { $client->run(qw(sysctl -q -w
                                   net.ipv4.icmp_echo_ignore_all=0)) });

moves('track_file', 'file', text => qr/15/, priority => 85,
    break => sub { put($drain, "15\n") },
    mend  => sub { unlink $drain });

moves('track_ping gateway', 'gateway', text => qr/no answer from $GATEWAY/,
    break => sub { $web1->run(qw(ip addr del), "$GATEWAY/24",
                              qw(dev vrlab0)) },
    mend  => sub {
        # another one, which the check follows
        $lb1_node->run(qw(ip route replace default via 192.168.64.10));
    });

moves('track_ping gateway', 'no gateway', text => qr/no IPv4 default route/,
    break => sub { $lb1_node->run(qw(ip route del default)) },
    mend  => sub {
        $lb1_node->run(qw(ip route add default via 192.168.64.10));
    });

moves("track_file exists=$dir/out", 'touch', text => qr/out" exists/,
    break => sub { put("$dir/out", '') },
    mend  => sub { unlink "$dir/out" });

# It stays out after its file is gone, and after a reload.
moves("track_file exists=$dir/broken", 'latch', text => qr/until "resume"/,
    break => sub { put("$dir/broken", '') },
    mend  => sub {
        unlink "$dir/broken";
        $lb1->reload;
        sleep 0.5;
        is(instance()->{state}, 'FAULT', 'latch: still out');
        ok(tracker("track_file exists=$dir/broken")->{latched},
           'latch: in the status');
        $lb1_node->run(qw(curl -sS -m 10 -X POST -H), 'X-VRRP-Control: 1',
                       'http://127.0.0.1:8081/control/resume');
    });

moves('track_http', 'http', text => qr/L7STS.*503/,
    break => sub { put("$dir/sick", '') },
    mend  => sub { unlink "$dir/sick" });

moves('track_tcp', 'tcp', text => qr/L4CON.*refused/, priority => 80,
    break => sub { $web->stop },
    mend  => sub { $web->start });

moves('track_script', 'script', text => qr/PROCERR.*2.*cannot serve/,
    break => sub { put($trouble, 'no') },
    mend  => sub { unlink $trouble });

# It and what it has started is killed, and it never runs twice at once.
moves('track_script', 'script that hangs', text => qr/PROCTOUT/,
    break => sub { put($trouble, 'hang') },
    check => sub {
        my $most = 0;

        for (1 .. 50) {
            my $now = grep { $_->{title} =~ /^sleep 88/ }
                      $lb1_node->processes;
            $most = $now if $now > $most;
            sleep 0.02;
        }

        cmp_ok($most, '<=', 1, 'script that hangs: one at a time');
    },
    mend  => sub { unlink $trouble });

$lab->wait_until('the scripts to be gone', 5, sub {
    !grep { $_->{title} =~ /^sleep 8/ } $lb1_node->processes;
});

# The listening sockets exist, but no worker accepts: two trackers detect
# workers that hang.
{
    my $log = length $lb1->log_text;

    $lb1->signal('STOP', my @workers = $lb1->workers);
    ok(eval { $lab->wait_for_holder('lb2', $limit) },
       'nobody accepts: lb2 has it') or diag($@);
    $lab->wait_until('the check to fail', 10, sub {
        substr($lb1->log_text, $log) =~ /listen.* is down: L4TOUT.*accept/;
    });
    pass('nobody accepts: and the check of the listening socket says so');

    $lb1->signal('CONT', @workers);
    ok(eval { $lab->wait_for_holder('lb1', $limit) },
       'nobody accepts: lb1 again') or diag($@);
}

# A priority follows in the same event. One that waits for the next look at
# the trackers, or for the next advert, is in time now and then, by chance.
{
    my @late;

    for my $number (1 .. 8) {
        sleep 0.1 + rand 0.2;
        put($drain, "$number\n");

        my $since = time;
        $lab->wait_until("the priority to follow $number", 5, sub {
            instance()->{priority}{effective} == 100 - $number;
        });
        push @late, time - $since;
    }
    unlink $drain;

    my $ms = join ' ', map { sprintf '%.0f', 1000 * $_ } @late;

    cmp_ok(scalar(grep { $_ < 0.25 } @late), '>=', 6,
           'priorities follow at once') or diag("after $ms ms");
    note("priorities follow after $ms ms");
}

$lab->finish;
done_testing;
