package VRRP::Bfdd;

# FRR's zebra and bfdd in a node of the lab.

use v5.36;

use JSON::PP qw(decode_json);
use Time::HiRes qw(sleep time);

use VRRP::Proc;

my $DAEMONS = $ENV{NGX_VRRP_FRR} // '/usr/lib/frr';


# node, conf (the inside of "bfd").
sub new ($class, %args) {
    state $serial = 0;

    my $dir = $args{node}->dir . '/bfdd' . ++$serial;
    mkdir $dir or die "mkdir $dir: $!\n";
    chown scalar(getpwnam 'frr'), scalar(getgrnam 'frr'), $dir
        if defined getpwnam 'frr';

    return bless { %args, dir => $dir }, $class;
}


# Why it cannot be used here, or nothing if it can.
sub unavailable ($class = undef) {
    my @missing = grep { !-x "$DAEMONS/$_" } qw(zebra bfdd);

    return @missing ? "no @missing in $DAEMONS, run tools/install-deps" : undef;
}


sub start ($self) {
    my $node = $self->{node};
    my $dir = $self->{dir};

    $node->assert_isolated;

    open my $conf, '>', "$dir/frr.conf" or die "$dir/frr.conf: $!\n";
    print {$conf} "log file $dir/log\nbfd\n$self->{conf}exit\n";
    close $conf;

    for my $daemon (qw(zebra bfdd)) {
        my @own = $daemon eq 'bfdd' ? ('--bfdctl', "$dir/bfdd.sock") : ();

        $self->{$daemon} = $node->spawn({ tag => $daemon },
            "$DAEMONS/$daemon", '-f', "$dir/frr.conf", '-i', "$dir/$daemon.pid",
            '-z', "$dir/zserv.api", '--vty_socket', $dir, '-A', '127.0.0.1',
            @own);
        $self->_wait("$daemon to listen", sub { -S "$dir/$daemon.vty" });
    }
}


sub vtysh ($self, @commands) {
    my ($out) = $self->{node}->try(
        'vtysh', '--vty_socket', $self->{dir}, '-d', 'bfdd',
        map { ('-c', $_) } @commands);

    return $out;
}


# The state of its session with this address: "up", "down", "init", "shutdown".
sub bfd_state ($self, $peer) {
    my $text = $self->vtysh('show bfd peers json');
    my $list = eval { decode_json($text =~ s/^[^\[]*//r) } or return '';
    my ($found) = grep { $_->{peer} eq $peer } @$list;

    return $found ? $found->{status} : '';
}


# Ends both, gently or at once; start() waits for their sockets.
sub stop ($self, $signal = 'TERM') {
    $self->{node}->reap(delete $self->{$_}, $signal)
        for grep { $self->{$_} } qw(bfdd zebra);

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
