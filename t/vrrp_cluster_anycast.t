#!/usr/bin/perl

# "election off" with BGP: conf-examples/anycast.conf, and BIRD or FRR beside
# it. Both nodes have the addresses on lo; the router in the lab has a route to
# each node while it is healthy. Clients are behind the router.

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Lab;
use VRRP::Nginx;

my $BIRD = '/usr/sbin/bird';
my $FRR = '/usr/lib/frr';

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;
plan(skip_all => 'no bird here, run tools/install-deps') if !-x $BIRD;

# s
my $PATIENCE = 20;

# ms. A route is withdrawn this long after the file of a tracker has appeared. The
# goal is 100; a busy machine may need more.
my $WITHDRAWN = 1000;
my $ROUNDS = $ENV{NGX_VRRP_ANYCAST_ROUNDS} // 1;

# The connections that each of the clients keeps, and the requests that may be
# under way while the router moves them: those of 200 ms, since a busy machine
# may stop for so long.
my $KEPT = 10;
my $UNDER_WAY = 50;

my %VIP = (4 => '203.0.113.10', 6 => '2001:db8:113::10');
my %NAME = (4 => 'ANYCAST_4', 6 => 'ANYCAST_6');

my $examples = abs_path(dirname(__FILE__) . '/../conf-examples');
my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)],
                         second_link => [qw(client web1)]);
my $router = $lab->node('client');
my $clients = $lab->node('web1');
my %frr = map { $_ => 1 } grep { $_ eq 'lb2' && -x "$FRR/bgpd" } qw(lb1 lb2);
my (%nginx, %pids);


sub example ($file) {
    return VRRP::Proc::slurp("$examples/$file")
        // die "$examples/$file: $!\n";
}


sub write_file ($file, $text) {
    open my $out, '>', $file or die "$file: $!\n";
    print {$out} $text;
    close $out;
    return $file;
}


sub drain ($name) { return $lab->node($name)->dir . '/drain' }


sub vrrp ($name) {
    my ($vrrp) = example('anycast.conf') =~ /^vrrp \{\n(.*?)^\}/ms
        or die "no vrrp block\n";

    $vrrp =~ s{/run/nginx-drain}{drain($name)}ge;
    $vrrp =~ s/dev eth0/dev $VRRP::Node::INTERFACE/g;
    return $vrrp;
}


# Both families in one instance.
sub vrrp_of_both ($name) {
    my $vrrp = vrrp($name);
    my @more = $vrrp =~ /^ *virtual_.*2001:db8.*\n/mg;

    $vrrp =~ s/^ *vrrp_instance ANYCAST_6 .*?^ {4}\}\n//ms;
    $vrrp =~ s/^(?= *track_http)/join '', @more/me;
    return $vrrp;
}


sub start_nginx ($name) {
    my ($http) = example('anycast.conf') =~ /^http \{\n(.*?)^\}/ms
        or die "no http block\n";

    $nginx{$name} = $lab->start_nginx($name, vrrp => vrrp($name),
                                      http => $http);
}


sub start_bird ($name, $conf) {
    my $node = $lab->node($name);
    my $base = $node->dir . '/bird';

    $conf =~ s/connect retry time \K5/1/g;
    $node->assert_isolated;
    $pids{$name} = [$node->spawn({ errors => "$base.log", tag => 'bird' },
        $BIRD, '-f', '-c', write_file("$base.conf",
                                      "log stderr all;\n$conf"),
        '-s', "$base.ctl", '-P', "$base.pid")];
}


# Its own addresses, in place of those of lb1.
sub localized ($name, $conf) {
    my $node = $lab->node($name);
    my ($ipv4, $ipv6) = ($node->address, $node->address(6));

    return $conf =~ s/192\.168\.64\.130/$ipv4/gr =~ s/fd64::130/$ipv6/gr;
}


