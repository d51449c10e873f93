package VRRP::Lossless;

# Two balancers, a virtual address on lb1, and clients that ask for a page over
# new connections 500 times a second. An event happens on lb1, and a test
# checks the observations of it (VRRP::Observations).

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Observations;
use VRRP::Lab;
use VRRP::Nginx;

our $VIP = $VRRP::Lab::VIP;

# The delay that a busy machine with two cores may add to any time, s.
our $SLACK = 1;

# lease => the kernel's lease of an address is over after this time at the
# latest; s.
our %PROFILES = (
    v3 => { interval => 0.1, lease => 1.3,
            text => 'version 3; advert_int 100ms;' },
    v2 => { interval => 1, lease => 2.3,
            text => 'version 2; advert_int 1s; authentication PASS 123456;' },
);

our %PRIORITY = (lb1 => 100, lb2 => 90);


# Skips the whole test where it cannot run. profile; directives added to the
# vrrp_instance on both (instance).
sub new ($class, %args) {
    my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
    plan(skip_all => $reason) if $reason;

    my $profile = $PROFILES{ $args{profile} // 'v3' };
    my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);

    my $self = bless { instance => '', expect => qr/on signal 9/, %args,
                       %$profile, lab => $lab }, $class;

    $self->{nginx}{$_} = $self->_start($_) for qw(lb1 lb2);
    $self->wait_for_holder('lb1');

    $self->{watch}{$_} = $lab->watch_addresses($_) for qw(lb1 lb2);
    $self->{capture} = $lab->capture('client');
    $self->{load} = $lab->load(interval => 1.9);

    # lb2 may have been MASTER first.
    $self->comes_back;

    return $self;
}


sub lab ($self)            { $self->{lab} }
sub lb1 ($self)            { $self->{nginx}{lb1} }
sub lb2 ($self)            { $self->{nginx}{lb2} }
sub nginx ($self, $name)   { $self->{nginx}{$name} }
sub node ($self, $name)    { $self->{lab}->node($name) }
sub address ($self, $name) { $self->node($name)->address }
sub interval ($self)       { $self->{interval} }
sub lease ($self)          { $self->{lease} }
sub capture ($self)        { $self->{capture} }
sub load ($self)           { $self->{load} }


# The time after which lb2 detects a silent master, and the time after
# priority 0, s.
sub takeover ($self) { (3 + 166 / 256) * $self->{interval} }

sub skew ($self) {
    return 166 / 256 * ($self->{interval} >= 1 ? 1 : $self->{interval});
}


# The inside of a vrrp block; priority, addresses, instance (more directives),
# vrrp (more of the block).
sub vrrp ($self, $name, %args) {
    my $priority = $args{priority} // $PRIORITY{$name};
    my $more = $args{instance} // '';
    my $block = $args{vrrp} // '';

    my $addresses = join ' ', map { "virtual_ipaddress $_/24;" }
                    @{ $args{addresses} // [$VIP] };

    return <<"END";
    router_id $name;
    $block
    vrrp_instance VI_1 {
        interface $VRRP::Node::INTERFACE;
        virtual_router_id 51;
        priority $priority;
        $self->{text}
        $addresses
        garp_master_delay 200ms;
        $self->{instance}
        $more
    }
END
}


# Another instance for the vrrp block.
sub second_instance ($self, $name, %args) {
    my $vrid = $args{vrid} // 52;
    my $address = $args{address} // '192.168.64.201';

    return <<"END";
    vrrp_instance VI_2 {
        interface $VRRP::Node::INTERFACE;
        virtual_router_id $vrid;
        priority $PRIORITY{$name};
        $self->{text}
        virtual_ipaddress $address/24;
        garp_master_delay 200ms;
    }
END
}


sub http ($self, $name, $more = '') {
    return <<"END";
    server {
        listen 80;
        add_header X-Node $name always;
        location / { return 200 page; }
    }

    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; allow 127.0.0.1; deny all; }
        location /control/ { vrrp_control on; }
    }
    $more
END
}


