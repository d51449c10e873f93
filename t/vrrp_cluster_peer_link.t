#!/usr/bin/perl

# "peer_link": two nodes link, and know each other. A wrong secret, garbage and
# hosts that only connect are refused, and VRRP does not notice. The link comes
# back after a reload, an upgrade and the death of the vrrp process, without a
# takeover. A MASTER that leaves is followed at once. A BACKUP that starts again
# remembers where the MASTER is. A keepalived refuses
# connections, and nothing else happens.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my ($VIP, $VIP6, $PORT) = ($VRRP::Lab::VIP, 'fd64::200', 30112);
my %PRIORITY = (lb1 => 200, lb2 => 100);
my $PATIENCE = 10;

# "connect ADDRESS PORT TTL N TEXT SECONDS": prints how many connections were
# made, and how many of them have ended.
my $HOST = <<'END';
use IO::Socket::IP; use IO::Select;
use Socket qw(IPPROTO_IP IP_TTL SOCK_STREAM AF_INET);
my ($address, $port, $ttl, $n, $text, $seconds) = @ARGV;
my (@made, $ended);
for (1 .. $n) {
    socket my $s, AF_INET, SOCK_STREAM, 0 or die;
    setsockopt $s, IPPROTO_IP, IP_TTL, pack 'i', $ttl;
    alarm 1;
    my $done = eval {
        local $SIG{ALRM} = sub { die };
        connect $s, Socket::pack_sockaddr_in($port,
                                             Socket::inet_aton($address));
    };
    alarm 0;
    push @made, $s if $done;
    syswrite $s, $text if $done;
}
my $until = time + $seconds;
my $select = IO::Select->new(@made);
while (time < $until && $select->count) {
    for my $s ($select->can_read(0.2)) {
        next if sysread $s, my $octets, 4096;
        $ended++;
        $select->remove($s);
    }
}
printf "%d %d\n", scalar @made, $ended // 0;
END

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
my %file;

for my $name (qw(good other)) {
    $file{$name} = $lab->dir . "/secret-$name";
    open my $file, '>', $file{$name} or die "$file{$name}: $!\n";
    print {$file} "the $name secret of the two nodes\n";
    close $file;
    chmod 0600, $file{$name};
}

sub vrrp ($name, $link) {
    return <<"END";
    router_id $name;
    peer_link $link;
    vrrp_instance VI_1 {
        interface $VRRP::Node::INTERFACE;
        priority $PRIORITY{$name};
        virtual_router_id 51;
        virtual_ipaddress $VIP/24;
        virtual_ipaddress $VIP6/64;
    }
END
}

my %nginx = map {
    $_ => $lab->start_nginx($_, vrrp => vrrp($_, "on secret_file=$file{good}"),
                            expect => qr/vrrp process \d+ exited on signal 9/,
                            http => <<'END') } qw(lb1 lb2);
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
    }
END


sub peers ($name, $state) {
    return grep { $_->{state} eq $state } @{ $nginx{$name}->status->{peers} };
}

sub wait_for_link ($why) {
    ok(eval { $lab->wait_until($why, $PATIENCE, sub {
                  peers('lb1', 'up') == 1 && peers('lb2', 'up') == 1 }) },
       "the two nodes are linked: $why")
        or diag(map { $nginx{$_}->log_text } sort keys %nginx);
}

sub refused ($name, $why) {
    return $nginx{$name}->status->{peer_links}{refused}{$why};
}

sub vrrp_pid () {
    return $nginx{lb1}->status->{node}{pid};
}

