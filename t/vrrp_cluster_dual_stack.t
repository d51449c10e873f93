#!/usr/bin/perl

# One vrrp_instance with virtual addresses of both families: one instance for
# the operator, and both families on one node, whatever happens to one of them.
# Excluded addresses, routes, rules and devices with virtual MAC addresses go
# with them.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $VIP4 = $VRRP::Lab::VIP;
my $VIP6 = 'fd64::200';
my $PATIENCE = 15;

my $lab = VRRP::Lab->new(nodes => [qw(lb1 lb2)]);
my %priority = (lb1 => 110, lb2 => 100);

my ($hook, $told) = $lab->node('lb1')->recorder('$* $VRRP_VIPS');

# The second and fourth need the virtual addresses.
my @ROUTES = ('198.51.100.0/24 via 192.168.64.143',
              "203.0.113.0/24 via 192.168.64.143 src $VIP4",
              '2001:db8:1::/48 via fd64::143',
              "2001:db8:2::/48 via fd64::143 src $VIP6");
my %RULES = (1000 => "from $VIP4 table 100", 1001 => "from $VIP6 table 100");
my @EXCLUDED = ('192.168.64.201', 'fd64::201');

my $expected = "@EXCLUDED, 4 routes, 2 rules";


sub vrrp ($name, $more = '') {
    my $routes = join '', map {
        my $device = /via fd64/ ? " dev $VRRP::Node::INTERFACE" : '';
        "virtual_routes $_$device;\n";
    } @ROUTES;
    my $rules = join '', map { "virtual_rules $RULES{$_} priority $_;\n" }
                         sort keys %RULES;

    return <<"END";
    vrrp_instance VI_1 {
        interface $VRRP::Node::INTERFACE; virtual_router_id 51;
        priority $priority{$name}; advert_int 100ms;
        virtual_ipaddress $VIP4/24;
        virtual_ipaddress $VIP6/64;
        virtual_ipaddress_excluded $EXCLUDED[0]/24;
        virtual_ipaddress_excluded $EXCLUDED[1]/64;
        $routes
        $rules
        notify $hook;
        $more
    }
END
}


my %nginx = map {
    $_ => $lab->start_nginx($_, vrrp => vrrp($_), http => <<'HTTP')
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
        location /control { vrrp_control on; }
        location = /state { return 200 $vrrp_state_VI_1; }
    }
HTTP
} qw(lb1 lb2);


sub holders () {
    return join ' / ', map { join ' ', $lab->who_has($_) } $VIP4, $VIP6;
}


sub comes_to ($wanted, $what) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $held = eval {
        $lab->wait_until($wanted, $PATIENCE, sub { holders() eq $wanted });
    };
    ok($held, "$what: $wanted") or diag($@, holders());
}


# What a node has besides the addresses.
sub belongings ($name) {
    my $node = $lab->node($name);
    my @there = $node->addresses;
    my @excluded = grep { my $a = $_; grep { $_ eq $a } @there } @EXCLUDED;
    my @routes = map {
        $node->run('ip', "-$_", qw(route show proto 112)) =~ /^\S/mg;
    } 4, 6;
    my @rules = map { $node->run('ip', "-$_", qw(rule show)) =~ /^100[01]:/mg }
                4, 6;

    return join ', ', "@excluded", @routes . ' routes', @rules . ' rules';
}


sub has_all ($name, $what) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my ($other) = grep { $_ ne $name } qw(lb1 lb2);
    my $wanted = "$expected / , 0 routes, 0 rules";
    my $last;

    eval {
        $lab->wait_until($wanted, $PATIENCE, sub {
            $last = join ' / ', map { belongings($_) } $name, $other;
            return $last eq $wanted;
        });
    };
    is($last, $wanted, "$what: $name has all, $other nothing");
}


sub lose ($name, $family) {
    $lab->node($name)->run('nft', "table $family vrlab { chain input {"
        . ' type filter hook input priority 0; meta l4proto 112 drop; }' . "\n}\n");
}


comes_to('lb1 / lb1', 'start');
has_all('lb1', 'start');

my $status = $nginx{lb1}->status;
is(scalar $status->{instances}->@*, 1, 'one instance in the status');
is(join(' ', map { $_->{address} } $status->{instances}[0]{addresses}->@*),
   "$VIP4/24 $EXCLUDED[0]/24 $VIP6/64 $EXCLUDED[1]/64",
   'with the addresses of both families');
