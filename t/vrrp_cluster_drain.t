#!/usr/bin/perl

# A planned move cuts no connection: downloads, uploads, and connections that
# send their request after the move are finished by the node that left, while
# the new MASTER answers new requests. In version 2 with 1 s and in version 3,
# IPv4 and IPv6: release, preemption, quit. Nothing is left behind.

use v5.36;

use Digest::MD5 qw(md5_hex);
use JSON::PP qw(decode_json);
use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my %ADDRESS = (SLOW => $VRRP::Lab::VIP, FAST => '192.168.64.201',
               SIX => 'fd64::201');
my %PRIORITY = (lb1 => 150, lb2 => 100);
my $PATIENCE = 10;
my $LONG = 6;  # each transfer, s

my $TRANSFER = 't/lib/transfer.pl';

$VRRP::Nginx::SHUTDOWN_TIMEOUT = 60;

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
my $BODY = join '', map { chr } map { ($_ * 7) % 251 } 1 .. 600_000;


sub vrrp ($name) {
    my $common = "interface $VRRP::Node::INTERFACE;"
               . " priority $PRIORITY{$name};";
    return <<"END";
    router_id $name;
    peer_link on;
    drain_timeout 10m;
    vrrp_instance SLOW {
        $common virtual_router_id 51; version 2; advert_int 1s;
        virtual_ipaddress $ADDRESS{SLOW}/24;
    }
    vrrp_instance FAST {
        $common virtual_router_id 52; advert_int 250ms;
        virtual_ipaddress $ADDRESS{FAST}/24;
    }
    vrrp_instance SIX {
        $common virtual_router_id 53; advert_int 250ms;
        virtual_ipaddress $ADDRESS{SIX}/64;
    }
END
}

my (%nginx, %clean);
for my $name (sort keys %PRIORITY) {
    my $dir = $lab->node($name)->dir;
    mkdir "$dir/www";
    mkdir "$dir/up";
    chmod 0777, "$dir/up";
    open my $out, '>', "$dir/www/big" or die "$dir: $!\n";
    print {$out} $BODY;
    close $out;

    $clean{$name} = state_of($name);
    $nginx{$name} = $lab->start_nginx($name, vrrp => vrrp($name),
        http => <<"END");
    server {
        listen 80;
        listen [::]:80;
        add_header X-Node $name;
        location / { return 200 web; }
        location = /big { root $dir/www; limit_rate 100k; }
        location /up/ {
            root $dir;
            dav_methods PUT;
            client_max_body_size 1m;
            client_body_timeout 10s;
        }
    }
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
        location /control { vrrp_control on; }
    }
END
    if ($name eq 'lb1') {
        $lab->wait_for_holder('lb1', $PATIENCE, $_) for values %ADDRESS;
    }
}


# The link-local address of the interface may be tentative at first.
sub routes_of ($node) {
    my $all = join '', map { $node->run('ip', $_, qw(route show table all)) }
                       qw(-4 -6);
    return $all =~ s/ expires \S+//gr =~ s/^.*fe80:.*\n//gmr;
}

# What must not be changed by a move.
sub state_of ($name) {
    my $node = $lab->node($name);
    my $filters = join '', map {
        ($node->try(qw(tc filter show dev), $VRRP::Node::INTERFACE, $_))[0]
    } qw(ingress egress);
    my $addresses = $node->run(qw(ip -o addr show))
        =~ s/(?: tentative)? *\\? *valid_lft .*//gr =~ s/^\d+: //gmr;

    return { addresses => $addresses, filters => $filters =~ s/^Error.*\n//gmr,
             routes => routes_of($node) };
}

# The first virtual address of an interface sets promote_secondaries.
sub sysctls ($name) {
    my ($text) = $lab->node($name)->try('sysctl', '-a', '--pattern',
                                        '^net\.ipv[46]\.(conf|neigh|tcp)');
    return $text =~ s/^.*(?:stable_secret|promote_secondaries).*\n//gmr;
}

sub instance ($name, $instance) {
    return (grep { $_->{name} eq $instance }
            $nginx{$name}->status->{instances}->@*)[0];
}

sub wait_for_order ($master, $successor) {
    $lab->wait_until("$master to name $successor", $PATIENCE, sub {
        my ($peer) = grep { $_->{state} eq 'up' && $_->{router_id} eq $master }
                     $nginx{$successor}->status->{peers}->@*;
        return $peer && $peer->{instances}->@* == 3
               && !grep { !$_->{successor} } $peer->{instances}->@*;
    });
}

sub control ($name, $action) {
    return decode_json($lab->node($name)->run(
        qw(curl -sS -m 10 -X POST -H), 'X-VRRP-Control: 1',
        "http://127.0.0.1:8080/control/$action"));
}

