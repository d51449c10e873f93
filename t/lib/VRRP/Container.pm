package VRRP::Container;

# nginx as the first process of a container on a node of the lab: its own PID
# and mount namespaces, a read-only root, and "daemon off". As user namespace,
# root of the container is an ordinary user outside, and the interface of the
# node moves into the container.

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Copy qw(copy);
use Time::HiRes qw(sleep time);

use VRRP::Nginx;
use VRRP::Proc;

my $LIB = abs_path(dirname(__FILE__) . '/..');

my $FIRST_ID = 200_000;  # of the user namespace
my $IDS = 65_536;


# node, main, vrrp, http (parts of the configuration); user_namespace; setpriv:
# its options (capabilities, user).
sub new ($class, %args) {
    my $self = bless {
        user_namespace => 0,
        setpriv        => [],
        %args,
    }, $class;

    $self->{dir} = $self->{node}->dir . '/container';
    mkdir $self->{dir} or die "$self->{dir}: $!\n";

    # The checkout may be where only root can read.
    copy(VRRP::Nginx->module, "$self->{dir}/module.so")
        or die "$self->{dir}/module.so: $!\n";
    chmod 0755, $self->{dir}, "$self->{dir}/module.so";

    $self->_write_conf;

    return $self;
}


sub start ($self) {
    my $node = $self->{node};

    $node->assert_isolated;

    my @spaces = qw(--pid --fork --kill-child=KILL --mount);
    push @spaces, qw(--user --net --keep-caps) if $self->{user_namespace};

    # It waits until the user namespace is complete, and becomes root of it.
    my $go = "$self->{dir}/go";
    my @root = $self->{user_namespace}
             ? qw(setpriv --reuid=0 --regid=0 --clear-groups) : ();

    $self->{unshare} = $node->spawn({ tag => 'container' },
        'unshare', @spaces, 'sh', '-c',
        'until [ -e "$0" ]; do sleep 0.02; done; exec "$@"', $go,
        @root, "$LIB/container.sh", $self->{dir}, 'setpriv', $self->{setpriv}->@*,
        VRRP::Nginx->binary, '-p', "$self->{dir}/", '-e', 'stderr',
        '-c', "$self->{dir}/nginx.conf");

    $self->_wait('the first process', sub {
        ($self->{pid}) = VRRP::Proc::children($self->{unshare});
        return $self->{pid};
    });

    $self->_complete_user_namespace if $self->{user_namespace};

    _write($go, '');
    $self->_wait('nginx', sub { $self->processes('worker process') });
}


# Processes of the container with this title: hashes of pid, inner, title.
sub processes ($self, $title) {
    return grep { $_->{title} =~ /^nginx: $title/ }
           VRRP::Proc::in_namespace_of($self->{pid}, 'pid');
}


sub pid ($self) { $self->{pid} }


sub signal ($self, $signal) {
    kill $signal, $self->{pid} or die "$signal: $!\n";
}


# Nothing of the container is left.
sub wait_gone ($self) {
    my $unshare = delete $self->{unshare};

    $self->_wait('the end of the container', sub { !-e "/proc/$self->{pid}" });
    $self->{node}->reap($unshare);
}


# Runs a command in the network of the container.
sub run ($self, @command) {
    my $pid = $self->{pid};
    my $out = qx{nsenter -t $pid -n -- @command 2>&1};

    die "@command: $out\n" if $?;

    return $out;
}


sub has_address ($self, $address) {
    return $self->run('ip -o address show') =~ / \Q$address\E\//;
}


sub log_text ($self) {
    return VRRP::Proc::slurp($self->{node}->dir . '/container.err') // '';
}


sub _complete_user_namespace ($self) {
    my ($node, $pid) = @$self{qw(node pid)};
    my $interface = $node->interface;

    _write("/proc/$pid/$_", "0 $FIRST_ID $IDS\n") for qw(uid_map gid_map);
    chown $FIRST_ID, $FIRST_ID, $self->{dir}, glob "$self->{dir}/*";

    my $addresses = join ' ; ', map { "ip address add $_ dev $interface"
                                      . (/:/ ? ' nodad' : '') }
                    $node->{addresses}->@*;

    system('nsenter', '-t', $node->pid, '-n', '--', qw(ip link set),
           $interface, 'netns', $pid) == 0 or die "no interface for $pid\n";
    $self->run("sh -c 'ip link set lo up ; ip link set $interface up ;"
               . " $addresses'");
}


sub _write_conf ($self) {
    my $temp = join '', map { "    ${_}_temp_path /run/$_;\n" }
               qw(client_body proxy fastcgi uwsgi scgi);

    _write("$self->{dir}/nginx.conf", <<"END");
load_module $self->{dir}/module.so;
daemon off;
pid /run/nginx.pid;
error_log stderr info;
worker_processes 2;
$self->{main}
events { }
vrrp {
$self->{vrrp}
}
http {
    access_log off;
$temp
$self->{http}
}
END
}


sub _write ($path, $text) {
    open my $file, '>', $path or die "$path: $!\n";
    print {$file} $text;
    close $file or die "$path: $!\n";
}


sub _wait ($self, $what, $condition) {
    my $deadline = time + 10;

    while (time < $deadline) {
        return if $condition->();
        sleep 0.02;
    }

    die "waited in vain: $what\n" . $self->log_text;
}

1;
