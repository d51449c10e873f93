#!/usr/bin/perl

# The owner makes the last announcement of an address, and a node that
# receives nothing, because its switch port does not forward yet, contests
# nothing.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Lab;
use VRRP::Nginx;

my $VIP = $VRRP::Lab::VIP;

# The delay that a busy machine with two cores may add to any time, s.
my $SLACK = 1;

# s
my $LINK_UP_DELAY = 4;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);

my %priority = (lb1 => 100, lb2 => 90);
my %nginx = map { $_ => start($_) } qw(lb1 lb2);
my $client = $lab->node('client');

$lab->wait_for_holder('lb1', 10);


# The defaults, except the relevant ones: a second burst comes after 5 s.
sub vrrp ($name, $more = '') {
    return <<"END";
    router_id $name;
    vrrp_instance VI_1 {
        interface $VRRP::Node::INTERFACE;
        virtual_router_id 51;
        priority $priority{$name};
        virtual_ipaddress $VIP/24;
        $more
    }
END
}


sub start ($name) {
    my $http = <<'END';
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; allow 127.0.0.1; deny all; }
    }
END
    return $lab->start_nginx($name, vrrp => vrrp($name), http => $http);
}


sub sleep_until ($then) {
    my $left = $then - time;
    sleep $left if $left > 0;
}


# The node to which the client would send.
sub believed () {
    my ($mac) = $client->run(qw(ip neigh show), $VIP) =~ /lladdr (\S+)/;
    return '' unless $mac;

    for my $name (qw(lb1 lb2)) {
        my $link = $lab->node($name)->run(qw(ip -o link show),
                                          $VRRP::Node::INTERFACE);
        return $name if $link =~ /\Q$mac\E/;
    }

    return $mac;
}


# lb1 hears no advert of lb2, and lb2 none of lb1 for a moment: lb2 takes over,
# announces the address, and yields unheard.
{
    $client->run(qw(timeout 5 bash -c), "echo > /dev/udp/$VIP/9");
    $lab->wait_until('the client to ask', 5, sub { believed() });
    is(believed(), 'lb1', 'contest: the client knows the owner');

    $lab->node($_)->drop_vrrp('in') for qw(lb1 lb2);
    $lab->wait_until('two owners', 10, sub {
        join(' ', $lab->who_has($VIP)) eq 'lb1 lb2';
    });

    $lab->node('lb2')->let_vrrp_pass;
    $lab->wait_for_holder('lb1', 10);

    my $since = time;
    my $known = eval {
        $lab->wait_until('the last word', 0.5 + $SLACK,
                         sub { believed() eq 'lb1' });
    };
    ok($known, 'contest: the last word is the owner\'s') or diag($@);
    note(sprintf 'after %.3f s', time - $since);

    $lab->node('lb1')->let_vrrp_pass;
}

# The link of lb1 comes back some time before its switch port forwards.
{
    for my $name (qw(lb1 lb2)) {
        $nginx{$name}->configure(vrrp => vrrp($name,
            "nopreempt; link_up_delay ${LINK_UP_DELAY}s;"));
        $nginx{$name}->reload;
    }

    $lab->unplug('lb1');
    $lab->wait_for_holder('lb2', 10);
    $lab->wait_until('lb1 to know', 5, sub { $nginx{lb1}->state eq 'FAULT' });

    my $watch = $lab->watch_addresses('lb1');
    $lab->node('lb1')->drop_vrrp;
    my $plugged = time;
    $lab->plug('lb1');
    $lab->wait_until('lb1 to be back', 5,
                     sub { $nginx{lb1}->state eq 'BACKUP' });
    sleep_until($plugged + $LINK_UP_DELAY / 2);
    is($nginx{lb1}->state, 'BACKUP',
       'nopreempt: silence behind a new link proves nothing');

    # The rest of the delay is for a busy machine.
    $nginx{lb1}->reload;
    sleep_until($plugged + $LINK_UP_DELAY * 0.7);
    is($nginx{lb1}->state, 'BACKUP', 'nopreempt: nor after a reload');

    $lab->node('lb1')->let_vrrp_pass;
    sleep $LINK_UP_DELAY / 2;
    is($nginx{lb1}->state, 'BACKUP', 'nopreempt: lb1 follows the other node');
    is(join(' ', $lab->who_has($VIP)), 'lb2', 'nopreempt: which has it');
    is(scalar(grep { $_->{present} } $watch->events($VIP, 0)), 0,
       'nopreempt: lb1 never had it');
    like($nginx{lb1}->log_text, qr/delayed by link_up_delay for \d{4} ms/,
         'nopreempt: and says why');
}

$lab->finish;
done_testing();
