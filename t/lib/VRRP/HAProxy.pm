package VRRP::HAProxy;

# Debian's haproxy in a node of the lab.

use v5.36;

use Time::HiRes qw(sleep time);

use VRRP::Proc;


# node, conf (the whole haproxy.cfg).
sub new ($class, %args) {
    state $serial = 0;

    my $base = $args{node}->dir . '/haproxy' . ++$serial;

    return bless { %args, file => "$base.cfg", log => "$base.log" }, $class;
}


# Why it cannot be used here, or nothing if it can.
sub unavailable ($class = undef) {
    return if -x '/usr/sbin/haproxy';
    return 'no haproxy here, run tools/install-deps';
}


sub node ($self) { $self->{node} }


sub start ($self) {
    my $node = $self->{node};

    open my $out, '>', $self->{file} or die "$self->{file}: $!\n";
    print {$out} $self->{conf};
    close $out;

    $self->{pid} = $node->spawn(
        { pid_namespace => 1, errors => $self->{log}, tag => 'haproxy' },
        qw(/usr/sbin/haproxy -db -f), $self->{file});

    my $deadline = time + 10;

    while (!$self->answers) {
        die $node->name . ": haproxy does not start\n"
            . (VRRP::Proc::slurp($self->{log}) // '') . "\n"
            if time > $deadline;
        sleep 0.05;
    }
}


sub answers ($self) {
    my (undef, $status) = $self->{node}->try(
        qw(curl -s -o /dev/null -m 1 http://127.0.0.1/));

    return $status == 0;
}


# All its processes.
sub pids ($self) {
    return map { $_->{pid} } grep { $_->{name} =~ /^haproxy/ }
           VRRP::Proc::in_namespace_of($self->{node}->pid, 'net');
}


# At once: nothing answers from now on.
sub kill_all ($self) {
    kill 'KILL', $self->pids;
    $self->{node}->reap(delete $self->{pid}, 'KILL') if $self->{pid};
}


1;
