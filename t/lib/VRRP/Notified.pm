package VRRP::Notified;

# A node that sends notifications, and the causes of events: files that it
# tracks. lb1 has our module; the receivers are in "client".

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Classic;
use VRRP::Lab;
use VRRP::Proc;


# Why there can be none here, or nothing if there can.
sub unavailable ($class = undef) {
    return VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
}


sub new ($class) {
    my $lab = VRRP::Lab->new(nodes => [qw(lb1 client)]);

    return bless {
        lab     => $lab,
        classic => VRRP::Classic->new(profile => 'v3'),
        dir     => $lab->node('lb1')->dir,
    }, $class;
}


sub lab ($self)     { $self->{lab} }
sub node ($self)    { $self->{lab}->node('lb1') }
sub others ($self)  { $self->{lab}->node('client') }
sub dir ($self)     { $self->{dir} }
sub nginx ($self)   { $self->{nginx} }
sub classic ($self) { $self->{classic} }


# instance, block: more directives.
sub vrrp ($self, %args) {
    return $self->{classic}->vrrp('lb1', instance =>
               "track_file $self->{dir}/drain; " . ($args{instance} // ''))
           . ($args{block} // '');
}


# The same, and http: more servers and upstreams.
sub start ($self, %args) {
    my $http = ($args{http} // '') . $self->{classic}->status_server;

    $self->{nginx} = $self->{lab}->start_nginx('lb1',
        vrrp => $self->vrrp(%args), http => $http);
    $self->become('MASTER');

    return $self->{nginx};
}


sub become ($self, $state) {
    $self->{lab}->wait_until("to be $state", 15, sub {
        (eval { $self->{nginx}->state } // '') eq $state;
    });
}


# The address is released, and taken again.
sub fault ($self) {
    $self->write_file('drain', "1\n");
    $self->become('FAULT');
}

sub mend ($self) {
    unlink "$self->{dir}/drain";
    $self->become('MASTER');
}


sub write_file ($self, $name, $text, $mode = 0644) {
    my $file = "$self->{dir}/$name";

    open my $out, '>', "$file.new" or die "$file: $!\n";
    print {$out} $text;
    close $out;
    chmod $mode, "$file.new";
    rename "$file.new", $file or die "$file: $!\n";

    return $file;
}


sub write_script ($self, $name, $text, $shell = '/bin/sh') {
    return $self->write_file($name, "#!$shell\n$text", 0755);
}


# A test: it becomes true in time.
sub comes_true ($self, $what, $timeout, $condition) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    ok(eval { $self->{lab}->wait_until($what, $timeout, $condition) }, $what)
        or diag($@, $self->{nginx}->log_tail);
}


# The pid of the notifier process.
sub notifier ($self) {
    my ($found) = grep { $_->{title} eq 'nginx: vrrp notifier process' }
                  $self->{nginx}->processes;

    return $found->{pid};
}


sub finish ($self) {
    $self->{lab}->finish;
}


1;
