#!/usr/bin/perl

# Reloads, upgrades and their way back, vrrp processes that are killed or
# stopped, binaries and configurations that do not start, one after the other
# at random: as long as one vrrp process runs, clients and peers notice
# nothing. The address never leaves, no priority 0 is sent, no peer takes
# over, and no two processes own it.
#
# NGX_VRRP_SEQUENCES is the number of sequences, NGX_VRRP_SEED the first seed.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $SEQUENCES = $ENV{NGX_VRRP_SEQUENCES} // 2;
my $SEED = $ENV{NGX_VRRP_SEED} // time % 1_000_000;
my $ACTIONS = 6;

# A machine that is late by a second is no fault of ours.
my $INTERVAL = 0.5;

# More crashes than that within a minute are a reason to leave.
my $MOST_KILLS = 2;

my $VIP = $VRRP::Lab::VIP;
my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
my %nginx = map { $_ => start($_) } qw(lb1 lb2);
my $lb1 = $nginx{lb1};

$lab->wait_for_holder('lb1', 15);
sleep 3 * $INTERVAL;

my $watch = $lab->watch_addresses('lb1');
my $capture = $lab->capture('client');

# Words of the memory that says who owns the router (ownership_memory.hpp).
my ($HEADER, $SLOT, $SLOTS) = (4096, 64, 1024);
my $slot;

my (%kills, %stopped, %starts, @done, $takings, $logged);

for my $number (1 .. $SEQUENCES) {
    my $seed = $SEED + $number - 1;

    subtest "sequence of seed $seed" => sub {
        eval { sequence($seed); 1 } or fail($@);
    }
        or do { report($seed); last };
}

$lab->finish;
done_testing;


sub start ($name) {
    my $priority = $name eq 'lb1' ? 100 : 90;

    return $lab->start_nginx($name, workers => 1,
        expect => qr/on signal 9|unknown directive "junk"/,
        vrrp => <<"END", http => 'server { listen 80; }');
    vrrp_instance VI_1 {
        interface $VRRP::Node::INTERFACE;
        virtual_router_id 51;
        priority $priority;
        advert_int 500ms;
        virtual_ipaddress $VIP/24;
    }
END
}


sub sequence ($seed) {
    my $since = time;
    $logged = length $lb1->log_text;

    srand $seed;
    @done = ();
    $takings = 0;

    for (1 .. $ACTIONS) {
        go_on();
        my @possible = possible();
        my ($what, $act) = $possible[rand @possible]->@*;

        push @done, sprintf '%.1f %s', time - $since, $what;
        $act->();
        sleep rand 0.6;
    }

    settle();
    sleep 2 * $INTERVAL;
    judge($since);
}


# The possible next steps, by name.
sub possible () {
    my @masters = masters();
    my @processes = map { vrrp_processes($_) } @masters;

    my @can = (
        # The one that has started another binary reads no configuration.
        [ 'HUP', sub { hup($masters[-1]) } ],
        [ 'HUP with errors', sub { broken('HUP', $masters[-1]) } ],
        map({ my $p = $_; ["KILL of $p", sub { slay($p) }] }
            grep { !$stopped{$_} && may_die($_) } @processes),
    );

    if (@masters == 1) {
        push @can, [ 'USR2', sub { upgrade($masters[0]) } ],
                   [ 'USR2', sub { upgrade($masters[0]) } ],
                   [ 'USR2 with errors', sub { broken('USR2', $masters[0]) } ];
    } else {
        push @can, map { my $m = $_; ["QUIT to $m", sub { quit($m) }] }
                   @masters;
    }

    if (!%stopped && @processes > 1) {
        push @can, map { my $p = $_; ["STOP of $p", sub { freeze($p) }] }
                   grep { is_known($_) } @processes;
    }

    return @can;
}


# It has begun when there is another vrrp process.
sub hup ($master) {
    my %before = map { $_ => 1 } vrrp_processes($master);

    kill HUP => $master;
    wait_for('a reload', sub {
        grep { !$before{$_} } vrrp_processes($master);
    });
}


# Its vrrp process may not want the router yet.
sub upgrade ($master) {
    kill USR2 => $master;
    wait_for('another binary', sub { masters() == 2 });
    $starts{ (masters())[-1] } = 1;
}


# One of two masters; the other one's vrrp process must be there, if it is not
# the first one of a new binary.
sub quit ($master) {
    my ($other) = grep { $_ != $master } masters();

    wait_until_ready($other) unless $starts{$other};
    kill QUIT => $master;
    wait_for("the end of $master", sub { !-d "/proc/$master" });
}


sub slay ($process) {
    ++$takings;
    push @{ $kills{ parent($process) } }, time;
    delete $starts{ parent($process) };
    kill KILL => $process;
}


