#!/usr/bin/perl

# The same file on two nodes: conf-examples/minimal.conf, which has no
# priority. The first MASTER keeps the address, and nothing moves back.
# Another virtual router on the network is in the status.

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

# s
my $PATIENCE = 10;

my $file = abs_path(dirname(__FILE__) . '/../conf-examples/minimal.conf');
my $example = VRRP::Proc::slurp($file) // die "$file: $!\n";
my ($vrrp) = $example =~ /^vrrp \{\n(.*?)^\}/ms or die "no vrrp in $file\n";

$vrrp =~ s/eth0/$VRRP::Node::INTERFACE/;

my $http = <<'END';
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; allow 127.0.0.1; deny all; }
    }
END

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
my %nginx;


sub start ($name) {
    $nginx{$name} = $lab->start_nginx($name, vrrp => $vrrp, http => $http);
}


# Empty while nginx starts.
sub instance ($name) {
    return ($nginx{$name}->status // {})->{instances}[0] // {};
}


sub becomes_backup ($name) {
    $lab->wait_until("$name to be BACKUP", $PATIENCE,
                     sub { (instance($name)->{state} // '') eq 'BACKUP' });
}


# Longer than a takeover, which takes less than 400 ms.
sub keeps ($name, $what) {
    sleep 1;
    is(join(' ', $lab->who_has), $name, $what);
    is(instance($name)->{counters}{became_master}, 1, "$what: all the time");
}


start('lb1');
$lab->wait_for_holder('lb1', $PATIENCE);
start('lb2');
becomes_backup('lb2');
keeps('lb1', 'the second one, whose address is higher, takes nothing');

$nginx{lb1}->stop('QUIT');
$lab->wait_for_holder('lb2', $PATIENCE);
$nginx{lb1}->start;
becomes_backup('lb1');
keeps('lb2', 'the first one takes nothing back');

$nginx{lb2}->signal('KILL', map { $_->{pid} } $nginx{lb2}->processes);
$lab->wait_for_holder('lb1', $PATIENCE);
$nginx{lb2}->start;
becomes_backup('lb2');
is(join(' ', $lab->who_has), 'lb1', 'nor does one that was killed');


# A virtual router of another pair.
{
    my $other = $vrrp =~ s/router_id\s+\K51/77/r =~ s/\.200/.201/r;
    my $started = time;

    $lab->start_nginx('client', vrrp => $other, http => $http);

    my $seen = eval {
        $lab->wait_until('the other router in the status', $PATIENCE, sub {
            $nginx{lb1}->status->{node}{unknown_routers}[0];
        });
    };
    my ($address) = $lab->node('client')->address;

    is($seen->{virtual_router_id}, 77, 'another router: its id');
    is($seen->{sender}, $address, 'another router: its address');
    is($seen->{interface}, $VRRP::Node::INTERFACE, 'another router: where');
    is($seen->{family}, 'ipv4', 'another router: family');
    cmp_ok($seen->{heard_ms}, '<=', 1000 * (time - $started + 1),
           'another router: when');
}

$lab->finish;
done_testing;
