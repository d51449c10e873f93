#!/usr/bin/perl

# The rights of each process of nginx, as the kernel reports them.

use v5.36;

use Test::More;

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

# Bits of linux/capability.h.
my $NET_ADMIN = 12;
my $NET_RAW = 13;

my $NEEDED = sprintf '%016x', 1 << $NET_ADMIN | 1 << $NET_RAW;
my $NONE = '0' x 16;

my $lab = VRRP::Lab->new(nodes => ['lb1']);

my $nginx = $lab->start_nginx('lb1', expect => qr/on signal 9/, vrrp => <<'END',
    vrrp_instance VI_1 {
        interface vrlab0;
        virtual_router_id 51;
        virtual_ipaddress 192.168.64.200/24;
    }
END
    http => 'server { listen 80; location / { return 200; } }');

$lab->wait_for_holder('lb1', 10);

check('after the start');

replaced_by(sub { $nginx->command('reload') });
check('after a reload');

replaced_by(sub { $nginx->signal('KILL', $nginx->vrrp_processes) });
check('after a respawn');

$lab->finish;
done_testing;


# Another vrrp process comes in the place of the one there is.
sub replaced_by ($act) {
    my ($old) = $nginx->vrrp_processes;

    $act->();

    $lab->wait_until('another vrrp process', 10, sub {
        my @now = $nginx->vrrp_processes;
        return @now == 1 && $now[0] != $old;
    });
}


sub check ($when) {
    subtest $when => sub {
        my ($vrrp) = $nginx->vrrp_processes;
        my %privileged = map { $_ => 1 } $vrrp, $nginx->masters;

        is_deeply(status_of($vrrp), {
            CapInh => $NONE, CapPrm => $NEEDED, CapEff => $NEEDED,
            CapAmb => $NONE, NoNewPrivs => 1, user => 'www-data',
            group => 'www-data', Groups => own_groups(),
        }, 'vrrp process');

        for my $other (grep { !$privileged{ $_->{pid} } } $nginx->processes) {
            my $status = status_of($other->{pid});

            is_deeply([@$status{qw(CapInh CapPrm CapEff CapAmb user)}],
                      [$NONE, $NONE, $NONE, $NONE, 'www-data'],
                      $other->{title});
        }
    };
}


# Of /proc/PID/status, with the names of the four user and group ids, which
# must be the same.
sub status_of ($pid) {
    my %status = VRRP::Proc::slurp("/proc/$pid/status")
                 =~ /^(\w+):\s+(.*?)\s*$/mg;
    my %found = map { $_ => $status{$_} }
                qw(CapInh CapPrm CapEff CapAmb NoNewPrivs Groups);

    my $only = sub (@ids) {
        my %seen = map { $_ => 1 } @ids;
        return keys %seen == 1 ? $ids[0] : -1;
    };

    $found{user}  = getpwuid $only->(split ' ', $status{Uid});
    $found{group} = getgrgid $only->(split ' ', $status{Gid});

    return \%found;
}


# The supplementary groups of nginx's user, as the kernel lists them.
sub own_groups () {
    chomp(my $groups = `id -G www-data`);

    return join ' ', sort { $a <=> $b } split ' ', $groups;
}
