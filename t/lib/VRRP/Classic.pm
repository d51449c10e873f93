package VRRP::Classic;

# The classic setup that the project replaces: two balancers, two web servers,
# one virtual address; with our module, or with keepalived, on either balancer.

use v5.36;

use VRRP::Lab;

my $VIP = $VRRP::Lab::VIP;

# The same wire for both implementations, by profile.
our %PROFILES = (
    v2 => {
        interval   => 1,
        ours       => "version 2; advert_int 1s; authentication PASS 123456;",
        keepalived => "version 2\n advert_int 1\n"
                      . " authentication {\n auth_type PASS\n"
                      . " auth_pass 123456\n }",
    },
    v3 => {
        interval   => 0.1,
        ours       => "version 3; advert_int 100ms;",
        keepalived => "version 3\n advert_int 0.1",
    },
    v3_1s => {
        interval   => 1,
        ours       => "version 3; advert_int 1s;",
        keepalived => "version 3\n advert_int 1",
    },
    v3_30ms => {
        interval   => 0.03,
        ours       => "version 3; advert_int 30ms;",
        keepalived => "version 3\n advert_int 0.03",
    },
    v3_10ms => {
        interval   => 0.01,
        ours       => "version 3; advert_int 10ms;",
        keepalived => "version 3\n advert_int 0.01",
    },
);

our %PRIORITY = (lb1 => 100, lb2 => 90);


# profile, and directives added to the instance on both balancers.
sub new ($class, %args) {
    my $profile = $PROFILES{ $args{profile} }
        or die "no profile \"$args{profile}\"\n";

    return bless { instance => '', %args, %$profile }, $class;
}


sub interval ($self) { $self->{interval} }


# How long a backup may need at most to notice a silent master, s.
sub down_interval ($self, $priority = 90) {
    return (3 + (256 - $priority) / 256) * $self->{interval};
}


# The time for which a backup waits after priority 0, s.
sub skew ($self, $priority = 90) {
    return (256 - $priority) / 256 * $self->{interval};
}


# The inside of the vrrp block of a balancer; instance => more directives,
# peer => name and address pair for unicast.
sub vrrp ($self, $name, %args) {
    my $priority = $args{priority} // $PRIORITY{$name};
    my $state = $args{state} // ($priority == 100 ? 'MASTER' : 'BACKUP');
    my $more = join ' ', grep { defined } $self->{instance}, $args{instance};

    return <<"END";
    router_id $name;
    vrrp_instance VI_1 {
        state $state;
        interface $VRRP::Node::INTERFACE;
        virtual_router_id 51;
        priority $priority;
        $self->{ours}
        virtual_ipaddress $VIP/24;
        $more
    }
END
}


# The inside of the http block of a balancer.
sub balancer ($self, $name) {
    return <<"END";
    upstream web {
        server 192.168.64.143 max_fails=2 fail_timeout=3;
        server 192.168.64.138 max_fails=2 fail_timeout=3;
    }

    server {
        listen 80;
        add_header X-Node $name always;

        location / {
            proxy_pass http://web;
            proxy_connect_timeout 1s;
            proxy_next_upstream error timeout
                                http_500 http_502 http_503 http_504;
        }
    }
END
}


sub status_server ($self) {
    return <<'END';
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; allow 127.0.0.1; deny all; }
    }
END
}


sub web_server ($self, $name) {
    return "    server { listen 80; location / { return 200 $name; } }\n";
}


# A whole keepalived.conf for a balancer; instance => more lines.
sub keepalived ($self, $name, %args) {
    my $priority = $args{priority} // $PRIORITY{$name};
    my $state = $args{state} // 'BACKUP';
    my $more = $args{instance} // '';

    return <<"END";
global_defs {
    router_id $name
}

vrrp_instance VI_1 {
    state $state
    interface $VRRP::Node::INTERFACE
    virtual_router_id 51
    priority $priority
    $self->{keepalived}
    $more
    virtual_ipaddress {
        $VIP/24
    }
}
END
}


# Starts a balancer with our module in it; see VRRP::Nginx for more arguments.
sub start_balancer ($self, $lab, $name, %args) {
    my %vrrp = map { $_ => delete $args{$_} }
               grep { exists $args{$_} } qw(priority state instance);

    return $lab->start_nginx($name, %args,
        vrrp => $self->vrrp($name, %vrrp),
        http => $self->balancer($name) . $self->status_server);
}


# Starts a balancer without it.
sub start_plain_balancer ($self, $lab, $name, %args) {
    return $lab->start_nginx($name, %args, http => $self->balancer($name));
}


# Starts everything, the balancers with our module, and waits until lb1 has the
# address. Returns lb1 and lb2; arguments are for both.
sub start_all ($self, $lab, %args) {
    $self->start_web($lab, $_) for qw(web1 web2);

    my @balancers = map { $self->start_balancer($lab, $_, %args) } qw(lb1 lb2);
    $lab->wait_for_holder('lb1', $self->down_interval + 10);

    return @balancers;
}


sub start_web ($self, $lab, $name) {
    return $lab->start_nginx($name, workers => 1,
                             http => $self->web_server($name));
}


1;
