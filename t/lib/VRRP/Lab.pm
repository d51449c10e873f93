package VRRP::Lab;

# A small network in namespaces: machines ("nodes") on one switch, or two.
#
#     my $lab = VRRP::Lab->new;
#     my $lb1 = $lab->node('lb1');
#     ...
#     $lab->finish;           # asserts, and takes everything down
#
# Nothing outside the namespaces is touched: the switch is a node too. Nothing
# is left behind, whatever ends the test: see VRRP::Node.

use v5.36;

use Carp qw(croak);
use File::Path qw(remove_tree);
use File::Spec;
use File::Temp qw(tempdir);
use Time::HiRes qw(sleep time);

use VRRP::Keepalived;
use VRRP::Load;
use VRRP::Nginx;
use VRRP::Node;
use VRRP::Proc;
use VRRP::Watch;

our $VIP = '192.168.64.200';

# Host numbers of the scenario; tests can add other names.
our %HOSTS = (
    client => 10,
    lb1    => 130,
    lb2    => 134,
    lb3    => 138 + 1,
    web1   => 143,
    web2   => 138,
);

my %labs;

# A test that is interrupted must reach its END blocks.
for my $signal (qw(INT TERM HUP)) {
    $SIG{$signal} = sub { exit 1 };
}

END {
    my $status = $?;

    for my $lab (values %labs) {
        next if $lab->{owner} != $$;

        warn "lab: not finished, taken down\n" unless $lab->{quiet};
        $lab->destroy;
        $status ||= 1;
    }

    $? = $status;
}


# Why no lab can be made here, or nothing if one can.
sub unavailable ($class = undef) {
    return 'root is needed for network namespaces' if $> != 0;

    for my $tool (qw(ip unshare nsenter setpriv nft tcpdump keepalived)) {
        return "no \"$tool\" here, run tools/install-deps"
            unless grep { -x "$_/$tool" } qw(/usr/sbin /usr/bin /sbin /bin);
    }

    return 'namespaces are not permitted here'
        if system('unshare -n -p -f -m -u true 2>/dev/null') != 0;

    return 'no veth and bridge interfaces here'
        if system('unshare -n sh -c "ip link add type veth'
                  . ' && ip link add type bridge" 2>/dev/null') != 0;

    return;
}


# Directories of labs whose process was killed; everything else of them ended
# with it.
sub _remove_stale () {
    for my $dir (glob File::Spec->tmpdir . '/vrlab-*-*') {
        my ($owner) = $dir =~ /vrlab-(\d+)-\w+$/ or next;

        remove_tree($dir) unless -e "$dir/kept" || -d "/proc/$owner";
    }
}


