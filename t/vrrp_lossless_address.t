#!/usr/bin/perl

# The node that has the address loses it, or its interface (version 3, 100 ms).

use v5.36;

use VRRP::AddressLoss;

begin('v3');

restores_address(qw(ip address del), "$VIP/24", 'dev', $INTERFACE);
restores_address(qw(ip address flush dev), $INTERFACE, 'to', $VIP);

all_addresses_removed();
interface_down();
cable_out();
cable_out_with_pending_neighbour();
interface_deleted();
renamed_while_down();
renamed_while_up();

finish();
