#!/usr/bin/perl

# What a container image relies on (packaging/docker): nginx is the first process
# of its own PID and mount namespaces, the root is read-only, and SIGQUIT to this
# process moves the address. With the capabilities that Docker gives by default
# and NET_ADMIN, as a user with only NET_ADMIN and NET_RAW, and in a user
# namespace.

use v5.36;

use Test::More;

use VRRP::Container;
use VRRP::Lab;
use VRRP::Nginx;
use VRRP::Proc;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;
plan(skip_all => 'the module is linked in') if VRRP::Nginx->module eq '';

my $VIP = $VRRP::Lab::VIP;
my $PATIENCE = 10;

my @DOCKER = qw(chown dac_override fowner fsetid kill setgid setuid setpcap
                net_bind_service net_raw sys_chroot mknod audit_write setfcap);

my %SETTINGS = (
    'default capabilities and NET_ADMIN' => {
        setpriv => ['--bounding-set=' . set_of(@DOCKER, 'net_admin'),
                    '--inh-caps=-all'],
        main    => 'user www-data;',
    },
    'a user with NET_ADMIN and NET_RAW' => {
        setpriv => [qw(--reuid=www-data --regid=www-data --clear-groups),
                    map { "$_=" . set_of(qw(net_admin net_raw)) }
                        qw(--bounding-set --inh-caps --ambient-caps)],
        main    => '',
    },
    'a user namespace' => {
        setpriv        => ['--no-new-privs'],
        user_namespace => 1,
        main           => 'user www-data;',
    },
);

for my $name (sort keys %SETTINGS) {
    subtest $name => sub { fails_over($SETTINGS{$name}->%*) };
}

done_testing;


sub set_of (@capabilities) { join ',', '-all', map { "+$_" } @capabilities }


sub vrrp ($name, $priority) {
    return <<"END";
    router_id $name;
    vrrp_instance VI_1 {
        interface $VRRP::Node::INTERFACE;
        virtual_router_id 51;
        priority $priority;
        virtual_ipaddress $VIP/24;
    }
END
}


sub fails_over (%setting) {
    my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
    my $other = $lab->start_nginx('lb2', vrrp => vrrp('lb2', 90),
                                  http => page('lb2'));
    $lab->wait_for_holder('lb2', $PATIENCE);

    my $container = VRRP::Container->new(node => $lab->node('lb1'),
        vrrp => vrrp('lb1', 100), http => page('lb1'), %setting);
    my $moved = sub ($to) {
        return $lab->node('lb2')->has_address($VIP) == ($to eq 'lb2')
            && !!$container->has_address($VIP) == ($to eq 'lb1');
    };

    $lab->node('lb1')->run(qw(sysctl -q -w),
                           'net.ipv4.ip_unprivileged_port_start=0');
    $container->start;
    $lab->wait_until('the address in the container', $PATIENCE,
                     sub { $moved->('lb1') });
    pass('the container has the address');

    my $first = VRRP::Proc::describe($container->pid);
    is($first->{inner}, 1, 'a PID namespace');
    like($first->{title}, qr/^nginx: master process/, 'nginx is the first in it');
    like(VRRP::Proc::slurp("/proc/$first->{pid}/mountinfo"),
         qr{^(?:\S+ ){4}/ ro,}m, 'a read-only root');
    is(served($lab), 'lb1', 'it serves');

    $container->signal('HUP');
    $lab->wait_until('a reload', $PATIENCE,
                     sub { $container->log_text =~ /gracefully shutting down/ });
    is(served($lab), 'lb1', 'it serves after a reload');

    $container->signal('QUIT');
    $lab->wait_until('the address on the other node', $PATIENCE,
                     sub { $lab->node('lb2')->has_address($VIP) });
    is(served($lab), 'lb2', 'SIGQUIT to it: the other node serves');

    $container->wait_gone;
    ok(!$lab->node('lb1')->has_address($VIP), 'nothing is left');

    my @complaints = grep { /\[(?:alert|emerg|crit|error)\]/ }
                     split /\n/, $container->log_text;
    is("@complaints", '', 'nothing alarming logged');

    $lab->finish;
}


sub page ($name) {
    return "server { listen 80; location / { return 200 $name; } }"
        . ' server { listen 127.0.0.1:8080; location /vrrp { vrrp_status; } }';
}


sub served ($lab) {
    my ($out) = $lab->node('client')->try('curl', '-s', '-m', 2,
                                          "http://$VIP/");

    return $out;
}
