#!/usr/bin/perl

# See bench/rest.

use v5.36;

use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use Getopt::Long qw(GetOptions);
use List::Util qw(max min sum0);
use Time::HiRes qw(sleep time);

use VRRP::Bench::Report qw(machine row);
use VRRP::Lab;
use VRRP::Nginx;
use VRRP::Proc;

GetOptions('seconds=i' => \(my $seconds = 20), 'case=s' => \my @cases)
    or die "rest: see bench/rest --help\n";

@cases = qw(one many fast move) unless @cases;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
die "rest: $reason\n" if $reason;

my $V2 = { ours => 'version 2; advert_int 1s;',
           keepalived => "version 2\n    advert_int 1", interval => 1 };
my $FAST = { ours => 'version 3; advert_int 30ms;', interval => 0.03 };

# Until nothing happens any more, s: the election takes 4, and keepalived
# announces its addresses once more 5 later.
my $SETTLE = 14;

$| = 1;
say machine(), "\n";

my $pages = tempdir(CLEANUP => 1) . '/pages';
system('cc', qw(-O2 -o), $pages, dirname(__FILE__) . '/pages.c') == 0
    or die "cannot build pages.c\n";

for my $case (@cases) {
    $case eq 'one'  ? compare(1, $V2, 'version 2, 1 s')
  : $case eq 'many' ? compare(250, $V2, 'version 2, 1 s')
  : $case eq 'fast' ? measure_fast()
  : $case eq 'move' ? measure_move()
  : $case eq 'link' ? measure_link()
  :                   die "rest: no case \"$case\"\n";
}


# Each of them as MASTER, then as BACKUP, opposite to a keepalived. Both are
# measured at the same time, each in its own lab: what a virtual machine that
# does little has to pay for memory that is not in a cache changes by a factor of
# ten within minutes.
sub compare ($n, $profile, $title) {
    chomp(my $cost = `$pages`);
    say "$n instance(s), $title, $seconds s; the first access to a page that "
        . "was not used for 1 s costs $cost us\n";
    print row('', 'ngx_vrrp, CPU s', 'keepalived, CPU s', 'ratio'),
          row('---', ('--:') x 3);

    for my $role (qw(MASTER BACKUP)) {
        my @systems = qw(ngx_vrrp keepalived);
        my $priority = $role eq 'MASTER' ? 200 : 50;
        my @measured;

        for my $system (@systems) {
            my $lab = VRRP::Lab->new(nodes => [qw(lb1 lb2)], quiet => 1);

            start($lab, 'lb1', $system, $n, $profile, $priority);
            start($lab, 'lb2', 'keepalived', $n, $profile, 100);
            push @measured, [$lab, 'lb1', $system];
        }

        my %cpu;
        @cpu{@systems} = cpu_at_rest(@measured);

        for my $lab (map { $_->[0] } @measured) {
            check_role($lab, $role, $n);
            $lab->destroy;
        }

        print row($role, (map { sprintf '%.3f', $_ } @cpu{qw(ngx_vrrp
                                                             keepalived)}),
                  sprintf '%.2f', $cpu{ngx_vrrp} / $cpu{keepalived});
    }

    print "\n";
}


# What "peer_link" costs beside a node that does not have it, and beside one
# that has it. All labs run at the same time.
sub measure_link () {
    my $v3 = { ours => 'version 3; advert_int 100ms;',
               keepalived => "version 3\n    advert_int 0.1" };
    my @labs;

    for my $profile ([$V2, 'v2, 1 s'], [$v3, 'v3, 100 ms']) {
        for my $role (qw(MASTER BACKUP)) {
            for my $link (qw(off on)) {
                push @labs, link_lab(@$profile, $role, $link, 'keepalived');
            }
        }
        push @labs, link_lab(@$profile, 'BACKUP', 'on', 'ngx_vrrp');
    }

    sleep $SETTLE;
    my @before = map { link_counts($_) } @labs;
    sleep $seconds;
    my @after = map { link_counts($_) } @labs;

    say "1 instance, $seconds s, for each minute\n";
    print row('role, peer_link, opposite to', 'CPU ms', 'CPU ms of the other',
              'segments of the link', 'its connections', 'lines in the log',
              'lines in the log of the other'),
          row('---', ('--:') x 6);

    for my $i (0 .. $#labs) {
        print row($labs[$i]{title},
                  map { sprintf '%.1f',
                        60 / $seconds * ($after[$i][$_] - $before[$i][$_]) }
                      0 .. 5);
        $labs[$i]{lab}->destroy;
    }
}


sub link_lab ($profile, $title, $role, $link, $other) {
    my $lab = VRRP::Lab->new(nodes => [qw(lb1 lb2)], quiet => 1);
    my $own = { %$profile, ours => "$profile->{ours} peer_link $link;" };
    my $capture = $lab->capture('lb1', filter => 'tcp port 30112');
    my $priority = $role eq 'MASTER' ? 200 : 50;

    return { lab => $lab, capture => $capture, other => $other,
             title => "$title, $role, $link, $other",
             logs => [start($lab, 'lb1', 'ngx_vrrp', 1, $own, $priority),
                      start($lab, 'lb2', $other, 1, $own, 100)] };
}


sub link_counts ($test) {
    my ($lab, $logs) = @$test{qw(lab logs)};
    my @packets = $test->{capture}->packets;

    return [1000 * cpu($lab, 'lb1', 'ngx_vrrp'),
            1000 * cpu($lab, 'lb2', $test->{other}),
            scalar @packets, scalar(grep { $_->{text} =~ /Flags \[S\]/ } @packets),
            map { scalar(() = $_->log_text =~ /\n/g) } @$logs];
}


