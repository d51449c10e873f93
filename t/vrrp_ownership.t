#!/usr/bin/perl

# The memory with the owner of each router: the processes that have it, those
# that do not, and that it needs no name that others could take.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $MEMORY = qr/ngx_vrrp_ownership/;

my $lab = VRRP::Lab->new(nodes => ['lb1']);
my $node = $lab->node('lb1');
my $dir = $node->dir;
my $out = "$dir/out";

mkdir $out or die "$out: $!\n";
chmod 01777, $out;

# The descriptors of a script, and those of the nginx -t that it runs.
for my $kind (qw(track notify)) {
    open my $script, '>', "$dir/$kind.sh" or die "$kind.sh: $!\n";
    print {$script} <<"END";
#! /bin/sh
ls -l /proc/self/fd > $out/$kind.\$\$
env >> $out/$kind.\$\$
/usr/sbin/nginx -t -c $dir/none 2>/dev/null
mv -f $out/$kind.\$\$ $out/$kind.fds 2>/dev/null
exit 0
END
    close $script;
    chmod 0755, "$dir/$kind.sh";
}

# Any user may bind the name of a router first.
my $squatter = $node->spawn({ tag => 'squatter' },
    qw(setpriv --reuid nobody --regid nogroup --clear-groups perl -e),
    'use Socket; socket(my $s, AF_UNIX, SOCK_SEQPACKET, 0);'
    . 'bind($s, pack("S", AF_UNIX) . "\0ngx_vrrp/51/ipv4/vrlab0") or die;'
    . 'listen($s, 5); sleep 600');

my $VRRP = <<"END";
    notify $dir/notify.sh;
    vrrp_instance VI_1 {
        interface vrlab0;
        virtual_router_id 51;
        virtual_ipaddress 192.168.64.200/24;
        track_script $dir/track.sh interval=1s;
        track_tcp 127.0.0.1:8080 weight=-10;
    }
    vrrp_instance VI_2 {
        interface vrlab0;
        virtual_router_id 52;
        virtual_ipaddress 192.168.64.201/24;
    }
END

my $HTTP = <<"END";
    proxy_cache_path $dir/cache keys_zone=one:1m;
    server { listen 80; location / { return 200; } }
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; allow 127.0.0.1; deny all; }
    }
END

my $nginx = $lab->start_nginx('lb1', vrrp => $VRRP, http => $HTTP,
    expect => qr/unknown directive "junk"/);
$lab->wait_for_holder('lb1', 10);
my $watch = $lab->watch_addresses('lb1');

check('after the start', 1);
is($nginx->state, 'MASTER', 'with its name taken by another user');

for my $kind (qw(track notify)) {
    $lab->wait_until("the $kind script", 10, sub { -s "$out/$kind.fds" });
    my $has = VRRP::Proc::slurp("$out/$kind.fds");
    unlike($has, qr/ownership/i, "a $kind script has nothing of it");
    my ($name) = names();
    unlike($has, qr/socket:\[$name\]/, 'nor the name of a router');
}

$nginx->reload;
check('after a reload', 1);
isnt($node->has_address('192.168.64.200'), undef, 'the address stays');

# A process that does not start has no effect.
for my $signal (qw(HUP USR2)) {
    subtest "$signal with a configuration that is not valid" => sub {
        my ($master) = $nginx->masters;
        my ($memory, $name) = (memory_of($master), join ' ', names());
        my $before = join ' ', sort map { $_->{pid} } $nginx->processes;
        my $good = VRRP::Proc::slurp($nginx->conf_file);
        my $logged = length $nginx->log_text;

        change_conf(sub { s/^/junk;\n/ });
        $nginx->signal($signal, $master);
        $lab->wait_until('an error', 10, sub {
            substr($nginx->log_text, $logged) =~ /unknown directive "junk"/;
        });
        change_conf(sub { $_ = $good });
        $lab->wait_until('the same processes', 10, sub {
            $before eq join ' ', sort map { $_->{pid} } $nginx->processes;
        });

        check('after it', 1);
        is(memory_of($master), $memory, 'the memory is the same');
        is(join(' ', names()), $name, 'and the names of routers');
        is($nginx->state, 'MASTER', 'and the state');
    };
}

# A hook may have the variable, but not what it names; or other files there.
subtest 'nginx -t with a variable that is not for it' => sub {
    my $value = variable((($nginx->masters))[0]);
    like($value, qr/^\d+,\d+,[0-9a-f]+,\d+/, 'as a new binary would get it');
    my ($fd) = $value =~ /^(\d+)/;

    for my $case ('', "NGINX='0;' ", "exec $fd</dev/null; NGINX='0;' ") {
        my ($told, $status) = $node->try('bash', '-c',
            "export NGX_VRRP_OWNERSHIP=$value; $case" . $nginx->binary
            . ' -t -c ' . $nginx->conf_file . ' -p ' . $nginx->dir);
        is($status, 0, "it is well, \"$case\"") or diag $told;
        unlike($told, qr/alert|close\(\)/, 'and closes nothing');
    }
    check('after it', 1);
};

