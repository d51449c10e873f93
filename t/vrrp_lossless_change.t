#!/usr/bin/perl

# A reload with another configuration: clients lose no request, and only the
# change has an effect (version 3, 100 ms).

use v5.36;

use VRRP::Reloads;

begin('v3');

priority(120);
priority(100);
priority_below_backup();

address_added();
address_removed();

instance_added();
instance_added_to_backup();
instance_removed();
instance_added_with_master_elsewhere();
instances_removed();
address_to_another_instance();

parameters();

unicast_peers('lb2');
unicast_peers('lb2', 'client');
unicast_peers('lb2');
multicast();

finish();
