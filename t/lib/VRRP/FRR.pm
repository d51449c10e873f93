package VRRP::FRR;

# FRR's zebra and vrrpd in a node of the lab. All their files are in the node's
# directory, and the virtual addresses are on macvlan devices of the node,
# which FRR sets down while it is not master. NGX_VRRP_PEER_ROOT is the root of
# another Debian, whose FRR is used.

use v5.36;

use JSON::PP qw(decode_json);
use Time::HiRes qw(sleep time);

use VRRP::Proc;

my $PEER_ROOT = $ENV{NGX_VRRP_PEER_ROOT} // '';
my @ROOT = $PEER_ROOT ? ('chroot', $PEER_ROOT) : ();
my $DAEMONS = '/usr/lib/frr';


# Why FRR cannot be tested here, or nothing if it can.
sub unavailable ($class) {
    my @missing = grep { !-x "$PEER_ROOT$DAEMONS/$_" } qw(zebra vrrpd);

    return @missing ? "no @missing in $DAEMONS (tools/install-deps lab)"
                    : undef;
}


# node, conf (lines of the interface), vips: "51 192.168.64.200/24", the VRID
# and an address.
sub new ($class, %args) {
    state $serial = 0;

    my $dir = $args{node}->dir . '/frr' . ++$serial;
    mkdir $dir or die "mkdir $dir: $!\n";
    chmod 0777, $dir;    # the user frr may have any number

    return bless { %args, dir => $dir }, $class;
}


sub start ($self) {
    my $node = $self->{node};
    my $dir = $self->{dir};

    $node->assert_isolated;
    $self->_make_device(split / /, $_) for $self->{vips}->@*;

    open my $conf, '>', "$dir/frr.conf" or die "$dir/frr.conf: $!\n";
    printf {$conf} "log file %s\ninterface %s\n%sexit\n", "$dir/log",
                   $node->interface, $self->{conf};
    close $conf;

    for my $daemon (qw(zebra vrrpd)) {
        $self->{$daemon} = $node->spawn({ tag => $daemon },
            @ROOT, "$DAEMONS/$daemon", '-f', "$dir/frr.conf", '-i', "$dir/$daemon.pid",
            '-z', "$dir/zserv.api", '--vty_socket', $dir, '-A', '127.0.0.1');
        $self->_wait("$daemon listens", sub { -S "$dir/$daemon.vty" });
    }
}


sub _make_device ($self, $vrid, $address) {
    my $node = $self->{node};
    my $family = $address =~ /:/ ? 6 : 4;
    my $device = "vrrp$family-$vrid";

    return if grep { $_ eq $device } $node->interfaces;

    $node->batch_ip(
        "link add $device link " . $node->interface
        . ' type macvlan mode bridge',
        sprintf("link set $device address 00:00:5e:00:%02x:%02x",
                $family == 4 ? 1 : 2, $vrid),
        "address add $address dev $device" . ($family == 6 ? ' nodad' : ''),
        "link set $device up");
}


# The state of a virtual router, in FRR's words: Master, Backup or Initialize.
sub state ($self, $vrid, $family) {
    my ($text) = $self->{node}->try(@ROOT, 'vtysh', '--vty_socket', $self->{dir},
                                    '-d', 'vrrpd', '-c', 'show vrrp json');
    my $list = eval { decode_json($text =~ s/^[^\[]*//r) } or return '';
    my ($router) = grep { $_->{vrid} == $vrid } @$list;

    return $router ? $router->{"v$family"}{status} // '' : '';
}


# Ends both daemons, gently or at once.
sub stop ($self, $signal = 'TERM') {
    for my $daemon (qw(vrrpd zebra)) {
        $self->{node}->reap(delete $self->{$daemon}, $signal)
            if $self->{$daemon};
    }
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
