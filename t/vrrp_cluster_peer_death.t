#!/usr/bin/perl

# The death of a node by the word of its kernel: when all processes of the
# MASTER's nginx are killed, the BACKUP that it has named takes over at once, at
# adverts of 1 s as at 100 ms, and the third node does not. Nothing else is
# taken for it: a killed vrrp process, a reload, an upgrade, another port, a
# full queue, firewalls. One that answers with RST is believed once.
#
# PEER_DEATH_ROUNDS: how often the vrrp process is killed, nginx is reloaded and
# upgraded (1).

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my ($VIP, $FAST, $PORT) = ($VRRP::Lab::VIP, '192.168.64.201', 30112);
my %PRIORITY = (lb1 => 200, lb2 => 150, lb3 => 100);
my $PATIENCE = 15;

# Three adverts of 1 s are at least 3 s.
my $SOON = 1.5;

my $ROUNDS = $ENV{PEER_DEATH_ROUNDS} // 1;

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2 lb3)]);

sub vrrp ($name, $link = 'on') {
    return <<"END";
    router_id $name;
    peer_link $link;
    interface $VRRP::Node::INTERFACE;
    priority $PRIORITY{$name};
    vrrp_instance SLOW {
        version 2;
        advert_int 1s;
        virtual_router_id 51;
        virtual_ipaddress $VIP/24;
    }
    vrrp_instance FAST {
        advert_int 100ms;
        virtual_router_id 52;
        virtual_ipaddress $FAST/24;
    }
END
}

my %nginx = map {
    $_ => $lab->start_nginx($_, vrrp => vrrp($_), expect => qr/on signal 9/,
                            http => <<'END') } qw(lb1 lb2 lb3);
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
    }
END


sub peer ($name, $other) {
    my ($peer) = grep { $_->{address} eq $lab->node($other)->address }
                      @{ $nginx{$name}->status->{peers} };

    return $peer // {};
}