# Until the status is that of another vrrp process than this, and it is MASTER.
sub wait_for_successor ($old) {
    $lab->wait_until('another vrrp process', $PATIENCE, sub {
        my $status = $nginx{lb1}->status;
        my @states = map { $_->{state} } $status->{instances}->@*;

        return ($status->{node}{pid} // $old) != $old && @states
               && !grep { $_ ne 'MASTER' } @states;
    });
}

sub transitions () {
    return join ' ', map {
        map { $_->{counters}{transitions} }
            @{ $nginx{$_}->status->{instances} };
    } qw(lb1 lb2);
}

sub host (@args) {
    return split ' ', $lab->node('client')->run($^X, '-e', $HOST, @args);
}

sub set_link ($name, $link) {
    $nginx{$name}->configure(vrrp => vrrp($name, $link));
    $nginx{$name}->reload;
}

# Names of the processes that have a listening socket of a peer link.
sub holders ($name) {
    my $text = $lab->node($name)->run(qw(ss -H -t -l -n -p), 'sport', '=',
                                      ":$PORT");
    my %name;
    $name{$2} = $1 while $text =~ /\("(\w+)",(pid=\d+)/g;

    return join ' ', sort values %name;
}


# --- the link ----------------------------------------------------------------

$lab->wait_for_holder('lb1', $PATIENCE);
wait_for_link('after the start');

my ($lb1) = peers('lb2', 'up');
is($lb1->{router_id}, 'lb1', 'lb2 knows the name of lb1');
is($lb1->{interface}, $VRRP::Node::INTERFACE, 'and where it is');
$lab->wait_until('states of both', $PATIENCE, sub {
    my ($peer) = peers('lb2', 'up');
    my ($other) = peers('lb1', 'up');
    return join(' ', map { "$_->{name} $_->{state} $_->{priority}" }
                         @{ $peer->{instances} }, @{ $other->{instances} })
           eq 'VI_1 MASTER 200 VI_1 MASTER 200 VI_1 BACKUP 100 VI_1 BACKUP 100';
});
pass('each knows the state of the other');

sleep 3;
is($nginx{lb1}->status->{peer_links}{connections}, 1,
   'one connection for both families');
like($nginx{lb2}->log_text, qr/peer link with lb1 \(\S+\) on vrlab0 is up/,
     'the log says so');
is(holders('lb1'), 'nginx ngx_vrrp',
   'only the master and the vrrp process have the socket');

my $before = transitions();

# --- hosts that are no peers --------------------------------------------------

my $address = $lab->node('lb1')->address;
my ($made, $ended) = host($address, $PORT, 64, 1, 'x', 0.1);
is($made, 0, 'no connection from behind a router');

($made, $ended) = host($address, $PORT, 255, 100, '', 1);
is($made, 100, 'a host connects 100 times');
cmp_ok($ended, '>=', 98, 'and nearly all connections are closed at once');

($made, $ended) = host($address, $PORT, 255, 1, "GET / HTTP/1.1\r\n\r\n", 2);
is($ended, 1, 'garbage ends the connection');

($made, $ended) = host($VIP, $PORT, 255, 1, '', 2);
is($ended, 1, 'so does a connection to the virtual address');
ok(eval { $lab->wait_until($_, 2, sub { refused('lb1', $_) }) },
   "it is counted: $_") for qw(full garbage address);

is(peers('lb1', 'up'), 1, 'the link stays');
unlike($nginx{lb1}->log_text, qr/peer link with .* is down/,
       'and was never down');

# --- a wrong secret ------------------------------------------------------------

set_link('lb2', "on secret_file=$file{other}");
$lab->wait_until('a refusal', $PATIENCE,
                 sub { refused('lb1', 'secret') >= 2 });
is(peers('lb1', 'up'), 0, 'another secret is refused');
is(scalar(() = $nginx{lb1}->log_text =~ /its secret is wrong/g), 1,
   'and logged once');

my $refused = refused('lb1', 'secret');
set_link('lb2', 'on');
$lab->wait_until('more refusals', $PATIENCE,
                 sub { refused('lb1', 'secret') >= $refused + 2 });
is(peers('lb1', 'up'), 0, 'and so is no secret');

set_link('lb2', "on secret_file=$file{good}");
wait_for_link('with the right secret');
is(transitions(), $before, 'VRRP has not noticed anything');

# --- the link comes back --------------------------------------------------------

$nginx{lb1}->reload;
wait_for_link('after a reload');

my $vrrp = vrrp_pid();
$nginx{lb1}->signal('KILL', $nginx{lb1}->vrrp_processes);
wait_for_successor($vrrp);
wait_for_link('after the death of the vrrp process');

# A QUIT before the new process has the routers would be the end of nginx.
my ($old) = $nginx{lb1}->masters;
$vrrp = vrrp_pid();
$nginx{lb1}->signal('USR2', $old);
$lab->wait_until('a new master', $PATIENCE, sub {
    $nginx{lb1}->masters == 2 && $nginx{lb1}->vrrp_processes == 2 });
wait_for_successor($vrrp);
$nginx{lb1}->signal('QUIT', $old);
$lab->wait_until('the end of the old one', $PATIENCE,
                 sub { $nginx{lb1}->masters == 1
                       && $nginx{lb1}->vrrp_processes == 1 });
wait_for_link('after an upgrade');
is(holders('lb1'), 'nginx ngx_vrrp',
   'the new binary has the same socket');
is((split ' ', transitions())[1], (split ' ', $before)[1],
   'lb2 has never taken over');
is(join(' ', $lab->who_has), 'lb1', 'and lb1 has the address');

# --- the MASTER leaves --------------------------------------------------------

$lab->wait_until('lb1 to name lb2', $PATIENCE, sub {
    my ($peer) = peers('lb2', 'up');
    return $peer && @{ $peer->{instances} } == 2
           && !grep { !$_->{successor} } @{ $peer->{instances} };
});
ok(!(grep { map { grep { $_->{successor} } @{ $_->{instances} } } $_ }
          peers('lb1', 'up')), 'a BACKUP names no successor');
$nginx{lb1}->stop('QUIT');
$lab->wait_for_holder('lb2', $PATIENCE);
my ($instance) = @{ $nginx{lb2}->status->{instances} };
like($instance->{reason},
     qr/^(?:priority 0 from \S+, which|\S+ leaves, and) has named this node/,
     'lb2 takes over at once, without the skew time');
$nginx{lb1}->start;
$lab->wait_for_holder('lb1', $PATIENCE);
wait_for_link('after that');

# --- a BACKUP starts, and no advertisement arrives --------------------------------

$nginx{lb2}->stop('QUIT');
my $remembered = $nginx{lb2}->dir . '/nginx.pid.vrrp_peers';
like(VRRP::Proc::slurp($remembered) // '',
     qr/^peer $VRRP::Node::INTERFACE \Q$address\E \d+$/m,
     'the address of lb1 is kept in a file');
is((stat $remembered)[2] & 0777, 0600, 'that only root can write');
$lab->node('lb2')->drop_vrrp('in');
$nginx{lb2}->start;
wait_for_link('where no advertisement arrives');
sleep 1;
is(join(' ', $lab->who_has), 'lb1', 'lb2 does not take over');
is(join(' ', map { $_->{state} } @{ $nginx{lb2}->status->{instances} }),
   'BACKUP', 'it is BACKUP');
$lab->node('lb2')->let_vrrp_pass;

# --- the other node has none ---------------------------------------------------

set_link('lb2', 'off');
$lab->wait_until('no link', $PATIENCE, sub { peers('lb1', 'up') == 0 });
is_deeply($nginx{lb2}->status->{peers}, [], 'without a link, no peers');
is(holders('lb2'), '', 'and no socket');
$nginx{lb2}->stop('QUIT');

my $keepalived = $lab->start_keepalived('lb2', conf => <<"END");
vrrp_instance VI_1 {
    interface $VRRP::Node::INTERFACE
    version 3
    advert_int 0.1
    virtual_router_id 51
    priority 250
    virtual_ipaddress {
        $VIP/24
    }
}
END
$lab->wait_for_holder('lb2', $PATIENCE);
$lab->wait_until('a refused connection', $PATIENCE, sub {
    grep { ($_->{reason} // '') =~ /Connection refused/
           && $_->{address} eq $lab->node('lb2')->address }
        peers('lb1', 'down');
});
pass('keepalived refuses connections');
unlike($nginx{lb1}->log_text, qr/Connection refused/, 'which is not logged');
$keepalived->stop;

# --- the file of the secret is gone ----------------------------------------------

$lab->wait_for_holder('lb1', $PATIENCE);
unlink $file{good} or die "$file{good}: $!\n";
$vrrp = vrrp_pid();
$nginx{lb1}->signal('KILL', $nginx{lb1}->vrrp_processes);
$lab->wait_until('a process without links', $PATIENCE, sub {
    $nginx{lb1}->log_text =~ /no peer links there until nginx is reloaded/;
});
wait_for_successor($vrrp);
is(join(' ', $lab->who_has), 'lb1', 'VRRP goes on without the secret');

unlike($_->log_text, qr/secret of the two/, 'no secret is logged')
    for values %nginx;

$lab->finish;
done_testing;
