package VRRP::Systemd;

# A real systemd in a node of the lab, which runs the nginx of that node with
# the example drop-in. It is a user manager, run by root in the node's PID and
# mount namespace, with a control group that is removed at the end: it reaches
# nothing outside of the node.

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Time::HiRes qw(sleep);

use VRRP::Proc;

my $MANAGER = '/lib/systemd/systemd';

# in which a RuntimeDirectory= is
our $RUNTIME = '/run/systemd-lab';

our $EXAMPLES = abs_path(dirname(__FILE__)
    . '/../../../conf-examples/systemd');


# Why no systemd can run here, or nothing if one can.
sub unavailable ($class) {
    return "no $MANAGER here" if !-x $MANAGER;

    my ($version) = `systemctl --version 2>/dev/null` =~ /^systemd (\d+)/;

    return 'systemd 250 is needed for "ExitType"' if ($version // 0) < 250;
    return 'no cgroup2 here'
        if !grep { /\bcgroup2$/ } split /\n/,
            VRRP::Proc::slurp('/proc/filesystems') // '';

    return;
}


# node, nginx (a VRRP::Nginx that does not run), drop_in (the text of one; the
# example by default). Starts nothing but systemd.
sub start ($class, %args) {
    my $node = $args{node};
    my $self = bless { %args, cgroup => "vrlab.$$." . $node->name }, $class;
    my $units = $node->dir . '/units';

    mkdir $units or die "mkdir $units: $!\n";
    $self->{units} = $units;
    $self->write_units;

    # systemd takes all of its own control group.
    my $script = <<"END";
        set -e
        mkdir -p $RUNTIME /run/systemd/system
        mount -t cgroup2 none /sys/fs/cgroup
        mkdir /sys/fs/cgroup/$self->{cgroup}
        echo 0 > /sys/fs/cgroup/$self->{cgroup}/cgroup.procs
        export SYSTEMD_LOG_TARGET=console SYSTEMD_UNIT_PATH=$units:
        export XDG_RUNTIME_DIR=$RUNTIME XDG_CONFIG_HOME=$units
        exec $MANAGER --user
END

    $self->{pid} = $node->spawn({ tag => 'systemd', pid_namespace => 1 },
                                'sh', '-c', $script);

    for (1 .. 200) {
        return $self
            if ($self->systemctl('is-system-running'))[0] =~ /running|degraded/;
        sleep 0.05;
    }

    die $node->name . ": systemd does not start: "
        . VRRP::Proc::slurp($node->dir . '/systemd.out')
        . VRRP::Proc::slurp($node->dir . '/systemd.err') . "\n";
}


# Like Debian's nginx.service, for the nginx of the lab.
sub write_units ($self) {
    my $nginx = $self->{nginx};
    my $pid_file = $nginx->dir . '/nginx.pid';
    my $command = join ' ', $nginx->binary, '-p', $nginx->dir . '/', '-c',
                       $nginx->conf_file;

    my $drop_in = $self->{drop_in}
        // VRRP::Proc::slurp("$EXAMPLES/nginx.service.d/vrrp.conf");
    $drop_in =~ s{/run/nginx\.pid}{$pid_file}g;

    mkdir "$self->{units}/nginx.service.d";

    $self->write_unit('nginx.service', <<"END");
[Service]
Type=forking
PIDFile=$pid_file
ExecStart=$command
ExecReload=$command -s reload
ExecStop=-/sbin/start-stop-daemon --quiet --stop --retry QUIT/5 --pidfile $pid_file
TimeoutStopSec=5
KillMode=mixed
END
    $self->write_unit('nginx.service.d/vrrp.conf', $drop_in);
}


sub write_unit ($self, $name, $text) {
    open my $out, '>', "$self->{units}/$name" or die "$name: $!\n";
    print {$out} $text;
    close $out;
}


# Output and exit status.
sub systemctl ($self, @words) {
    return $self->{node}->try('env', "XDG_RUNTIME_DIR=$RUNTIME", 'systemctl',
                              '--user', @words);
}


# The value of a property of a unit.
sub show ($self, $property, $unit = 'nginx.service') {
    my ($text) = $self->systemctl('show', '--value', '-p', $property, $unit);
    chomp $text;

    return $text;
}


# For the diagnosis of a failed test.
sub report ($self) {
    my $node = $self->{node};

    return ($self->systemctl('status', '-l', 'nginx.service'))[0]
           . join '', map { VRRP::Proc::slurp($node->dir . "/systemd.$_") }
                      qw(out err);
}


# Ends all that it runs.
sub stop ($self) {
    my $node = $self->{node};

    $self->systemctl('exit');
    $node->reap($self->{pid});

    # The control groups are in the way of no other node, but they would stay.
    $node->try('sh', '-c', "for i in 1 2 3 4 5 6 7 8 9 10; do"
        . " find /sys/fs/cgroup/$self->{cgroup} -depth -type d"
        . " -exec rmdir {} + 2>/dev/null && exit; sleep 0.2; done");
}


1;
