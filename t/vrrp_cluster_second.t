#!/usr/bin/perl

# A second nginx with the same virtual router on the same machine, as another
# user: it waits, changes nothing, and takes over when the first one ends. A
# process that only binds the name is ignored.

use v5.36;

use Test::More;
use JSON::PP ();
use Time::HiRes qw(sleep);

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $VIP = $VRRP::Lab::VIP;
my $INTERFACE = $VRRP::Node::INTERFACE;
my $WAITS = qr/^another nginx on this machine runs this virtual router: /;

my %PORT = (first => 8080, second => 8081);
my %USER = (first => 'www-data', second => 'daemon');

my $lab = VRRP::Lab->new(nodes => ['lb1']);
my $node = $lab->node('lb1');

# Of another user than any nginx here.
my $squatter = $node->spawn({ tag => 'squatter', pid_namespace => 1 },
    qw(setpriv --reuid 65534 --regid 65534 --clear-groups perl -e),
    'use Socket; socket(my $s, AF_UNIX, SOCK_SEQPACKET, 0);'
    . 'bind($s, pack("S", AF_UNIX) . "\0ngx_vrrp/52/ipv4/vrlab0") or die;'
    . 'listen($s, 5); sleep 600');
$lab->wait_until('the squatter', 5, sub {
    $node->run(qw(cat /proc/net/unix)) =~ m{\@ngx_vrrp/52/ipv4};
});

my %nginx;

start('first', instance('VI_2', 52, '192.168.64.201'));
$lab->wait_for_holder('lb1', 10);
my $watch = $lab->watch_addresses('lb1');

