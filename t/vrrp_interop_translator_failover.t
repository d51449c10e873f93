#!/usr/bin/perl

# Six instances of a keepalived.conf: keepalived runs with the original on one
# node, nginx with the translation on the other one. All addresses move in both
# directions, and no advertisement is dropped.

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Lab;
use VRRP::Nginx;
use VRRP::Node;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $translator = dirname(abs_path(VRRP::Nginx->module || '.'))
    . '/ngx-vrrp-from-keepalived';
plan(skip_all => "there is no $translator") if !-x $translator;

my ($OURS, $THEIRS) = ('192.168.64.130', '192.168.64.134');
my @addresses = map { "192.168.64.20$_" } 1 .. 6;

sub keepalived_conf ($own, $peer, $priority) {
    return <<"END";
\$PRIORITY=$priority
\$COMMON= \\
    interface $VRRP::Node::INTERFACE \\
    priority \$PRIORITY
vrrp_sync_group GROUP {
    group {
        INSIDE
        OUTSIDE
    }
}
vrrp_instance PASS {
    \$COMMON
    state BACKUP
    virtual_router_id 1
    advert_int 1.4
    authentication { auth_type PASS
        auth_pass secret#comment
    }
    virtual_ipaddress { $addresses[0]/24 }
}
vrrp_instance FAST {
    \$COMMON
    version 3
    virtual_router_id 2
    advert_int 0.1
    virtual_ipaddress { $addresses[1]/24 }
}
vrrp_instance UNICAST {
    \$COMMON
    version 3
    virtual_router_id 3
    advert_int 0.2
    unicast_src_ip $own
    unicast_peer {
        $peer
    }
    virtual_ipaddress {
        $addresses[2]/255.255.255.0
    }
}
vrrp_instance EXCLUDED {
    \$COMMON
    version 3
    virtual_router_id 4
    virtual_ipaddress { $addresses[3]/24 }
    virtual_ipaddress_excluded { fd64::204/64 }
}
vrrp_instance INSIDE {
    \$COMMON
    version 3
    virtual_router_id 5
    virtual_ipaddress { $addresses[4]/24 }
}
vrrp_instance OUTSIDE {
    \$COMMON
    version 3
    virtual_router_id 6
    virtual_ipaddress { $addresses[5]/24 }
}
END
}

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);

sub all_on ($node, $title) {
    for my $address (@addresses) {
        my $held = eval { $lab->wait_for_holder($node, 15, $address); 1 };
        ok($held, "$title: $address") or diag($@);
    }
}

sub translated ($text) {
    my $file = $lab->dir . '/original.conf';

    open my $out, '>', $file or die "open $file: $!\n";
    print {$out} $text;
    close $out or die "close $file: $!\n";

    # VRRP::Nginx writes the block itself.
    my ($lines) = `$translator $file 2>/dev/null` =~ /^vrrp \{\n(.*)^\}/ms;

    return $lines;
}

my $keepalived = $lab->start_keepalived('lb2',
    conf => keepalived_conf($THEIRS, $OURS, 90));

all_on('lb2', 'keepalived is MASTER');

my $ours = $lab->start_nginx('lb1',
    vrrp => translated(keepalived_conf($OURS, $THEIRS, 80)),
    http => 'server { listen 127.0.0.1:8080; '
            . 'location = /vrrp { vrrp_status; } }');

sleep 1.5;
all_on('lb2', 'we are BACKUP');

$keepalived->stop;
all_on('lb1', 'keepalived has ended');

$keepalived->start;
all_on('lb2', 'keepalived preempts');

sleep 1.5;
for my $instance ($ours->status->{instances}->@*) {
    my $counters = $instance->{counters};
    my %dropped = $counters->{dropped}->%*;

    is($instance->{state}, 'BACKUP', "$instance->{name}: our state");
    cmp_ok($counters->{adverts_received}, '>', 1, 'we received keepalived');
    is(join(' ', grep { $dropped{$_} } sort keys %dropped), '',
        'we dropped no packet');
}

my @complaints = grep {
    /invalid|mismatch|wrong|incorrect|discard/i
    && !/Line \d+\)|received lower priority/
} split /\n/, $keepalived->log_text;

is(join("\n", @complaints), '', 'keepalived has no complaint');

$lab->finish;
done_testing();