# keepalived would take the machine with it.
sub measure_fast () {
    my $lab = VRRP::Lab->new(nodes => [qw(lb1 lb2)], quiet => 1);

    start($lab, 'lb1', 'ngx_vrrp', 250, $FAST, 200);
    start($lab, 'lb2', 'ngx_vrrp', 250, $FAST, 100);

    my ($master, $backup) = cpu_at_rest([$lab, 'lb1', 'ngx_vrrp'],
                                        [$lab, 'lb2', 'ngx_vrrp']);

    check_role($lab, 'MASTER', 250);
    $lab->destroy;

    say "250 instances, version 3, 30 ms, $seconds s\n";
    print row('', 'ngx_vrrp, % of a core'), row('---', '--:'),
          row('MASTER', sprintf '%.1f', 100 * $master / $seconds),
          row('BACKUP', sprintf '%.1f', 100 * $backup / $seconds), "\n";
}


sub start ($lab, $name, $system, $n, $profile, $priority) {
    my @names = 1 .. $n;

    if ($system eq 'ngx_vrrp') {
        return $lab->start_nginx($name, workers => 1, level => 'notice',
            vrrp => join '', map { ours($_, $profile, $priority,
                                        address($_)) } @names);
    } else {
        return $lab->start_keepalived($name,
            conf => join '', map { theirs($_, $profile, $priority) } @names);
    }
}


sub address ($i, $k = 0) { "10.9.$i." . ($k + 1) . '/32' }


sub ours ($i, $profile, $priority, @addresses) {
    return <<"END";
    vrrp_instance VI_$i {
        interface $VRRP::Node::INTERFACE;
        virtual_router_id $i;
        priority $priority;
        $profile->{ours}
@{[ map { "        virtual_ipaddress $_;\n" } @addresses ]}
    }
END
}


sub theirs ($i, $profile, $priority) {
    my $address = address($i);

    return <<"END";
vrrp_instance VI_$i {
    state BACKUP
    interface $VRRP::Node::INTERFACE
    virtual_router_id $i
    priority $priority
    $profile->{keepalived}
    virtual_ipaddress {
        $address
    }
}
END
}


# CPU time of each [lab, name of a node, system], s.
sub cpu_at_rest (@measured) {
    sleep $SETTLE;

    my @before = map { cpu(@$_) } @measured;
    sleep $seconds;
    my @after = map { cpu(@$_) } @measured;

    return map { $after[$_] - $before[$_] } 0 .. $#after;
}


# All processes of keepalived; our vrrp process, as nginx is there anyway.
sub cpu ($lab, $name, $system) {
    my $wanted = $system eq 'ngx_vrrp' ? qr/^ngx_vrrp/ : qr/^keepalived/;
    my @pids = map { $_->{pid} } grep { $_->{name} =~ $wanted }
               $lab->node($name)->processes;

    die "$name: no process of $system\n" unless @pids;

    return sum0(map { (split ' ', VRRP::Proc::slurp("/proc/$_/schedstat"))[0] }
                    @pids) / 1e9;
}


sub check_role ($lab, $role, $n) {
    my $have = grep { /^10\.9\./ } $lab->node('lb1')->addresses;
    my $wanted = $role eq 'MASTER' ? $n : 0;

    warn "lb1 has $have addresses, not $wanted\n" if $have != $wanted;
}


# The link of the MASTER is cut.
sub measure_move () {
    my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)], quiet => 1);

    for ([lb1 => 200], [lb2 => 100]) {
        my ($name, $priority) = @$_;

        $lab->start_nginx($name, workers => 1, level => 'notice',
            vrrp => join '', map {
                my $i = $_;
                ours($i, $FAST, $priority, map { address($i, $_) } 0 .. 249);
            } 1 .. 4);
    }

    $lab->wait_until('lb1 to hold all', 20, sub {
        1000 == grep { /^10\.9\./ } $lab->node('lb1')->addresses;
    });
    sleep 3;

    my $watch = $lab->watch_addresses('lb2');
    my $capture = $lab->capture('client', filter => 'arp');
    my $since = time;

    $lab->unplug('lb1');
    sleep 2;
    $capture->stop;

    my %added;

    for ((VRRP::Proc::slurp($watch->{file}) // '')
             =~ /^(.* inet 10\.9\.\d+\.\d+)\/32 /mg) {
        my ($address) = /(\S+)$/;
        $added{$address} //= VRRP::Watch::Addresses::_time($_);
    }

    my %told;

    for my $packet ($capture->packets) {
        my ($address) = $packet->{text} =~ /tell (10\.9\.\d+\.\d+)/ or next;
        $told{$address} //= $packet->{time};
    }

    my @added = map { 1000 * ($_ - $since) } values %added;
    my @told = map { 1000 * ($_ - $since) } values %told;

    say "1000 addresses on four instances, version 3, 30 ms: ms after the link"
        . " was cut\n";
    print row('', 'number', 'first', 'last'), row('---', ('--:') x 3),
          row('added', scalar @added, map { sprintf '%.0f', $_ }
              min(@added), max(@added)),
          row('announced', scalar @told, map { sprintf '%.0f', $_ }
              min(@told), max(@told)), "\n";

    $lab->destroy;
}
