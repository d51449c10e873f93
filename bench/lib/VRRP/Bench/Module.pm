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
    for my $name (qw(lb1 lb2)) {
        $self->{nginx}{$name}
            = $self->{classic}->start_balancer($self->{lab}, $name,
                  instance => $self->{vmac} ? 'use_vmac;' : undef);
    }
}


sub speakers ($self) {
    return $self->nginx->vrrp_processes;
}


sub everything ($self) {
    return map { $_->{pid} } $self->nginx->processes;
}


1;