sub _start ($self, $name) {
    return $self->{lab}->start_nginx($name, expect => $self->{expect},
        vrrp => $self->vrrp($name), http => $self->http($name));
}


# The longest time between two adverts without a missed one, s: less than two
# intervals, plus the time that the machine itself was late. bench/ measures
# the real time.
sub gap_limit ($self, $lateness) {
    return 1.9 * $self->{interval} + $lateness;
}


# Lets something happen. Returns the evidence of it, until some time after.
sub during ($self, $act, %args) {
    my $logged = { map { $_ => length $self->{nginx}{$_}->log_text }
                   qw(lb1 lb2) };
    my $since = time;

    $act->();
    sleep($args{settle} // 0.3 + 2 * $self->{interval});

    my $until = time;
    $self->{load}->settle($until) if $self->{load};

    return VRRP::Observations->new(test => $self, since => $since,
                               until => $until, logged => $logged);
}


sub wait_for_holder ($self, $name, $address = $VIP) {
    $self->{lab}->wait_for_holder($name, 10 + $self->takeover, $address);
}


# The same for several that have it all, by name.
sub wait_for_holders ($self, $names, $address = $VIP) {
    $self->wait_until("$names to have $address", sub {
        join(' ', $self->{lab}->who_has($address)) eq $names;
    });
}


sub wait_until ($self, $what, $condition, $timeout = 15) {
    return $self->{lab}->wait_until($what, $timeout, $condition);
}


# One of the balancers has the address, and has announced it completely.
sub wait_until_quiet ($self) {
    sleep 0.3 + $self->{interval};
}


# Ends lb1 if it still runs, by force, and lets it have the address again.
sub restore ($self) {
    my $lb1 = $self->lb1;

    # A process that waits for the signal of its parent may fork once more.
    for (1 .. 20) {
        my @left = $lb1->processes or last;
        $lb1->signal('KILL', map { $_->{pid} } @left);
        sleep 0.05;
    }

    $lb1->wait_gone;
    $lb1->configure(vrrp => $self->vrrp('lb1'), http => $self->http('lb1'));
    $lb1->start;
    $self->comes_back;
}


# A router that is MASTER again within seconds announces the address once more,
# 0.4 s later.
sub comes_back ($self) {
    $self->wait_for_holder('lb1');
    sleep 0.6;
    $self->wait_until_quiet;
}


# Another configuration for lb1, which takes effect at a reload.
sub reconfigure ($self, %args) {
    my $http = delete $args{http} // '';

    $self->lb1->configure(vrrp => $self->vrrp('lb1', %args),
                          http => $self->http('lb1', $http));
}


sub reload ($self) { $self->lb1->reload(15) }


# A binary upgrade begins: a second master with its own processes. Returns the
# first and the second.
sub upgrade ($self) {
    my $lb1 = $self->lb1;
    my ($old) = $lb1->masters;

    $lb1->signal('USR2', $old);
    $self->wait_until('a second nginx to serve', sub {
        $lb1->masters == 2 && $lb1->vrrp_processes == 2
        && $lb1->workers == 2 * $lb1->{workers};
    });

    sleep 0.3;

    return ($old, grep { $_ != $old } $lb1->masters);
}


# It ends with QUIT to one of the masters.
sub quit_master ($self, $master) {
    my $lb1 = $self->lb1;

    $lb1->signal('QUIT', $master);
    $self->wait_until('one nginx to be left', sub {
        $lb1->masters == 1 && $lb1->vrrp_processes == 1
        && $lb1->workers == $lb1->{workers};
    });
}


# For any event on lb1: whether the address moves or not, no split brain is
# reported.
sub nothing_suspected ($self) {
    for my $name (qw(lb1 lb2)) {
        my @lines = grep { /two masters: |foreign owner: |adverts lost: / }
                    split /\n/, $self->{nginx}{$name}->log_text;

        is("@lines", '', "$name: no sign of a split brain");
    }
}


sub finish ($self) {
    $self->nothing_suspected;
    $self->{load}->stop;
    $self->{lab}->finish;
    done_testing;
}


1;
