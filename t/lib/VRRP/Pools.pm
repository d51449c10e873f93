package VRRP::Pools;

# Upstreams of a balancer, and web servers whose health is a file each: a
# server that fails its check still answers, so a request that is still sent
# there is seen.

use v5.36;

use Time::HiRes qw(sleep time);

use VRRP::Lab;
use VRRP::Proc;

our $WEB = '192.168.64.143';
our @PORTS = (8101, 8102, 8103);

# Soon to notice, and patient with a busy machine.
our $CHECK = 'vrrp_check http uri=/check interval=50ms timeout=2s fall=2'
             . ' rise=2;';

# Balancing methods, as they are written in an upstream.
our %METHODS = (
    round_robin => '',
    least_conn  => 'least_conn;',
    hash        => 'hash $arg_k;',
    consistent  => 'hash $arg_k consistent;',
    random      => 'random two;',
    keepalive   => 'least_conn; keepalive 8;',
);

# Those that stream has, too, where a request is its connection.
our %STREAM_METHODS = (
    round_robin => '',
    least_conn  => 'least_conn;',
    hash        => 'hash $remote_port;',
    consistent  => 'hash $remote_port consistent;',
    random      => 'random two;',
);


sub new ($class, %args) {
    my $lab = VRRP::Lab->new(nodes => [qw(lb1 web1)]);
    my $self = bless { lab => $lab, %args }, $class;

    $self->{docs} = $lab->node('web1')->dir . '/docs';
    mkdir $self->{docs} or die "mkdir $self->{docs}: $!\n";

    $self->pass(@PORTS);
    $self->_start_web;

    return $self;
}


sub lab ($self)   { $self->{lab} }
sub nginx ($self) { $self->{nginx} }


# More arguments for VRRP::Nginx, for the balancer.
sub start ($self, %args) {
    $self->{nginx} = $self->{lab}->start_nginx('lb1', vrrp => _vrrp(), %args);
}


sub finish ($self) {
    $self->{lab}->finish;
}


# From now on the servers on these ports, or addresses, pass or fail checks.
sub pass ($self, @ports) {
    for my $port (@ports) {
        open my $file, '>', "$self->{docs}/$port" or die "$port: $!\n";
    }
}

sub fail ($self, @ports) {
    for my $port (@ports) {
        unlink "$self->{docs}/$port" or die "$port: $!\n";
    }
}


# An upstream block of that name.
sub upstream ($class, $name, %args) {
    my $zone = $args{zone} ? "zone $name 128k;" : '';
    my $check = $args{check} // $CHECK;
    my $servers = $args{servers}
                // join ' ', map { "server $WEB:$_;" } @PORTS[0, 1];
    my $method = $args{method} // '';
    my $more = $args{more} // '';

    return "    upstream $name {\n        $method\n        $zone\n"
         . "        $servers\n        $check\n        $more\n    }\n";
}


# Locations on 127.0.0.1:8080, /NAME/ for each upstream.
sub server ($class, @names) {
    my $locations = join '', map { <<"END" } @names;
        location /$_/ {
            proxy_pass http://$_/;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_next_upstream error timeout http_500;
        }
END

    return <<"END";
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
$locations
    }
END
}


# For start(): a stream block with these upstreams, and a port of 127.0.0.1 for
# each.
sub stream ($class, $upstreams, %ports) {
    my $servers = join '', map {
        "    server { listen 127.0.0.1:$ports{$_}; proxy_pass $_; }\n"
    } sort keys %ports;

    return (before => VRRP::Nginx->stream_module,
            main => "stream {\n$upstreams\n$servers\n}");
}


# Answers to this number of requests to a location: hash of answers and their
# counts. A result without an answer of a server is named by its status.
sub ask ($self, $path, $count = 40) {
    return $self->ask_url("http://127.0.0.1:8080/$path?k=[1-$count]");
}


# The same for any URL, as curl understands it, with a connection for each.
sub ask_url ($self, $url) {
    my ($out) = $self->{lab}->node('lb1')->try(
        'curl', '-s', '-m', '10', '-H', 'Connection: close',
        '-w', '|%{http_code}\n', $url);

    my %answers;

    for (split /\n/, $out) {
        my ($text, $status) = /^(.*?)\|?(\d+)$/ or next;
        $answers{ $text =~ /^\w[\w.]*$/ ? $text : $status }++;
    }

    return \%answers;
}


# Waits until the answers are these, in a row of requests that is long enough;
# returns what they were last.
sub wait_for ($self, $path, @expected) {
    return $self->wait_for_url("http://127.0.0.1:8080/$path?k=[1-40]",
                               @expected);
}

sub wait_for_url ($self, $url, @expected) {
    my $expected = join ' ', sort @expected;
    my $got = '';

    eval {
        $self->{lab}->wait_until("answers of $url", 10, sub {
            $got = join ' ', sort keys %{ $self->ask_url($url) };
            return $got eq $expected;
        });
    };

    return $got;
}


sub reload ($self) { $self->{nginx}->reload(20) }


# Requests that the web servers have seen, checks apart, in their order: hashes
# of upstream, address and port of the server.
sub requests ($self) {
    return map { my %seen; @seen{qw(address port upstream)} = split; \%seen }
           grep { !m{ /check} }
           split /\n/, VRRP::Proc::slurp($self->{access}) // '';
}


sub _start_web ($self) {
    my $docs = $self->{docs};
    my $listen = join ' ', map { "listen $_;" } @PORTS;

    my $own_fail = join '', map { <<"END" } @PORTS;
        location = /fail$_ {
            if (\$server_port = $_) { return 500; }
            return 200 "\$server_port";
        }
        location = /close$_ {
            if (\$server_port = $_) { return 444; }
            return 200 "\$server_port";
        }
END

    $self->{access} = $self->{lab}->node('web1')->dir . '/access.log';

    $self->{web} = $self->{lab}->start_nginx('web1', http => <<"END");
    log_format seen '\$server_addr \$server_port \$host \$uri';

    server {
        $listen
        root $docs;
        default_type text/plain;
        access_log $self->{access} seen;
        keepalive_requests 100000;

        location = /check { try_files /\$server_port =503; }
        location = /check_address { try_files /\$server_addr =503; }
        location = /address { return 200 "\$server_addr"; }
        location = /fail  { return 500 "failed\$server_port"; }
$own_fail
        location /        { return 200 "\$server_port"; }
    }
END
}


sub _vrrp () {
    return <<"END";
    vrrp_instance VI_1 {
        interface $VRRP::Node::INTERFACE;
        virtual_router_id 51;
        virtual_ipaddress $VRRP::Lab::VIP/24;
    }
END
}


1;
