package VRRP::Bench::Module;

# nginx with our module.

use v5.36;


sub new ($class, %args) {
    return bless { period => $args{classic}->interval, %args }, $class;
}


sub lab ($self)          { $self->{lab} }
sub period ($self)       { $self->{period} }
sub nginx ($self)        { $self->{nginx}{lb1} }
sub command_name ($self) { 'nginx' }


sub start_balancers ($self) {
    my $instance = join ' ', $self->{vmac} ? 'use_vmac;' : (),
                             $self->{link} ? 'peer_link on;' : ();

    for my $name (qw(lb1 lb2)) {
        $self->{nginx}{$name}
            = $self->{classic}->start_balancer($self->{lab}, $name,
                  instance => $instance eq '' ? undef : $instance);
    }
    $self->_wait_for_link if $self->{link};
}


# A link that is younger than a second is not tried again at once.
sub _wait_for_link ($self) {
    $self->{lab}->wait_until('the link', 30, sub {
        $self->{nginx}{lb2}->log_text =~ /peer link with .* is up/ });
    sleep 2;
}


sub speakers ($self) {
    return $self->nginx->vrrp_processes;
}


sub everything ($self) {
    return map { $_->{pid} } $self->nginx->processes;
}


1;