# lb1 is MASTER of both, and lb2 knows that it is next.
sub wait_until_ready ($why) {
    $lab->wait_until("lb1 to be MASTER and linked: $why", $PATIENCE, sub {
        my @named = grep { $_->{state} eq 'MASTER' && $_->{successor} }
                         @{ peer('lb2', 'lb1')->{instances} // [] };
        return @named == 2
               && (peer('lb3', 'lb1')->{state} // '') eq 'up'
               && join(' ', map { $_->{state} }
                                @{ $nginx{lb2}->status->{instances} })
                  eq 'BACKUP BACKUP';
    });
}

sub transitions ($name, $instances = qr/./) {
    return join ' ', map { $_->{counters}{transitions} }
                     grep { $_->{name} =~ $instances }
                         @{ $nginx{$name}->status->{instances} };
}

sub reasons ($name) {
    return map { $_->{reason} } @{ $nginx{$name}->status->{instances} };
}

sub is_master ($name) {
    return !grep { $_->{state} ne 'MASTER' }
                 @{ $nginx{$name}->status->{instances} };
}

# The seconds until lb2 is MASTER of both.
sub takeover_after ($kill) {
    sleep 1.1;  # a link that is younger is not tried again at once
    my $third = transitions('lb3');
    my $began = time;

    $kill->();
    $lab->wait_until('lb2 to be MASTER', $PATIENCE, sub { is_master('lb2') });
    my $seconds = time - $began;
    is(transitions('lb3'), $third, 'the third node stays BACKUP');

    return $seconds;
}

sub kill_vrrp_process () {
    my ($old) = $nginx{lb1}->vrrp_processes;

    $nginx{lb1}->signal('KILL', $old);
    $lab->wait_until('another vrrp process', $PATIENCE, sub {
        my @now = $nginx{lb1}->vrrp_processes;
        return @now == 1 && $now[0] != $old;
    });
}

sub upgrade () {
    my ($old) = $nginx{lb1}->masters;

    $nginx{lb1}->signal('USR2', $old);
    $lab->wait_until('a new master', $PATIENCE, sub {
        $nginx{lb1}->masters == 2 && $nginx{lb1}->vrrp_processes == 2 });
    $nginx{lb1}->signal('QUIT', $old);
    $lab->wait_until('the end of the old one', $PATIENCE, sub {
        $nginx{lb1}->masters == 1 && $nginx{lb1}->vrrp_processes == 1 });
}

# How lb1 answers new connections of peers.
sub firewall ($how) {
    my $file = $lab->dir . '/firewall.nft';

    open my $out, '>', $file or die "$file: $!\n";
    print {$out} "table inet vrdeath {\nchain input {\n"
                 . "type filter hook input priority 0;\n"
                 . "tcp dport $PORT tcp flags & (syn | ack) == syn $how;\n"
                 . "}\n}\n";
    close $out;
    $lab->node('lb1')->run('nft', '-f', $file);
}

sub no_firewall () {
    $lab->node('lb1')->run(qw(nft delete table inet vrdeath));
}

sub changes_nothing ($what, $act, $seconds = 0.5, $instances = qr/./) {
    my @before = map { transitions($_, $instances) } qw(lb2 lb3);

    $act->();
    sleep $seconds;
    is_deeply([map { transitions($_, $instances) } qw(lb2 lb3)], \@before,
              "no takeover: $what")
        or diag($nginx{lb2}->log_tail);
}


# --- what is no death ---------------------------------------------------------

wait_until_ready('after the start');

for my $round (1 .. $ROUNDS) {
    if ($round > 1) {
        # the third crash within a minute would be a reason to leave
        $nginx{lb1}->stop('QUIT');
        $nginx{lb1}->start;
        wait_until_ready('after a restart');
    }
    changes_nothing('the vrrp process was killed', \&kill_vrrp_process);
    wait_until_ready('after that');
    changes_nothing('reload', sub { $nginx{lb1}->reload });
    wait_until_ready('after that');
    changes_nothing('USR2', \&upgrade);
    wait_until_ready('after that');
}

changes_nothing('200 connections wait, and the vrrp process is killed', sub {
    my ($old) = $nginx{lb1}->vrrp_processes;

    $nginx{lb1}->signal('STOP', $old);
    my $host = $lab->node('client')->spawn({ tag => 'host' }, $^X, '-e', <<'END',
use Socket;
my ($address, $port) = @ARGV;
my @made;
for (1 .. 200) {
    socket my $s, AF_INET, SOCK_STREAM, 0 or die;
    setsockopt $s, 0, 2, pack 'i', 255;
    connect $s, pack_sockaddr_in($port, inet_aton($address)) and push @made, $s;
}
sleep 60;
END
        $lab->node('lb1')->address, $PORT);
    sleep 0.5;
    kill_vrrp_process();
    sleep 1;
    $lab->node('client')->reap($host, 'KILL');
}, 0, qr/SLOW/);
wait_until_ready('after that');

changes_nothing('another port', sub {
    $nginx{lb1}->configure(vrrp => vrrp('lb1', 'on port=30113'));
    $nginx{lb1}->reload;
}, 1);
changes_nothing('no link', sub {
    $nginx{lb1}->configure(vrrp => vrrp('lb1', 'off'));
    $nginx{lb1}->reload;
    $nginx{lb1}->configure(vrrp => vrrp('lb1'));
    $nginx{lb1}->reload;
}, 1);
wait_until_ready('after that');

unlike($nginx{$_}->log_text, qr/has ended/, "$_ has seen no death")
    for qw(lb2 lb3);

# --- all processes are killed -------------------------------------------------

# None of them may act on the death of another one: the vrrp process would send
# priority 0 when the master has died.
my $seconds = takeover_after(sub {
    my @all = map { $_->{pid} } $nginx{lb1}->processes;

    $nginx{lb1}->signal($_, @all) for qw(STOP KILL);
});
cmp_ok($seconds, '<', $SOON, 'kill -9 of every process');
like($_, qr/^lb1 \(\S+\) has ended: its kernel refused the connection$/,
     'the reason') for reasons('lb2');
ok(eval { $lab->wait_until('the reason in the status', $PATIENCE, sub {
       (peer('lb2', 'lb1')->{reason} // '')
       eq 'its nginx has ended: its kernel refused the connection' }) },
   'the status has it, too');
$lab->wait_for_holder('lb2', $PATIENCE);
$nginx{lb1}->wait_gone;
$nginx{lb1}->start;
wait_until_ready('again');

# --- firewalls that say nothing about nginx --------------------------------------

for my $how (qw(reject drop)) {
    firewall($how);
    changes_nothing("a firewall: $how", \&kill_vrrp_process, 1);
    no_firewall();
    wait_until_ready('after that');
}

# --- a PID namespace ends --------------------------------------------------------

$nginx{lb1}->stop('QUIT');
$nginx{lb1}->configure(main => 'daemon off;');
my $init = $lab->node('lb1')->spawn({ tag => 'container' },
    qw(unshare --pid --fork --kill-child=KILL), VRRP::Nginx->binary,
    '-p', $nginx{lb1}->dir . '/', '-c', $nginx{lb1}->conf_file);
wait_until_ready('in a PID namespace');
$seconds = takeover_after(sub { $lab->node('lb1')->reap($init, 'KILL') });
cmp_ok($seconds, '<', $SOON, 'SIGKILL for the init of a PID namespace');
like($_, qr/^lb1 \(\S+\) has ended/, 'the reason') for reasons('lb2');
$nginx{lb1}->configure(main => '');
$nginx{lb1}->start;
wait_until_ready('again');

# --- a firewall that resets ----------------------------------------------------

sleep 1.1;
firewall('reject with tcp reset');
kill_vrrp_process();
$lab->wait_until('a wrong proof', $PATIENCE, sub {
    $nginx{lb2}->log_text =~ /advertises, although its kernel refused/ });
no_firewall();
wait_until_ready('after a takeover that was wrong');
sleep 1.1;
firewall('reject with tcp reset');
changes_nothing('the firewall is known', \&kill_vrrp_process, 1);
like($nginx{lb2}->log_text, qr/has ended: .*which is not believed/,
     'the log says why');

$lab->finish;
done_testing;
