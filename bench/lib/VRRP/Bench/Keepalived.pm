package VRRP::Bench::Keepalived;

# nginx, and keepalived that watches it: with a script that runs pgrep, or with
# track_process.

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(dirname);

use VRRP::Nginx;

my $CONNECTOR = abs_path(dirname(__FILE__) . '/../../../connector.c');

my $WORKERS = 2;


sub new ($class, %args) {
    my $self = bless { period => $args{classic}->interval, %args }, $class;

    $self->{environment} = $self->_tracks ? $self->_connector : [];

    return $self;
}


sub lab ($self)    { $self->{lab} }
sub period ($self) { $self->{period} }
sub nginx ($self)  { $self->{nginx}{lb1} }

sub _tracks ($self) { $self->{check} eq 'process' }


# keepalived counts processes by name, and from outside of the PID namespaces
# of the lab it would see those of all nodes: each node has its own name.
sub command_name ($self, $name = 'lb1') {
    return $self->_tracks ? "nginx-$name" : 'nginx';
}


sub start_balancers ($self) {
    for my $name (qw(lb1 lb2)) {
        $self->{nginx}{$name} = $self->{classic}->start_plain_balancer(
            $self->{lab}, $name, binary => $self->_binary($name),
            workers => $WORKERS);

        $self->{keepalived}{$name} = $self->{lab}->start_keepalived($name,
            conf => $self->_conf($name), environment => $self->{environment},
            pid_namespace => $self->_tracks ? 0 : 1);

        $self->_wait_for_process_events($name) if $self->_tracks;
    }
}


# Not every kernel and not every container has them.
sub _wait_for_process_events ($self, $name) {
    my $keepalived = $self->{keepalived}{$name};

    $self->{lab}->wait_until('process events', 2, sub {
        $keepalived->log_text =~ /proc_events has confirmed/;
    });
}


sub _binary ($self, $name) {
    my $link = $self->{lab}->node($name)->dir . '/'
               . $self->command_name($name);

    symlink VRRP::Nginx->binary, $link or die "$link: $!\n";

    return $link;
}


sub _conf ($self, $name) {
    my ($check, $use) = $self->_tracks ? $self->_process_check($name)
                                       : $self->_script_check;

    $use .= $self->_use_vmac($name) if $self->{vmac};

    return $check . $self->{classic}->keepalived($name, instance => $use);
}


# keepalived leaves arp_announce to the operator.
sub _use_vmac ($self, $name) {
    $self->{lab}->node($name)->run(qw(sysctl -qw),
        "net.ipv4.conf.$VRRP::Node::INTERFACE.arp_announce=2");

    return "\n    use_vmac";
}


# As weight is not given, a script that fails is a fault.
sub _script_check ($self) {
    return <<"END", "track_script {\n        check_nginx\n    }";
vrrp_script check_nginx {
    script "/usr/bin/pgrep nginx"
    interval $self->{period}
}

END
}


# The number of all of nginx's processes, so that the loss of any is noticed;
# without weight 0 it would be no fault.
sub _process_check ($self, $name) {
    my $process = $self->command_name($name);
    my $all = 1 + $WORKERS;

    return <<"END", "track_process {\n        nginx\n    }";
vrrp_track_process nginx {
    process $process
    quorum $all
    weight 0
}

END
}


# See connector.c.
sub _connector ($self) {
    my $library = $self->{lab}->dir . '/connector.so';

    system('cc', qw(-O2 -Wall -shared -fPIC -o), $library, $CONNECTOR) == 0
        or die "cannot build $library\n";

    return ["LD_PRELOAD=$library", "CONNECTOR_NAMESPACE=/proc/$$/ns/net"];
}


# The first process only watches the second.
sub speakers ($self) {
    my ($first, $second) = $self->{keepalived}{lb1}->pids;

    return $second;
}


sub everything ($self) {
    return $self->{keepalived}{lb1}->pids,
           map { $_->{pid} } $self->nginx->processes;
}


1;
