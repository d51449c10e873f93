package VRRP::Backend;

# A web server in a node that misbehaves on request (backend.pl), and the
# requests that it got.

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Time::HiRes qw(sleep time);

use VRRP::Proc;

my $SCRIPT = abs_path(dirname(__FILE__) . '/../backend.pl');


# node, port (default 80).
sub new ($class, %args) {
    state $serial = 0;

    my $node = $args{node};
    my $base = $node->dir . '/backend' . ++$serial;

    my $self = bless { port => 80, %args, base => $base, logs => [] }, $class;

    $self->behave('ok');
    $self->start;

    return $self;
}


sub name ($self) { $self->{node}->name }
sub node ($self) { $self->{node} }


# How it answers from now on; see backend.pl.
sub behave ($self, $manners) {
    open my $out, '>', "$self->{base}.new" or die "$self->{base}: $!\n";
    say {$out} $manners;
    close $out;
    rename "$self->{base}.new", "$self->{base}.manners"
        or die "$self->{base}: $!\n";
}


sub start ($self) {
    my $log = "$self->{base}." . @{ $self->{logs} } . '.log';

    push @{ $self->{logs} }, $log;

    $self->{pid} = $self->{node}->spawn({ output => $log, tag => 'backend' },
        $^X, $SCRIPT, $self->name, $self->{port}, "$self->{base}.manners");

    for (1 .. 500) {
        return if -s $log;
        sleep 0.01;
    }

    die $self->name . ": backend does not start\n";
}


# Nothing listens any more.
sub stop ($self) {
    $self->{node}->reap(delete $self->{pid}) if $self->{pid};
}


# It is stopped in the middle of its work, and continues.
sub freeze ($self) { kill 'STOP', $self->{pid} }
sub thaw ($self)   { kill 'CONT', $self->{pid} }


# Requests of a kind ("client", "check") since a time: hashes of time, kind,
# path.
sub requests ($self, $kind, $since = 0) {
    my @requests;

    for my $log (@{ $self->{logs} }) {
        my $text = VRRP::Proc::slurp($log) // '';

        while ($text =~ /^(\S+) (\S+) (\S+)\n/mg) {
            push @requests, { time => $1, kind => $2, path => $3 }
                if $2 eq $kind && $1 >= $since;
        }
    }

    return @requests;
}


1;