sub may_die ($process) {
    my $recent = grep { $_ > time - 60 } @{ $kills{ parent($process) } // [] };

    return $recent < $MOST_KILLS;
}


sub freeze ($process) {
    my $length = 0.1 + rand 2.9;

    ++$takings;
    $done[-1] .= sprintf ' for %.1f s', $length;
    $stopped{$process} = time + $length;
    kill STOP => $process;
}


sub go_on () {
    for my $process (grep { time >= $stopped{$_} } keys %stopped) {
        kill CONT => $process;
        delete $stopped{$process};
    }
}


# Neither binary nor configuration is taken.
sub broken ($signal, $master) {
    my $good = VRRP::Proc::slurp($lb1->conf_file);
    my $before = masters();
    my $logged = length $lb1->log_text;

    write_conf("junk;\n$good");
    kill $signal => $master;
    wait_for('an error', sub {
        substr($lb1->log_text, $logged) =~ /unknown directive "junk"/;
    });
    write_conf($good);
    wait_for('the end of the new binary', sub { masters() == $before });
}


sub write_conf ($text) {
    open my $conf, '>', $lb1->conf_file or die "nginx.conf: $!\n";
    print {$conf} $text;
    close $conf;
}


# One nginx with one vrrp process is left.
sub settle () {
    wait_for('those that are stopped', sub { go_on(); !%stopped });
    if (masters() == 2) {
        my $master = (masters())[rand 2];
        push @done, "QUIT to $master";
        quit($master);
    }
    wait_until_ready((masters())[0]);
    wait_for('one vrrp process', sub { $lb1->vrrp_processes == 1 });
}


sub judge ($since) {
    my @lb1 = $capture->adverts(from => address('lb1'), since => $since);
    my @lb2 = $capture->adverts(from => address('lb2'), since => $since);
    my @short = grep { $lb1[$_]{time} - $lb1[$_ - 1]{time} < $INTERVAL / 2 }
                1 .. $#lb1;
    my @moves = map { $_->{present} } $watch->events($VIP, $since);

    is("@moves", '', 'the address never leaves the interface');
    is(scalar(grep { $_->{priority} == 0 } @lb1), 0, 'nobody says good-bye');
    is(scalar @lb2, 0, 'the peer is silent');
    cmp_ok(scalar @short, '<=', $takings,
           'a process that takes over sends at once, no other advert is double');
    ok($lab->node('lb1')->has_address($VIP), 'the address is there');
}


# The steps that led to it, in their order.
sub report ($seed) {
    my $log = substr $lb1->log_text, $logged;

    diag("NGX_VRRP_SEED=$seed: ", join ', ', @done);
    diag(join "\n", grep { /vrrp: |on signal|exited with|signal \d+ \(SIG/ }
                          split /\n/, $log);
}


# The older one first. By pid files: a child has its parent's title at first.
sub masters () {
    my %pid = map { $_->{inner} => $_->{pid} } $lb1->processes;
    my @inner = map { (VRRP::Proc::slurp($_) // '') =~ /^(\d+)/ }
                map { $lb1->dir . "/nginx.pid$_" } '.oldbin', '';

    return map { $pid{$_} // () } @inner;
}


sub vrrp_processes ($master) {
    return sort { $a <=> $b }
           map { $_->{pid} }
           grep { $_->{title} =~ /^nginx: vrrp process/
                  && $_->{ppid} == $master } $lb1->processes;
}


# It owns the router, or the owner has its request.
sub is_known ($process) {
    my ($inner) = map { $_->{inner} } grep { $_->{pid} == $process }
                  $lb1->processes;

    return defined $inner && grep { $_ == $inner } owner_and_successor();
}


# Pids, as the node sees them.
sub owner_and_successor () {
    my ($memory) = grep { (readlink // '') =~ /ngx_vrrp_ownership/ }
                   map { glob "/proc/$_/fd/*" } masters();
    open my $file, '<:raw', $memory // return or return;

    my $words = sub ($at) {
        seek $file, $HEADER + $at * $SLOT, 0;
        read $file, my $bytes, 24;
        return unpack 'Q<3', $bytes;
    };
    ($slot) = grep { ($words->($_))[0] } 0 .. $SLOTS - 1 unless defined $slot;

    return map { $_ & (1 << 22) - 1 } ($words->($slot))[1, 2];
}


sub parent ($process) {
    return (map { $_->{ppid} } grep { $_->{pid} == $process }
            $lb1->processes)[0] // 0;
}


# The last one that it has started can continue.
sub wait_until_ready ($master) {
    wait_for("the vrrp process of $master", sub {
        my ($last) = reverse vrrp_processes($master);
        return $last && is_known($last);
    });
}


# While others are stopped, and continue in time.
sub wait_for ($what, $condition) {
    $lab->wait_until($what, 20, sub { go_on(); $condition->() });
}


sub address ($name) { $lab->node($name)->address }