# nodes => names (default: all of the scenario), second_link => names of those
# with a second interface, quiet => an abandoned lab is not reported.
sub new ($class, %args) {
    $ENV{PATH} = '/usr/sbin:/usr/bin:/sbin:/bin';

    _remove_stale();

    my $self = bless {
        owner  => $$,
        dir    => tempdir("vrlab-$$-XXXX", TMPDIR => 1),
        nodes  => {},
        nginx  => [],
        quiet  => $args{quiet},
        epoch  => time,
    }, $class;

    $labs{$self} = $self;

    chmod 0755, $self->{dir};

    my @names = @{ $args{nodes} // [ qw(client lb1 lb2 web1 web2) ] };

    $self->_make_switch('switch');
    $self->_plug_in($_, 'switch', $VRRP::Node::INTERFACE, '64') for @names;

    if (my $second = $args{second_link}) {
        $self->_make_switch('switch2');
        $self->_plug_in($_, 'switch2', 'vrlab1', '65') for @$second;
    }

    return $self;
}


sub dir ($self)   { $self->{dir} }
sub epoch ($self) { $self->{epoch} }


sub node ($self, $name) {
    return $self->{nodes}{$name} // croak "no node \"$name\"";
}


sub nodes ($self) {
    return map { $self->{nodes}{$_} }
           grep { !/^switch/ } sort keys %{ $self->{nodes} };
}


sub _make_switch ($self, $name) {
    my $switch = $self->_make_node($name);

    $switch->batch_ip(
        'link add br0 type bridge stp_state 0 forward_delay 0'
        . ' mcast_snooping 0',
        'link set br0 up');
}


sub _make_node ($self, $name, @addresses) {
    my $node = VRRP::Node->new(name => $name, dir => "$self->{dir}/$name",
                               addresses => \@addresses);

    return $self->{nodes}{$name} = $node;
}


sub _plug_in ($self, $name, $switch_name, $interface, $net) {
    my $host = $HOSTS{$name} // croak "no address for node \"$name\"";
    my @addresses = ("192.168.$net.$host/24", "fd$net\::$host/64");

    my $node = $self->{nodes}{$name} // $self->_make_node($name, @addresses);
    my $switch = $self->node($switch_name);
    my $port = "sw-$name";

    die "the machine itself has an interface \"$interface\"\n"
        if grep { $_ eq $interface } VRRP::Proc::interfaces('self');

    # The namespace is given by the pid of a process in it; pids are the lab's.
    my $pid = $node->pid;

    system('nsenter', '-t', $switch->pid, '-n', '--', qw(ip link add), $port,
           qw(type veth peer name), $interface, 'netns', $pid) == 0
        or die "cannot plug \"$name\" into \"$switch_name\"\n";

    $switch->batch_ip("link set $port master br0 up");
    $node->batch_ip("link set $interface up",
        map { "address add $_ dev $interface" . (/:/ ? ' nodad' : '') }
        @addresses);
}


# Gives a node its interface again after it was deleted.
sub plug_in_again ($self, $name) {
    $self->_plug_in($name, 'switch', $VRRP::Node::INTERFACE, '64');
}


# Takes the cable out at the switch, and back.
sub unplug ($self, $name, $switch = 'switch') {
    $self->node($switch)->run(qw(ip link set), "sw-$name", 'down');
}

sub plug ($self, $name, $switch = 'switch') {
    $self->node($switch)->run(qw(ip link set), "sw-$name", 'up');
}


# Names of the nodes that really have the address on an interface.
sub who_has ($self, $address = $VIP) {
    return map { $_->name } grep { $_->has_address($address) } $self->nodes;
}


# Polls until a condition holds. Returns its value, or dies after the timeout
# and says what was waited for.
sub wait_until ($self, $what, $timeout, $condition) {
    my $deadline = time + $timeout;

    while (1) {
        my $value = $condition->();
        return $value if $value;

        last if time > $deadline;
        sleep 0.02;
    }

    die "waited $timeout s in vain: $what\n";
}


# Waits until exactly this node has the address.
sub wait_for_holder ($self, $name, $timeout, $address = $VIP) {
    my $last = '';

    my $held = eval {
        $self->wait_until("\"$name\" to hold $address", $timeout, sub {
            $last = join ' ', $self->who_has($address);
            return $last eq $name;
        });
    };

    die "$@holder now: " . ($last || 'nobody') . "\n" unless $held;

    return 1;
}


sub start_nginx ($self, $name, %args) {
    my $nginx = VRRP::Nginx->new(node => $self->node($name), %args);

    push @{ $self->{nginx} }, $nginx;
    $nginx->start;

    return $nginx;
}


sub start_keepalived ($self, $name, %args) {
    my $keepalived = VRRP::Keepalived->new(node => $self->node($name), %args);

    $keepalived->start;

    return $keepalived;
}


sub capture ($self, $name, %args) {
    return VRRP::Watch::Capture->new(node => $self->node($name), %args);
}


sub watch_addresses ($self, $name) {
    return VRRP::Watch::Addresses->new(node => $self->node($name));
}


sub watch_reports ($self, $name, @objects) {
    return VRRP::Watch::Reports->new(node => $self->node($name),
                                     objects => \@objects);
}


sub load ($self, %args) {
    return VRRP::Load->new(node => $self->node($args{from} // 'client'),
                           url => "http://$VIP/", %args);
}


# Stops every nginx, asserts that its error log is clean, and takes the lab
# down.
sub finish ($self) {
    for my $nginx (@{ $self->{nginx} }) {
        $nginx->stop;
    }

    for my $nginx (@{ $self->{nginx} }) {
        my @complaints = $nginx->complaints;
        my $name = $nginx->node->name;

        if (Test::More->can('ok')) {
            Test::More::is("@complaints", '', "$name: nothing alarming logged");
        } elsif (@complaints) {
            warn "$name: @complaints\n";
        }
    }

    $self->destroy;
}


# The nodes live on; returns the first process of each, by name.
sub keep ($self) {
    my %pids = map { $_->name => $_->keep } values %{ $self->{nodes} };

    $self->_mark_kept;
    delete $labs{$self};

    return \%pids;
}


sub _mark_kept ($self) {
    open my $mark, '>', "$self->{dir}/kept" or die "$self->{dir}: $!\n";
}


sub destroy ($self) {
    delete $labs{$self};

    return if $self->{owner} != $$;

    $_->destroy for values %{ $self->{nodes} };

    if ($ENV{VRRP_LAB_KEEP_FILES}) {
        $self->_mark_kept;
        warn "lab: files are in $self->{dir}\n";
    } else {
        remove_tree($self->{dir});
    }
}


1;
