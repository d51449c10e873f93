package VRRP::Bfdd;

# FRR's bfdd in a node of the lab. node, conf (the inside of "bfd").

use v5.36;

use parent 'VRRP::FRRDaemon';


sub daemon { return 'bfdd' }
sub options ($self) { return '--bfdctl', "$self->{dir}/bfdd.sock" }
sub conf ($self) { return "bfd\n$self->{conf}exit\n" }


# The state of its session with this address: "up", "down", "init", "shutdown".
sub bfd_state ($self, $peer) {
    my ($found) = grep { $_->{peer} eq $peer }
                  $self->list('show bfd peers json');

    return $found ? $found->{status} : '';
}


1;
