#!/usr/bin/perl

# What must work with every nginx and every compiler: two nodes, a failover,
# reload, upgrade, control, checks of servers. tools/test-matrix runs it for
# each of them; what an nginx does not have is skipped.

use v5.36;

use lib 't/lib';
use Cwd qw(abs_path);
use IO::Socket::INET;
use JSON::PP qw(decode_json);
use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Certificates;
use VRRP::Pools;

my $reason = VRRP::Lab->unavailable || VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $VIP = $VRRP::Lab::VIP;
my $HTTP = !VRRP::Nginx->configured('--without-http');

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
my $certificates = VRRP::Certificates->new($lab->dir . '/ca');
my ($certificate, $key) = $certificates->issue('vip', $VIP);
my $quic = quic();
my %nginx;

note(VRRP::Nginx->binary, ': ',
     `@{[ VRRP::Nginx->binary ]} -V 2>&1` =~ s/configure arguments.*//sr);


subtest 'two nodes' => sub {
    $nginx{lb1} = start('lb1', 150);
    holder('lb1');
    $nginx{lb2} = start('lb2', 100);
    sleep 0.5;
    holder('lb1', 'a better one is there');
    served('lb1');
    state_is('lb2', 'BACKUP');
};

subtest 'reload' => sub {
    my $watch = $lab->watch_addresses('lb1');

    $nginx{lb1}->reload(20);
    holder('lb1');
    served('lb1');
    is(scalar(grep { !$_->{present} } $watch->events($VIP)), 0,
       'the address was there all the time');
};

subtest 'upgrade by USR2' => sub {
    my $watch = $lab->watch_addresses('lb1');
    my $lb1 = $nginx{lb1};
    my ($old) = $lb1->masters;

    $lb1->signal('USR2', $old);
    $lab->wait_until('two of each', 20, sub {
        $lb1->masters == 2 && $lb1->vrrp_processes == 2
            && $lb1->workers == 2 * $lb1->{workers};
    });
    sleep 0.3;

    $lb1->signal('QUIT', $old);
    $lab->wait_until('one of each', 20, sub {
        $lb1->masters == 1 && $lb1->vrrp_processes == 1;
    });

    isnt(($lb1->masters)[0], $old, 'the new one is left');
    holder('lb1');
    served('lb1');
    is(scalar(grep { !$_->{present} } $watch->events($VIP)), 0,
       'the address was there all the time');
};

subtest 'release and resume' => sub {
    plan(skip_all => 'no http') if !$HTTP;

    control('release');
    holder('lb2');
    served('lb2');
    control('resume');
    holder('lb1');
    served('lb1');
};

subtest 'QUIC' => sub {
    plan(skip_all => 'no QUIC in this nginx') if $quic eq '';

    ok(speaks_quic(), 'from the MASTER');
    control('release');
    holder('lb2');
    ok(speaks_quic(), 'from the other one');
    control('resume');
    holder('lb1');
};

subtest 'nginx is killed' => sub {
    my $lb1 = $nginx{lb1};

    $lb1->{expect} = qr/on signal 9/;
    $lb1->signal('KILL', map { $_->{pid} } $lb1->processes);
    holder('lb2');
    served('lb2');

    $lb1->wait_gone;
    $lb1->start;
    holder('lb1');
    served('lb1');
};

subtest 'nginx quits' => sub {
    $nginx{lb1}->command('quit');
    holder('lb2');
    served('lb2');
    $nginx{lb1}->wait_gone;
};

$lab->finish;


subtest 'vrrp_check' => \&checks;

done_testing;


sub start ($name, $priority) {
    return $lab->start_nginx($name, vrrp => <<"VRRP", http => http($name));
    router_id $name;
    vrrp_instance VI_1 {
        interface $VRRP::Node::INTERFACE;
        virtual_router_id 51;
        priority $priority;
        advert_int 50ms;
        virtual_ipaddress $VIP/24;
    }
VRRP
}


sub http ($name) {
    return <<"END";
    server {
        listen $VIP:80;
        $quic
        location / { return 200 $name; }
    }

    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
        location /control { vrrp_control on; }
    }
END
}


# The lines for HTTP/3 on the virtual address, if this nginx knows them.
sub quic () {
    my $lines = <<"END";
        listen $VIP:443 quic reuseport;
        ssl_certificate $certificate;
        ssl_certificate_key $key;
END

    return accepted($lab, "server { $lines }") ? $lines : '';
}


