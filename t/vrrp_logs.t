#!/usr/bin/perl

# The error log at level info: one notice for each change of state, one
# warning for a peer with another configuration, and nothing while nothing
# happens.

use v5.36;

use lib 't/lib';
use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Lab;

my $reason = VRRP::Lab->unavailable || VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $IF = $VRRP::Node::INTERFACE;
my $VIP_2 = '192.168.64.201';
my $VIP_3 = '192.168.64.202';

my $lab = VRRP::Lab->new(nodes => [qw(lb1 lb2 web1)]);
my $web = $lab->node('web1')->address;
my %address = map { $_ => $lab->node($_)->address } qw(lb1 lb2);

$lab->start_nginx('web1', http => "server { listen 8101; }\n");

# A client of the status must leave no trace in the log.
my $http = <<"END";
    upstream web {
        zone web 128k;
        server $web:8101;
        vrrp_check tcp interval=100ms timeout=2s;
    }
    server {
        listen 127.0.0.1:8080;
        keepalive_timeout 0;
        location /vrrp { vrrp_status; }
    }
END

# VI_1 as it is in the first part, with some directives in place of others.
sub instance ($priority, %other) {
    my %directives = (
        interface => $IF, virtual_router_id => 51, priority => $priority,
        advert_int => '100ms', virtual_ipaddress => "$VRRP::Lab::VIP/24",
        %other,
    );

    my @lines = map { "$_ $directives{$_};" }
                grep { defined $directives{$_} } sort keys %directives;

    my $name = $directives{virtual_router_id} == 51 ? 'VI_1' : 'VI_2';

    return "vrrp_instance $name {\n@lines\n}\n";
}

# A second one that speaks the older version.
sub classic ($priority, %other) {
    return instance($priority, virtual_router_id => 52, version => 2,
                    advert_int => '1s', authentication => 'PASS 123456',
                    virtual_ipaddress => "$VIP_2/24", %other);
}

sub start ($name, @instances) {
    return $lab->start_nginx($name, vrrp => "router_id $name;\n@instances",
                             http => $http);
}

# Lines of the log from `from` on, without nginx's time and process.
sub lines ($nginx, $from = 0) {
    return map { s/^\S+ \S+ (\[\w+\]) \d+#\d+: (?:\*\d+ )?/$1 /r }
           split /\n/, substr $nginx->log_text, $from;
}

# Changes of state of VI_1, with N for a time in milliseconds.
sub transitions ($nginx) {
    return map { s/\b\d+ ms/N ms/gr } grep { / -> .*instance "VI_1"/ }
           grep { !/^\[\w+\] (?:vrrp: )?priority / } lines($nginx);
}

sub logs ($title, $nginx, @wanted) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my @lines = map { "[notice] vrrp: $_, "
                      . "instance \"VI_1\", vrid 51, interface $IF" } @wanted;
    my $got;

    eval {
        $lab->wait_until($title, 15, sub {
            ($got = join "\n", transitions($nginx)) eq join "\n", @lines;
        });
    };

    is($got, join("\n", @lines), $title);
}


# --- one notice for each change of state -------------------------------------

my $lb1 = start('lb1', instance(150, track_upstream => 'web weight=-5'));
my @lb1 = (
    'INIT -> BACKUP: startup (priority 150, base 150)',
    'BACKUP -> MASTER: no advertisement for N ms'
        . ' (priority 150, base 150, BACKUP for N ms)',
);

$lab->wait_for_holder('lb1', 15);
logs('lb1 starts', $lb1, @lb1);

my $lb2 = start('lb2', instance(100, track_upstream => 'web weight=-5'));
my @lb2 = ('INIT -> BACKUP: startup (priority 100, base 100)');

logs('lb2 starts', $lb2, @lb2);


# --- nothing while nothing happens -------------------------------------------

# The priorities are known, and all that follows a takeover has been done.
sleep 6;

my %before = (lb1 => length $lb1->log_text, lb2 => length $lb2->log_text);

for (1 .. 10) {
    $_->status for $lb1, $lb2;
    sleep 0.5;
}

is($lb1->state, 'MASTER', 'silence: a master');
is($lb2->state, 'BACKUP', 'silence: a backup');
is(join("\n", lines($lb1, $before{lb1})), '', 'a master is silent');
is(join("\n", lines($lb2, $before{lb2})), '', 'a backup is silent');


# --- a failover ----------------------------------------------------------------

$lab->unplug('lb1');
push @lb1, "MASTER -> FAULT: interface $IF is down"
    . ' (priority 150, base 150, MASTER for N ms)';