sub start_frr ($name) {
    my $node = $lab->node($name);
    my $base = $node->dir . '/frr';
    my $conf = localized($name, example('anycast/frr.conf'));

    $conf =~ s/timers connect \K5/1/g;
    $conf = write_file("$base.conf", $conf);

    mkdir $base;
    chown scalar(getpwnam 'frr'), scalar(getgrnam 'frr'), $base;
    $node->assert_isolated;

    for my $daemon (qw(zebra bgpd)) {
        push @{ $pids{$name} }, $node->spawn(
            { errors => "$base.$daemon.log", tag => $daemon },
            "$FRR/$daemon", '-f', $conf, '-z', "$base/zserv.api",
            '--vty_socket', $base, '-i', "$base/$daemon.pid",
            '-A', '127.0.0.1');
    }
}


sub start_routing ($name) {
    return $frr{$name} ? start_frr($name)
        : start_bird($name, localized($name, example('anycast/bird.conf')));
}


# The clients reach the nodes by the router only.
sub plug_clients_in () {
    $router->run(qw(sysctl -qw net.ipv4.ip_forward=1
                    net.ipv6.conf.all.forwarding=1
                    net.ipv4.fib_multipath_hash_policy=1
                    net.ipv6.fib_multipath_hash_policy=1));
    $clients->batch_ip("route add $VIP{4} via 192.168.65.10",
                       "route add $VIP{6} via fd65::10");
    $lab->node($_)->run(qw(sysctl -qw net.ipv6.route.gc_interval=1)),
    $lab->node($_)->batch_ip('route add 192.168.65.0/24 via 192.168.64.10',
                             'route add fd65::/64 via fd64::10')
        for qw(lb1 lb2);
}


sub start_router () {
    my $sessions = '';

    for my $name (qw(lb1 lb2)) {
        my $node = $lab->node($name);

        for my $family (4, 6) {
            my $peer = $node->address($family);
            my $local = $router->address($family);

            $sessions .= <<"END";
protocol bgp ${name}_$family {
    local $local as 65000;
    neighbor $peer as 65001;
    connect retry time 1;
    error wait time 1, 2;
    ipv$family { import all; export none; };
}
END
        }
    }

    start_bird('client', <<"END");
router id 192.168.64.10;
protocol device { }
protocol kernel { ipv4 { export all; import none; }; merge paths yes; }
protocol kernel { ipv6 { export all; import none; }; merge paths yes; }
$sessions
END
}


# All addresses of a node: a route of BGP may lead to a link-local one.
sub addresses ($name) {
    my $text = $lab->node($name)->run(qw(ip -o addr show dev),
                                      $VRRP::Node::INTERFACE);

    return $text =~ m{inet6? (\S+)/}g;
}


# The nodes to which the router would send.
sub routes ($family) {
    state %addresses = map { $_ => [addresses($_)] } qw(lb1 lb2);
    my $table = $router->run('ip', "-$family", 'route', 'show', $VIP{$family});

    return join ' ', grep {
        grep { $table =~ /via \Q$_\E / } @{ $addresses{$_} };
    } qw(lb1 lb2);
}


# Reports of the kernel of this node about routes and addresses, with times.
sub monitor ($name) {
    state $serial = 0;
    my $tag = 'routes' . ++$serial;
    my $file = $lab->node($name)->dir . "/$tag.out";
    my $pid = $lab->node($name)->spawn({ tag => $tag },
        qw(ip -tshort -o monitor route address));

    # It does not report that it is ready: make it print something.
    $lab->wait_until('the monitor', $PATIENCE, sub {
        $lab->node($name)->run(qw(ip address replace 127.9.9.9/32 dev lo));
        return -s $file;
    });

    return { file => $file, stop => sub { $lab->node($name)->reap($pid) } };
}


# The time of its first report of this since then. It may come late.
sub reported ($monitor, $what, $since, $condition) {
    return $lab->wait_until("report: $what", $PATIENCE, sub {
        my $text = VRRP::Proc::slurp($monitor->{file});

        for (grep { $condition->() } $text =~ /^.*(?=\n)/mg) {
            my $time = VRRP::Watch::Addresses::_time($_);

            return $time if $time >= $since;
        }
        return;
    });
}