# Whether nginx -t accepts this inside of http.
sub accepted ($lab, $http) {
    my $nginx = VRRP::Nginx->new(node => $lab->node('lb1'), http => $http);

    $nginx->configure;
    # no bind() with an address that is not here
    $lab->node('lb1')->run(qw(sysctl -q -w net.ipv4.ip_nonlocal_bind=1));
    my ($out, $status) = $nginx->run('-t');
    $lab->node('lb1')->run(qw(sysctl -q -w net.ipv4.ip_nonlocal_bind=0));

    return $HTTP && $status == 0;
}


sub holder ($name, $what = "$name has the address") {
    ok(eval { $lab->wait_for_holder($name, 15) }, $what) or diag($@);
}


sub served ($name) {
    return if !$HTTP;

    my ($out) = $lab->node('client')->try(qw(curl -s -m 5), "http://$VIP/");

    is($out, $name, "$name answers clients");
}


sub state_is ($name, $state) {
    is($nginx{$name}->state, $state, "$name is $state") if $HTTP;
}


# On lb1.
sub control ($action) {
    my ($out) = $lab->node('lb1')->try(qw(curl -sS -m 10 -X POST -H),
        'X-VRRP-Control: 1', "http://127.0.0.1:8080/control/$action");
    my $answer = eval { decode_json($out) } // {};

    is($answer->{action}, $action, $action) or diag($out);
}


# A packet of a version that does not exist is answered with a list of those
# that do (RFC 9000, 6.1), for which no HTTP/3 client is needed.
sub speaks_quic () {
    my ($out) = $lab->node('client')->try($^X, '-MIO::Socket::INET', '-e', <<'END', $VIP);
        my $socket = IO::Socket::INET->new(Proto => 'udp', PeerPort => 443,
                                           PeerAddr => shift) or die;
        $socket->send(pack 'C N C a8 C a8 x1178', 0xc0, 0x1a2a3a4a, 8,
                           'dest-cid', 8, 'src--cid');
        alarm 5;
        $socket->recv(my $answer, 2000);
        my ($form, $version, $n, $cid) = unpack 'C N C a8', $answer;
        print $form & 0x80 && $version == 0 && $cid eq 'src--cid' ? 'quic'
                                                                   : 'else';
END

    return $out eq 'quic';
}


sub checks () {
    plan(skip_all => 'no http') if !$HTTP;

    my $pools = VRRP::Pools->new;
    my $lb1 = $pools->lab->node('lb1');
    my ($a, $b) = @VRRP::Pools::PORTS;
    my @names = qw(zone own);
    my $upstreams = VRRP::Pools->upstream('zone', zone => 1)
                    . VRRP::Pools->upstream('own');

    my $resolving = VRRP::Pools->upstream('named', zone => 1,
        servers => "server web1.test:$a resolve; server web1.test:$b resolve;",
        more => 'resolver 127.0.0.1:5353 valid=1s ipv6=off;');

    if (accepted($pools->lab, $resolving =~ s/vrrp_check.*?;//r)) {
        my $hosts = $lb1->dir . '/hosts';

        open my $file, '>', $hosts or die "$hosts: $!\n";
        say {$file} $VRRP::Pools::WEB;
        close $file;

        $lb1->spawn({}, $^X, abs_path('t/lib/dns.pl'), '127.0.0.1', 5353,
                    $hosts);
        # a worker of Tengine 3.2.0 crashes on a request to no address
        $pools->lab->wait_until('the name server listens', 10, sub {
            $lb1->run('ss', '-Hlun', 'sport', '=', ':5353') ne '';
        });
        push @names, 'named';
        $upstreams .= $resolving;
    } else {
        note('no "resolve" in this nginx');
    }

    my %stream;

    if (defined VRRP::Nginx->stream_module) {
        %stream = VRRP::Pools->stream(VRRP::Pools->upstream('tcp',
            check => 'vrrp_check tcp interval=50ms fall=2 rise=2;',
            servers => "server $VRRP::Pools::WEB:$a; server 127.0.0.1:9;"),
            tcp => 8200);
    }

    $pools->start(http => $upstreams . VRRP::Pools->server(@names), %stream);

    my $answer = sub (@ports) {
        for my $name (@names) {
            is($pools->wait_for("$name/", @ports), join(' ', @ports),
               "$name: @ports");
        }
    };

    $answer->($a, $b);
    $pools->fail($b);
    $answer->($a);

    $pools->reload;
    $answer->($a);

    $pools->pass($b);
    $answer->($a, $b);

    if (%stream) {
        is($pools->wait_for_url('http://127.0.0.1:8200/?k=[1-40]', $a), $a,
           'stream');
        like($pools->nginx->log_text, qr/127\.0\.0\.1:9\b.*down/,
             'and the other server of it is down');
    }

    $pools->finish;
}
