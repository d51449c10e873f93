#!/usr/bin/perl

# Only the process that uses a secret has it in memory, and the user of nginx's
# workers cannot read that memory.

use v5.36;

use Test::More;

use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;
use VRRP::Proc;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $VRRP = 'nginx: vrrp process';
my $NOTIFIER = 'nginx: vrrp notifier process';

# Nothing else in a process looks like them; PASS has room for 8 octets.
my %SECRETS = (
    vrrp    => 'pW7~uQ9z',
    webhook => 'webhook-hunter2-X7qLw',
    mail    => 'mail-hunter2-Zr4Kp',
    hmac    => 'hmac-hunter2-Lx8Vb-0123456789abcdef',
);
my %USED_BY = (vrrp => $VRRP, hmac => $VRRP,
               webhook => $NOTIFIER, mail => $NOTIFIER);

my $classic = VRRP::Classic->new(profile => 'v2');
my $lab = VRRP::Lab->new(nodes => [qw(lb1 lb2)]);
my $dir = $lab->node('lb1')->dir;

write_secret($_) for keys %SECRETS;

# Tasks of separate processes: checks, scripts, serving.
my $vrrp = $classic->vrrp('lb1', instance => <<"END");
    track_tcp 127.0.0.1:80 weight=1 interval=1s;
    track_script /bin/true weight=1 interval=1s;
    notify_webhook http://127.0.0.1:9/a secret_file=$dir/webhook
                   events=split_brain;
    notify_email to=a\@b from=c\@d smtp=smtp://127.0.0.1:9 user=me
                 password_file=$dir/mail events=split_brain;
END

my $signed = <<"END";
    vrrp_instance VI_2 {
        interface $VRRP::Node::INTERFACE;
        virtual_router_id 52;
        authentication HMAC key=1:file:$dir/hmac;
        virtual_ipaddress 192.168.64.201/24;
    }
END

my $nginx = $lab->start_nginx('lb1', expect => qr/on signal 9/,
    vrrp => $vrrp =~ s{PASS \K\w+}{file=$dir/vrrp}r . $signed,
    http => $classic->status_server
            . 'server { listen 80; location / { return 200; } }');

$lab->wait_for_holder('lb1', 15);


