package VRRP::Nginx;

# A real nginx in a node of the lab, with its own directory, log and
# configuration.
#
# NGX_VRRP_NGINX names another binary than Debian's, NGX_VRRP_MODULE another
# module than build/ngx_vrrp_module.so; empty if it is linked in.
# NGX_VRRP_STREAM names the stream module of that binary, if it is not in the
# directory for its modules.

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use JSON::PP qw(decode_json);
use Time::HiRes qw(sleep time);

use VRRP::Proc;

# The time for which a quitting worker waits for its connections, s.
our $SHUTDOWN_TIMEOUT = 3;

my $TOP = abs_path(dirname(__FILE__) . '/../../..');

my $SANITIZER = qr/(?:Address|Leak|UndefinedBehavior|Thread)Sanitizer
                   |:\d+:\d+:\ runtime\ error:/x;


sub binary ($self = undef) {
    return ref $self && $self->{binary} || $ENV{NGX_VRRP_NGINX}
           || '/usr/sbin/nginx';
}


sub module ($class = undef) {
    return $ENV{NGX_VRRP_MODULE} // "$TOP/build/ngx_vrrp_module.so";
}


# nginx's own number for a version: 1022001 is 1.22.1.
sub version ($class, $binary = binary()) {
    my ($major, $minor, $patch) = `$binary -v 2>&1` =~ m{/(\d+)\.(\d+)\.(\d+)}
        or return 0;

    return $major * 1_000_000 + $minor * 1_000 + $patch;
}


