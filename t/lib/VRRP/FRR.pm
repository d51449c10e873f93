package VRRP::FRR;

# FRR's vrrpd in a node of the lab. The virtual addresses are on macvlan devices
# of the node, which FRR sets down while it is not master.
# node, conf (lines of the interface), vips: "51 192.168.64.200/24", the VRID
# and an address.

use v5.36;

use parent 'VRRP::FRRDaemon';


sub daemon { return 'vrrpd' }


sub conf ($self) {
    return 'interface ' . $self->{node}->interface . "\n$self->{conf}exit\n";
}


sub start ($self) {
    $self->{node}->assert_isolated;
    $self->_make_device(split / /, $_) for $self->{vips}->@*;
    $self->SUPER::start;
}


sub _make_device ($self, $vrid, $address) {
    my $node = $self->{node};
    my $family = $address =~ /:/ ? 6 : 4;
    my $device = "vrrp$family-$vrid";

    return if grep { $_ eq $device } $node->interfaces;

    $node->batch_ip(
        "link add $device link " . $node->interface
        . ' type macvlan mode bridge',
        sprintf("link set $device address 00:00:5e:00:%02x:%02x",
                $family == 4 ? 1 : 2, $vrid),
        "address add $address dev $device" . ($family == 6 ? ' nodad' : ''),
        "link set $device up");
}


# The state of a virtual router, in FRR's words: Master, Backup or Initialize.
sub state ($self, $vrid, $family) {
    my ($router) = grep { $_->{vrid} == $vrid } $self->list('show vrrp json');

    return $router ? $router->{"v$family"}{status} // '' : '';
}


1;
