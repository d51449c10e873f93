#!/usr/bin/perl

# In a container whose seccomp filter is older than nginx's module: system
# calls that are newer than Linux 5.2 fail. Also a system call that fails for
# a helper process at its start: the process is started again, after a pause.

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Lab;
use VRRP::Nginx;
use VRRP::Proc;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $VIP = $VRRP::Lab::VIP;
my $REFUSE = abs_path(dirname(__FILE__)) . '/lib/refuse.pl';

# The same on all machines: pidfd_open, clone3, close_range, openat2,
# pidfd_getfd, faccessat2, epoll_pwait2.
my @NEWER = (434 .. 439, 441);
my ($EPERM, $ENOSYS, $EMFILE) = (1, 38, 24);

# timerfd_create, which only our helper processes call.
my $TIMERFD = { x86_64 => 283, aarch64 => 85 }->{ (split ' ', `uname -m`)[0] };

my $lab = VRRP::Lab->new(nodes => ['lb1']);
my $node = $lab->node('lb1');
my $flag = $node->dir . '/flag';


sub start ($refused, %args) {
    return $lab->start_nginx('lb1', wrapper => [$^X, $REFUSE, @$refused, '--'],
                             %args, vrrp => <<"END", http => <<'END');
    vrrp_instance VI_1 {
        interface vrlab0;
        virtual_router_id 51;
        virtual_ipaddress $VIP/24;
        track_nginx workers=1 timeout=1s;
        track_script "/usr/bin/test ! -e $flag" interval=200ms;
    }
END
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
    }
END
}


sub warnings ($nginx) {
    return scalar(() = $nginx->log_text =~ /\[warn\].*pidfd_open\(\) failed/g);
}


for my $error ($EPERM, $ENOSYS) {
    subtest "newer system calls fail with errno $error" => sub {
        my $nginx = start([map { "$_=$error" } @NEWER]);

        $lab->wait_for_holder('lb1', 10);
        pass('takes part in VRRP');

        # A script that was just forked still has the title of its parent.
        my %is_child = map { $_ => 1 }
                       VRRP::Proc::children(($nginx->masters)[0]);
        my @helpers = grep { $_->{title} =~ /^nginx: vrrp/
                             && $is_child{ $_->{pid} } } $nginx->processes;
        eval { $lab->wait_until('each process to say it', 5,
                                sub { warnings($nginx) >= @helpers }) };
        is(warnings($nginx), scalar @helpers, 'each process says it once');

        # the end of a script is noticed
        open my $out, '>', $flag or die "$flag: $!\n";
        close $out;
        $lab->wait_until('the script to fail', 5,
                         sub { $nginx->state eq 'FAULT' });
        unlink $flag;
        $lab->wait_for_holder('lb1', 10);

        # the death of the master, in all processes
        my $since = time;
        kill 'KILL', $nginx->masters;
        $lab->wait_until('the address to go', 5,
                         sub { !$node->has_address($VIP) });
        $nginx->wait_gone(10);
        pass('all processes end after their master');
        like($nginx->log_text, qr/the nginx master process died/,
             'the vrrp process says why');
        like($nginx->log_text, qr/master process died,\s+worker process is/,
             'and so do workers');
    };
}


subtest 'a helper process that cannot start' => sub {
    my $nginx = start(["$TIMERFD=$EMFILE"],
                      expect => qr/timerfd_create|cannot start/);
    my $lines = sub {
        return scalar(() = $nginx->log_text =~ /the vrrp process cannot start/g);
    };

    $lab->wait_until('three attempts', 15, sub { $lines->() >= 3 });
    my ($before, $since) = ($lines->(), time);
    sleep 2;
    my $rate = ($lines->() - $before) / (time - $since);

    cmp_ok($rate, '<', 2.5, 'once a second, not more');
    unlike($nginx->log_text, qr/cannot be respawned/, 'and again and again');
    $nginx->stop('TERM');
};


$lab->finish;
done_testing;