# Whether ./configure was called with this option.
sub configured ($class, $option) {
    state $options = `@{[ binary() ]} -V 2>&1`;

    return $options =~ /(?<!\S)\Q$option\E(?![^\s'])/;
}


# The stream module of this nginx: its file, empty if it is linked in, undef if
# there is none. Debian's is a separate package; another nginx needs its own.
sub stream_module ($class = undef) {
    return '' if $class->configured('--with-stream');

    my ($dir) = `@{[ binary() ]} -V 2>&1` =~ /--modules-path=([^\s']+)/;
    my $file = $ENV{NGX_VRRP_STREAM} // ($dir // '') . '/ngx_stream_module.so';

    return -e $file ? $file : undef;
}


# The directive for it at the beginning of a configuration; undef if there is none.
sub load_stream ($class = undef) {
    my $file = $class->stream_module // return;

    return $file eq '' ? '' : "load_module $file;";
}


# Why the module cannot be tested here, or nothing if it can.
sub unavailable ($class = undef) {
    my $module = module();

    return "no $module, run tools/build" if $module ne '' && !-e $module;
    return 'no ' . binary()              if !-x binary();

    return;
}


# node, vrrp (the inside of the vrrp block), http (of the http block), workers,
# connections (of each), main (more directives), level (of the error log), expect
# (a pattern of alarming lines that are wanted), user, binary, wrapper (a command
# that runs it), before, after (modules that are loaded before and after ours),
# remembers (crashes of earlier starts), example (a whole configuration instead of
# all that).
sub new ($class, %args) {
    state $serial = 0;

    my $node = $args{node};
    my $dir = $node->dir . '/nginx' . ++$serial;

    # nginx from source writes to logs/ until it has read its configuration.
    mkdir $_ or die "mkdir $_: $!\n" for $dir, "$dir/logs";

    my $self = bless {
        workers => 2,
        connections => 4096,
        level   => 'info',
        user    => 'www-data',
        wrapper => [],
        main    => '',
        http    => '',
        %args,
        dir     => $dir,
    }, $class;

    return $self;
}


sub node ($self)      { $self->{node} }
sub dir ($self)       { $self->{dir} }
sub error_log ($self) { "$self->{dir}/error.log" }
sub conf_file ($self) { "$self->{dir}/nginx.conf" }

# What the vrrp process remembers for the next nginx.
sub history_file ($self) { "$self->{dir}/nginx.pid.vrrp_history" }


# Replaces parts of the configuration; takes effect at start or reload.
sub configure ($self, %args) {
    $self->{$_} = $args{$_} for keys %args;
    $self->_write_conf;
}


# Each start is the first one, unless crashes of nginx are to be remembered
# (remembers): a test may kill it often.
sub start ($self) {
    $self->{node}->assert_isolated;
    $self->_write_conf;
    unlink $self->history_file unless $self->{remembers};

    my ($out, $status) = $self->run;

    die $self->{node}->name . ": nginx does not start: $out"
        . ($self->log_tail // '') . "\n" if $status;

    $self->_wait('workers to start', 10, sub {
        $self->workers >= $self->{workers};
    });
}


# Runs the nginx binary on this configuration, e.g. run('-s', 'quit').
sub run ($self, @options) {
    return $self->{node}->try($self->{wrapper}->@*, $self->binary,
                              '-p', "$self->{dir}/", '-c', $self->conf_file,
                              @options);
}


# nginx -s quit, stop, reload or reopen, as an operator does it.
sub command ($self, $command) {
    my ($out, $status) = $self->run('-s', $command);

    die $self->{node}->name . ": nginx -s $command: $out\n" if $status;
}


# nginx -s reload, and the end of it: as many workers and vrrp processes as are
# wanted, and none of the old ones.
sub reload ($self, $timeout = 10) {
    my %old = map { $_ => 1 } $self->vrrp_processes, $self->workers;
    my $wanted = $self->{workers} + (defined $self->{vrrp} ? 1 : 0);

    $self->command('reload');
    $self->_wait('the old processes to end', $timeout, sub {
        my @now = ($self->vrrp_processes, $self->workers);

        return @now == $wanted && !grep { $old{$_} } @now;
    });
}


# The master starts another one.
sub kill_vrrp_process ($self, $timeout = 10) {
    my ($old) = $self->vrrp_processes;

    $self->signal('KILL', $old);
    $self->_wait('another vrrp process', $timeout, sub {
        my @now = $self->vrrp_processes;
        return @now == 1 && $now[0] != $old;
    });
}


# Ends it and waits for that, if it runs.
sub stop ($self, $signal = 'TERM', $timeout = 10) {
    kill $signal, $_ for $self->masters;

    $self->_wait("end after $signal", $timeout, sub { !$self->processes });
}


sub wait_gone ($self, $timeout = 10) {
    $self->_wait('end of nginx', $timeout, sub { !$self->processes });
}


# Every process whose title or name is nginx's; see VRRP::Node::processes().
sub processes ($self) {
    return grep { $_->{title} =~ /^(?:nginx|angie): / || $_->{name} =~ /^nginx/ }
           $self->{node}->processes;
}


sub _pids ($self, $title) {
    return map { $_->{pid} } grep { $_->{title} =~ $title } $self->processes;
}


sub masters ($self)        { $self->_pids(qr/^\w+: master process/) }
sub workers ($self)        { $self->_pids(qr/^\w+: worker process/) }
sub vrrp_processes ($self) { $self->_pids(qr/^\w+: vrrp process/) }
sub checkers ($self)       { $self->_pids(qr/^\w+: vrrp checker process/) }


# kill(2) by pid, not by name: other labs may run.
sub signal ($self, $signal, @pids) {
    return kill $signal, @pids;
}


# The status location's answer, decoded.
sub status ($self) {
    my ($out, $failed) = $self->{node}->try(
        qw(curl -s -S -m 5 http://127.0.0.1:8080/vrrp));

    die $self->{node}->name . ": no status: $out\n" if $failed;

    # Without a vrrp process, for a moment or for good, it has no instances.
    my $status = decode_json($out);
    $status->{instances} //= [];
    return $status;
}


# State of its first or only instance, from the status; '' before there is one.
sub state ($self, $name = undef) {
    my ($found) = grep { !defined $name || $_->{name} eq $name }
                  @{ $self->status->{instances} };

    return $found->{state} // '';
}


sub log_text ($self) {
    return VRRP::Proc::slurp($self->error_log) // '';
}


sub log_tail ($self) {
    return join "\n", (split /\n/, $self->log_text)[-5 .. -1]
        if $self->log_text =~ tr/\n// >= 5;

    return $self->log_text;
}


# `tools/build --sanitize` writes a script that starts nginx.
sub is_sanitized ($class) { -T $class->binary }


# A connection was closed while a worker sent a response: nginx itself logs this
# as an alert (docs/directives.md, close_connections). It says "while sending to
# client" only if it had to wait for the client before.
my $SENDING = qr/ while sending to client/;
my $CLOSED =
    qr/(?:writev|sendfile)\(\) failed \(103: [^)]*\)$SENDING?, client: /;


# Lines of the error log that must not be there, first of all alerts and the
# reports of sanitizers.
sub complaints ($self) {
    my $expect = $self->{expect};

    my @reports = grep { -s } glob "$self->{dir}/sanitizer.*";

    return grep { $_ !~ $CLOSED && (!$expect || !/$expect/) }
           (grep { /\[(?:alert|emerg)\]/ || $_ =~ $SANITIZER }
                 split /\n/, $self->log_text),
           map { VRRP::Proc::slurp($_) } @reports;
}


# A whole configuration of conf-examples, on the interfaces of the lab.
sub _write_example ($self) {
    my $module = $self->module;
    my $text = $self->{example}
        =~ s/\beth0\b/vrlab0/gr
        =~ s/\beth1\b/vrlab1/gr
        =~ s/^error_log .*//mr
        =~ s{^load_module modules/ngx_vrrp_module\.so;}
            {$module eq '' ? '' : "load_module $module;"}mre
        =~ s/^http \{/http {\naccess_log off;/mr;

    open my $out, '>', $self->conf_file
        or die $self->conf_file . ": $!\n";
    print {$out} "user $self->{user};\npid $self->{dir}/nginx.pid;\n"
                 . "error_log $self->{dir}/error.log $self->{level};\n$text";
    close $out;
}


sub _write_conf ($self) {
    return $self->_write_example if defined $self->{example};

    my $module = $self->module;
    my $load = join "\n", map { "load_module $_;" }
               grep { ($_ // '') ne '' }
                    $self->{before},
                    defined $self->{vrrp} ? $module : undef,
                    $self->{after};
    my $vrrp = defined $self->{vrrp} ? "vrrp {\n$self->{vrrp}\n}" : '';
    my $dir = $self->{dir};

    my $http = '';

    if (!$self->configured('--without-http')) {
        my $temp = join '', map { "    ${_}_temp_path $dir/$_;\n" }
                   qw(client_body proxy fastcgi uwsgi scgi);

        $http = "http {\n    access_log off;\n$temp\n$self->{http}\n}";
    }

    open my $out, '>', $self->conf_file
        or die $self->conf_file . ": $!\n";

    print {$out} <<"END";
$load
user $self->{user};
worker_processes $self->{workers};
worker_shutdown_timeout ${SHUTDOWN_TIMEOUT}s;
error_log $dir/error.log $self->{level};
pid $dir/nginx.pid;
$self->{main}

events {
    worker_connections $self->{connections};
}

$vrrp

$http
END
    close $out;
}


sub _wait ($self, $what, $timeout, $condition) {
    my $deadline = time + $timeout;

    while (!$condition->()) {
        die $self->{node}->name . ": waited $timeout s in vain: $what\n"
            . $self->log_tail . "\n" if time > $deadline;
        sleep 0.01;
    }
}


1;
