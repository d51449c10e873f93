package VRRP::Bench::System;

# The measured system: two balancers with some high availability software, in
# a separate lab. lb1 has the address.

use v5.36;

use VRRP::Bench::Keepalived;
use VRRP::Bench::Module;
use VRRP::Classic;

# profile: see VRRP::Classic. check: how keepalived learns of nginx's end. vmac:
# with "use_vmac". link: with "peer_link".
# period: what the time that passes until something is noticed depends on, s.
our %SYSTEMS = (
    'ngx_vrrp-v2'     => { profile => 'v2' },
    'ngx_vrrp-v3'     => { profile => 'v3' },
    'ngx_vrrp-v2-link' => { profile => 'v2', link => 1 },
    'ngx_vrrp-v3-link' => { profile => 'v3', link => 1 },
    'ngx_vrrp-v3_10ms' => { profile => 'v3_10ms' },
    'ngx_vrrp-v3-vmac' => { profile => 'v3', vmac => 1 },

    # The pair of the classic recipes.
    'keepalived'      => { profile => 'v2', check => 'script', period => 2 },

    # The shortest interval that a script can have.
    'keepalived-v2'   => { profile => 'v2', check => 'script', period => 1 },
    'keepalived-v3'   => { profile => 'v3', check => 'script', period => 1 },
    'keepalived-v3-vmac' => { profile => 'v3', check => 'script', period => 1,
                           vmac => 1 },
    'keepalived-v3_10ms' => { profile => 'v3_10ms', check => 'script',
                           period => 1 },

    # The best that it can do.
    'keepalived-best' => { profile => 'v3_30ms', check => 'process' },
);


# Starts it, and returns when lb1 has the address: an object that has
#     lab, classic
#     nginx             of lb1, VRRP::Nginx
#     speakers          pids of what speaks VRRP on lb1
#     everything        pids of it and of nginx
#     command_name      of nginx, as killall wants it
sub start ($class, $name, $lab) {
    my $system = $SYSTEMS{$name} or die "no system \"$name\"\n";
    my $kind = $system->{check} ? 'VRRP::Bench::Keepalived'
                                : 'VRRP::Bench::Module';

    my $classic = VRRP::Classic->new(profile => $system->{profile});
    my $self = $kind->new(%$system, classic => $classic, lab => $lab);

    $classic->start_web($lab, $_) for qw(web1 web2);
    $self->start_balancers;
    $lab->wait_for_holder('lb1', $classic->down_interval + 10);

    return $self;
}


1;