sub processes () {
    return map { { $_->%*, title => $_->{title} =~ s/ process\K .*//r } }
           $nginx->processes;
}


sub pid_of ($title) {
    my ($found) = grep { $_->{title} eq $title } processes();

    return $found && $found->{pid};
}


sub replaced ($title, $act) {
    my $old = pid_of($title);

    $act->();

    $lab->wait_until("another $title", 10, sub {
        my $new = pid_of($title);
        return $new && $new != $old;
    });
}


# All that the process could have written, as root sees it.
sub has_in_memory ($pid, $text) {
    no warnings 'portable';    # addresses have more than 32 bits

    open my $maps, '<', "/proc/$pid/maps" or return;
    open my $mem, '<:raw', "/proc/$pid/mem" or return;

    while (my $line = <$maps>) {
        my ($from, $to) = $line =~ /^([0-9a-f]+)-([0-9a-f]+) rw/ or next;
        my ($start, $size) = (hex $from, hex($to) - hex($from));

        # a sanitizer's account of all addresses
        next if $size > 1 << 30;

        sysseek $mem, $start, 0 or next;
        sysread $mem, my $bytes, $size or next;

        return 1 if index($bytes, $text) >= 0;
    }

    return 0;
}


sub in_memory_of_the_right_ones ($when) {
    $lab->wait_until('all processes', 10, sub {
        my %seen = map { $_->{title} => 1 } processes();
        return keys %seen == 6;
    });

    for my $name (sort keys %SECRETS) {
        my %wanted = map { $_->{title} => $_->{title} eq $USED_BY{$name} ? 1 : 0 }
                     processes();
        my %found;

        $found{ $_->{title} } |= has_in_memory($_->{pid}, $SECRETS{$name})
            for processes();

        is_deeply(\%found, \%wanted, "$when: the secret of $name");
    }
}


in_memory_of_the_right_ones('after the start');
$nginx->reload;
in_memory_of_the_right_ones('after a reload');


# A peer with the same password in its configuration follows.
subtest 'the password is the right one' => sub {
    my $lb2 = $lab->start_nginx('lb2',
        vrrp => $classic->vrrp('lb2') =~ s{PASS \K\w+}{$SECRETS{vrrp}}r,
        http => $classic->status_server);

    $lab->wait_until('an advert', 10, sub {
        my ($instance) = eval { $lb2->status->{instances}[0] } or return;
        return ($instance->{state} // '') eq 'BACKUP'
               && $instance->{counters}{adverts_received};
    });
    sleep 1;
    is($lb2->state, 'BACKUP', 'followed');
    is($nginx->state, 'MASTER', 'by the MASTER');
    $lb2->stop('QUIT');
};


# As www-data: opens, attaches to and takes descriptors from another process.
# Prints what the kernel says to each.
my $INTRUDER = <<'END';
my $pid = $ARGV[0] + 0;
sub told { print "$_[0]: ", $_[1] ? 'done' : $! + 0, "\n" }
told('mem', open my $mem, '<', "/proc/$pid/mem");
told('fd', opendir my $fd, "/proc/$pid/fd");
told('environ', open my $environ, '<', "/proc/$pid/environ");
told('ptrace', syscall(101, 16, $pid, 0, 0) == 0);
my $pidfd = syscall(434, $pid, 0);
told('pidfd_getfd', syscall(438, $pidfd, 0, 0) >= 0);
END

subtest 'the nginx user looks into our processes' => sub {
    plan(skip_all => 'not x86-64') if `uname -m` ne "x86_64\n";

    my $refused = "mem: 13\nfd: 13\nenviron: 13\nptrace: 1\npidfd_getfd: 1\n";

    for my $process (grep { $_->{title} =~ /^nginx: vrrp / } processes()) {
        my $out = $lab->node('lb1')->run(
            qw(setpriv --reuid=www-data --regid=www-data --clear-groups),
            $^X, '-e', $INTRUDER, $process->{inner});

        is($out, $refused, $process->{title});
        is((stat "/proc/$process->{pid}/environ")[4], 0,
           "$process->{title}: what /proc has of it is root's");
    }
};


subtest 'a secret that cannot be read any more' => sub {
    unlink "$dir/$_" for qw(vrrp webhook mail);

    replaced($NOTIFIER, sub { $nginx->signal('KILL', pid_of($NOTIFIER)) });
    my $why = 'cannot be read: open() failed (2: No such file or directory)';
    my $then = '"http://127.0.0.1:9" sends nothing until nginx is reloaded';

    for my $line (qq("$dir/webhook" $why; notify_webhook $then),
                  qq("$dir/mail" $why; notify_email "a\@b" sends nothing))
    {
        $lab->wait_until($line, 10, sub { index($nginx->log_text, $line) > 0 });
    }

    pass('the notifier process says so, and goes on');

    replaced($VRRP, sub { $nginx->signal('KILL', pid_of($VRRP)) });
    $lab->wait_until('the fault', 10, sub {
        (eval { $nginx->state } // '') eq 'FAULT';
    });
    is($nginx->status->{instances}[0]{fault},
       qq(the password of vrrp_instance "VI_1", "$dir/vrrp", $why),
       'the status, too');

    my ($out, $status) = $nginx->run('-t');
    isnt($status, 0, 'nginx -t, too');

    write_secret($_) for keys %SECRETS;
    $nginx->command('reload');
    $lab->wait_for_holder('lb1', 15);
    pass('a reload reads it again');
    in_memory_of_the_right_ones('then');
};

$nginx->stop;
$lab->finish;
done_testing;


sub write_secret ($name) {
    open my $out, '>', "$dir/$name" or die "$dir/$name: $!\n";
    chmod 0600, "$dir/$name";
    say {$out} $SECRETS{$name};
    close $out;
}