sub start_clients ($tag) {
    my @clients;
    for my $instance (sort keys %ADDRESS) {
        my $address = $ADDRESS{$instance};
        for my $kind (qw(download upload late)) {
            my $name = "$tag-$instance-$kind";
            my $path = $kind eq 'download' ? '/big'
                     : $kind eq 'upload' ? "/up/$name" : '/';
            $lab->node('client')->spawn({ tag => $name }, 'perl', $TRANSFER,
                $kind, $address, $path, $kind eq 'late' ? 2.2 : $LONG);
            push @clients, { name => $name, kind => $kind };
        }
    }
    sleep 1;
    return @clients;
}

sub answers ($address) {
    my $host = $address =~ /:/ ? "[$address]" : $address;
    my ($text) = $lab->node('client')->try(
        qw(curl -sS -m 2 -o /dev/null -D -), "http://$host/");
    return $text =~ /^X-Node: (\S+)/m ? $1 : $text;
}

sub are_whole ($from, $title, @clients) {
    my $dir = $lab->node('client')->dir;
    eval {
        $lab->wait_until('the clients', $LONG + $PATIENCE, sub {
            return !grep { !-s "$dir/$_->{name}.out" } @clients;
        });
    };
    for my $client (@clients) {
        my $text = VRRP::Proc::slurp("$dir/$client->{name}.out") // '';
        my ($status, $node, $octets, $md5, $gap, $error) = split ' ', $text;
        my $wanted = $client->{kind} eq 'late' ? '200 ' . md5_hex('web')
            : $client->{kind} eq 'upload' ? '201 ' . md5_hex($BODY)
            : '200 ' . md5_hex($BODY);
        is(($status // '-') . ' ' . ($md5 // '-'), $wanted,
           "$title: $client->{name} is whole")
            or diag("$text", VRRP::Proc::slurp("$dir/$client->{name}.err"));
        is($node, $from, "$title: $client->{name}: finished by $from");
        note("$client->{name}: longest gap $gap ms") if defined $gap;
        if ($client->{kind} eq 'upload') {
            my $file = $lab->node($from)->dir . "/up/$client->{name}";
            is(md5_hex(VRRP::Proc::slurp($file) // ''), md5_hex($BODY),
               "$title: $client->{name} has arrived");
        }
    }
}

# act() moves all addresses.
sub cuts_nothing ($title, $from, $to, $act) {
    my %before = map { $_ => sysctls($_) } qw(lb1 lb2);
    my @clients = start_clients($title);

    $act->();
    for my $instance (sort keys %ADDRESS) {
        $lab->wait_until("$to to have $instance", $PATIENCE, sub {
            return $nginx{$to}->state($instance) eq 'MASTER';
        });
    }
    sleep 0.3;
    my $lo = $lab->node($from)->run(qw(ip -o addr show dev lo));
    for my $instance (sort keys %ADDRESS) {
        is(answers($ADDRESS{$instance}), $to,
           "$title: $instance: new requests are answered by $to");
        like($lo, qr/\Q$ADDRESS{$instance}\E/,
             "$title: $instance: $from finishes its connections");
        my $drain = instance($to, $instance)->{drain};
        cmp_ok($drain->{forwarding}{connections} // 0, '>=', 2,
           "$title: $instance: the status of $to")
            or diag(explain($drain));
    }

    are_whole($from, $title, @clients);
    $lab->wait_until("$from to end", $PATIENCE, sub {
        return $lab->node($from)->run(qw(ip -o addr show dev lo))
               !~ /192\.168|fd64/;
    });
    is(state_of($from)->{filters}, '', "$title: no filter is left on $from");
    $lab->wait_until("$to to end", $PATIENCE, sub {
        return state_of($to)->{filters} eq '';
    });
    is(sysctls($_), $before{$_}, "$title: settings of $_ are as before")
        for qw(lb1 lb2);

    if (!Test::More->builder->is_passing) {
        diag("$_: ", $nginx{$_}->log_text =~ s/^(?!.*\[notice\]).*\n//gmr)
            for qw(lb1 lb2);
    }
}


my $unavailable = instance('lb1', 'FAST')->{drain}{unavailable};
if (defined $unavailable) {
    $lab->finish;
    plan(skip_all => "drain: not available: $unavailable");
}

wait_for_order('lb1', 'lb2');
cuts_nothing('release', 'lb1', 'lb2', sub { control('lb1', 'release') });

cuts_nothing('preemption', 'lb2', 'lb1', sub { control('lb1', 'resume') });

wait_for_order('lb1', 'lb2');
cuts_nothing('quit', 'lb1', 'lb2', sub {
    $nginx{lb1}->signal('QUIT', $nginx{lb1}->masters);
});
eval { $nginx{lb1}->wait_gone($PATIENCE) };
is($@, '', 'quit: nginx has ended');
my $after = state_of('lb1');
is($after->{$_}, $clean{lb1}{$_}, "quit: $_ of lb1 are as before it started")
    for qw(addresses filters routes);

like($nginx{lb1}->log_text, qr/finishing \d+ connections? to its addresses/,
     'the log of the node that left');
like($nginx{lb2}->log_text, qr/forwarding to lb1 \(/,
     'the log of the successor');

$lab->finish;
done_testing;
