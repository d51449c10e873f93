#!/usr/bin/perl

# A sync_group of ours on lb1, keepalived on lb2: with vrrp_sync_group, and
# without it.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my @VIPS = ($VRRP::Lab::VIP, '192.168.65.200');
my @INTERFACES = ($VRRP::Node::INTERFACE, 'vrlab1');
my $PATIENCE = 15;

my $lab = VRRP::Lab->new(nodes => [qw(lb1 lb2)], second_link => [qw(lb1 lb2)]);
my $keepalived;


sub ours ($more = '') {
    my $text = '';

    for my $i (0, 1) {
        $text .= "vrrp_instance VI_$i { sync_group G; priority 100; $more"
               . " interface $INTERFACES[$i]; virtual_router_id 5$i;"
               . " version 3; advert_int 100ms;"
               . " virtual_ipaddress $VIPS[$i]/24; }\n";
    }

    return $text;
}


# group => 0: two instances that know nothing of each other.
sub start_keepalived ($priorities, %args) {
    my $text = ($args{group} // 1)
             ? "vrrp_sync_group G { group { VI_0 VI_1 } }\n" : '';

    for my $i (0, 1) {
        $text .= <<"END";
vrrp_instance VI_$i {
    state BACKUP
    interface $INTERFACES[$i]
    virtual_router_id 5$i
    priority $priorities->[$i]
    version 3
    advert_int 0.1
    @{[ $args{instance} // '' ]}
    virtual_ipaddress { $VIPS[$i]/24 }
}
END
        $text =~ s/virtual_ipaddress \{ (\S+) \}/virtual_ipaddress {\n$1\n}/;
    }
    $text =~ s/group \{ VI_0 VI_1 \} \}/group {\nVI_0\nVI_1\n}\n}/;

    $keepalived->stop if $keepalived;
    $keepalived = $lab->start_keepalived('lb2', conf => $text);
}


sub holders () {
    return join ' / ', map { join ' ', $lab->who_has($_) } @VIPS;
}


sub comes_to ($wanted, $what) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $held = eval {
        $lab->wait_until($wanted, $PATIENCE, sub { holders() eq $wanted });
    };
    ok($held, "$what: $wanted") or diag($@, holders());
}


sub stays ($wanted, $what) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my %seen;
    for (1 .. 15) {
        $seen{ holders() }++;
        sleep 0.05;
    }
    is(join(', ', sort keys %seen), $wanted, "$what: nothing moves");
}


sub lose_adverts ($name, $interface) {
    $lab->node($name)->run('nft', "table inet vrlab { chain input {"
        . " type filter hook input priority 0; iifname $interface"
        . " meta l4proto 112 drop; }\n}\n");
}


my $ours = $lab->start_nginx('lb1', vrrp => ours(), http => <<'END');
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
    }
END

comes_to('lb1 / lb1', 'alone');
start_keepalived([90, 90]);
stays('lb1 / lb1', 'keepalived with a group is lower');

lose_adverts('lb2', 'vrlab1');
stays('lb1 / lb1', 'keepalived hears one member only');
$lab->node('lb2')->let_vrrp_pass;

$lab->unplug('lb1', 'switch2');
comes_to('lb2 / lb2', 'one of our links is down');
$lab->plug('lb1', 'switch2');
comes_to('lb1 / lb1', 'we preempt on both networks');

# nopreempt there, preempt here.
start_keepalived([110, 110], instance => 'nopreempt');
stays('lb1 / lb1', 'keepalived is higher, nopreempt');
$ours->stop('QUIT');
comes_to('lb2 / lb2', 'we quit');
$ours->start;
stays('lb2 / lb2', 'we are back, and lower');
lose_adverts('lb1', 'vrlab1');
stays('lb2 / lb2', 'we hear one member only');
$lab->node('lb1')->let_vrrp_pass;

# nopreempt here, preempt there.
$keepalived->stop;
comes_to('lb1 / lb1', 'keepalived quits');
$ours->configure(vrrp => ours('nopreempt;'));
$ours->reload;
start_keepalived([110, 110]);
comes_to('lb2 / lb2', 'keepalived preempts on both networks');

# Without a group, and better on one network only: we give both away.
$keepalived->stop;
comes_to('lb1 / lb1', 'keepalived quits again');
start_keepalived([110, 90], group => 0);
comes_to('lb2 / lb2', 'keepalived without a group is better on one network');
like($ours->log_text, qr/MASTER\ ->\ BACKUP:\ "VI_0"\ of\ sync_group\ "G"
                         \ hears\ priority\ 110\ .*"VI_1"/x,
     'the other member says why');

$keepalived->stop;
comes_to('lb1 / lb1', 'keepalived is gone');

$lab->finish;
done_testing();
