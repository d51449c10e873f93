package VRRP::FRRDaemon;

# FRR's zebra and another daemon of it in a node of the lab. All their files are
# in the node's directory. NGX_VRRP_PEER_ROOT is the root of another Debian,
# whose FRR is used. Subclasses: daemon(), the name of the other one; conf(), the
# text of frr.conf; maybe options(), further arguments.

use v5.36;

use JSON::PP qw(decode_json);
use Time::HiRes qw(sleep time);

use VRRP::Proc;

my $PEER_ROOT = $ENV{NGX_VRRP_PEER_ROOT} // '';
my @ROOT = $PEER_ROOT ? ('chroot', $PEER_ROOT) : ();
my $DAEMONS = '/usr/lib/frr';


# Why it cannot be tested here, or nothing if it can.
sub unavailable ($class) {
    my @missing = grep { !-x "$PEER_ROOT$DAEMONS/$_" } 'zebra', $class->daemon;

    return @missing ? "no @missing in $DAEMONS (tools/install-deps lab)"
                    : undef;
}


# node, and what conf() needs.
sub new ($class, %args) {
    state $serial = 0;

    my $dir = $args{node}->dir . '/frr' . ++$serial;
    mkdir $dir or die "mkdir $dir: $!\n";
    chmod 0777, $dir;    # the user frr may have any number

    return bless { %args, dir => $dir }, $class;
}


sub options ($self) { return }


sub start ($self) {
    my $node = $self->{node};
    my $dir = $self->{dir};

    $node->assert_isolated;

    open my $conf, '>', "$dir/frr.conf" or die "$dir/frr.conf: $!\n";
    print {$conf} "log file $dir/log\n", $self->conf;
    close $conf;

    for my $daemon ('zebra', $self->daemon) {
        my @own = $daemon eq 'zebra' ? () : $self->options;

        $self->{$daemon} = $node->spawn({ tag => $daemon },
            @ROOT, "$DAEMONS/$daemon", '-f', "$dir/frr.conf",
            '-i', "$dir/$daemon.pid", '-z', "$dir/zserv.api",
            '--vty_socket', $dir, '-A', '127.0.0.1', @own);
        $self->_wait("$daemon to listen", sub { -S "$dir/$daemon.vty" });
    }
}


sub vtysh ($self, @commands) {
    my ($out) = $self->{node}->try(@ROOT, 'vtysh', '--vty_socket',
                                   $self->{dir}, '-d', $self->daemon,
                                   map { ('-c', $_) } @commands);

    return $out;
}


# What a "show ... json" lists; empty if there is no answer.
sub list ($self, $command) {
    my $text = $self->vtysh($command);
    my $list = eval { decode_json($text =~ s/^[^\[]*//r) } // [];

    return @$list;
}


# Ends both, gently or at once; start() waits for their sockets.
sub stop ($self, $signal = 'TERM') {
    $self->{node}->reap(delete $self->{$_}, $signal)
        for grep { $self->{$_} } $self->daemon, 'zebra';

    unlink glob "$self->{dir}/*.vty $self->{dir}/zserv.api";
}


sub log_text ($self) {
    return VRRP::Proc::slurp("$self->{dir}/log") // '';
}


sub _wait ($self, $what, $condition) {
    my $deadline = time + 10;

    while (!$condition->()) {
        die $self->{node}->name . ": FRR: waited 10 s in vain: $what\n"
            . $self->log_text . "\n" if time > $deadline;
        sleep 0.02;
    }
}


1;
