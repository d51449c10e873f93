#!/usr/bin/perl

# "listen" on virtual addresses that the node does not hold.
#
# The node's cable is out, so its vrrp_instances stay in FAULT and only this
# test adds addresses.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Lab;

my $reason = VRRP::Lab->unavailable || VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my ($VIP4, $VIP6) = ('192.168.64.200', 'fd64::200');

my $VRRP = <<"END";
    vrrp_instance VI_4 {
        interface vrlab0;
        virtual_router_id 51;
        virtual_ipaddress $VIP4/24;
    }
    vrrp_instance VI_6 {
        interface vrlab0;
        virtual_router_id 51;
        virtual_ipaddress $VIP6/64;
    }
END

my $lab = VRRP::Lab->new(nodes => ['lb1']);
my $node = $lab->node('lb1');
my $nginx;

$lab->unplug('lb1');

my $load_stream = VRRP::Nginx->load_stream;
my $skip_udp = defined $load_stream ? undef : 'no stream module here';


# A server that listens on all of these, for the http block.
sub server (@listen) {
    return "server {\n"
         . join('', map { "    listen $_;\n" } @listen)
         . "    location / { return 200 served; }\n}\n";
}


# Inodes of the sockets that are bound, by protocol, address and port.
sub sockets () {
    my %inodes;

    for (split /\n/, $node->run(qw(ss -H -n -l -t -u -e))) {
        my ($protocol, $local) = (split)[0, 4];
        my ($inode) = /\bino:(\d+)/ or next;

        push @{ $inodes{"$protocol $local"} }, $inode;
    }

    @$_ = sort { $a <=> $b } @$_ for values %inodes;

    return \%inodes;
}


sub counts ($sockets) {
    return { map { $_ => scalar @{ $sockets->{$_} } } keys %$sockets };
}