push @lb2, 'BACKUP -> MASTER: no advertisement for N ms,'
    . " the last with priority 150 from $address{lb1}"
    . ' (priority 100, base 100, BACKUP for N ms)';

logs('lb1 is unplugged', $lb1, @lb1);
logs('lb2 takes over', $lb2, @lb2);

$lab->plug('lb1');
push @lb1, "FAULT -> BACKUP: fault cleared: interface $IF is down"
    . ' (priority 150, base 150, FAULT for N ms)';
push @lb1, "BACKUP -> MASTER: preempting lower priority 100 from $address{lb2}"
    . ' (priority 150, base 150, BACKUP for N ms)';
push @lb2, 'MASTER -> BACKUP: advertisement with higher priority 150 from'
    . " $address{lb1} (priority 100, base 100, MASTER for N ms)";

logs('lb1 is plugged in', $lb1, @lb1);
logs('lb2 yields', $lb2, @lb2);

$lb1->command('quit');
push @lb1, 'MASTER -> INIT: nginx is shutting down,'
    . " $address{lb2} took over with priority 100"
    . ' (priority 150, base 150, MASTER for N ms)';
push @lb2, "BACKUP -> MASTER: priority 0 from $address{lb1}"
    . ' (priority 100, base 100, BACKUP for N ms)';

logs('lb1 quits', $lb1, @lb1);
logs('lb2 takes over at once', $lb2, @lb2);
$_->stop for $lb1, $lb2;


# --- one warning that says what to change --------------------------------------

$lb1 = start('lb1', instance(150), classic(150));

my $who = "dropped an advertisement from $address{lb2}: ";

# lb2 has one instance that does not fit; how many adverts lb1 must hear.
my @disagreements = (
    ['another version', 3,
     instance(200, version => 2, advert_int => '1s'),
     qq(${who}it is VRRPv2, but "version" is 3 here: set the same "version")],

    ['unicast', 30,
     instance(200, unicast_src_ip => $address{lb2},
              unicast_peer => $address{lb1}),
     $who . 'it is unicast, but this node has no "unicast_peer": list the peers '
     . 'here, too, or remove "unicast_peer" there'],

    ['another interval and another address', 30,
     instance(200, advert_int => '50ms',
              virtual_ipaddress => "$VRRP::Lab::VIP/24; "
                                   . "virtual_ipaddress $VIP_3/24"),
     "$address{lb2} advertises every 50 ms, but advert_int here is 100 ms: "
     . "set the same advert_int; $address{lb2} advertises $VIP_3,"
     . ' which is not a virtual_ipaddress here: configure the same addresses'],

    ['no password', 3, classic(200, authentication => undef),
     "${who}it has no authentication, but this node has PASS: set the same"],

    ['another password', 3, classic(200, authentication => 'PASS 654321'),
     qq(${who}its password differs, set the same "authentication")],

    ['another interval in version 2', 3, classic(200, advert_int => '2s'),
     qq(${who}its interval is 2000 ms, but "advert_int" is 1000 ms here, )
     . 'and VRRPv2 requires the same: set the same "advert_int"'],
);

# All that lb1 has received of others, good or bad.
sub heard () {
    my $sum = 0;

    for my $instance ($lb1->status->{instances}->@*) {
        my $counters = $instance->{counters};

        $sum += $_ for $counters->{adverts_received},
                       values $counters->{dropped}->%*;
    }

    return $sum;
}

# For a failure.
sub states ($nginx) {
    return substr($nginx->log_text, -4000),
           map { "$_->{name} $_->{state} for $_->{since_ms} ms: "
                 . ($_->{fault} // 'no fault') . "\n",
                 explain($_->{counters}) } $nginx->status->{instances}->@*;
}

for (@disagreements) {
    my ($title, $adverts, $instance, $wanted) = @$_;

    my $from = length $lb1->log_text;
    my $heard = heard();
    my $since = time;
    my $other = start('lb2', $instance);

    my $all = eval {
        $lab->wait_until("$title: adverts", 60, sub {
            heard() >= $heard + $adverts;
        });
    };
    ok($all, "$title: adverts")
        or diag($@, map { states($_) } $lb1, $other);
    $other->stop;

    my @warnings = grep { /^\[warn\] vrrp: (?:dropped|\S+ advertises)/ }
                   lines($lb1, $from);

    # A warning is repeated each minute; a busy machine can take so long here.
    my $most = 1 + int((time - $since) / 60);

    ok(@warnings >= 1 && @warnings <= $most, "$title: one warning")
        or diag("$most expected\n", map { "$_\n" } @warnings);
    like($warnings[0] // '', qr/^\[warn\] vrrp: \Q$wanted\E/,
         "$title: what to change");
}

$lab->finish;
done_testing();