subtest 'a name that somebody else has bound' => sub {
    $lab->wait_for_holder('lb1', 10, '192.168.64.201');
    my ($inner) = map { $_->{inner} }
                  grep { $_->{title} =~ /^perl .*ngx_vrrp/ } $node->processes;
    my @lines = logged('first', qr/uses the name/);
    is(scalar @lines, 1, 'is reported once');
    like($lines[0], qr{process $inner of user 65534, which uses .* "\@ngx_vrrp},
         'with its pid and user');
};

my ($first) = vrrp_process('first');

subtest 'the second nginx' => sub {
    start('second');
    waits('second');

    is(instance_of('second')->{fault}, "another nginx on this machine runs "
        . "this virtual router: process $first of user 0",
        'says which process');
    like(join('', logged('second', qr/\[warn\]/)),
         qr/process $first of user 0; waiting until it exits/,
         'in the log, too');
    is(health('second'), 503, 'and that it is not well');

    # Events about addresses make its vrrp process check.
    for (1 .. 3) {
        $node->run(qw(ip address add 127.9.9.8/32 dev lo));
        $node->run(qw(ip address del 127.9.9.8/32 dev lo));
        sleep 0.1;
    }

    untouched('second');
    is(health('first'), 200, 'the first one is well');
};

subtest 'reload and upgrade of the first' => sub {
    command('first', 'reload', 'HUP');
    waits('second');

    my $master = master('first');
    kill USR2 => $master;
    $lab->wait_until('an upgrade', 10, sub {
        (master('first') // $master) != $master
        && vrrp_process('first')
        && instance_of('first')->{state} eq 'MASTER';
    });
    sleep 0.5;
    my $new = master('first');
    kill QUIT => $master;
    $lab->wait_until('its end', 10, sub { !-d "/proc/$master" });
    is(master('first'), $new, 'the new binary goes on');
    untouched('second');
    is(scalar(logged('second', qr/has ended/)), 0,
       'the second one sees no end');
};

subtest 'reload of the second' => sub {
    command('second', 'reload', 'HUP');
    waits('second');
    untouched('second');
};

is(join(' ', map { $_->{present} } $watch->events($VIP)), '',
   'the address never left the interface');

subtest 'the first one quits' => sub {
    end_of('first', 'QUIT');
    is_master('second');
    like(join('', logged('second', qr/\[notice\]/)),
         qr/has exited, the vrrp process restarts to take over/, 'it logs it');
    is($node->has_address($VIP), 1, 'and has the address');
};

subtest 'and comes back' => sub {
    start('first');
    waits('first');
    my ($second) = vrrp_process('second');
    is(instance_of('first')->{fault}, "another nginx on this machine runs "
        . "this virtual router: process $second of user 0",
       'the second one is seen as root, too');
    is(instance_of('second')->{state}, 'MASTER', 'which goes on');
};

subtest 'all of the second one is killed' => sub {
    end_of('second', 'KILL');
    is_master('first');
};

$node->reap($squatter);
$lab->finish;
done_testing;


sub instance ($name, $vrid, $address) {
    return <<"END";
    vrrp_instance $name {
        interface $INTERFACE;
        virtual_router_id $vrid;
        virtual_ipaddress $address/24;
    }
END
}


sub start ($name, $more = '') {
    $nginx{$name} = VRRP::Nginx->new(
        node => $node, user => $USER{$name}, workers => 1,
        expect => qr/on signal 9/,
        vrrp => instance('VI_1', 51, $VIP) . $more, http => <<"END");
    server {
        listen 127.0.0.1:$PORT{$name};
        location /vrrp { vrrp_status; }
    }
END
    push @{ $lab->{nginx} }, $nginx{$name};
    $nginx{$name}->start;
    $lab->wait_until("$name serves", 10, sub { instance_of($name)->{name} });
}


sub get ($name, $uri, @options) {
    my ($out) = $node->try(qw(curl -s -m 5), @options,
                           "http://127.0.0.1:$PORT{$name}$uri");
    return $out;
}


sub instance_of ($name) {
    my $status = eval { JSON::PP::decode_json(get($name, '/vrrp')) };

    return (grep { $_->{name} eq 'VI_1' } @{ $status->{instances} // [] })[0]
           // { fault => '', state => '' };
}


sub health ($name) {
    return get($name, "/vrrp/health", '-o', '/dev/null', '-w', '%{http_code}');
}


sub logged ($name, $pattern) {
    return grep { $_ =~ $pattern } split /\n/, $nginx{$name}->log_text;
}


# As the lab sees it.
sub master ($name) {
    my $file = $nginx{$name}->dir . '/nginx.pid';
    my ($inner) = (VRRP::Proc::slurp($file) // '') =~ /(\d+)/
        or return;

    return (map { $_->{pid} } grep { $_->{inner} == $inner }
            $node->processes)[0];
}


# As the node sees it.
sub vrrp_process ($name) {
    my $master = master($name) // -1;

    return map { $_->{inner} }
           grep { $_->{ppid} == $master && $_->{title} =~ /vrrp process/ }
           $node->processes;
}


sub command ($name, $command, $signal) {
    my ($old) = vrrp_process($name);

    $nginx{$name}->command($command);
    $lab->wait_until("$signal of $name", 10, sub {
        my @now = vrrp_process($name);
        return @now == 1 && $now[0] != $old;
    });
}


sub waits ($name) {
    $lab->wait_until("$name to wait", 10, sub {
        (instance_of($name)->{fault} // '') =~ $WAITS;
    });
    is(instance_of($name)->{state}, 'FAULT', "the $name one waits");
}


sub is_master ($name) {
    $lab->wait_until("$name to be MASTER", 15, sub {
        instance_of($name)->{state} eq 'MASTER';
    });
    pass("the $name one takes over");
}


sub untouched ($name) {
    my $counters = instance_of($name)->{counters};

    is($counters->{adverts_sent}, 0, "$name: no advert");
    is(scalar(logged($name, qr/removing/)), 0, "$name: nothing removed");
}


sub end_of ($name, $signal) {
    my $master = master($name);
    my @all = $signal eq 'QUIT' ? $master : ($master,
        map { $_->{pid} } grep { $_->{ppid} == $master } $node->processes);

    kill $signal => @all;
    $lab->wait_until("$name ends", 15, sub { !-d "/proc/$master" });
}
