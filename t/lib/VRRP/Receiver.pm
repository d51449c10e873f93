package VRRP::Receiver;

# A receiver of notifications: a receiver of webhooks (receiver.py) or a mail
# server (mailbox.py) in a node, that misbehaves on request; and the messages
# that it got.
#
# my $hook = VRRP::Receiver->webhook(node => $node, port => 8000); my $mail =
# VRRP::Receiver->mailbox(node => $node, port => 25);

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use JSON::PP qw(decode_json);
use Time::HiRes qw(sleep);

use VRRP::Proc;

my $LIB = abs_path(dirname(__FILE__) . '/..');
my $PYTHON = '/usr/bin/python3';


# Why there can be none here, or nothing if there can.
sub unavailable ($class = undef) {
    return "no $PYTHON here, run tools/install-deps" if !-x $PYTHON;
    return 'no python3-aiosmtpd here, run tools/install-deps'
        if system("$PYTHON -c 'import aiosmtpd' 2>/dev/null") != 0;

    return;
}


# node, port, format (generic), secret, tls ([certificate, key]).
sub webhook ($class, %args) {
    return $class->_new(%args, command => [
        "$LIB/receiver.py", $args{format} // 'generic', '0.0.0.0',
        $args{port}, '', map { _option($_, $args{$_}) } qw(secret tls)
    ]);
}


# node, port, tls or starttls ([certificate, key]), login ([name, password]).
sub mailbox ($class, %args) {
    return $class->_new(%args, command => [
        "$LIB/mailbox.py", '0.0.0.0', $args{port}, '',
        map { _option($_, $args{$_}) } qw(tls starttls login)
    ]);
}


sub _option ($name, $value) {
    return defined $value ? ("--$name", ref $value ? @$value : $value) : ();
}


sub _new ($class, %args) {
    state $serial = 0;

    my $base = $args{node}->dir . '/receiver' . ++$serial;
    my $self = bless { %args, base => $base, outputs => [] }, $class;

    $_ = $_ eq '' ? "$base.manners" : $_ for $self->{command}->@*;

    $self->behave('ok');
    $self->start;

    return $self;
}


# How it answers from now on; see the scripts.
sub behave ($self, $manners) {
    open my $out, '>', "$self->{base}.new" or die "$self->{base}: $!\n";
    say {$out} $manners;
    close $out;
    rename "$self->{base}.new", "$self->{base}.manners"
        or die "$self->{base}: $!\n";
}


sub start ($self) {
    my $output = "$self->{base}." . $self->{outputs}->@*;

    push $self->{outputs}->@*, $output;

    $self->{pid} = $self->{node}->spawn({ output => $output,
                                          tag => 'receiver' },
                                        $PYTHON, $self->{command}->@*);

    for (1 .. 1000) {
        return if -s $output;
        sleep 0.02;
    }

    die $self->{node}->name . ': receiver does not start: '
        . (VRRP::Proc::slurp($self->{node}->dir . '/receiver.err') // '')
        . "\n";
}


# Nothing listens any more.
sub stop ($self) {
    $self->{node}->reap(delete $self->{pid}) if $self->{pid};
}


# All that it got, in order: hashes, as the scripts write them.
sub got ($self) {
    my @all;

    for my $output ($self->{outputs}->@*) {
        my $text = VRRP::Proc::slurp($output) // '';

        push @all, grep { !$_->{listening} }
                   map { decode_json($_) } $text =~ /^(.*)\n/mg;
    }

    return @all;
}


# The messages that it accepted.
sub accepted ($self) {
    return grep { ($_->{status} // $_->{code} // 0) =~ /^2/ } $self->got;
}


# The events of generic webhooks that it was content with, one by one.
sub events ($self) {
    return map { ref eq 'ARRAY' ? @$_ : $_ }
           map { decode_json(_bytes($_->{body})) } $self->accepted;
}


# decode_json() wants octets.
sub _bytes ($text) {
    utf8::encode($text);
    return $text;
}


1;
