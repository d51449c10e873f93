package VRRP::Linked;

# Nodes with peer links, lb1 to lb3, of which one is MASTER of all instances:
# what they know about each other, and what happens to them.

use v5.36;

use Test::More ();
use Time::HiRes qw(sleep);

use VRRP::Lab;

our $PORT = 30112;
our $PATIENCE = 10;

my %PRIORITY = (lb1 => 200, lb2 => 150, lb3 => 100);


# lab, instances (the configuration of all nodes, in which NODE is the name of the
# node), addresses, link (parameters of peer_link). lb1 becomes MASTER, and nothing
# moves without a reason.
sub new ($class, %args) {
    my $self = bless { nginx => {}, link => 'on', %args }, $class;
    my @names = grep { /^lb/ } map { $_->name } $self->{lab}->nodes;

    $self->_start($_) for @names;
    return $self;
}


# Two instances, of which one has the times of VRRPv2.
sub slow_and_fast ($class, $slow, $fast) {
    return <<"END";
    vrrp_instance SLOW {
        version 2;
        advert_int 1s;
        virtual_router_id 51;
        virtual_ipaddress $slow/24;
    }
    vrrp_instance FAST {
        advert_int 100ms;
        virtual_router_id 52;
        virtual_ipaddress $fast/24;
    }
END
}


# A file with a secret; its path.
sub secret ($class, $lab) {
    my $path = $lab->dir . '/secret';

    open my $file, '>', $path or die "$path: $!\n";
    print {$file} "the secret of the nodes\n";
    close $file;
    chmod 0600, $path;

    return $path;
}


sub _start ($self, $name) {
    $self->{nginx}{$name} = $self->{lab}->start_nginx(
        $name, vrrp => $self->vrrp($name), expect => qr/on signal 9/,
        http => <<"END");
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
    }
    server {
        listen 80;
        add_header X-Node $name;
        location / { return 200 web; }
    }
END
    $self->{lab}->wait_for_holder('lb1', $PATIENCE, $_)
        for @{ $self->{addresses} };
}


# The inside of the vrrp block.
sub vrrp ($self, $name, $link = undef, $instances = $self->{instances}) {
    $link //= $self->{link};
    $instances =~ s/NODE/$name/g;

    return <<"END";
    router_id $name;
    peer_link $link;
    interface $VRRP::Node::INTERFACE;
    priority $PRIORITY{$name};
    nopreempt;
    $instances
END
}


sub nginx ($self, $name) { $self->{nginx}{$name} }


# The virtual routers of both families.
sub parts ($self, $name) {
    return map { ($_, $_->{other_family} // ()) }
               @{ $self->nginx($name)->status->{instances} };
}


# What a node knows about another one: by its link, if there is one. It may have
# had one by the address of the other family.
sub peer ($self, $name, $other) {
    my @all = grep { $_->{router_id} && $_->{router_id} eq $other }
                   @{ $self->nginx($name)->status->{peers} };
    my ($up) = grep { $_->{state} eq 'up' } @all;

    return $up // $all[0] // {};
}


# The first one is MASTER of all, the second one knows that it is next, and the
# others are linked.
sub wait_until_ready ($self, $master, $next, $why = '') {
    my $parts = $self->parts($master);
    my @others = grep { $_ ne $master && $_ ne $next }
                      sort keys %{ $self->{nginx} };

    $self->{lab}->wait_until("$master to have named $next $why", $PATIENCE, sub {
        my @named = grep { $_->{state} eq 'MASTER' && $_->{successor} }
                         @{ $self->peer($next, $master)->{instances} // [] };
        return @named == $parts
               && !grep { ($self->peer($_, $master)->{state} // '') ne 'up' }
                        @others;
    });
}


sub transitions ($self, $name, $instances = qr/./) {
    return join ' ', map { $_->{counters}{transitions} }
                     grep { $_->{name} =~ $instances } $self->parts($name);
}


sub reasons ($self, $name) {
    return map { $_->{reason} } $self->parts($name);
}


# Asserts that no other node takes over from this MASTER.
sub changes_nothing ($self, $master, $what, $act, $instances = qr/./) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my @others = grep { $_ ne $master } sort keys %{ $self->{nginx} };
    my @before = map { $self->transitions($_, $instances) } @others;

    $act->();
    Test::More::is_deeply(
        [map { $self->transitions($_, $instances) } @others], \@before,
        "no takeover: $what")
        or Test::More::diag(map { $self->nginx($_)->log_tail } @others);
}


sub kill_vrrp_process ($self, $name) {
    $self->nginx($name)->kill_vrrp_process($PATIENCE);
}


# None of them may act on the death of another one: the vrrp process would send
# priority 0 when the master has died. Returns their pids.
sub kill_all ($self, $name) {
    my @all = map { $_->{pid} } $self->nginx($name)->processes;

    $self->nginx($name)->signal($_, @all) for qw(STOP KILL);
    return @all;
}


sub upgrade ($self, $name) {
    my $nginx = $self->nginx($name);
    my ($old) = $nginx->masters;

    $nginx->signal('USR2', $old);
    $self->{lab}->wait_until('a new master', $PATIENCE, sub {
        $nginx->masters == 2 && $nginx->vrrp_processes == 2 });
    $nginx->signal('QUIT', $old);
    $self->{lab}->wait_until('the end of the old one', $PATIENCE, sub {
        $nginx->masters == 1 && $nginx->vrrp_processes == 1 });
}


sub restart ($self, $name) {
    $self->nginx($name)->stop('QUIT');
    $self->nginx($name)->start;
}


1;
