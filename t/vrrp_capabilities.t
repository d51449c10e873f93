#!/usr/bin/perl

# nginx is started by root, by a user with the two capabilities, or by a user
# without them. It serves in every case, and reports in one line and in the
# status when it takes no part in VRRP.

use v5.36;

use File::Copy qw(copy);
use Test::More;

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $VIP = $VRRP::Lab::VIP;
my $PATIENCE = 10;

# Bits of linux/capability.h.
my ($NET_BIND_SERVICE, $NET_RAW) = (1 << 10, 1 << 13);

my $lab = VRRP::Lab->new(nodes => ['lb1']);
my $node = $lab->node('lb1');

# The checkout may be where only root can read.
my $module = $lab->dir . '/ngx_vrrp_module.so';

copy(VRRP::Nginx->module, $module) or die "copy to $module: $!\n";
chmod 0755, $module;
$ENV{NGX_VRRP_MODULE} = $module;

my $cache = $node->dir . '/cache';

mkdir $cache or die "$cache: $!\n";
$node->run('chown', 'www-data', $cache);


# nginx as www-data, with these capabilities and no others.
sub start ($capabilities, %args) {
    $args{location} //= '';

    my $nginx = VRRP::Nginx->new(node => $node, workers => 1, %args,
        wrapper => ['setpriv', '--reuid=www-data', '--regid=www-data',
                    '--clear-groups', "--bounding-set=-all$capabilities",
                    "--inh-caps=-all$capabilities",
                    "--ambient-caps=-all$capabilities", '--'],
        main => 'thread_pool pool threads=3;',
        vrrp => <<'END', http => <<"END");
    vrrp_instance VI_1 {
        interface vrlab0;
        virtual_router_id 51;
        virtual_ipaddress 192.168.64.200/24;
    }
END
    proxy_cache_path $cache keys_zone=one:1m;
    server { listen 8000; location / { return 200 "served\\n"; } }
    server { listen 127.0.0.1:8080; location = /vrrp { vrrp_status; } }
    server { listen 8001; location / { aio threads=pool; $args{location} } }
END

    $node->run('chown', '-R', 'www-data', $nginx->dir);
    $nginx->start;

    return $nginx;
}


sub answer ($url) {
    my ($out) = $node->try('curl', '-s', '-m', 2, $url);

    return $out;
}


# These capabilities, and no others, in each thread of each worker, and in the
# process that looks after the cache.
sub workers_have ($nginx, $wanted) {
    my @managers;

    $lab->wait_until('the cache manager process', $PATIENCE, sub {
        @managers = map { $_->{pid} }
                    grep { $_->{title} =~ /^nginx: cache manager process/ }
                    $nginx->processes;
    });

    for my $pid ($nginx->workers, @managers) {
        my @tasks = glob "/proc/$pid/task/*/status";

        cmp_ok(scalar @tasks, '>=', 4, 'a worker with threads')
            if $pid != $managers[0];

        for my $task (@tasks) {
            my %has = VRRP::Proc::slurp($task)
                      =~ /^Cap(Prm|Eff|Inh|Amb):\s+(\w+)/mg;

            is_deeply(\%has, { map { $_ => sprintf '%016x', $wanted } keys %has },
                      "$task: capabilities");
        }
    }
}


# The instance in the status, once it is there.
sub instance ($nginx) {
    $lab->wait_until('a status', $PATIENCE, sub {
        eval { $nginx->status->{instances} };
    });

    return $nginx->status->{instances}[0];
}


subtest 'not root, with both capabilities' => sub {
    my $nginx = start(',+net_admin,+net_raw');

    $lab->wait_for_holder('lb1', $PATIENCE);
    is(answer("http://$VIP:8000/"), "served\n", 'it serves at the address');
    workers_have($nginx, 0);

    $nginx->stop('QUIT');
    ok(!$node->has_address($VIP), 'and leaves nothing behind');
    is_deeply([$nginx->complaints], [], 'nothing alarming logged');
};

subtest 'not root, and transparent' => sub {
    my $nginx = start(',+net_admin,+net_raw,+net_bind_service',
        location => 'proxy_bind $remote_addr transparent; '
                    . 'proxy_pass http://127.0.0.1:8000;');

    $lab->wait_for_holder('lb1', $PATIENCE);
    workers_have($nginx, $NET_RAW | $NET_BIND_SERVICE);
    $nginx->stop('QUIT');
};

my %MISSING = (
    ''           => 'CAP_NET_ADMIN and CAP_NET_RAW are missing',
    ',+net_admin' => 'CAP_NET_RAW is missing',
    ',+net_raw'   => 'CAP_NET_ADMIN is missing',
);

for my $capabilities (sort keys %MISSING) {
    my $missing = $MISSING{$capabilities};

    subtest $missing => sub {
        my $nginx = start($capabilities);
        my $instance = instance($nginx);

        is($instance->{state}, 'FAULT', 'the status says FAULT');
        like($instance->{fault}, qr/^\Q$missing\E: start nginx as root or/,
             'and why');

        my @lines = grep { /\Q$missing\E/ && /nginx keeps serving/ }
                    split /\n/, $nginx->log_text;
        is(scalar @lines, 1, 'the log says it once');

        is(answer('http://127.0.0.1:8000/'), "served\n", 'nginx serves');
        ok(!$node->has_address($VIP), 'without the address');

        $nginx->stop('QUIT');
    };
}

$lab->destroy;
done_testing;