# When the router had no route to the node any more.
sub withdrawn ($at_router, $name, $family, $since) {
    my $via = join '|', map { quotemeta } addresses($name);

    return reported($at_router, "no route of IPv$family to $name", $since,
                    sub { /\Q$VIP{$family}\E / && !/via (?:$via) / });
}


# A request is lost only if it is under way while the router moves the clients,
# or if its connection was open then: the other node resets it.
sub is_lossless ($load, $since, $moved, $family) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $kept = $load->{keep};
    my $what = "$family, " . ($kept ? 'kept connections' : 'new connections');
    my @all = $load->requests;
    my @failed = grep { !$_->{good} } @all;
    my @late = grep { $_->{start} > $moved } @failed;
    my @other = $kept ? grep { $_->{body} !~ /reset.*\(used\)/i } @late : @late;

    cmp_ok(scalar(grep { $_->{start} < $since } @all), '>', 50,
           "$what: clients are there");
    is(join(', ', map { sprintf '%.3f %s', $_->{start} - $since, $_->{body} }
            @other), '', "$what: nothing is lost after the move");
    cmp_ok(scalar @failed, '<=', ($kept // 0) + $UNDER_WAY,
           "$what: nothing is lost before it");
    note(sprintf '%s: %d requests, %d lost in the move, %.0f ms after quit',
         $what, scalar @all, scalar @failed, 1000 * ($moved - $since));
}


sub becomes ($what, $expected, $patience = $PATIENCE) {
    for my $family (4, 6) {
        my $seen;

        eval {
            $lab->wait_until($what, $patience, sub {
                ($seen = routes($family)) eq $expected;
            });
        };
        is($seen, $expected, "$what, IPv$family");
    }
}


plug_clients_in();
start_router();
start_routing($_), start_nginx($_) for qw(lb1 lb2);
my $capture = $lab->capture('client');

becomes('two routes', 'lb1 lb2');

for my $name (qw(lb1 lb2)) {
    for my $family (4, 6) {
        my ($instance) = grep { $_->{name} eq $NAME{$family} }
                         @{ $nginx{$name}->status->{instances} };

        is($instance->{state}, 'MASTER', "$name: IPv$family");
        is($instance->{mode}, 'none', "$name: IPv$family: no election");
        is($instance->{virtual_router_id}, undef, "$name: no VRID");
        is($instance->{counters}{became_backup}, 0, "$name: never BACKUP");
    }

    my $raw = $lab->node($name)->run(qw(cat /proc/net/raw /proc/net/raw6));

    unlike($raw, qr/:0070 /, "$name: no socket of protocol 112");
}

# A client behind the router.
for my $family (4, 6) {
    my $host = $family == 4 ? $VIP{4} : "[$VIP{6}]";

    like($clients->run(qw(curl -sS -m 5), "http://$host/"), qr/\S/,
         "a client is served, IPv$family");
}

