#!/usr/bin/perl

# The memory that the processes of nginx share: workers cannot write to the
# part of the others, and no bytes from a compromised worker end a process.
#
# NGX_VRRP_SEED is the first of NGX_VRRP_SEEDS seeds (1 and 50) for the random
# bytes. Every 15th of them the vrrp process is killed.

use v5.36;
no warnings 'portable';  # of 64 bits

use List::Util qw(uniq);
use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $lab = VRRP::Lab->new(nodes => ['lb1']);
my $dir = $lab->node('lb1')->dir;
my $FIRST_SEED = $ENV{NGX_VRRP_SEED} // 1;
my $SEEDS = $ENV{NGX_VRRP_SEEDS} // 50;
my $seed;

# It is an alert that the memory was overwritten; the test kills a process.
my $OVERWRITTEN = qr/shared memory of the worker processes was overwritten/;

# One that looks at its workers, and one that does not.
my $nginx = $lab->start_nginx('lb1',
    expect => qr/$OVERWRITTEN|on signal 9/, vrrp => <<'END',
    notify /bin/true;

    vrrp_instance VI_1 {
        interface vrlab0;
        virtual_router_id 51;
        virtual_ipaddress 192.168.64.200/24;
        track_nginx off;
        track_script /bin/true;
    }

    vrrp_instance VI_2 {
        interface vrlab0;
        virtual_router_id 52;
        virtual_ipaddress 192.168.64.201/24;
    }
END
    http => <<"END");
    proxy_cache_path $dir/cache keys_zone=cache:64k;

    upstream web {
        server 127.0.0.1:8080;
        vrrp_check tcp;
    }

    upstream shared {
        zone shared 128k;
        server 127.0.0.1:1;
        server 127.0.0.1:8080;
        server 127.0.0.1:2 backup;
        vrrp_check http uri=/flip interval=50ms fall=1 rise=1;
    }

    server {
        listen 127.0.0.1:8080;
        location = /flip { root $dir; log_not_found off; }
        location = /vrrp { vrrp_status; }
        location /control { vrrp_control on; }
    }
END

my %IS_VIP = map { $_ => 1 } qw(192.168.64.200 192.168.64.201);
my $watch = $lab->watch_addresses('lb1');

# Each kind of process, by its title, and the mappings that it has.
my %WRITERS = map { $_ => 1 } 'vrrp process', 'vrrp checker process',
    'vrrp runner process', 'vrrp notifier process', 'master process';

my @READERS = ('worker process', 'cache manager process',
    'cache loader process');

wait_until_well();

who_may_write('after the start');
$nginx->reload;
who_may_write('after a reload');


# A worker writes any bytes; no process reads beyond its memory, hangs or
# ends.
{
    my ($vrrp) = $nginx->vrrp_processes;
    my ($master) = $nginx->masters;

    for my $value (0, 1, 0x7f7f7f7f_7f7f7f7f, 0x02020202_02020202,
                   0x80000000_80000002, 0xfffffffe_fffffffe,
                   0xffffffff_ffffffff)
    {
        overwrite($value);
        sleep 0.2;
        is(eval { $nginx->state('VI_1') }, 'MASTER',
           sprintf '%016x: VI_1 is MASTER', $value);
    }
    is_deeply([$nginx->vrrp_processes], [$vrrp], 'no vrrp process ended');

    $nginx->reload;
    is_deeply([$nginx->masters], [$master], 'reload: the same master');
    wait_until_well();
    is(failback(), 200, 'reload: commands arrive');
    is(overwritten_lines(), 1, 'reload: logged once');

    $nginx->reload;
    wait_until_well();
    is(overwritten_lines(), 1, 'another reload: not again');
    is_deeply([$nginx->masters], [$master], 'another reload: the same master');

    my @released = grep { /VI_1.*MASTER -> / } split /\n/, $nginx->log_text;
    is_deeply(\@released, [], 'the address never left')
        or diag(join "\n", @released);
}


