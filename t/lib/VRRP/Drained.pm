package VRRP::Drained;

# The nodes of a lab that finish connections after a planned move
# ("drain_timeout"), lb1 with the highest priority, and clients whose
# connections last longer than the move: downloads (of a part, which is whole in
# the kernel of the node), uploads, late ones that send their request after it,
# and idle ones, which the workers close after it. MORE are the same with TLS,
# and those that talk as with WebSocket.

use v5.36;

use Digest::MD5 qw(md5_hex);
use JSON::PP qw(decode_json);
use Test::More ();
use Time::HiRes qw(sleep);

use VRRP::Lab;
use VRRP::Linked;
use VRRP::Nginx;
use VRRP::Transfers;

our $PATIENCE = 15;

my $LONG = 6;  # each transfer, s
our @KINDS = qw(download upload late idle);
our @MORE = qw(tls-download tls-upload tls-idle talk tls-talk);
my $BODY = $VRRP::Transfers::BODY;
my $PART = substr $BODY, 0, 150_000;
my %PRIORITY = (lb1 => 150, lb2 => 100, lb3 => 50);
my %FOUR_AND_SIX = (
    addresses => { FOUR => $VRRP::Lab::VIP, SIX => 'fd64::201' },
    instances => { FOUR => 'virtual_router_id 52; advert_int 500ms;',
                   SIX => 'virtual_router_id 53; advert_int 500ms;' });


