#!/usr/bin/perl

# Three nodes with "peer_link secret_file=": the page of each shows all of
# them, although the BACKUPs have no link with each other. A node with another
# configuration is named on all pages, in the log and by an event, and is gone
# when it is mended. A BACKUP passes requests on, as in conf-examples/peers.conf.

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Certificates;
use VRRP::Lab;
use VRRP::Nginx;
use VRRP::Page;
use VRRP::Proc;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my ($VIP, $OTHER) = ($VRRP::Lab::VIP, '192.168.64.201');
my @NODES = qw(lb1 lb2 lb3);
my %PRIORITY = (lb1 => 200, lb2 => 150, lb3 => 100);
my $PATIENCE = 10;
my $URL = 'http://127.0.0.1:8080/vrrp';

my $lab = VRRP::Lab->new(nodes => \@NODES);
my $secret = $lab->dir . '/secret';

open my $file, '>', $secret or die "$secret: $!\n";
print {$file} "the secret of the three nodes\n";
close $file;
chmod 0600, $secret;

my $certificates = VRRP::Certificates->new($lab->dir . '/certificates');
my %certificate = (
    new => [$certificates->issue('new', 'www.example.com',
                                 until => '20480601000000Z')],
    old => [$certificates->issue('old', 'www.example.com',
                                 until => '20470601000000Z')]);

# The server of the example, and the files of the ACME client on each node.
my ($SERVER) = VRRP::Proc::slurp(abs_path(dirname(__FILE__)
                                          . '/../conf-examples/peers.conf'))
               =~ /^http \{\n(.*)^\}\n\z/ms;

for my $name (@NODES) {
    my $root = acme($name) . '/.well-known/acme-challenge';

    system('mkdir', '-p', '-m', '0755', $root) == 0 or die "mkdir $root\n";
    open my $token, '>', "$root/token" or die "$root/token: $!\n";
    print {$token} "the token of $name\n";
    close $token;
}

sub acme ($name) { return $lab->dir . "/acme-$name" }

sub fifo ($name) { return $lab->dir . "/$name.fifo" }

# The directives of the instance; servers of an upstream, and a certificate.
sub configuration ($name, $more = '', $servers = 'server 192.168.65.149:80;',
                   $which = 'new') {
    my ($pem, $key) = @{ $certificate{$which} };
    my $server = $SERVER =~ s{/var/www/acme}{acme($name)}er;

    return (vrrp => <<"VRRP", http => <<"HTTP");
    router_id $name;
    peer_link on secret_file=$secret;
    notify_fifo @{[fifo($name)]} events=drift;
    vrrp_instance VI_1 {
        interface $VRRP::Node::INTERFACE;
        priority $PRIORITY{$name};
        virtual_router_id 51;
        virtual_ipaddress $VIP/24;
        track_interface $VRRP::Node::INTERFACE;
        $more
    }
VRRP
    server {
        listen 127.0.0.1:8080;
        location = /vrrp { vrrp_status; }
    }
    $server
    upstream web { $servers }
    server {
        listen 127.0.0.1:8443 ssl;
        ssl_certificate $pem;
        ssl_certificate_key $key;
    }
HTTP
}

my (%nginx, %events, %seen);

for my $name (@NODES) {
    system('mkfifo', '-m', '0666', fifo($name)) == 0 or die "mkfifo\n";
    open $events{$name}, '+<', fifo($name) or die fifo($name) . ": $!\n";
    $events{$name}->blocking(0);
    $seen{$name} = '';
    $nginx{$name} = $lab->start_nginx($name, configuration($name));
}

sub configure ($name, @more) {
    $nginx{$name}->configure(configuration($name, @more));
    $nginx{$name}->reload;
}

sub events ($name) {
    while (sysread $events{$name}, my $octets, 4096) {
        $seen{$name} .= $octets;
    }
    return $seen{$name};
}

# "lb2 up lb3 relayed"
sub nodes_of ($name) {
    return join ' ', sort map { "$_->{router_id} $_->{state}" }
        grep { $_->{details} } @{ $nginx{$name}->status->{peers} };
}

sub drift_of ($name) {
    return join "\n", sort map { $_->{text} } @{ $nginx{$name}->status->{drift} };
}

sub page_of ($name) {
    return VRRP::Page->text($lab->node($name), $URL);
}

sub wait_for_nodes ($why) {
    my %expected = (lb1 => 'lb2 up lb3 up', lb2 => 'lb1 up lb3 relayed',
                    lb3 => 'lb1 up lb2 relayed');

    ok(eval { $lab->wait_until($why, $PATIENCE, sub {
                  !grep { nodes_of($_) ne $expected{$_} } @NODES }) },
       "each node has the details of the others: $why")
        or diag(map { "$_: " . nodes_of($_) . "\n", $nginx{$_}->log_text }
                    @NODES);
}

