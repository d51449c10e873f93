#!/usr/bin/perl

# A sync_group of ours on lb1, keepalived on lb2: with vrrp_sync_group, and
# without it. Then one instance of ours with both families, and keepalived with
# an instance for each, or with the IPv6 address in virtual_ipaddress_excluded.

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


sub both_families () {
    return "vrrp_instance VI_0 { interface $INTERFACES[0];"
         . ' virtual_router_id 50; priority 100; version 3; advert_int 100ms;'
         . " virtual_ipaddress $VIPS[0]/24; virtual_ipaddress $VIPS[1]/64; }\n";
}


# instances: pairs of name and virtual_ipaddress; with one, the IPv6 address is
# excluded.
sub start_keepalived_for_both ($priority, %address) {
    my $text = keys %address < 2 ? ''
             : "vrrp_sync_group G {\ngroup {\nVI_4\nVI_6\n}\n}\n";

    for my $name (sort keys %address) {
        my $more = keys %address > 1 ? ''
                 : "virtual_ipaddress_excluded {\n$VIPS[1]/64\n}";

        $text .= <<"END";
vrrp_instance $name {
    state BACKUP
    interface $INTERFACES[0]
    virtual_router_id 50
    priority $priority
    version 3
    advert_int 0.1
    virtual_ipaddress {
        $address{$name}
    }
    $more
}
END
    }

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

# Both families in one instance.
undef $keepalived;
@VIPS = ($VIPS[0], 'fd64::200');
$ours->configure(vrrp => both_families());
$ours->reload;
comes_to('lb1 / lb1', 'both families, alone');

my %each = (VI_4 => "$VIPS[0]/24", VI_6 => "$VIPS[1]/64");

start_keepalived_for_both(90, %each);
stays('lb1 / lb1', 'keepalived with an instance for each family is lower');
start_keepalived_for_both(110, %each);
comes_to('lb2 / lb2', 'keepalived preempts in both families');

for my $family (qw(ip ip6)) {
    my $node = $lab->node('lb1');

    $node->run('nft', "table $family vrlab { chain input { type filter hook"
        . " input priority 0; meta l4proto 112 drop; }\n}\n");
    stays('lb2 / lb2', "we hear no adverts of $family");
    $node->run('nft', "delete table $family vrlab");
}
$keepalived->kill_all;
$lab->node('lb2')->try(qw(ip address del), $_, 'dev', $INTERFACES[0])
    for values %each;
comes_to('lb1 / lb1', 'keepalived dies');

# keepalived advertises IPv4 only.
my $before = length $ours->log_text;

undef $keepalived;
start_keepalived_for_both(110, VI_4 => $each{VI_4});
comes_to('lb2 / lb2', 'keepalived preempts, IPv6 is excluded there');
stays('lb2 / lb2', 'IPv6 is excluded there');
my @reports = substr($ours->log_text, $before) =~ /stays BACKUP: (.*)/g;
is(scalar @reports, 1, 'this is reported once') or diag(join "\n", @reports);
like($reports[0], qr/IPv4 of "VI_0" hears priority 110 /, 'and why');
$ours->reload;
stays('lb2 / lb2', 'IPv6 is excluded there, a reload');
$keepalived->stop;
comes_to('lb1 / lb1', 'keepalived quits, IPv6 is excluded there');

$lab->finish;
done_testing();