# lab, addresses (of each instance by its name), instances (what each instance
# has besides its address; by default there is one for each family), names (of the
# nodes, all by default), more (what start_nginx is given, by the name of a node).
# lb1 becomes MASTER.
sub new ($class, %args) {
    my $self = bless { nginx => {}, clean => {}, %FOUR_AND_SIX, %args },
                     $class;
    my $link = 'on secret_file=' . VRRP::Linked->secret($self->{lab});

    $VRRP::Nginx::SHUTDOWN_TIMEOUT = 60;
    $self->{tls} = VRRP::Transfers::tls($self->{lab});

    my @names = grep { exists $PRIORITY{$_} }
                map { $_->name } $self->{lab}->nodes;
    for my $name (@{ $self->{names} // \@names }) {
        my $dir = $self->{lab}->node($name)->dir;
        VRRP::Transfers::prepare($dir, $BODY);
        VRRP::Transfers::write_file("$dir/www/part", $PART);
        VRRP::Transfers::start_echo($self->{lab}->node($name));
        $self->{clean}{$name} = $self->state_of($name);
        $self->_start($name, $dir, $link);
    }
    return $self;
}


sub _start ($self, $name, $dir, $link) {
    my $locations = VRRP::Transfers::locations($dir, '100k');
    my $instances = join '', map { <<"END" } sort keys %{ $self->{addresses} };
    vrrp_instance $_ {
        interface $VRRP::Node::INTERFACE; priority $PRIORITY{$name};
        $self->{instances}{$_}
        virtual_ipaddress $self->{addresses}{$_}/@{[
            $self->{addresses}{$_} =~ /:/ ? 64 : 24 ]};
    }
END

    $self->{nginx}{$name} = $self->{lab}->start_nginx(
        $name, expect => $self->{expect}, %{ $self->{more}{$name} // {} },
        vrrp => <<"END", http => <<"END_HTTP");
    router_id $name;
    peer_link $link;
    drain_timeout 10m;
    $instances
END
    server {
        listen 80 sndbuf=400k;
        listen [::]:80 sndbuf=400k;
$self->{tls}
        add_header X-Node $name always;
        location / { return 200 web; }
        location = /fast { alias $dir/www/big; }
        location = /part { root $dir/www; }
$locations
    }
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
        location /control { vrrp_control on; }
    }
END_HTTP
    if ($name eq 'lb1') {
        $self->{lab}->wait_for_holder('lb1', $PATIENCE, $_)
            for values %{ $self->{addresses} };
    }
}


# Ends the test if this machine does not permit it.
sub skip_if_unavailable ($self) {
    my ($one) = reverse $self->instances;
    my $why = $self->instance('lb1', $one)->{drain}{unavailable};

    if (defined $why) {
        $self->{lab}->finish;
        Test::More::plan(skip_all => "drain: not available: $why");
    }
}


sub nginx ($self, $name) { $self->{nginx}{$name} }

sub address ($self, $instance) { $self->{addresses}{$instance} }

sub instances ($self) {
    my @all = sort keys %{ $self->{addresses} };
    return @all;
}


# While a vrrp process starts, the status has none.
sub instance ($self, $name, $instance) {
    my $found;

    $self->{lab}->wait_until("$instance in the status of $name", $PATIENCE, sub {
        ($found) = grep { $_->{name} eq $instance }
                   $self->nginx($name)->status->{instances}->@*;
        return defined $found;
    });
    return $found;
}


sub control ($self, $name, $action) {
    return decode_json($self->{lab}->node($name)->run(
        qw(curl -sS -m 10 -X POST -H), 'X-VRRP-Control: 1',
        "http://127.0.0.1:8080/control/$action"));
}


# STOP: none of them sees the others die.
sub kill_all ($self, $name) {
    my $nginx = $self->nginx($name);
    my @all = map { $_->{pid} } $nginx->processes;

    $nginx->signal($_, @all) for qw(STOP KILL);
}


# What must not be changed by a move. The link-local address of the interface
# may be tentative at first.
sub state_of ($self, $name) {
    my $node = $self->{lab}->node($name);
    my $filters = join '', map {
        ($node->try(qw(tc filter show dev), $VRRP::Node::INTERFACE, $_))[0]
    } qw(ingress egress);
    my $addresses = $node->run(qw(ip -o addr show))
        =~ s/(?: tentative)? *\\? *valid_lft .*//gr =~ s/^\d+: //gmr;
    my $routes = join '', map { $node->run('ip', $_, qw(route show table all)) }
                          qw(-4 -6);

    return { addresses => $addresses, filters => $filters =~ s/^Error.*\n//gmr,
             routes => $routes =~ s/ expires \S+//gr =~ s/^.*fe80:.*\n//gmr };
}


# Before nginx was started.
sub clean ($self, $name) { $self->{clean}{$name} }


sub wait_for_order ($self, $master, $successor) {
    $self->_wait("$master to name $successor", sub {
        my ($peer) = grep { $_->{state} eq 'up' && $_->{router_id} eq $master }
                     $self->nginx($successor)->status->{peers}->@*;
        return $peer && $peer->{instances}->@* == $self->instances
               && !grep { !$_->{successor} } $peer->{instances}->@*;
    });
}


sub wait_for_master ($self, $name) {
    for my $instance ($self->instances) {
        $self->_wait("$name to have $instance", sub {
            return $self->nginx($name)->state($instance) eq 'MASTER';
        });
    }
}


sub _wait ($self, $what, $check) {
    return if eval { $self->{lab}->wait_until($what, $PATIENCE, $check); 1 };
    my $error = $@;

    for my $name (sort keys %{ $self->{nginx} }) {
        my $state = $self->state_of($name);
        Test::More::diag("$name: $_\n$state->{$_}") for sort keys %$state;
    }
    $self->explain;
    die $error;
}


# The node that has left has the addresses at lo.
sub at_lo ($self, $name) {
    return $self->{lab}->node($name)->run(qw(ip -o addr show dev lo));
}


# It leaves when the other node is MASTER.
sub wait_for_lo ($self, $name) {
    for my $address (values $self->{addresses}->%*) {
        $self->_wait("$name to have $address at lo", sub {
            return $self->at_lo($name) =~ /\Q$address\E/;
        });
    }
}


sub wait_for_forwarding ($self, $name) {
    for my $instance ($self->instances) {
        $self->_wait("$name to forward for $instance", sub {
            return $self->instance($name, $instance)->{drain}{forwarding};
        });
    }
}


sub wait_until_ended ($self, $from, $to) {
    $self->_wait("$from to end", sub {
        return $self->at_lo($from) !~ /192\.168|fd64/;
    });
    $self->_wait("$to to end", sub {
        return $self->state_of($to)->{filters} eq $self->clean($to)->{filters};
    });
}


# Of these kinds, or of KINDS.
sub start_clients ($self, $tag, @kinds) {
    @kinds = @KINDS if !@kinds;
    @kinds = grep { !/^tls/ } @kinds if $self->{tls} eq '';

    my @clients = $self->_spawn_clients($tag, undef, @kinds);

    sleep 0.5;
    return @clients;
}


# Their transfers are slow until hurry(). A kind more is "part".
sub start_slow_clients ($self, $tag, @kinds) {
    return $self->_spawn_clients($tag, 1, @kinds);
}


sub _spawn_clients ($self, $tag, $slow, @kinds) {
    my @clients;

    for my $instance ($self->instances) {
        for my $kind (@kinds) {
            my $name = "$tag-$instance-$kind" =~ tr/ /-/r;
            my $path = { download => $slow ? '/fast' : '/big',
                         upload => "/up/$name", part => '/part',
                         talk => '/talk' }->{ $kind =~ s/^tls-//r } // '/';
            $self->{lab}->node('client')->spawn(
                { tag => $name }, 'perl', $VRRP::Transfers::SCRIPT,
                $kind eq 'part' ? 'download' : $kind,
                $self->{addresses}{$instance}, $path,
                $slow ? $self->_go_file($name) : $LONG - ($kind eq 'late'));
            push @clients, { name => $name, kind => $kind,
                             instance => $instance };
        }
    }
    $self->_wait('the clients to connect', sub {
        return !grep { $self->_said($_) !~ /^connected/ } @clients;
    });
    return @clients;
}


sub _go_file ($self, $name) {
    return $self->{lab}->node('client')->dir . "/$name.go";
}


sub hurry ($self, @clients) {
    VRRP::Transfers::write_file($self->_go_file($_->{name}), '') for @clients;
}


# On stderr.
sub _said ($self, $client) {
    my $dir = $self->{lab}->node('client')->dir;

    return VRRP::Proc::slurp("$dir/$client->{name}.err") // '';
}


# The node that answers a new request.
sub answers ($self, $instance) {
    my $address = $self->{addresses}{$instance};
    my $host = $address =~ /:/ ? "[$address]" : $address;
    my ($text) = $self->{lab}->node('client')->try(
        qw(curl -sS -m 2 -o /dev/null -D -), "http://$host/");

    return $text =~ /^X-Node: (\S+)/m ? $1 : $text;
}


sub wait_for_results ($self, @clients) {
    $self->_wait('the clients to end', sub { $self->have_ended(@clients) });
}


# What each client has seen: its line, or nothing yet.
sub results ($self, @clients) {
    return VRRP::Transfers::results($self->{lab}->node('client'),
                                    map { $_->{name} } @clients);
}


sub have_ended ($self, @clients) {
    return VRRP::Transfers::have_ended($self->{lab}->node('client'),
                                       map { $_->{name} } @clients);
}


sub are_whole ($self, $from, $title, @clients) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    eval {
        $self->{lab}->wait_until('the clients', $LONG + $PATIENCE,
                                 sub { $self->have_ended(@clients) });
    };
    for my $client (@clients) {
        my ($text) = $self->results($client);
        my ($status, $node, $octets, $md5, $gap, $error) = split ' ', $text;
        my $wanted = $client->{kind} =~ /late|idle/ ? '200 ' . md5_hex('web')
            : $client->{kind} =~ /upload/ ? '201 ' . md5_hex($BODY)
            : $client->{kind} =~ /talk/
                ? '101 ' . md5_hex(VRRP::Transfers::lines($LONG))
            : $client->{kind} eq 'part' ? '200 ' . md5_hex($PART)
            : '200 ' . md5_hex($BODY);

        Test::More::is(($status // '-') . ' ' . ($md5 // '-'), $wanted,
                       "$title: $client->{name} is whole")
            or Test::More::diag($text, $self->_said($client));
        Test::More::is($node, $from,
                       "$title: $client->{name}: finished by $from");
        Test::More::note("$client->{name}: longest gap $gap ms")
            if defined $gap;
        if ($client->{kind} =~ /upload/) {
            my $file = $self->{lab}->node($from)->dir . "/up/$client->{name}";
            Test::More::is(md5_hex(VRRP::Proc::slurp($file) // ''),
                           md5_hex($BODY),
                           "$title: $client->{name} has arrived");
        }
    }
}


# Downloads and idle clients, before the body is complete. Their addresses have
# gone.
sub are_reset ($self, $from, $title, @clients) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $size = length $BODY;

    eval {
        $self->{lab}->wait_until('the clients', $PATIENCE,
                                 sub { $self->have_ended(@clients) });
    };
    for my $client (@clients) {
        Test::More::like(($self->results($client))[0],
            qr/^200 $from (?!$size ).* Connection_reset_by_peer$/,
            "$title: $client->{name}: a reset");
    }

    my %moved = map { $_->{instance} => 1 } @clients;
    for my $instance (sort keys %moved) {
        $self->_will_match("$title: $instance: $from has closed them",
            qr/closed \d+ connections? to its addresses, .* "$instance"/,
            sub { $self->nginx($from)->log_text });
        Test::More::unlike($self->at_lo($from),
            qr/\Q$self->{addresses}{$instance}\E/,
            "$title: $instance: the address is not left on $from");
    }
}


# Why connections have ended when an instance has moved.
sub says_why ($self, $name, $title, $instance, $why) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    $self->_will_match("$title: $instance: the log",
        qr/connections to its addresses end when they move: $why.* "$instance"/,
        sub { $self->nginx($name)->log_text });
    $self->_will_match("$title: $instance: the status", $why, sub {
        return $self->instance($name, $instance)->{drain}{unavailable} // '-';
    });
}


sub _will_match ($self, $title, $pattern, $text) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    eval {
        $self->{lab}->wait_until($title, $PATIENCE,
                                 sub { $text->() =~ $pattern });
    };
    Test::More::like($text->(), $pattern, $title);
}


sub explain_failures ($self) {
    $self->explain if !Test::More->builder->is_passing;
}


sub explain ($self) {
    for my $name (sort keys %{ $self->{nginx} }) {
        Test::More::diag("$name: ", $self->nginx($name)->log_text
                             =~ s/^(?!.*\[notice\]).*\n//gmr);
    }
}


1;