# "touch", and back.
for my $name (qw(lb1 lb2)) {
    my $other = $name eq 'lb1' ? 'lb2' : 'lb1';
    my $how = $frr{$name} ? 'FRR' : 'BIRD';
    my $at_router = monitor('client');
    my %after;

    for my $round (1 .. $ROUNDS) {
        my $since = time;

        write_file(drain($name), '');
        becomes("$how withdraws the route of $name", $other);

        for my $family (4, 6) {
            my $time = withdrawn($at_router, $name, $family, $since);

            push @{ $after{$family} }, 1000 * ($time - $since);
        }
        is($nginx{$name}->state, 'FAULT', "$name: FAULT") if $round == 1;

        unlink drain($name);
        becomes("$how announces $name again", 'lb1 lb2');
        is($nginx{$name}->state, 'MASTER', "$name: MASTER") if $round == 1;
    }
    for my $family (4, 6) {
        my @sorted = sort { $a <=> $b } @{ $after{$family} };

        cmp_ok($sorted[-1], '<', $WITHDRAWN,
               "$how withdraws soon, IPv$family");
        note(sprintf '%s, IPv%d: withdrawn after %.0f to %.0f ms, median %.0f',
             $how, $family, @sorted[0, -1, $#sorted / 2]);
    }
    $at_router->{stop}->();
}

# A reload changes nothing.
{
    my ($since) = $nginx{lb1}->status->{instances}[0]{since};

    $nginx{lb1}->reload;
    is($nginx{lb1}->status->{instances}[0]{since}, $since,
       'a reload: no change of state');
    is(routes(4), 'lb1 lb2', 'a reload: the routes are there');
}

# All of nginx dies: the kernel removes the addresses at the end of the lease,
# and the routes with them, or soon after.
$nginx{lb2}->signal('KILL', map { $_->{pid} } $nginx{lb2}->processes);
becomes('lb2 is dead', 'lb1', 10);
$nginx{lb2}->start;
becomes('lb2 is there again', 'lb1 lb2');

# The routes go at once, the addresses stay for release_timeout. 1000 requests a
# second, half of them on new connections.
{
    my @load = map {
        my $host = $_ == 4 ? $VIP{4} : "[$VIP{6}]";
        map { $lab->load(from => 'web1', url => "http://$host/", interval => 4,
                         timeout => 3000, keep => $_) } undef, $KEPT;
    } 4, 6;
    my ($at_node, $at_router) = map { monitor($_) } qw(lb1 client);

    sleep 0.5;
    my $since = time;

    $nginx{lb1}->stop('QUIT');
    my $end = time;
    sleep 0.2;
    becomes('lb1 has ended', 'lb2');
    cmp_ok($end - $since, '>', 2, 'not before release_timeout');
    $_->stop for @load;

    for my $family (4, 6) {
        my ($new, $kept) = splice @load, 0, 2;
        my $signal = reported($at_node, "IPv$family, no signal", $since,
                              sub { /Deleted \Q$VIP{$family}\E dev/ });
        my $gone = reported($at_node, "IPv$family, no address", $since,
                            sub { /Deleted .*inet6? \Q$VIP{$family}\E/ });
        my $moved = withdrawn($at_router, 'lb1', $family, $since);

        cmp_ok($signal, '<', $since + 1.5, "IPv$family: the route goes first");
        cmp_ok($gone, '>', $since + 2, "IPv$family: the address stays");
        cmp_ok($moved, '<', $gone, "IPv$family: clients move before it goes");
        is_lossless($_, $since, $moved, "IPv$family") for $new, $kept;
    }
    $_->{stop}->() for $at_node, $at_router;
}

# Both families in one instance: a fault of one is a fault of both.
{
    my $node = $lab->node('lb1');
    my $which = 'both families in one instance';

    $nginx{lb1}->configure(vrrp => vrrp_of_both('lb1'));
    $nginx{lb1}->start;
    becomes("$which: start", 'lb1 lb2');
    is($nginx{lb1}->state, 'MASTER', "$which: MASTER");
    is($nginx{lb1}->status->{instances}[0]{other_family}{state}, 'MASTER',
       "$which: the other one, too");

    write_file(drain('lb1'), '');
    becomes("$which: fault", 'lb2');
    unlink drain('lb1');
    becomes("$which: no fault", 'lb1 lb2');

    $node->run(qw(ip -6 route del), $VIP{6});
    ok($lab->wait_until('the route', $PATIENCE,
                        sub { $node->run(qw(ip -6 route show), $VIP{6}) }),
       "$which: a route that was removed is back");
    becomes("$which: and is announced", 'lb1 lb2');

    $nginx{lb1}->signal('QUIT', $nginx{lb1}->masters);
    becomes("$which: quit", 'lb2');
    ok($node->has_address($VIP{$_}), "$which: the address is there, IPv$_")
        for 4, 6;
    $nginx{lb1}->stop;
}

is(scalar(() = $capture->adverts), 0, 'no advertisement was sent');

for my $name (keys %pids) {
    $lab->node($name)->reap($_) for reverse @{ $pids{$name} };
}

$lab->finish;
done_testing;
