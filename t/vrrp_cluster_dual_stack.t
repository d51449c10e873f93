#!/usr/bin/perl

# One vrrp_instance with virtual addresses of both families: one instance for
# the operator, and both families on one node, whatever happens to one of them.

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

my %nginx = map { $_ => $lab->start_nginx($_, vrrp => <<"END", http => <<'HTTP')
    vrrp_instance VI_1 {
        interface $VRRP::Node::INTERFACE; virtual_router_id 51;
        priority $priority{$_}; advert_int 100ms;
        virtual_ipaddress $VIP4/24;
        virtual_ipaddress $VIP6/64;
        notify $hook;
    }
END
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


sub lose ($name, $family) {
    $lab->node($name)->run('nft', "table $family vrlab { chain input {"
        . ' type filter hook input priority 0; meta l4proto 112 drop; }' . "\n}\n");
}


comes_to('lb1 / lb1', 'start');

my $status = $nginx{lb1}->status;
is(scalar $status->{instances}->@*, 1, 'one instance in the status');
is(join(' ', map { $_->{address} } $status->{instances}[0]{addresses}->@*),
   "$VIP4/24 $VIP6/64", 'with the addresses of both families');
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
$lab->node('lb1')->run(qw(curl -sS -m 10 -X POST -H X-VRRP-Control:1),
    'http://127.0.0.1:8080/control/resume');
comes_to('lb1 / lb1', 'resume');

# A family that cannot work is a fault of the whole.
$lab->node('lb1')->run(qw(sysctl -qw),
    "net.ipv6.conf.$VRRP::Node::INTERFACE.disable_ipv6=1");
comes_to('lb2 / lb2', 'no IPv6');
$lab->wait_until('the fault', $PATIENCE,
                 sub { $nginx{lb1}->state eq 'FAULT' });
like($nginx{lb1}->status->{instances}[0]{fault},
     qr/^IPv6 of "VI_1" is in FAULT: /, 'the fault names the family');

my $events = VRRP::Proc::slurp($told);
is(() = $events =~ /FAULT/g, 2, 'one event for each change: FAULT, twice')
    or diag($events);
like($events, qr/^INSTANCE VI_1 MASTER 110 \Q$VIP4\E \Q$VIP6\E$/m,
     'with the addresses of both families');

$lab->finish;
done_testing();
