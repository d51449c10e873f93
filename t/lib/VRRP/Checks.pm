package VRRP::Checks;

# One balancer with health checks, two web servers, and clients that ask all
# the time: what happens when a web server misbehaves?

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Backend;
use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;

our $VIP = $VRRP::Lab::VIP;

# The delay that a busy machine with two cores may add to any time, s.
our $SLACK = 3;


# check => arguments of vrrp_check, upstream => more lines of the upstream,
# nodes => more nodes, balancers => names (default: lb1), instance, vrrp_http =>
# more lines; backends => 0: none are started.
sub new ($class, %args) {
    my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
    plan(skip_all => $reason) if $reason;

    my @balancers = @{ $args{balancers} // ['lb1'] };
    my $lab = VRRP::Lab->new(
        nodes => ['client', @balancers, qw(web1 web2), @{ $args{nodes} // [] }]);

    my $self = bless { upstream => '', http => '', instance => '',
                       profile => 'v3', %args, lab => $lab }, $class;

    $self->{classic} = VRRP::Classic->new(profile => $self->{profile},
                                          instance => $self->{instance});

    if ($args{backends} // 1) {
        $self->{backend}{$_} = VRRP::Backend->new(node => $lab->node($_))
            for qw(web1 web2);
    }

    $self->{nginx}{$_} = $self->start_balancer($_) for @balancers;
    $lab->wait_for_holder($balancers[0], 15);
    $self->{load} = $lab->load unless $args{quiet};

    return $self;
}


sub lab ($self)            { $self->{lab} }
sub load ($self)           { $self->{load} }
sub classic ($self)        { $self->{classic} }
sub backend ($self, $name) { $self->{backend}{$name} }
sub nginx ($self, $name = 'lb1') { $self->{nginx}{$name} }


sub start_balancer ($self, $name) {
    return $self->{lab}->start_nginx($name,
        main => $self->{main} // '',
        vrrp => $self->{classic}->vrrp($name),
        http => $self->http($name));
}


# proxy_next_upstream is off: clients see the failures of a server.
sub http ($self, $name) {
    my $servers = $self->{servers}
        // 'server 192.168.64.143; server 192.168.64.138;';
    my $check = $self->{check} ? "vrrp_check $self->{check};" : '';
    my $scheme = $self->{scheme} // 'http';

    return <<"END" . $self->{classic}->status_server;
    $self->{http}

    upstream web {
        $self->{upstream}
        $servers
        $check
    }

    server {
        listen 80;
        add_header X-Node $name always;

        location / {
            proxy_pass $scheme://web;
            proxy_connect_timeout 2s;
            proxy_read_timeout 2s;
            proxy_next_upstream off;
        }
    }
END
}


# The status of the peer of a web server, or of all peers.
sub peers ($self, $balancer = 'lb1') {
    return grep { $_->{context} ne 'vrrp' }
           @{ $self->nginx($balancer)->status->{checks} };
}

sub peer ($self, $web, $balancer = 'lb1') {
    my $address = $self->{lab}->node($web)->address;
    my ($found) = grep { $_->{address} =~ /^\Q$address\E\b/ }
                  $self->peers($balancer);

    return $found // die "no check of \"$web\" in the status\n";
}


# Waits until it is "up" or "down". Returns the time when that was seen.
sub wait_for ($self, $web, $verdict, $timeout = 5 + $SLACK,
              $balancer = 'lb1') {
    $self->{lab}->wait_until("$web to be $verdict", $timeout, sub {
        $self->peer($web, $balancer)->{verdict} eq $verdict;
    });

    return time;
}


# Something is wrong with web2 for a while: it is marked down for this reason,
# from then on no client notices, and it comes back afterwards.
#     break, mend   what to do
#     reason        pattern of the reason in the status
#     text          pattern of its text
sub is_noticed ($self, $title, %args) {
    my $since = time;

    $args{break}->();

    my $down = eval { $self->wait_for('web2', 'down') };
    ok($down, "$title: marked down") or diag($@), return;

    my $peer = $self->peer('web2');
    like($peer->{reason}, qr/^(?:$args{reason})$/, "$title: the reason");
    like($peer->{text}, $args{text}, "$title: and in words") if $args{text};

    sleep 0.5;

    my $summary = $self->{load}->summary($down);
    is($summary->{failed}, 0, "$title: no request failed from then on")
        or diag(explain($summary->{errors}));
    is(join(' ', sort keys %{ $summary->{bodies} }), 'web1',
       "$title: all went to web1");

    if (my $backend = $self->{backend}{web2}) {
        # One that was accepted before is read when it thaws.
        is(scalar(grep { $_->{time} > $down + 0.1 }
                  $backend->requests(client => $down)), 0,
           "$title: web2 was asked nothing");
    }

    my $mended = time;
    $args{mend}->();

    my $up = eval { $self->wait_for('web2', 'up') };
    ok($up, "$title: up again") or diag($@), return;

    sleep 0.3;

    my $after = $self->{load}->summary($up);
    is($after->{failed}, 0, "$title: no request failed after that")
        or diag(explain($after->{errors}));
    is(join(' ', sort keys %{ $after->{bodies} }), 'web1 web2',
       "$title: both answer");

    note(sprintf '%s: down after %.3f s (%s %s), up after %.3f s', $title,
         $down - $since, @$peer{qw(reason text)}, $up - $mended);
}


sub finish ($self) {
    $self->{load}->stop if $self->{load};
    $self->{lab}->finish;
    done_testing;
}


1;
