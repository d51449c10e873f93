package VRRP::Keepalived;

# Debian's keepalived in a node of the lab, with a private configuration. Its
# pid files are in the node's directory. NGX_VRRP_PEER_ROOT is the root of
# another Debian, whose keepalived is used.

use v5.36;

use Time::HiRes qw(sleep time);

use VRRP::Proc;

my @ROOT = $ENV{NGX_VRRP_PEER_ROOT} ? ('chroot', $ENV{NGX_VRRP_PEER_ROOT}) : ();


# node, conf (the whole keepalived.conf), environment (a list of VARIABLE=VALUE).
# With pid_namespace => 0 it lives among the lab's processes, not the node's.
sub new ($class, %args) {
    state $serial = 0;

    my $node = $args{node};
    my $base = $node->dir . '/keepalived' . ++$serial;

    return bless { pid_namespace => 1, environment => [], %args,
                   base => $base, file => "$base.conf", log => "$base.log" },
                 $class;
}


sub node ($self) { $self->{node} }


sub start ($self) {
    my $node = $self->{node};

    $node->assert_isolated;

    open my $out, '>', $self->{file} or die "$self->{file}: $!\n";
    print {$out} $self->{conf};
    close $out;
    chmod 0644, $self->{file};

    my $before = length $self->log_text;

    $self->{spawned} = $node->spawn(
        { pid_namespace => $self->{pid_namespace}, errors => $self->{log},
          tag => 'keepalived' },
        'env', $self->{environment}->@*, @ROOT,
        qw(keepalived --dont-fork --log-console --log-detail --no-syslog
           --vrrp), "--pid=$self->{base}.pid",
        "--vrrp_pid=$self->{base}-vrrp.pid", '--use-file', $self->{file});

    $self->_wait('start', 10, sub {
        substr($self->log_text, $before) =~ /STATE/;
    });
}


# All its processes, the first one first.
sub pids ($self) {
    return map { $_->{pid} } grep { $_->{name} =~ /^keepalived/ }
           VRRP::Proc::in_namespace_of($self->{node}->pid, 'net');
}


# Ends it gracefully, and waits for that.
sub stop ($self, $signal = 'TERM') {
    my @pids = $self->pids;

    kill $signal, $pids[0] if @pids;
    $self->_wait_end("end after $signal", @pids);
}


# Ends all its processes at once, with no time for a last word: the child would
# use the moment between its parent's end and its own.
sub kill_all ($self) {
    my @pids = $self->pids;

    kill 'STOP', @pids;
    kill 'KILL', @pids;
    $self->_wait_end('end after KILL', @pids);
}


# To the next keepalived, one that is not reaped yet is one that runs; and
# nsenter, which should reap it, stops when it does.
sub _wait_end ($self, $what, @pids) {
    $self->_wait($what, 10, sub { !$self->pids });
    $self->{node}->reap(delete $self->{spawned}, 'KILL') if $self->{spawned};
    $self->_wait("$what, and reaped", 10,
                 sub { !grep { -d "/proc/$_" } @pids });
}


sub log_text ($self) {
    return VRRP::Proc::slurp($self->{log}) // '';
}


# The state it logged last: MASTER, BACKUP or FAULT; '' before the first.
sub state ($self) {
    my @states = $self->log_text =~ /Entering (\w+) STATE/g;

    return $states[-1] // '';
}


sub _wait ($self, $what, $timeout, $condition) {
    my $deadline = time + $timeout;

    while (!$condition->()) {
        die $self->{node}->name
            . ": keepalived: waited $timeout s in vain: $what\n"
            . $self->log_text . "\n" if time > $deadline;
        sleep 0.02;
    }
}


1;