subtest 'a reload that changes the user' => sub {
    my $logged = length $nginx->log_text;
    change_conf(sub { s/^user www-data;/user daemon;/m });
    my ($old) = $nginx->vrrp_processes;
    $nginx->command('reload');
    $lab->wait_until('another vrrp process', 10, sub {
        my @now = $nginx->vrrp_processes;
        return @now == 1 && $now[0] != $old;
    });
    $lab->wait_until('the status', 5, sub {
        (eval { $nginx->state } // '') eq 'MASTER'
    });
    unlike(substr($nginx->log_text, $logged), qr/MASTER ->|-> MASTER|removing/,
           'hands the router over');
};

subtest 'a binary upgrade and back' => sub {
    my ($old) = $nginx->masters;
    $nginx->signal('USR2', $old);
    $lab->wait_until('a second nginx', 10, sub {
        return $nginx->masters == 2 && $nginx->vrrp_processes == 2
               && $nginx->workers == 2 * $nginx->{workers};
    });
    my ($new) = grep { $_ != $old } $nginx->masters;
    $nginx->signal('QUIT', $new);
    $lab->wait_until('one nginx', 10, sub { $nginx->masters == 1 });

    my (undef, $status) = $node->try('perl', '-e', <<'END');
        use Socket;
        socket my $s, AF_UNIX, SOCK_SEQPACKET, 0 or exit 2;
        connect $s, pack('S', AF_UNIX) . "\0ngx_vrrp/52/ipv4/vrlab0" or exit 1;
END
    is($status, 0, 'another nginx would detect it');
};

subtest 'a binary upgrade' => sub {
    my ($old) = $nginx->masters;
    $nginx->signal('USR2', $old);
    $lab->wait_until('a second nginx', 10, sub {
        return $nginx->masters == 2 && $nginx->vrrp_processes == 2
               && $nginx->workers == 2 * $nginx->{workers};
    });
    # It requests the router when its trackers have results, or after 250 ms.
    sleep 0.5;

    check('with two of them', 2);
    my @memories = map { memory_of($_) } $nginx->masters;
    is($memories[0], $memories[1], 'both have the same');

    $nginx->signal('QUIT', $old);
    $lab->wait_until('one nginx', 10, sub { $nginx->masters == 1 });
    check('with the new one', 1);
    $nginx->reload;
    check('after a reload of the new one', 1);
};

is(join(' ', grep { !$_ } map { $_->{present} }
             $watch->events('192.168.64.200')), '',
   'the address never left the interface');
ok($node->has_address('192.168.64.200'), 'and it is there');

$node->reap($squatter);

subtest 'a binary upgrade to another layout of the memory' => sub {
    $lab->wait_until('the free name', 10, sub {
        my @names = names(51);
        return @names == 1;
    });

    my ($old) = $nginx->masters;
    my %old = map { $_->{pid} => 1 } $nginx->processes;
    my $memory = memory_of($old);
    my %names = map { ("socket:[$_]" => 1) } names(51), names(52);

    # Then the new binary sees the memory of another version, "ngxvrrp0".
    my ($fd) = variable($old) =~ /^(\d+)/;
    open my $file, '+<:raw', "/proc/$old/fd/$fd" or die "memory: $!\n";
    syswrite $file, '0prrvxgn' or die "memory: $!\n";
    close $file;

    $nginx->signal('USR2', $old);
    $lab->wait_until('a second nginx', 10, sub {
        return $nginx->masters == 2 && $nginx->vrrp_processes == 2
               && $nginx->workers == 2 * $nginx->{workers};
    });

    for my $process (grep { !$old{ $_->{pid} } } $nginx->processes) {
        my ($pid, $title) = @$process{qw(pid title)};
        isnt(memory_of($pid), $memory, "$title: not the old memory")
            if $title !~ /vrrp process/;
        unlike(memory_of($pid), qr/ /, 'nor both');
        is(scalar(grep { $names{ readlink // '' } } glob "/proc/$pid/fd/*"), 0,
           'and no name of the old nginx');
    }
    like($nginx->log_text, qr/has another version of the module/, 'logged');
    isnt($node->has_address('192.168.64.201'), undef, 'the old one goes on');

    $nginx->signal('QUIT', $old);
    $lab->wait_until('one nginx', 10, sub { $nginx->masters == 1 });
    $lab->wait_until('its part in VRRP', 15, sub {
        (eval { $nginx->state('VI_2') } // '') eq 'MASTER'
    });
    check('with the new one', 1);
};

my $with_module = VRRP::Proc::slurp($nginx->conf_file);

subtest 'a reload without a vrrp block' => sub {
    change_conf(sub { s/^vrrp \{.*?^\}\n//ms; s/vrrp_status;/return 200;/ });
    $nginx->command('reload');
    $lab->wait_until('its end', 15, sub { !$nginx->vrrp_processes });
    check('when it is gone', 0);
};

subtest 'a reload without the module' => sub {
    plan(skip_all => 'the module is linked in') if $nginx->module eq '';

    change_conf(sub { $_ = $with_module });
    $nginx->command('reload');
    $lab->wait_for_holder('lb1', 15);
    check('with the block again', 1);

    change_conf(sub {
        s/^vrrp \{.*?^\}\n//ms;
        s/vrrp_status;/return 200;/;
        s/^load_module .*ngx_vrrp_module\.so;\n//m or die "no module: $_";
    });
    $nginx->command('reload');
    $lab->wait_until('its end', 15, sub { !$nginx->vrrp_processes });
    check('when it is gone', 0);
};

# That nginx has the names, and does not know them.
subtest 'a binary upgrade to one without the module, and back' => sub {
    plan(skip_all => 'the module is linked in') if $nginx->module eq '';

    my $without = VRRP::Proc::slurp($nginx->conf_file);
    change_conf(sub { $_ = $with_module });
    $nginx->command('reload');
    $lab->wait_for_holder('lb1', 15);

    my ($old) = $nginx->masters;
    change_conf(sub { $_ = $without });
    $nginx->signal('USR2', $old);
    $lab->wait_until('a second nginx', 10, sub {
        return $nginx->masters == 2 && $nginx->workers == 2 * $nginx->{workers};
    });
    $nginx->signal('QUIT', $old);
    $lab->wait_until('one nginx', 15, sub { $nginx->masters == 1 });
    is(scalar(my @names = names()), 1, 'a name is left');

    change_conf(sub { $_ = $with_module });
    $nginx->command('reload');
    $lab->wait_for_holder('lb1', 15);
    is($nginx->state, 'MASTER', 'but it does not look like another nginx');
};

$lab->finish;
done_testing;


sub change_conf ($change) {
    local $_ = VRRP::Proc::slurp($nginx->conf_file);
    $change->();
    open my $conf, '>', $nginx->conf_file or die "nginx.conf: $!\n";
    print {$conf} $_;
    close $conf;
}


# The kernel's number of the memory; a process has it once, or not at all.
sub memory_of ($pid) {
    my @found = map { (stat)[1] } grep { (readlink // '') =~ $MEMORY }
                glob "/proc/$pid/fd/*";

    return "@found";
}


# The sockets that have the name of a router, by inode; of the second one, it is
# not the squatter's.
sub names ($vrid = 52) {
    return sort map { m{ (\d+) \@ngx_vrrp/$vrid/ipv4/vrlab0$} }
                split /\n/, $node->run(qw(cat /proc/net/unix));
}


# Has the process one of them?
sub has_name ($pid) {
    my %names = map { ("socket:[$_]" => 1) } names();

    return scalar grep { $names{ readlink // '' } } glob "/proc/$pid/fd/*";
}


# NGX_VRRP_OWNERSHIP of a master, from what it has.
sub variable ($master) {
    my %fd = map { (readlink // '') => m{(\d+)$} } glob "/proc/$master/fd/*";
    my ($memory) = map { $fd{$_} } grep { $_ =~ $MEMORY } keys %fd;
    my ($name) = map { $fd{"socket:[$_]"} // () } names();
    my ($wake) = map { $fd{$_} } grep { /eventfd/ } keys %fd;

    open my $file, '<:raw', "/proc/$master/fd/$memory" or die "memory: $!\n";
    seek $file, 16, 0;
    read $file, my $number, 8;

    return sprintf '%d,%d,%x,%d', $memory, $wake, unpack('Q<', $number), $name;
}


sub check ($when, $masters) {
    subtest "who has the memory $when" => sub {
        my ($count, $caches) = (0, 0);
        for my $process ($nginx->processes) {
            my $title = $process->{title};
            ++$caches if $title =~ /cache manager process/;
            my $memory = memory_of($process->{pid});
            my $maps = VRRP::Proc::slurp("/proc/$process->{pid}/maps") // next;

            if ($title =~ /master process/ && $masters) {
                like($memory, qr/^\d+$/, "$title: one descriptor");
                ok(has_name($process->{pid}), 'and the name of a router');
                ++$count;
            } else {
                is($memory, '', "$title: no descriptor");
            }

            if ($title =~ /vrrp process/) {
                like($maps, $MEMORY, "$title: mapped");
                ok(has_name($process->{pid}), 'and the name of a router');
            } else {
                unlike($maps, $MEMORY, "$title: not mapped");
                ok(!has_name($process->{pid}), 'nor the name of a router')
                    unless $title =~ /master process/;
            }
        }
        is($count, $masters, 'masters');
        cmp_ok($caches, '>', 0, 'a process of the cache was among them');
    };
}
