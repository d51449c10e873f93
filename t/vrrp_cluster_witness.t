#!/usr/bin/perl

# "takeover_check peer ping=": VRRP and the peer link are both cut. Of two nodes,
# exactly the one that reaches the witness is MASTER. A dead MASTER is replaced
# as without a witness.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $VIP = $VRRP::Lab::VIP;
my %PRIORITY = (lb1 => 200, lb2 => 100);
my $PATIENCE = 10;

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
my $peers = join ' ', map { 'peer=' . $lab->node($_)->address } qw(lb1 lb2);
my $witness = $lab->node('client')->address;
my %nginx = map { $_ => start($_) } qw(lb1 lb2);


sub start ($name) {
    return $lab->start_nginx($name, expect => qr/exited on signal 9/,
                             vrrp => <<"END", http => <<'END2');
    router_id $name;
    peer_link on $peers;
    takeover_check peer ping=$witness;
    interface $VRRP::Node::INTERFACE;
    priority $PRIORITY{$name};
    vrrp_instance VI_1 {
        virtual_router_id 51;
        virtual_ipaddress $VIP/24;
    }
    vrrp_instance VI_2 {
        virtual_router_id 52;
        virtual_ipaddress 192.168.64.201/24;
    }
END
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
    }
END2
}


sub instance ($name) {
    return $nginx{$name}->status->{instances}[0];
}

sub is_in ($name, $state, $why) {
    ok(eval { $lab->wait_until($state, $PATIENCE, sub {
                  instance($name)->{state} eq $state }) },
       $why) or diag($@, map { $nginx{$_}->log_text } qw(lb1 lb2));
}

sub linked () {
    $lab->wait_until('a link', $PATIENCE, sub {
        2 == grep { my $n = $_; grep { $_->{state} eq 'up' }
                                    @{ $nginx{$n}->status->{peers} } }
            qw(lb1 lb2) });
}

# What arrives from the other node; and what goes to the witness.
sub cut ($name, @more) {
    my $node = $lab->node($name);
    my ($other) = grep { $_ ne $name } qw(lb1 lb2);
    my $file = $node->dir . '/cut.nft';

    open my $out, '>', $file or die "$file: $!\n";
    print {$out} "table inet vrcut {\nchain input {\ntype filter hook input "
                 . "priority 0; ip saddr { "
                 . join(', ', $lab->node($other)->address, @more)
                 . " } drop;\n}\n}\n";
    close $out;
    $node->run('nft', '-f', $file);
}

sub let_pass ($name) {
    $lab->node($name)->run(qw(nft delete table inet vrcut));
}


is_in('lb1', 'MASTER', 'lb1 is MASTER');
is_in('lb2', 'BACKUP', 'lb2 is BACKUP');
linked();

# A busy machine may be late to answer a ping.
my $tracker;
ok(eval { $lab->wait_until('the witness', $PATIENCE, sub {
              $tracker = join ' ', @{ instance('lb2')->{trackers}[0] }
                                       {qw(type name state weight)};
              $tracker eq "takeover_check ping=$witness up 0" }) },
   'the status has the witness') or diag($tracker);
is(scalar @{ $nginx{lb2}->status->{checks} }, 1, 'both instances share its check');

# --- a dead MASTER ------------------------------------------------------------------

sleep 0.5;
my $since = time;
$nginx{lb1}->signal('STOP', $nginx{lb1}->vrrp_processes);
is_in('lb2', 'MASTER', 'lb2 takes over from a MASTER that is frozen');
cmp_ok(time - $since, '<', 2, 'in time, s');
like(instance('lb2')->{reason}, qr/, the witness answers/, 'with the witness');
$nginx{lb1}->signal('CONT', $nginx{lb1}->vrrp_processes);
is_in('lb1', 'MASTER', 'lb1 comes back');
is_in('lb2', 'BACKUP', 'and lb2 yields');
linked();
sleep 0.5;

# --- only the MASTER reaches the witness ----------------------------------------------

cut('lb2', $witness);
cut('lb1');
ok(eval { $lab->wait_until('a warning', $PATIENCE, sub {
              $nginx{lb2}->log_text =~ /\[warn\].*this node may be cut off/ }) },
   'a BACKUP that is cut off warns');
$lab->wait_until('the end of the link', $PATIENCE, sub {
    !grep { $_->{state} eq 'up' } @{ $nginx{lb1}->status->{peers} } });
sleep 2;
is(instance('lb1')->{state}, 'MASTER', 'lb1 stays MASTER without a link');
is(instance('lb2')->{state}, 'BACKUP', 'and lb2 stays BACKUP');
like($nginx{lb2}->log_text,
     qr/\[warn\].*the witness of "takeover_check" \(ping=\Q$witness\E\) does not/,
     'it reports the witness');

# --- only the BACKUP reaches it -------------------------------------------------------

let_pass($_) for qw(lb1 lb2);
linked();
cut('lb1', $witness);
cut('lb2');
is_in('lb1', 'FAULT', 'a MASTER without link and witness gives up');
like(instance('lb1')->{reason}, qr/^cut off: the peer links have ended/,
     'with the reason');
is_in('lb2', 'MASTER', 'and lb2 takes over');
is(join(' ', $lab->who_has($VIP)), 'lb2', 'exactly lb2 has the address');

# --- the end ---------------------------------------------------------------------------

let_pass($_) for qw(lb1 lb2);
is_in('lb1', 'MASTER', 'lb1 comes back when the network works');
is_in('lb2', 'BACKUP', 'and lb2 yields');

linked();

# --- the checker process does not run ------------------------------------------------

$nginx{lb2}->signal('STOP', $nginx{lb2}->checkers);
$nginx{lb1}->signal('STOP', $nginx{lb1}->vrrp_processes);
is_in('lb2', 'MASTER', 'lb2 takes over although nobody asks the witness');
like(instance('lb2')->{reason}, qr/, whether the witness answers is not known/,
     'with this reason');
$nginx{$_}->signal('CONT', map { $_->{pid} } $nginx{$_}->processes) for qw(lb1 lb2);

$lab->finish;
done_testing;
