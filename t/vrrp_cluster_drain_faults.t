#!/usr/bin/perl

# What may happen while a node finishes its connections after a planned move,
# see vrrp_cluster_drain.t, and cuts none: crashes and reloads of both nodes,
# ARP entries that are gone, SYN cookies on the new MASTER, a killed master
# process of nginx. If the processes of the node that left die, its kernel tells
# the clients at once.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Drained;
use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $PATIENCE = $VRRP::Drained::PATIENCE;
my $NEW = 10;  # connections

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
my $nodes = VRRP::Drained->new(lab => $lab, expect => qr/on signal 9/);


# During the transfers.
sub cuts_nothing ($title, $from, $to, $act) {
    $nodes->are_whole($from, $title, @{ moved($title, $from, $to, $act) });
    $nodes->wait_until_ended($from, $to);
    $nodes->explain_failures;
}

sub moved ($title, $from, $to, $act) {
    my @clients = $nodes->start_clients($title);

    $act->();
    $nodes->wait_for_master($to);
    is($nodes->answers($_), $to, "$title: $_: $to answers")
        for $nodes->instances;
    return \@clients;
}

sub stays_master ($title, $name) {
    is($nodes->nginx($name)->state($_), 'MASTER', "$title: $name has $_")
        for $nodes->instances;
}

# The client asks again.
sub forget_neighbours ($name) {
    $lab->node($name)->run('ip', $_, qw(neigh flush dev),
                           $VRRP::Node::INTERFACE) for qw(-4 -6);
}


$nodes->skip_if_unavailable;

$nodes->wait_for_order('lb1', 'lb2');
cuts_nothing('both crash and reload', 'lb1', 'lb2', sub {
    $nodes->control('lb1', 'release');
    $nodes->wait_for_master('lb2');
    $nodes->nginx($_)->kill_vrrp_process for qw(lb1 lb2);
    sleep 0.5;
    $nodes->nginx('lb2')->reload;
    $nodes->wait_for_forwarding('lb2');
    my $lb1 = $nodes->nginx('lb1');
    $lb1->signal('HUP', $lb1->masters);  # its old workers have connections
});
stays_master('both crash and reload', 'lb2');

my $cookies = '/proc/sys/net/ipv4/tcp_syncookies';
$lab->node('lb1')->run('sh', '-c', "echo 2 > $cookies");
cuts_nothing('SYN cookies and ARP', 'lb2', 'lb1', sub {
    $nodes->control('lb1', 'resume');
    $nodes->wait_for_master('lb1');
    for my $try (1 .. $NEW) {
        forget_neighbours($_) for qw(client lb2);
        is($nodes->answers($_), 'lb1', "SYN cookies and ARP: $_, new one $try")
            for $nodes->instances;
    }
});
stays_master('SYN cookies and ARP', 'lb1');
$lab->node('lb1')->run('sh', '-c', "echo 1 > $cookies");

$nodes->wait_for_order('lb1', 'lb2');
cuts_nothing('the master is killed', 'lb1', 'lb2', sub {
    $nodes->nginx('lb1')->signal('KILL', $nodes->nginx('lb1')->masters);
});
eval { $nodes->nginx('lb1')->wait_gone($PATIENCE) };
is($@, '', 'the master is killed: nginx has ended');

$nodes->nginx('lb1')->start;
$nodes->wait_for_master('lb1');
$nodes->wait_for_order('lb1', 'lb2');
my @clients = @{ moved('death', 'lb1', 'lb2',
                       sub { $nodes->control('lb1', 'release') }) };
sleep 1.1;    # a link that is younger is not tried again at once
$nodes->kill_all('lb1');
my $since = time;
my @sending = grep { $_->{kind} eq 'upload' } @clients;
eval {
    $lab->wait_until('the end of the uploads', $PATIENCE,
                     sub { $nodes->have_ended(@sending) });
};
cmp_ok(time - $since, '<', 2, 'death: clients that send learn it at once');
like($_, qr/^- /, 'death: no answer') for $nodes->results(@sending);
is($nodes->answers($_), 'lb2', "death: $_: lb2 answers") for $nodes->instances;
$nodes->wait_until_ended('lb1', 'lb2');
is($nodes->state_of('lb2')->{filters}, '', 'death: no filter is left on lb2');
unlike($nodes->state_of('lb1')->{addresses}, qr/\Q@{[ $nodes->address($_) ]}\E/,
       "death: $_ is not left on lb1") for $nodes->instances;

# Those of lb1 have no effect any more, and the next process removes them.
$nodes->nginx('lb1')->start;
eval {
    $lab->wait_until('the next process to look', 2 * $PATIENCE, sub {
        return $nodes->state_of('lb1')->{filters} eq '';
    });
};
is($nodes->state_of('lb1')->{filters}, '', 'death: nor on lb1 after a start');
$nodes->explain_failures;

$lab->finish;
done_testing;
