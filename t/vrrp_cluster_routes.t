#!/usr/bin/perl

# Routes and rules follow the MASTER, are put back, survive a reload and a
# crash, and never replace those of another program.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Lab;
use VRRP::Nginx;
use VRRP::Proc;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $VIP = $VRRP::Lab::VIP;
my $IF = $VRRP::Node::INTERFACE;

# Generous for a busy machine.
my $PATIENCE = 15;

my $lab = VRRP::Lab->new(nodes => [qw(lb1 lb2)]);
my %node = map { $_ => $lab->node($_) } qw(lb1 lb2);

# All but the last: the kernel removes it when nothing prolongs it.
my @ALL = ('198.51.100.0/24 via 192.168.64.143',
           '203.0.113.0/24 via 192.168.64.143 src',
           'blackhole 192.0.2.0/24',
           '2001:db8:1::/48 via fd64::143',
           'rule');


sub vrrp ($priority, $gateway = '192.168.64.143') {
    return <<"END";
    vrrp_instance VI_1 {
        interface $IF;
        virtual_router_id 51;
        priority $priority;
        virtual_ipaddress $VIP/24;
        virtual_ipaddress_excluded fd64::200/64;
        virtual_routes 198.51.100.0/24 via $gateway;
        virtual_routes 203.0.113.0/24 via 192.168.64.143 src $VIP;
        virtual_routes blackhole 192.0.2.0/24;
        virtual_routes 2001:db8:1::/48 via fd64::143 dev $IF;
        virtual_rules from 203.0.113.0/24 table 100 priority 1000;
    }
END
}

my $status = <<'END';
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
    }
END


# Which of them a node has, in the order above.
sub routes ($name) {
    my $text = join '', map { scalar $node{$name}->run('ip', @$_) }
        [qw(route show proto 112)], [qw(-6 route show proto 112)],
        [qw(rule show)];

    return join ', ', grep {
        my $pattern = $_ eq 'rule' ? qr/^1000:.*from 203\.0\.113\.0/m
                                   : qr/^\Q$_\E/m;

        # dev stands between them
        (my $loose = "$pattern") =~ s/\\ src/.*\\ src/;
        $text =~ /$loose/m;
    } @ALL;
}

my $all = join ', ', @ALL;


sub has_all ($name, $what) {
    my $last = '';
    eval {
        $lab->wait_until('all routes', $PATIENCE, sub {
            return ($last = routes($name)) eq $all;
        });
    };
    is($last, $all, "$what: $name has all");
}


sub master_is ($name, $what) {
    $lab->wait_for_holder($name, $PATIENCE, $VIP);
    has_all($name, $what);
}


my $lb1 = $lab->start_nginx('lb1', vrrp => vrrp(200), http => $status,
                            expect => qr/exited on signal 9/);
my $lb2 = $lab->start_nginx('lb2', vrrp => vrrp(100), http => $status);
master_is('lb1', 'start');
is(routes('lb2'), '', 'a BACKUP has none');

$node{lb1}->run(qw(ip route del 198.51.100.0/24));
has_all('lb1', 'route removed');
$node{lb1}->run(qw(ip -6 route del 2001:db8:1::/48));
has_all('lb1', 'IPv6 route removed');
$node{lb1}->run(qw(ip rule del pref 1000));
has_all('lb1', 'rule removed');
$node{lb1}->run(qw(ip address del), "$VIP/24", 'dev', $IF);
has_all('lb1', 'address removed, and with it a route');

# Nothing moves in a reload.
{
    my $reports = $lab->watch_reports('lb1', qw(route rule));
    $lb1->reload;
    my @moved = grep { /^Deleted/ && /198\.51|203\.0|192\.0|2001:db8:1::/ }
                $reports->stop;
    is("@moved", '', 'reload: nothing was removed');
    has_all('lb1', 'reload');
}

# A changed route is replaced, one that is no longer there is removed.
{
    my $vrrp = vrrp(200, '192.168.64.138');
    $vrrp =~ s/^.*203\.0\.113\.0\/24 via.*\n//m;
    $lb1->configure(vrrp => $vrrp);
    $lb1->reload;
    is($lb1->state, 'MASTER', 'another configuration: MASTER');
    $lab->wait_until('the new routes', $PATIENCE, sub {
        my $text = $node{lb1}->run(qw(ip route show proto 112));
        return $text =~ /^198\.51\.100\.0\/24 via 192\.168\.64\.138/m
               && $text !~ /^203/m;
    });
    pass('another configuration: other routes');
    $lb1->configure(vrrp => vrrp(200));
    $lb1->reload;
    has_all('lb1', 'the first configuration');
}

