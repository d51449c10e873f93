#!/usr/bin/perl

# "peer_link": a MASTER that leaves moves all its addresses to the first in the
# order of successors at once, and waits for its confirmation: in version 2 with
# 1 s and in version 3, members of a sync_group and both families together. It
# does so if advertisements are lost, and priority 0 does it if the message is
# lost. Of three nodes, only the first one in the order takes over.

use v5.36;

use Test::More;
use JSON::PP qw(decode_json);
use Time::HiRes qw(sleep time);

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $VIP = $VRRP::Lab::VIP;
my @ADDRESSES = ($VIP, '192.168.64.201', 'fd64::201', '192.168.64.203',
                 '192.168.64.204');
my %PRIORITY = (lb1 => 100, lb2 => 90, lb3 => 80);
my $PATIENCE = 10;

# From priority 0 to the address, s, on a machine that runs each process when it
# has something to do. The skew time of version 2 is 0.65 s and more.
my $AT_ONCE = 0.05;

# The time that a program needs to start and to give the command, s.
my $COMMAND = 0.2;

# A move is made by three processes, one after the other: both vrrp processes,
# and the one that reports addresses. Each may have to wait for a processor.
my $PROCESSES = 3;

# Requests that may be cut when the address changes its MAC.
my $MOST_CUT = 3;

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2 lb3)]);


sub vrrp ($name) {
    my $common = "interface $VRRP::Node::INTERFACE; nopreempt;"
               . " priority $PRIORITY{$name};";
    my $classic = "$common version 2; advert_int 1s;";

    return <<"END";
    router_id $name;
    peer_link on;
    vrrp_instance VI_1 {
        $classic virtual_router_id 51;
        virtual_ipaddress $VIP/24;
    }
    vrrp_instance DUAL {
        $common virtual_router_id 52;
        virtual_ipaddress 192.168.64.201/24;
        virtual_ipaddress fd64::201/64;
    }
    vrrp_instance G1 {
        $classic virtual_router_id 53; sync_group G;
        virtual_ipaddress 192.168.64.203/24;
    }
    vrrp_instance G2 {
        $classic virtual_router_id 54; sync_group G;
        virtual_ipaddress 192.168.64.204/24;
    }
END
}

my (%nginx, %watch);
for my $name (sort keys %PRIORITY) {
    $nginx{$name} = $lab->start_nginx(
        $name, vrrp => vrrp($name), expect => qr/on signal 9/, http => <<"END");
    server {
        listen 80;
        add_header X-Node $name;
        location / { return 200 web; }
    }
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
        location /control { vrrp_control on; }
    }
END
    $watch{$name} = $lab->watch_addresses($name);
    if ($name eq 'lb1') {
        $lab->wait_for_holder('lb1', $PATIENCE, $_) for @ADDRESSES;
    }
}
my $capture = $lab->capture('client');
my $load = $lab->load;


sub instance ($name, $instance) {
    return (grep { $_->{name} eq $instance }
            $nginx{$name}->status->{instances}->@*)[0];
}

# It is linked, and the first in the order of all virtual routers.
sub wait_for_order ($master, $successor) {
    $lab->wait_until("$master to name $successor", $PATIENCE, sub {
        my ($peer) = grep { $_->{state} eq 'up' && $_->{router_id} eq $master }
                     @{ $nginx{$successor}->status->{peers} };
        return $peer && @{ $peer->{instances} } == 5
               && !grep { !$_->{successor} } @{ $peer->{instances} };
    });
}

sub control ($name, $action) {
    return decode_json($lab->node($name)->run(
        qw(curl -sS -m 10 -X POST -H), 'X-VRRP-Control: 1',
        "http://127.0.0.1:8080/control/$action"));
}

# Requests that failed, but were not under way when the address moved.
sub lost ($since, $until) {
    my @moves = map { /^(\S+)/ } $capture->gratuitous_arps($VIP);
    my @failed = grep { $_->{start} >= $since && $_->{start} < $until
                        && !$_->{good} } $load->requests;
    my ($cut, $lost) = (0, 0);

    for my $one (@failed) {
        (grep { $one->{start} < $_ && $one->{end} >= $_ } @moves) ? $cut++
                                                                 : $lost++;
    }
    my $most = $MOST_CUT + $load->held_up($since, $until);

    return $lost + ($cut > $most ? $cut - $most : 0);
}

