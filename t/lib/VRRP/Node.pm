package VRRP::Node;

# One machine of the lab: its own network, PID, mount and UTS namespace, which
# live exactly as long as its first process (node-init.pl). They have no
# names, so nothing is left of them after any end of that process.

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use IPC::Open3 qw(open3);
use POSIX qw(setsid);
use Time::HiRes qw(sleep time);

use VRRP::Proc;

our $INTERFACE = 'vrlab0';

my $LIB = abs_path(dirname(__FILE__) . '/..');


sub new ($class, %args) {
    my $self = bless {
        name      => $args{name},
        dir       => $args{dir},
        addresses => $args{addresses} // [],
        interface => $INTERFACE,
        owner     => $$,
        spawned   => {},
    }, $class;

    mkdir $self->{dir} or die "mkdir $self->{dir}: $!\n"
        unless -d $self->{dir};

    $self->_start_init;

    return $self;
}


sub name ($self)      { $self->{name} }
sub dir ($self)       { $self->{dir} }
sub pid ($self)       { $self->{pid} }
sub interface ($self) { $self->{interface} }


# The first address, without its mask.
sub address ($self, $family = 4) {
    my ($found) = grep { $family == 6 ? /:/ : !/:/ } @{ $self->{addresses} };

    return $found =~ s{/.*}{}r;
}