is($status->{instances}[0]{other_family}{state}, 'MASTER',
   'and the other family in it');

for my $family (qw(ip ip6)) {
    my %seen;

    lose('lb2', $family);
    for (1 .. 16) {
        $seen{ holders() }++;
        sleep 0.05;
    }
    is(join(', ', keys %seen), 'lb1 / lb1',
       "adverts of $family are lost: a BACKUP stays BACKUP");
    $lab->node('lb2')->run('nft', "delete table $family vrlab");
}

my @lines = $nginx{lb2}->log_text
          =~ /("?IPv\d of "VI_1" hears no better .*)/g;
is(scalar @lines, 2, 'and says so once for each') or diag(@lines);

my $answer = $lab->node('lb1')->run(qw(curl -sS -m 10 -X POST -H),
    'X-VRRP-Control: 1', 'http://127.0.0.1:8080/control/release?instance=VI_1');
is(() = $answer =~ /"name"/g, 1, 'a command has one result') or diag($answer);
comes_to('lb2 / lb2', 'release');
has_all('lb2', 'release');
$lab->node('lb1')->run(qw(curl -sS -m 10 -X POST -H X-VRRP-Control:1),
    'http://127.0.0.1:8080/control/resume');
comes_to('lb1 / lb1', 'resume');

# A family that cannot work is a fault of the whole.
$lab->node('lb1')->run(qw(sysctl -qw),
    "net.ipv6.conf.$VRRP::Node::INTERFACE.disable_ipv6=1");
comes_to('lb2 / lb2', 'no IPv6');
has_all('lb2', 'no IPv6');
$lab->wait_until('the fault', $PATIENCE,
                 sub { $nginx{lb1}->state eq 'FAULT' });
like($nginx{lb1}->status->{instances}[0]{fault},
     qr/^IPv6 of "VI_1" is in FAULT: /, 'the fault names the family');

my $events = VRRP::Proc::slurp($told);
is(() = $events =~ /FAULT/g, 2, 'one event for each change: FAULT, twice')
    or diag($events);
like($events, qr/^INSTANCE VI_1 MASTER 110 \Q$VIP4 $EXCLUDED[0] $VIP6\E/m,
     'with the addresses of both families');

$lab->node('lb1')->run(qw(sysctl -qw),
    "net.ipv6.conf.$VRRP::Node::INTERFACE.disable_ipv6=0");
$lab->node('lb1')->run(qw(ip address add), $lab->node('lb1')->address(6) . '/64',
    'dev', $VRRP::Node::INTERFACE, 'nodad');
comes_to('lb1 / lb1', 'IPv6 again');
has_all('lb1', 'IPv6 again');

# The same on devices with virtual MAC addresses.

for my $name (qw(lb2 lb1)) {
    $nginx{$name}->configure(vrrp => vrrp($name, 'use_vmac;'));
    $nginx{$name}->reload;
}
comes_to('lb1 / lb1', 'a reload with use_vmac');
has_all('lb1', 'a reload with use_vmac');
my $addresses = $lab->node('lb1')->run(qw(ip -o address show));

for my $address ($VIP4, $VIP6, @EXCLUDED) {
    my $device = $address =~ /:/ ? 'vrrp6.51' : 'vrrp.51';

    like($addresses, qr{^\d+: \Q$device\E +inet6? \Q$address\E/}m,
         "$address is on $device");
}

$lab->node('lb1')->run(qw(curl -sS -m 10 -X POST -H X-VRRP-Control:1),
    'http://127.0.0.1:8080/control/release');
comes_to('lb2 / lb2', 'release with use_vmac');
has_all('lb2', 'release with use_vmac');
$lab->node('lb1')->run(qw(curl -sS -m 10 -X POST -H X-VRRP-Control:1),
    'http://127.0.0.1:8080/control/resume');
comes_to('lb1 / lb1', 'resume with use_vmac');
$nginx{lb1}->stop('QUIT');
comes_to('lb2 / lb2', 'quit with use_vmac');
has_all('lb2', 'quit with use_vmac');

$lab->finish;
done_testing();
