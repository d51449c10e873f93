package VRRP::Bird;

# Debian's bird in a node of the lab.

use v5.36;

use Time::HiRes qw(sleep time);

use VRRP::Proc;


# node, conf (the whole bird.conf), pid_namespace (1: other programs of the node
# see its process, and it ends with the lab).
sub new ($class, %args) {
    state $serial = 0;

    my $base = $args{node}->dir . '/bird' . ++$serial;

    return bless { %args, base => $base }, $class;
}


# Why it cannot be used here, or nothing if it can.
sub unavailable ($class = undef) {
    return if -x '/usr/sbin/bird';
    return 'no bird here, run tools/install-deps';
}


sub start ($self) {
    my $node = $self->{node};
    my $base = $self->{base};

    $node->assert_isolated;

    open my $out, '>', "$base.conf" or die "$base.conf: $!\n";
    print {$out} "log stderr all;\n$self->{conf}";
    close $out;

    $self->{pid} = $node->spawn(
        { errors => "$base.log", tag => 'bird',
          pid_namespace => $self->{pid_namespace} },
        qw(/usr/sbin/bird -f -c), "$base.conf", '-s', "$base.ctl",
        '-P', "$base.pid");

    my $deadline = time + 10;

    while ($self->control('show status') !~ /up and running/) {
        die $node->name . ": bird does not start\n" . $self->log_text
            if time > $deadline;
        sleep 0.05;
    }
}


# The output of birdc.
sub control ($self, @command) {
    my ($out) = $self->{node}->try(qw(/usr/sbin/birdc -s),
                                   "$self->{base}.ctl", @command);

    return $out;
}


# The state of its BFD session with this address: "Up", "Down", "Init".
sub bfd_state ($self, $peer) {
    my ($state) = $self->control('show bfd sessions')
                  =~ /^\Q$peer\E\s+\S+\s+(\w+)/m;

    return $state // '';
}


sub stop ($self, $signal = 'TERM') {
    $self->{node}->reap(delete $self->{pid}, $signal) if $self->{pid};
}


sub log_text ($self) {
    return VRRP::Proc::slurp("$self->{base}.log") // '';
}


1;