sub _start_init ($self) {
    pipe my $stdin,  $self->{hold} or die "pipe: $!\n";
    pipe my $ready, my $stdout     or die "pipe: $!\n";

    my $pid = fork // die "fork: $!\n";

    if ($pid == 0) {
        open STDIN,  '<&', $stdin;
        open STDOUT, '>&', $stdout;
        open STDERR, '>>', "$self->{dir}/init.err";

        # A terminal's signals are for the lab, which ends its nodes itself.
        setsid();

        exec qw(unshare --net --pid --fork --mount --uts --mount-proc),
             '--kill-child=KILL', $^X, "$LIB/node-init.pl", $self->{name};
        die "exec unshare: $!\n";
    }

    $self->{unshare} = $pid;
    close $stdin;
    close $stdout;

    my $line = <$ready> // '';
    die "cannot make node \"$self->{name}\": "
        . (VRRP::Proc::slurp("$self->{dir}/init.err") // '') . "\n"
        if $line ne "ready\n";

    ($self->{pid}) = VRRP::Proc::children($pid);
    $self->{ready} = $ready;
}


# The namespaces outlive the lab from now on; ending the returned process, the
# node's first, ends them.
sub keep ($self) {
    my $hold = $self->{hold};

    syswrite $hold, "keep\n";
    readline $self->{ready};

    return $self->{pid};
}


sub enter_command ($self, %args) {
    my @spaces = $args{pid_namespace} // 1 ? qw(-n -u -m -p) : qw(-n -u);

    return ('nsenter', '-t', $self->{pid}, @spaces, '--');
}


# Runs a command inside and waits for it. Returns its output; dies if it fails,
# unless asked not to.
sub run ($self, @command) {
    my ($out, $status) = $self->try(@command);

    die "$self->{name}: \"@command\" failed with status $status: $out\n"
        if $status;

    return $out;
}


# The same, but returns output and exit status.
sub try ($self, @command) {
    open my $null, '<', '/dev/null' or die "/dev/null: $!\n";

    my $pid = open3('<&' . fileno $null, my $out, undef,
                    $self->enter_command, @command);

    my $text = do { local $/; <$out> } // '';
    waitpid $pid, 0;

    return ($text, $? >> 8 || $? & 127);
}


# Starts a command inside that continues to run; its output goes to TAG.out
# and TAG.err in the node's directory, or to the files given as output and
# errors. With pid_namespace => 0 it stays in the lab's own PID namespace and
# the returned pid is the command's; it ends with the lab in any case.
sub spawn ($self, $args, @command) {
    my $tag = $args->{tag} // (split m{/}, $command[0])[-1];
    my $out = $args->{output} // "$self->{dir}/$tag.out";

    my $pid = fork // die "fork: $!\n";

    if ($pid == 0) {
        open STDIN,  '<',  '/dev/null';
        open STDOUT, '>',  $out or die "$out: $!\n";
        open STDERR, '>>', $args->{errors} // "$self->{dir}/$tag.err";

        my @enter = $self->enter_command(
            pid_namespace => $args->{pid_namespace} // 0);

        exec qw(setpriv --pdeathsig KILL --), @enter, @command;
        die "exec @command: $!\n";
    }

    $self->{spawned}{$pid} = $tag;

    return $pid;
}


# Ends a spawned command, gently at first.
sub reap ($self, $pid, $signal = 'TERM') {
    return unless delete $self->{spawned}{$pid};

    kill $signal, $pid;

    for (1 .. 200) {
        return if waitpid($pid, 1) != 0;
        sleep 0.01;
    }

    kill 'KILL', $pid;
    waitpid $pid, 0;
}


sub batch_ip ($self, @lines) {
    my $file = "$self->{dir}/ip.batch";

    open my $out, '>', $file or die "$file: $!\n";
    say {$out} $_ for @lines;
    close $out;

    $self->run('ip', '-batch', $file);
}


# Processes of this node: hashes of pid (as the lab sees it), ppid, inner (as
# the node sees it), name (comm), title.
sub processes ($self) {
    return VRRP::Proc::in_namespace_of($self->{pid}, 'pid');
}


# Names of the network interfaces inside.
sub interfaces ($self) {
    return VRRP::Proc::interfaces($self->{pid});
}


# Nothing that speaks VRRP may be started where this does not hold.
sub assert_isolated ($self) {
    my $inside = VRRP::Proc::net_namespace($self->{pid});

    for my $outside (1, 'self') {
        my $other = VRRP::Proc::net_namespace($outside) // next;

        die "$self->{name}: not in a network namespace of its own\n"
            if $inside eq $other;
    }

    my $interface = $self->{interface};

    die "$self->{name}: no interface \"$interface\" inside\n"
        unless grep { $_ eq $interface } $self->interfaces;

    die "the machine itself has an interface \"$interface\"\n"
        if grep { $_ eq $interface } VRRP::Proc::interfaces('self');
}


# True if the address is on an interface of this node now.
sub has_address ($self, $address) {
    return scalar grep { $_ eq $address } $self->addresses;
}


# All addresses on all interfaces of this node now, without masks.
sub addresses ($self) {
    my $out = $self->run(qw(ip -o address show));

    return $out =~ m{ inet6? ([0-9a-f.:]+)}g;
}


# A program for "notify" that writes its arguments, or these words of a shell,
# into a file. The user of nginx runs it. Returns its path and that of the file.
sub recorder ($self, $words = '$*') {
    my ($script, $file) = map { "$self->{dir}/$_" } qw(hook.sh told);

    my %text = ($file => '',
                $script => "#!/bin/sh\necho \"$words\" >> $file\n");

    for my $path (keys %text) {
        open my $out, '>', $path or die "$path: $!\n";
        print {$out} $text{$path};
        close $out;
    }

    chmod 0755, $script;
    chmod 0666, $file;

    return ($script, $file);
}


# Drops VRRP packets, in one direction or both. Ends with let_vrrp_pass().
sub drop_vrrp ($self, $direction = 'both') {
    my @hooks = $direction eq 'both' ? qw(input output)
              : $direction eq 'in'   ? qw(input)
              : $direction eq 'out'  ? qw(output)
              :                        die "no direction \"$direction\"\n";

    my $rules = join '', map {
        "chain $_ { type filter hook $_ priority 0; meta l4proto 112 drop; }\n"
    } @hooks;

    my $file = "$self->{dir}/drop.nft";
    open my $out, '>', $file or die "$file: $!\n";
    print {$out} "table inet vrlab {\n$rules}\n";
    close $out;

    $self->run('nft', '-f', $file);
}


# Output first: a node that hears another MASTER while its own adverts cannot be
# sent stays out for a while, and the kernel removes hooks one after the other.
sub let_vrrp_pass ($self) {
    $self->try(qw(nft delete chain inet vrlab output));
    $self->run(qw(nft delete table inet vrlab));
}


# Drops whatever goes to these addresses. Ends with let_traffic_pass().
sub drop_traffic ($self, @addresses) {
    my $list = join ', ', @addresses;
    my $file = "$self->{dir}/traffic.nft";

    open my $out, '>', $file or die "$file: $!\n";
    print {$out} "table inet vrtraffic {\nchain output {\n"
                 . "type filter hook output priority 0;\n"
                 . "ip daddr { $list } drop;\n}\n}\n";
    close $out;

    $self->run('nft', '-f', $file);
}


sub let_traffic_pass ($self) {
    $self->run(qw(nft delete table inet vrtraffic));
}


# From now on, this node learns nothing from gratuitous ARP and unsolicited
# neighbor advertisements about these addresses.
sub ignore_announcements ($self, @addresses) {
    my $list = join ', ', grep { !/:/ } @addresses;

    $self->run('nft', "table netdev vrquiet {\nchain in {\n"
        . "type filter hook ingress device $self->{interface} priority 0;\n"
        . "arp saddr ip { $list } arp daddr ip { $list } drop;\n"
        . "ip6 daddr ff02::1 icmpv6 type nd-neighbor-advert drop;\n}\n}\n");
}


sub destroy ($self) {
    return if $self->{owner} != $$ || !$self->{unshare};

    for my $pid (keys %{ $self->{spawned} }) {
        $self->reap($pid);
    }

    close $self->{hold};

    my $unshare = delete $self->{unshare};

    for (1 .. 300) {
        return if waitpid($unshare, 1) != 0;
        sleep 0.01;
    }

    kill 'KILL', $unshare;
    waitpid $unshare, 0;
}


1;