# Meaningful values are written at random; reloads, and between them the nginx
# user kills the vrrp process until it has to stay out for a while.
{
    my ($master) = $nginx->masters;
    my @addresses = addresses();
    my $kills = 0;

    for ($seed = $FIRST_SEED; $seed < $FIRST_SEED + $SEEDS; $seed++) {
        overwrite_randomly($seed);
        sleep 0.05;
        if ($seed % 15 == 0) {
            kill_as_nginx();
            $kills++;
        }
        $nginx->reload if $seed % 25 == 7;

        my @wrong = grep { !/on signal 9/ } crashes();
        my @now = $nginx->masters;
        push @wrong, "the master is @now" if "@now" ne $master;
        last if @wrong && !is_deeply(\@wrong, [], 'random words: all lives');
    }

    $nginx->reload;
    $lab->wait_until('commands to arrive', 10,
                     sub { command('resume') == 200 });
    wait_until_well(30 * ($kills || 1));

    ok(scalar(grep { /192\.168\.64\.9 requests \w+ of VI_/ }
                   split /\n/, $nginx->log_text),
       'random words: some of them are commands') if $SEEDS > 9;
    is_deeply([$nginx->masters], [$master], 'random words: the same master');
    is_deeply([addresses()], \@addresses, 'random words: the same addresses');
    is_deeply([grep { !$IS_VIP{$_} } $watch->addresses], [],
              'random words: no other address came or went');
    is(failback(), 200, 'random words: commands arrive');
    is(scalar(crashes()), $kills, 'random words: no process crashed');
    like($nginx->log_text, qr/crashed 3 times .* staying in FAULT/,
         'random words: a process that is killed again and again stays out')
        if $kills > 2;
}


# The zone of an upstream belongs to workers, too. The process that checks walks
# through it at each result. No request does in this test: nginx itself trusts
# the zone.
{
    my ($worker) = $nginx->workers;
    my ($zone) = zones($worker);
    my @before = map { [$_->()] } sub { $nginx->masters },
        sub { $nginx->vrrp_processes }, sub { $nginx->checkers };
    my $bytes = read_memory($worker, $zone);

    for ($seed = $FIRST_SEED; $seed < $FIRST_SEED + $SEEDS / 2; $seed++) {
        write_memory($worker, $zone, damaged($bytes, $zone, $seed));
        flip();
    }
    write_memory($worker, $zone, $bytes);
    flip();

    is_deeply([[$nginx->masters], [$nginx->vrrp_processes],
               [$nginx->checkers]], \@before,
              'random words in the zone of an upstream: all live');
    $nginx->reload;
    wait_until_well();
}


# The configuration grows: the memory is replaced, and all continues.
{
    my $vrrp = $nginx->{vrrp};

    $nginx->configure(vrrp => $vrrp . join '', map { <<"END" } 3 .. 40);
    vrrp_instance VI_$_ {
        interface vrlab0;
        virtual_router_id $_;
        virtual_ipaddress 192.168.65.$_/32;
    }
END
    $nginx->reload;
    $lab->wait_until('40 instances', 10, sub {
        my $instances = eval { $nginx->status->{instances} } // [];
        40 == grep { $_->{state} eq 'MASTER' } @$instances;
    });
    who_may_write('after a reload with other memory');

    my @released = grep { /VI_1.*MASTER -> / } split /\n/, $nginx->log_text;
    is_deeply(\@released, [], 'the address never left');
}


# Without the "vrrp" block, and without the module.
{
    my ($master) = $nginx->masters;

    $nginx->configure(vrrp => undef,
        http => 'server { listen 127.0.0.1:8080; }');
    $nginx->reload;
    is_deeply([map { mappings($_, qr/ngx_vrrp/) } $nginx->masters,
               $nginx->workers], [], 'without vrrp: no memory');
    is_deeply([$nginx->masters], [$master], 'without vrrp: the same master');
}

$lab->finish;
done_testing;


END {
    diag("NGX_VRRP_SEED=$FIRST_SEED up to $seed")
        if defined $seed && ($? || !Test::More->builder->is_passing);
}


sub wait_until_well ($timeout = 10) {
    $lab->wait_until('both to be MASTER', $timeout, sub {
        my $instances = eval { $nginx->status->{instances} } // [];
        2 == grep { $_->{state} eq 'MASTER' } @$instances;
    });
}


