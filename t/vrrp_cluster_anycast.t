#!/usr/bin/perl

# "election off" with BGP: conf-examples/anycast.conf, and BIRD or FRR beside
# it. Both nodes have the addresses on lo; the router in the lab has a route to
# each node while it is healthy.

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

# A route is withdrawn this long after the file of a tracker has appeared. The
# goal is 0.1 s; a busy machine may need more.
my $WITHDRAWN = 2;

my %VIP = (4 => '203.0.113.10', 6 => '2001:db8:113::10');
my %NAME = (4 => 'ANYCAST_4', 6 => 'ANYCAST_6');

my $examples = abs_path(dirname(__FILE__) . '/../conf-examples');
my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
my $router = $lab->node('client');
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


sub start_nginx ($name) {
    my ($vrrp) = example('anycast.conf') =~ /^vrrp \{\n(.*?)^\}/ms
        or die "no vrrp block\n";
    my ($http) = example('anycast.conf') =~ /^http \{\n(.*?)^\}/ms
        or die "no http block\n";

    $vrrp =~ s{/run/nginx-drain}{drain($name)}ge;
    $nginx{$name} = $lab->start_nginx($name, vrrp => $vrrp, http => $http);
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

# A client, by the router.
for my $family (4, 6) {
    my $host = $family == 4 ? $VIP{4} : "[$VIP{6}]";

    like($router->run(qw(curl -sS -m 5), "http://$host/"), qr/\S/,
         "a client is served, IPv$family");
}

# "touch", and back.
for my $name (qw(lb1 lb2)) {
    my $other = $name eq 'lb1' ? 'lb2' : 'lb1';
    my $how = $frr{$name} ? 'FRR' : 'BIRD';
    my $since = time;

    write_file(drain($name), '');
    becomes("$how withdraws the route of $name", $other, $WITHDRAWN);
    note(sprintf '%s: withdrawn after %.0f ms', $how, 1000 * (time - $since));
    is($nginx{$name}->state, 'FAULT', "$name: FAULT");

    unlink drain($name);
    becomes("$how announces $name again", 'lb1 lb2');
    is($nginx{$name}->state, 'MASTER', "$name: MASTER");
}

# A reload changes nothing.
{
    my ($since) = $nginx{lb1}->status->{instances}[0]{since};

    $nginx{lb1}->reload;
    is($nginx{lb1}->status->{instances}[0]{since}, $since,
       'a reload: no change of state');
    is(routes(4), 'lb1 lb2', 'a reload: the routes are there');
}

# All of nginx dies: the kernel removes the addresses at the end of the lease.
$nginx{lb2}->signal('KILL', map { $_->{pid} } $nginx{lb2}->processes);
becomes('lb2 is dead', 'lb1', 6);
$nginx{lb2}->start;
becomes('lb2 is there again', 'lb1 lb2');

# The address stays for release_timeout, in which lb1 serves.
{
    my $since = time;

    $nginx{lb1}->stop('QUIT');
    becomes('lb1 has ended', 'lb2');
    cmp_ok(time - $since, '>', 2, 'not before release_timeout');
}

is(scalar(() = $capture->adverts), 0, 'no advertisement was sent');

for my $name (keys %pids) {
    $lab->node($name)->reap($_) for reverse @{ $pids{$name} };
}

$lab->finish;
done_testing;