# The addresses go from one node to another one, and no third one has them. The
# time is that of the first priority 0, or of the command. Returns its limit.
sub moves ($what, $from, $to, $act, %args) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    wait_for_order($from, $to) if !$args{cut};
    my $since = time;
    $act->();
    for my $address (@ADDRESSES) {
        ok(eval { $lab->wait_for_holder($to, $PATIENCE, $address) },
           "$what: $to has $address") or diag($@);
    }
    sleep 0.3;
    my $until = time;
    my ($zero) = grep { $_->{priority} == 0 }
                 $capture->adverts(since => $since);
    my $left = $args{cut} ? $since : $zero->{time} // $since;

    my $limit = $AT_ONCE + ($args{cut} ? $COMMAND : 0)
                + $PROCESSES * $load->lateness($since - 1, $until);

    my ($third) = grep { $_ ne $from && $_ ne $to } sort keys %PRIORITY;
    for my $address (@ADDRESSES) {
        my ($got) = $watch{$to}->events($address, $since);
        my ($gone) = grep { !$_->{present} }
                     $watch{$from}->events($address, $since);
        cmp_ok($got->{time} - $left, '<', $limit, "$what: $address at once");
        cmp_ok($got->{time}, '<=', ($gone->{time} // 0) + 0.001,
               "$what: before $from removes it");
        ok(!$watch{$third}->events($address, $since),
           "$what: $third never has it")
            or diag($nginx{$third}->log_tail);
        note(sprintf '%s: %s after %.1f ms (limit %.1f), removed after %.1f ms',
             $what, $address, 1000 * ($got->{time} - $left), 1000 * $limit,
             1000 * ($gone->{time} - $left));
    }
    is(lost($since, $until), 0, "$what: no request is lost");

    return $limit;
}


moves('quit', 'lb1', 'lb2', sub { $nginx{lb1}->command('quit') });
$nginx{lb1}->wait_gone;
like($nginx{lb1}->log_text,
     qr/MASTER -> INIT: nginx is shutting down, \S+ took over/,
     'quit: lb1 has waited for lb2');
$nginx{lb1}->start;

my $answer;
my $limit = moves('release', 'lb2', 'lb1',
                  sub { $answer = control('lb2', 'release') });
is(instance('lb2', 'VI_1')->{state}, 'FAULT', 'release: lb2 stays out');
for my $one (@{ $answer->{instances} }) {
    is($one->{successor}, 'lb1', "release of $one->{name}: the answer has lb1");
    cmp_ok($one->{after_ms}, '<', 1000 * $limit, 'and the time');
}
is(scalar @{ $answer->{instances} }, 4, 'all instances are answered');
control('lb2', 'resume');

moves('death of the master', 'lb1', 'lb2', sub {
    $nginx{lb1}->signal('KILL', $nginx{lb1}->masters) });
$nginx{lb1}->wait_gone;

# --- only one of the two ways works --------------------------------------------

wait_for_order('lb2', 'lb3');
$lab->node($_)->drop_vrrp('in') for qw(lb2 lb3);
moves('advertisements lost', 'lb2', 'lb3',
      sub { control('lb2', 'release') }, cut => 1);
like(instance('lb3', 'VI_1')->{reason},
     qr/^192\.168\.64\.134 leaves, and has named this node/,
     'the message is enough to take over');
like($nginx{lb2}->log_text,
     qr/MASTER -> FAULT: released by the operator, \S+ took over \(/,
     'and the answer is enough to leave');
$lab->node($_)->let_vrrp_pass for qw(lb2 lb3);
control('lb2', 'resume');

wait_for_order('lb3', 'lb2');
sleep 1.5;    # lb2 connects to both addresses of lb3 to know that they are one
my $rules = $lab->dir . '/link.nft';
open my $file, '>', $rules or die "$rules: $!\n";
print {$file} "table inet link {\nchain output {\ntype filter hook output"
              . " priority 0;\ntcp sport 30112 drop;\ntcp dport 30112 drop;\n"
              . "}\n}\n";
close $file;
$lab->node('lb3')->run('nft', '-f', $rules);
moves('message lost', 'lb3', 'lb2', sub { $nginx{lb3}->command('quit') },
      cut => 1);
like(instance('lb2', 'VI_1')->{reason},
     qr/^priority 0 from \S+, which has named this node/,
     'priority 0 is enough to take over');

$load->stop;
$lab->finish;
done_testing;