sub wait_for_drift ($why, %expected) {
    ok(eval { $lab->wait_until($why, $PATIENCE, sub {
                  !grep { drift_of($_) ne $expected{$_} } keys %expected }) },
       "the difference is named: $why")
        or diag(map { "$_: " . drift_of($_) . "\n" } @NODES);
}


# --- one page for all --------------------------------------------------------

$lab->wait_for_holder('lb1', $PATIENCE);
wait_for_nodes('after the start');

for my $name (@NODES) {
    my $text = page_of($name);

    like($text, qr/\b$_\b.*Trackers of $_ /, "the page of $name shows $_")
        for grep { $_ ne $name } @NODES;
}

my ($lb3) = grep { $_->{router_id} eq 'lb3' }
            @{ $nginx{lb2}->status->{peers} };
is($lb3->{via}, 'lb1', 'lb2 knows lb3 by the MASTER');
is($lb3->{address}, $lab->node('lb3')->address, 'and where it is');
is("$lb3->{instances}[0]{name} $lb3->{instances}[0]{state} "
   . $lb3->{instances}[0]{priority}, 'VI_1 BACKUP 100', 'its state');

my $details = $lb3->{details}{instances}[0];
like($details->{reason}, qr/\w/, 'the reason');
cmp_ok($details->{since_ms}, '<', 60_000, 'and since when');
is($details->{trackers}[0]{state}, 'up', 'the health of its tracker');
cmp_ok(abs $lb3->{details}{clock_offset_ms}, '<', 1000,
       'the clocks are the same: it is one machine');
is(drift_of($_), '', "no difference is seen by $_") for @NODES;

# --- a BACKUP passes requests on ---------------------------------------------

sub get ($name, $path) {
    return $lab->node($name)->run(qw(curl -s -m 5), "http://127.0.0.1$path");
}

is(get($_, '/.well-known/acme-challenge/token'), "the token of lb1\n",
   "a challenge at $_ is answered by the MASTER") for @NODES;
like(get($_, '/nodes/lb2/'), qr/"router_id":"lb2","nginx_version"/,
     "$_ passes a request on to lb2") for qw(lb1 lb3);
like(get('lb2', '/nodes/lb2/'), qr/503/, 'lb2 is no peer of its own');

# --- another address ---------------------------------------------------------

my $UPSTREAM = 'upstream web: server 192.168.65.150:80 is missing on ';
my $CERTIFICATE = 'certificate of www.example.com: ends on ';

configure('lb2', "virtual_ipaddress $OTHER/24; advert_int 200ms;",
          'server 192.168.65.149:80; server 192.168.65.150:80;', 'old');
wait_for_drift('on all nodes',
    (map { $_ => join "\n",
               "VI_1: address $OTHER/24 is missing on $_",
               "VI_1: advert_int 100ms on $_, 200ms on lb2",
               "${CERTIFICATE}2048-06-01 on $_, 2047-06-01 on lb2",
               "$UPSTREAM$_" } qw(lb1 lb3)),
    lb2 => join "\n",
               (map { "VI_1: address $OTHER/24 is missing on $_" } qw(lb1 lb3)),
               (map { "VI_1: advert_int 200ms on lb2, 100ms on $_" }
                    qw(lb1 lb3)),
               (map { "${CERTIFICATE}2047-06-01 on lb2, 2048-06-01 on $_" }
                    qw(lb1 lb3)),
               (map { "$UPSTREAM$_" } qw(lb1 lb3)));
wait_for_nodes('after a reload');
like(page_of($_), qr/The nodes differ: VI_1: address \Q$OTHER\E.*is missing on/,
     "the page of $_ has the difference") for @NODES;

$nginx{lb1}->reload;
$lab->wait_until('lb1 to be linked again', $PATIENCE,
                 sub { nodes_of('lb1') eq 'lb2 up lb3 up' });
unlike(events('lb1'), qr/OVER/, 'a reload does not end the difference');

configure('lb2');
wait_for_drift('until it is gone', map { $_ => '' } @NODES);
unlike(page_of($_), qr/The nodes differ/, "gone from the page of $_")
    for @NODES;

my $missing = "VI_1: address $OTHER/24 is missing on lb1";
is(scalar(() = $nginx{lb1}->log_text =~ /the nodes differ: \Q$missing\E/g), 1,
   'it is logged once');
like($nginx{lb1}->log_text, qr/the nodes no longer differ: \Q$missing\E/,
     'and its end, too');
ok(eval { $lab->wait_until('events', $PATIENCE, sub {
              events('lb1') =~ /^DRIFT "lb2" "\Q$missing\E" OVER$/m }) },
   'the end is an event');
like(events('lb1'), qr/^DRIFT "lb2" "\Q$missing\E" FOUND$/m,
     'the difference was one, too');
like(events('lb2'), qr/"\Q$missing\E" FOUND\n(?:.*\n)*.*"\Q$missing\E" OVER$/m,
     'also on the node that was reloaded meanwhile');

$lab->finish;
done_testing;