# How many descriptors of the master are listening sockets.
sub master_listens () {
    my ($master) = $nginx->masters;
    my %bound = map { $_ => 1 } map { @$_ } values %{ sockets() };

    return scalar grep { /^socket:\[(\d+)\]/ && $bound{$1} }
                  map { readlink($_) // '' } glob "/proc/$master/fd/*";
}


sub occurrences ($pattern) {
    return scalar(() = $nginx->log_text =~ /$pattern/g);
}


# HUP, then waits for one more line of this kind.
sub reload ($pattern) {
    my $before = occurrences($pattern);

    $nginx->signal('HUP', $nginx->masters);

    $lab->wait_until("\"$pattern\" after a reload", 10,
                     sub { occurrences($pattern) > $before });
}


# Ends when the old workers and their sockets are gone.
sub reload_to ($workers, %conf) {
    my @old = ($nginx->workers, $nginx->vrrp_processes);

    $nginx->configure(%conf, workers => $workers);
    reload('gracefully shutting down');

    $lab->wait_until('old processes to go', 10, sub {
        return !grep { VRRP::Proc::is_alive($_) } @old;
    });
}


sub add_addresses () {
    $node->batch_ip("address add $VIP4/32 dev lo",
                    "address add $VIP6/128 dev lo nodad");
}


sub delete_addresses () {
    $node->batch_ip("address del $VIP4/32 dev lo",
                    "address del $VIP6/128 dev lo");
}


sub ask_by_udp ($address, $port) {
    my $client = <<'END';
        my ($address, $port) = @ARGV;
        my $s = IO::Socket::IP->new(PeerHost => $address, PeerPort => $port,
                                    Proto => 'udp') or die $@;
        alarm 5;
        $s->send('?');
        $s->recv(my $answer, 100);
        print $answer;
END

    my ($answer) = $node->try($^X, '-MIO::Socket::IP', '-e', $client,
                              $address, $port);
    return $answer;
}


# Occupies an address as a program that is not nginx.
sub squat ($address, $port) {
    my $program = <<'END';
        my ($address, $port) = @ARGV;
        my $freebind = [ 0, 15, 1 ];
        my $s = IO::Socket::IP->new(LocalHost => $address, Listen => 1,
            LocalPort => $port, Sockopts => [ $freebind ]) or die $@;
        sleep 60;
END

    my $pid = $node->spawn({ tag => 'squatter' }, $^X, '-MIO::Socket::IP',
                           '-e', $program, $address, $port);

    $lab->wait_until("port $port to be taken", 5,
                     sub { sockets()->{"tcp $address:$port"} });

    return $pid;
}


# Whether the kernel keeps a connection to itself until its client speaks.
sub is_deferred ($address, $port) {
    my $program = <<'END';
        my ($address, $port) = @ARGV;
        my $s = IO::Socket::IP->new(PeerHost => $address, PeerPort => $port)
            or die $@;
        syswrite STDOUT, "connected";
        sleep 60;
END

    my $out = $node->dir . "/silent.$port";
    my $pid = $node->spawn({ tag => 'silent', output => $out },
                           $^X, '-MIO::Socket::IP', '-e', $program,
                           $address, $port);

    $lab->wait_until('the silent client', 5, sub { -s $out });

    my $held = $node->run(qw(ss -H -n -t state syn-recv sport), "= :$port");

    $node->reap($pid);

    return $held =~ /\S/;
}


# --- without it -------------------------------------------------------------

sub is_refused ($title, %conf) {
    my $refused = VRRP::Nginx->new(node => $node, http => server("$VIP4:80"),
                                   %conf);
    $refused->configure;

    for my $options (['-t'], []) {
        my ($out, $status) = $refused->run(@$options);

        isnt($status, 0, "$title: nginx @$options fails");
        like($out, qr/bind\(\) to $VIP4:80 failed \(99: /,
             "$title: nginx @$options says why");
    }
}

is($node->run(qw(sysctl -n), $_), "0\n", "no $_")
    for qw(net.ipv4.ip_nonlocal_bind net.ipv6.ip_nonlocal_bind);

is_refused('no vrrp block');
is_refused('freebind off', vrrp => "freebind off;\n$VRRP");
is_refused('not a VIP', vrrp => $VRRP =~ s/$VIP4/192.168.64.201/r);


# --- nginx -t, and a start --------------------------------------------------

my $HTTP = server("$VIP4:80", "$VIP4:81 reuseport", "$VIP4:82 deferred",
                  "[$VIP6]:80", "[$VIP6]:81 reuseport", '8081', '[::]:8081');

my $STREAM = <<"END";
stream {
    server { listen $VIP4:53 udp; return udp4; }
    server { listen $VIP4:54 udp reuseport; return udp4; }
    server { listen [$VIP6]:53 udp; return udp6; }
}
END

my %conf = (vrrp => $VRRP, http => $HTTP, workers => 2,
            main => $skip_udp ? '' : "$load_stream\n$STREAM");

my %listens = (
    "tcp $VIP4:80" => 1, "tcp $VIP4:81" => 2, "tcp $VIP4:82" => 1,
    "tcp [$VIP6]:80" => 1, "tcp [$VIP6]:81" => 2,
    'tcp 0.0.0.0:8081' => 1, 'tcp [::]:8081' => 1,
    $skip_udp ? () : (
        "udp $VIP4:53" => 1, "udp $VIP4:54" => 2, "udp [$VIP6]:53" => 1),
);

{
    my $tested = VRRP::Nginx->new(node => $node, %conf);
    $tested->configure;

    my ($out, $status) = $tested->run('-t');

    is($status, 0, 'nginx -t passes') or diag($out);
    is_deeply(sockets(), {}, 'nginx -t leaves nothing open');
}

$nginx = $lab->start_nginx('lb1', %conf,
    expect => qr/203\.0\.113\.9|no_such|:83 failed|still could not bind/);

my $first = sockets();

is_deeply(counts($first), \%listens, 'start: every address has its sockets');
ok(!$node->has_address($_), "start: no $_ here") for $VIP4, $VIP6;

{
    my ($out, $status) = $nginx->run('-t');

    is($status, 0, 'nginx -t beside a running nginx') or diag($out);
    is_deeply(sockets(), $first, 'nginx -t beside it: sockets as before');
}


# --- the addresses come -----------------------------------------------------

sub is_served ($when) {
    for my $listen (map { ("$_:80", "$_:81") } $VIP4, "[$VIP6]") {
        my ($body) = $node->try(qw(curl -s -S -g -m 5), "http://$listen/");
        is($body, 'served', "$when: http://$listen/");
    }

    SKIP: {
        skip($skip_udp, 3) if $skip_udp;

        is(ask_by_udp($VIP4, 53), 'udp4', "$when: UDP");
        is(ask_by_udp($VIP4, 54), 'udp4', "$when: UDP with reuseport");
        is(ask_by_udp($VIP6, 53), 'udp6', "$when: UDP over IPv6");
    }
}

add_addresses();
is_served('addresses added');

delete_addresses();


# --- reload -----------------------------------------------------------------

reload_to(2);
is_deeply(sockets(), $first, 'reload: the same sockets');

# One more worker, and reuseport where there was none.
reload_to(3, http => $HTTP =~ s/$VIP4:80;/$VIP4:80 reuseport;/r);

{
    my $now = sockets();

    my %wanted = %listens;
    $wanted{$_} = 3
        for "tcp $VIP4:80", grep { $listens{$_} == 2 } keys %listens;

    is_deeply(counts($now), \%wanted, 'third worker: a socket for it');

    for my $name (sort keys %$first) {
        my %has = map { $_ => 1 } @{ $now->{$name} };

        is_deeply([ grep { !$has{$_} } @{ $first->{$name} } ], [],
                  "third worker: $name is kept");
    }
}

reload_to(2, http => server("$VIP4:80"), main => '');
is_deeply(counts(sockets()), { "tcp $VIP4:80" => 1 },
          'listens removed: so are their sockets');

reload_to(2, %conf);
is_deeply(counts(sockets()), \%listens, 'listens added: sockets too');

add_addresses();
ok(is_deferred($VIP4, 82), 'listens added: this one deferred');
ok(!is_deferred($VIP4, 80), 'listens added: that one not');
delete_addresses();


# --- a reload that fails ----------------------------------------------------

sub fails ($title, $pattern, %wrong) {
    my ($before, $listens) = (sockets(), master_listens());

    $nginx->configure(%wrong);
    reload($pattern);
    sleep 0.1;

    is_deeply(sockets(), $before, "$title: sockets as before");
    is(master_listens(), $listens, "$title: no other in the master");
}

my @more = ("$VIP4:84", "[$VIP6]:84 reuseport");

# before nginx comes to the listening sockets
fails('no log file', 'open\(\) "\S*no_such\S*" failed',
      http => server(@more) . 'error_log no_such/error.log;');

# while nginx opens its own
fails('no such address', 'bind\(\) to 203\.0\.113\.9:80 failed \(99: ',
      http => server(@more, '203.0.113.9:80'));

{
    my $squatter = squat($VIP4, 83);

    fails('address in use', 'still could not bind',
          http => server(@more, "$VIP4:83"));

    is(occurrences("bind\\(\\) with IP_FREEBIND to $VIP4:83 failed \\(98: "),
       5, 'address in use: as patient as nginx');

    $node->reap($squatter);
}

reload_to(2, %conf);
is_deeply(counts(sockets()), \%listens, 'a good reload after all that');


# --- upgrade ----------------------------------------------------------------

{
    my $before = sockets();
    my ($old) = $nginx->masters;

    $nginx->signal('USR2', $old);
    $lab->wait_until('the new master and its workers', 10, sub {
        return $nginx->masters == 2 && $nginx->workers == 4;
    });

    is_deeply(sockets(), $before, 'upgrade: the same sockets');

    $nginx->signal('QUIT', $old);
    $lab->wait_until('the old master to go', 10,
                     sub { !VRRP::Proc::is_alive($old) });

    is_deeply(sockets(), $before, 'upgrade: they stay');

    add_addresses();
    is_served('upgrade');
}

$nginx->stop('QUIT');
is_deeply(sockets(), {}, 'quit: nothing is left');

$lab->finish;
done_testing;
