#!/usr/bin/perl

# A sync_group on two networks: all members are MASTER on the same node, with
# equal priorities and addresses whose order is different on the two networks.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $INSIDE = '192.168.65.200';
my $OUTSIDE = $VRRP::Lab::VIP;

# Generous for a busy machine; the timing itself is the business of units.
my $PATIENCE = 15;

my $lab = VRRP::Lab->new(nodes => [qw(lb1 lb2)], second_link => [qw(lb1 lb2)]);

# lb2 has the higher address outside, lb1 has it inside.
$lab->node('lb1')->batch_ip('address flush dev vrlab1',
                            'address add 192.168.65.150/24 dev vrlab1');

my ($hook, $told) = $lab->node('lb1')->recorder;


sub vrrp ($name, $more = '') {
    my $common = "sync_group edge; version 3; advert_int 100ms;"
               . " track_interface lo weight=5; $more";

    return <<"END";
    router_id $name;
    sync_group edge { notify $hook; }
    vrrp_instance outside {
        interface $VRRP::Node::INTERFACE; virtual_router_id 51; $common
        virtual_ipaddress $OUTSIDE/24;
    }
    vrrp_instance inside {
        interface vrlab1; virtual_router_id 52; $common
        track_interface vrlab1 weight=3;
        virtual_ipaddress $INSIDE/24;
    }
END
}


my %nginx = map { $_ => $lab->start_nginx($_, vrrp => vrrp($_), http => <<'END')
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
        location /control { vrrp_control on; }
    }
END
} qw(lb1 lb2);


sub holder () {
    my ($outside, $inside) = map { join ' ', $lab->who_has($_) }
                             $OUTSIDE, $INSIDE;

    return $outside eq $inside ? $outside : "$outside/$inside";
}


sub comes_to ($name, $what) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $held = eval {
        $lab->wait_until("$name to have both", $PATIENCE,
                         sub { holder() eq $name });
    };
    ok($held, "$what: both are on $name") or diag($@, holder());
}


sub stays_on ($name, $what) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my %seen;
    for (1 .. 20) {
        $seen{ holder() }++;
        sleep 0.05;
    }
    is(join(', ', sort keys %seen), $name, "$what: nothing moves");
}


sub instance ($node, $name) {
    return (grep { $_->{name} eq $name }
            $nginx{$node}->status->{instances}->@*)[0];
}


sub control ($node, $command) {
    return $lab->node($node)->run(qw(curl -sS -m 10 -X POST -H),
        'X-VRRP-Control: 1', "http://127.0.0.1:8080/control/$command");
}


comes_to(($lab->wait_until('a MASTER', $PATIENCE, sub {
    holder() =~ /^(lb\d)$/ ? $1 : ''
})), 'start');
my ($first) = holder();
my $other = $first eq 'lb1' ? 'lb2' : 'lb1';
stays_on($first, 'crossed addresses');
is(instance($first, 'inside')->{sync_group}, 'edge', 'the status has the group');
is(instance($first, $_)->{priority}{effective}, 108,
   "$_: the trackers of all members, each of them once") for qw(inside outside);

# Both nodes were MASTER of all. Both could send: one that could not would stay
# out for a while when it hears the other.
$lab->node($_)->drop_vrrp('in') for qw(lb1 lb2);
$lab->wait_until('two owners', $PATIENCE, sub {
    holder() eq 'lb1 lb2';
});
$lab->node($_)->let_vrrp_pass for qw(lb1 lb2);

# lb2, as the first network decides. A machine that stands still for longer than
# the skew time may have another result, but it is one for both networks.
my $kept = $lab->wait_until('one owner', $PATIENCE, sub {
    holder() =~ /^(lb\d)$/ ? $1 : '';
});
my $yields = $kept eq 'lb1' ? 'lb2' : 'lb1';
comes_to($kept, 'two owners hear each other: one network decides');
stays_on($kept, 'after that');

# The adverts of one network get lost.
$lab->node($yields)->run('nft', <<'END');
table inet vrlab {
    chain input { type filter hook input priority 0; iifname vrlab1 meta l4proto 112 drop; }
}
END
stays_on($kept, 'adverts of one member are lost');
like($nginx{$yields}->log_text,
     qr/"inside"\ hears\ no\ better\ router,\ but\ stays\ BACKUP:
        \ "outside"\ of\ sync_group\ "edge"\ hears\ priority\ 108/x, 'and the log says why');
$lab->node($yields)->let_vrrp_pass;

$lab->unplug($kept, 'switch2');
comes_to($yields, 'the link of one member is down');
$lab->wait_until('the status', $PATIENCE,
                 sub { instance($kept, 'outside')->{state} eq 'FAULT' });
like(instance($kept, 'outside')->{fault},
     qr/^"inside" of sync_group "edge" is in FAULT: interface vrlab1/,
     'the other member names it');
$lab->plug($kept, 'switch2');
$lab->wait_until("$kept to be back", $PATIENCE, sub {
    $nginx{$kept}->state eq 'BACKUP';
});
stays_on($yields, 'first come, first kept');

# A command to one of them.
my $answer = control($yields, 'release?instance=inside');
like($answer, qr/"name":"outside".*"name":"inside"/s, 'release: of both');
comes_to($kept, 'release of a member');
ok(instance($yields, $_)->{released}, "$_ is released") for qw(inside outside);
control($yields, 'resume?instance=edge');
$lab->wait_until("$yields to be back", $PATIENCE, sub {
    instance($yields, 'inside')->{state} eq 'BACKUP'
    && instance($yields, 'outside')->{state} eq 'BACKUP';
});
stays_on($kept, 'resume of the group');

my $transitions = instance($kept, 'inside')->{since_ms};
$nginx{$kept}->reload;
cmp_ok(instance($kept, $_)->{since_ms}, '>=', $transitions,
       "reload: $_ stays MASTER") for qw(inside outside);

$nginx{$kept}->stop('QUIT');
comes_to($yields, 'quit');

my @lines = split /\n/, VRRP::Proc::slurp($told);
ok((!grep { !/^GROUP edge (?:MASTER|BACKUP|FAULT|STOP) 10\d$/ } @lines),
   'notify of the group: arguments of keepalived') or diag("@lines");
is((grep { /MASTER/ } @lines)[-1], 'GROUP edge MASTER 108',
   'notify: MASTER once for both');

$lab->finish;
done_testing();