# The permissions of a process's mappings of memory with this name.
sub mappings ($pid, $name) {
    return map { (split)[1] } grep { /memfd:$name/ }
           split /\n/, VRRP::Proc::slurp("/proc/$pid/maps") // '';
}


sub who_may_write ($when) {
    subtest $when => sub {
        my %seen;

        for my $process ($nginx->processes) {
            my ($pid, $title) = @$process{qw(pid title)};
            my ($kind) = $title =~ /^nginx: (.*process)/ or next;

            $seen{$kind} = 1;

            my @status = mappings($pid, 'ngx_vrrp_status');
            my @workers = mappings($pid, 'ngx_vrrp_workers');

            # Ours may still have the memory of the generation before, too.
            if ($WRITERS{$kind}) {
                @status = uniq(@status);
                @workers = uniq(@workers);
            }

            is_deeply([sort @status],
                      [$WRITERS{$kind} ? qw(r--s rw-s) : 'r--s'],
                      "$kind: mappings of the status");
            is_deeply(\@workers, ['rw-s'],
                      "$kind: mapping of what workers write");
            is_deeply([grep { (readlink // '')
                                  =~ /memfd:ngx_vrrp_(?:status|workers)/ }
                       glob "/proc/$pid/fd/*"], [], "$kind: no descriptor");
        }

        is_deeply([sort keys %seen], [sort keys %WRITERS, @READERS],
                  'each kind of process is there');
    };
}


# The memory that a worker shares becomes one value, as a worker would write
# it.
sub overwrite ($value) {
    write_words(sub ($i) { $value });
}


# Words that mean something, somewhere; or heartbeats and commands, as far as
# this test knows where they are: a header with the number of commands, 1024
# times and pids of heartbeats in 64 bytes each, and 8 commands with answers
# about this number of instances.
sub overwrite_randomly ($number) {
    my $slot = 18 + 2 + 16 * 47;
    my @pids = map { $_->{inner} } $nginx->processes;
    my @values = (0 .. 9, @pids, map { 1 << $_ } 0 .. 63);
    my $now = int(1e9 * (VRRP::Proc::slurp('/proc/uptime') =~ /^(\S+)/)[0]);
    my @times = (0, $now, $now + 1e13, -$now, 1 << 63, ~(1 << 63));
    my $random = sub (@of) { $of[rand @of] };

    srand $number;

    my $garbage = sub {
        my $value = $random->(@values);
        return rand() < 0.5 ? $value : ~$value;
    };
    return write_words(sub ($i) { $garbage->() }) if $number % 3 == 0;

    my $commands = 8 + 8 * 1024;
    my %words = (2 => $number);
    for my $i (0 .. 1023) {
        $words{8 + 8 * $i} = $random->(@times);
        $words{9 + 8 * $i} = $random->(0, @pids, 0xffffffff, $garbage->());
    }
    for my $first (map { $commands + $slot * $_ } 0 .. 7) {
        my $second = int($now / 1e9) - int rand 2;
        my $name = $random->('', 'VI_1', 'VI_2', "VI_1\xff" x 13);
        my @record = unpack 'Q<*',
            pack 'a64 a64 C C x6 q<', $name, '192.168.64.9',
            $random->(0 .. 3, 255), $random->(0, 1, 255),
            $random->(0, 0, 1e9, @times);
        $words{$first} = $second << 32 | int(rand 1 << 29) << 3
                         | $random->(0 .. 7, 2, 2, 2);
        $words{$first + 1 + $_} = $record[$_] for 0 .. $#record;
        $words{$first + 19} = $garbage->();
    }

    write_words(sub ($i) {
        return $words{$i} // (rand() < 0.05 ? $garbage->() : 0);
    });
}


# From within nginx's user: it may do that.
sub kill_as_nginx () {
    my ($vrrp) = grep { $_->{title} =~ /vrrp process/ } $nginx->processes;

    $lab->node('lb1')->run(qw(setpriv --reuid www-data --regid www-data
                              --clear-groups kill -KILL), $vrrp->{inner});
    $lab->wait_until('another vrrp process', 10, sub {
        my @now = $nginx->vrrp_processes;
        return @now == 1 && $now[0] != $vrrp->{pid};
    });
}


# The log lines of processes that ended by a signal.
sub crashes () {
    return grep { /on signal/ } split /\n/, $nginx->log_text;
}


sub write_words ($next) {
    my ($worker) = $nginx->workers;
    my ($map) = grep { /memfd:ngx_vrrp_workers/ }
                split /\n/, VRRP::Proc::slurp("/proc/$worker/maps");
    my ($from, $to) = map { hex } $map =~ /^([0-9a-f]+)-([0-9a-f]+) /;

    open my $memory, '+<:raw', "/proc/$worker/mem" or die "mem: $!\n";
    sysseek $memory, $from, 0 or die "sysseek: $!\n";

    my $bytes = pack 'Q<*', map { $next->($_) } 0 .. ($to - $from) / 8 - 1;
    my $written = syswrite($memory, $bytes) // die "syswrite: $!\n";

    $written == $to - $from or die "only $written bytes are written\n";
}


# The memory of zones: [from, to]; those of this size.
sub zones ($pid) {
    return grep { $_->[1] - $_->[0] == 128 * 1024 }
           map { m{^([0-9a-f]+)-([0-9a-f]+) rw-s .*/dev/zero}
                 ? [hex $1, hex $2] : () }
           split /\n/, VRRP::Proc::slurp("/proc/$pid/maps") // '';
}


sub read_memory ($pid, $area) {
    open my $memory, '<:raw', "/proc/$pid/mem" or die "mem: $!\n";
    sysseek $memory, $area->[0], 0 or die "sysseek: $!\n";
    my $size = $area->[1] - $area->[0];
    $size == sysread $memory, my $bytes, $size or die "sysread: $!\n";

    return $bytes;
}


sub write_memory ($pid, $area, $bytes) {
    open my $memory, '+<:raw', "/proc/$pid/mem" or die "mem: $!\n";
    sysseek $memory, $area->[0], 0 or die "sysseek: $!\n";
    length $bytes == syswrite $memory, $bytes or die "syswrite: $!\n";

    return;
}


# Some words behind the header, which nginx's master follows, are others:
# pointers to any place, lengths, counts. Pointers stay more often than not, so
# that the walk comes far.
sub damaged ($bytes, $zone, $number) {
    my @words = unpack 'Q<*', $bytes;
    my ($from, $to) = @$zone;
    my @values = (0 .. 9, 2, 16, 110, 128, 256, 4096, $from, $to, $to - 8,
                  0x400000, 1 << 63, ~0, map { 1 << $_ } 8 .. 62);

    srand $number;

    my $share = (0.02, 0.1, 0.5)[$number % 3];
    my @used = grep { $words[$_] } 512 .. $#words;

    for my $i (grep { rand() < $share } @used) {
        $words[$i] = rand() < 0.5 ? $values[rand @values]
                   : $words[$used[rand @used]] + (rand() < 0.2 ? 4 : 0);
    }

    return pack 'Q<*', @words;
}


# Another result of the check of one server, which is logged.
sub flip () {
    my $flip = "$dir/flip";
    my $logged = length $nginx->log_text;

    if (-e $flip) {
        unlink $flip or die "$flip: $!\n";
    } else {
        open my $file, '>', $flip or die "$flip: $!\n";
    }
    $lab->wait_until('a result', 10, sub {
        substr($nginx->log_text, $logged) =~ /shared 127\.0\.0\.1:8080" is /;
    });
}


sub overwritten_lines () {
    return scalar(() = $nginx->log_text =~ /$OVERWRITTEN/g);
}


sub addresses () {
    return sort $lab->node('lb1')->addresses;
}


sub failback () { command('failback?instance=VI_1') }


# The status of the answer.
sub command ($command) {
    my ($out) = $lab->node('lb1')->try(
        qw(curl -s -S -m 5 -o /dev/null -w %{http_code} -X POST),
        '-H', 'X-VRRP-Control: 1',
        "http://127.0.0.1:8080/control/$command");

    return $out;
}