# The next vrrp process finds them.
{
    my ($old) = $lb1->vrrp_processes;
    $lb1->signal('KILL', $old);
    $lab->wait_until('another vrrp process', $PATIENCE, sub {
        my ($new) = $lb1->vrrp_processes;
        return $new && $new != $old;
    });
    master_is('lb1', 'vrrp process killed');
}

# When nothing is left that could remove them, the kernel removes those that
# need the address, and no packet takes an IPv6 route any more.
{
    $node{lb2}->run(qw(ip route add 198.51.100.0/24 via 192.168.64.130));

    # Stopped first: the vrrp process must not see the others end.
    my @pids = map { $_->{pid} } $lb1->processes;
    $lb1->signal($_, @pids) for qw(STOP KILL);
    $lab->wait_for_holder('lb2', $PATIENCE, $VIP);
    $lab->wait_until('the kernel', $PATIENCE, sub {
        my ($out) = $node{lb1}->try(qw(ip -6 route get 2001:db8:1::1));
        return routes('lb1') !~ /src/ && $out !~ /via fd64::143/;
    });
    pass('every process killed: IPv6, and a route with the address as source');
    like(routes('lb1'), qr/198\.51/, 'others stay');

    $lab->wait_until('the other routes', $PATIENCE,
                     sub { routes('lb2') =~ /blackhole.*rule/ });
    is(routes('lb2'), join(', ', @ALL[1 .. $#ALL]), 'lb2 has its own');

    my $instance = $lb2->status->{instances}[0];
    my ($first, @others) = map { @{$instance->{$_}} } qw(routes rules);
    is($first->{text}, '198.51.100.0/24 via 192.168.64.143',
       'status: as configured');
    like($first->{error}, qr/where another program has one/,
         'status: the error');
    ok($first->{missing} && !$first->{present}, 'status: it is missing');
    is(join(' ', map { $_->{present} ? 1 : 0 } @others), '1 1 1 1',
       'status: the others are present');
    is($instance->{addresses}[1]{excluded}, JSON::PP::true,
       'status: an excluded address');
    like($node{lb2}->run(qw(ip route show 198.51.100.0/24)),
         qr/via 192\.168\.64\.130/, 'and leaves the one of another program');
}

$lb1->start;
master_is('lb1', 'back again');
is(routes('lb2'), '', 'lb2 has none');
like($node{lb2}->run(qw(ip route show 198.51.100.0/24)),
     qr/via 192\.168\.64\.130/, 'but that of the other program');

$lb1->stop('QUIT');
is(routes('lb1'), '', 'quit: none is left');

# Everything that a configuration can have goes to the next process: it neither
# announces addresses again, nor leaves rules behind.
{
    # 300 addresses take a sanitizer longer than an advert of 100 ms.
    my $interval = VRRP::Nginx->is_sanitized ? '1s' : '100ms';
    my $many = sub ($rules) {
        return <<"END" . join '', (map { <<"END" } 1 .. 150),
    vrrp_instance VI_1 {
        interface $IF; virtual_router_id 51; priority 200;
        advert_int $interval; garp_master_delay 0;
END
        virtual_ipaddress 10.1.0.$_/32;
        virtual_ipaddress_excluded 10.2.0.$_/32;
        virtual_routes 198.51.$_.0/24 via 192.168.64.143;
END
            (map { "virtual_rules from 10.3.0.$_ table 9 priority 2000;\n" }
                 1 .. $rules), "}\n";
    };
    my $rules = sub () {
        return scalar(() = $node{lb1}->run(qw(ip rule show)) =~ /^2000:/mg);
    };

    my $capture = $lab->capture('lb1');
    my $announced = sub () {
        return scalar grep { $_->{text} =~ /who-has 10\.[12]\./ }
                      $capture->packets;
    };

    $lb1->configure(vrrp => $many->(150));
    $lb1->start;
    $lab->wait_until('all rules', $PATIENCE, sub { $rules->() == 150 });
    my $before = -1;
    $lab->wait_until('all announcements', $PATIENCE, sub {
        my $last = $before;
        sleep 0.5;
        return $last == ($before = $announced->());
    });
    $lb1->reload;
    sleep 0.3;
    is($announced->() - $before, 0, 'many: a reload announces nothing');
    $capture->stop;

    $lb1->configure(vrrp => $many->(1));
    $lb1->reload;
    is($rules->(), 1, 'many: one that has fewer rules removes the others');
}

$lab->finish;
done_testing;
