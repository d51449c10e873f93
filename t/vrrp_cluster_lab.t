#!/usr/bin/perl

# The lab keeps its promises: daemons run only in their own namespaces, wrong
# checksums are detected, and nothing is left behind.

use v5.36;

use Test::More;

use VRRP::Lab;

my $reason = VRRP::Lab->unavailable;
plan(skip_all => $reason) if $reason;

my $lab = VRRP::Lab->new(nodes => [qw(client lb1)], second_link => ['lb1']);
my $lb1 = $lab->node('lb1');

is(join(' ', sort $lb1->interfaces), 'lo vrlab0 vrlab1', 'links of a node');
is(join(' ', $lab->who_has('192.168.64.130')), 'lb1', 'who has an address');
is(join(' ', $lab->who_has('fd64::10')), 'client', 'and an IPv6 address');

unlike(join(' ', VRRP::Proc::interfaces('self')), qr/vrlab/,
       'no link outside');


# A daemon is refused where the machine's own network is.
{
    my $outside = bless { name => 'outside', pid => $$,
                          interface => 'vrlab0' }, 'VRRP::Node';

    ok(!eval { $outside->assert_isolated; 1 }, 'no daemon outside a lab');
    like($@, qr/not in a network namespace of its own/, 'and why not');
}


# An advert with a wrong checksum, and the same with the right one.
{
    my $capture = $lab->capture('client');

    for my $checksum ('0a9d', '0a9e') {
        $lb1->run($^X, '-MSocket=:all', '-e', <<'END', $checksum);
            socket my $out, PF_INET, SOCK_RAW, 112 or die "socket: $!";
            setsockopt $out, IPPROTO_IP, IP_MULTICAST_TTL, pack 'C', 255;
            setsockopt $out, IPPROTO_IP, IP_MULTICAST_IF,
                       inet_aton('192.168.64.130');
            send $out, pack('H*', "2133640101" . "01" . $ARGV[0]
                                  . "0a6300643132333400000000"), 0,
                 pack_sockaddr_in(0, inet_aton('224.0.0.18')) or die "$!";
END
    }

    $lab->wait_until('both adverts', 5, sub { $capture->adverts == 2 });
    is(join(' ', map { $_->{bad} } $capture->adverts), '0 1',
       'verdicts of tcpdump');
}


# VRRP can be dropped, and a cable taken out.
{
    my $capture = $lab->capture('client');
    my $send = sub {
        $lb1->try($^X, '-MSocket=:all', '-e', <<'END');
            socket my $out, PF_INET, SOCK_RAW, 112;
            send $out, 'x' x 20, 0,
                 pack_sockaddr_in(0, inet_aton('192.168.64.10'));
END
    };

    $lb1->drop_vrrp;
    $send->();
    $lb1->let_vrrp_pass;
    $send->();

    $lab->wait_until('a packet', 5,
        sub { grep { $_->{text} =~ /VRRP/ } $capture->packets });
    is(scalar(grep { $_->{text} =~ /VRRP/ } $capture->packets), 1,
       'only one was dropped');

    $lab->unplug('lb1');
    like($lb1->run(qw(ip link show vrlab0)), qr/NO-CARRIER/, 'cable out');
    $lab->plug('lb1');
    unlike($lb1->run(qw(ip link show vrlab0)), qr/NO-CARRIER/, 'cable in');
}


my $init = $lb1->pid;
$lab->finish;
ok(!VRRP::Proc::is_alive($init), 'nothing is left');


# Not even after a violent end.
{
    my $pid = open my $out, '-|', $^X, '-It/lib', '-e', <<'END';
        use v5.36; use VRRP::Lab; $| = 1;
        my $lab = VRRP::Lab->new(nodes => ['client']);
        my $node = $lab->node('client');
        my $sleep = $node->spawn({}, qw(sleep 100));
        $lab->wait_until('it to run', 5, sub {
            VRRP::Proc::describe($sleep)->{name} eq 'sleep';
        });
        say join ' ', $node->pid, $sleep, $lab->dir;
        sleep 100;
END

    my ($node, $sleep, $dir) = split ' ', <$out>;
    kill 'KILL', $pid;
    waitpid $pid, 0;

    select undef, undef, undef, 0.05
        for grep { VRRP::Proc::is_alive($node) || VRRP::Proc::is_alive($sleep) }
            1 .. 100;

    ok(!VRRP::Proc::is_alive($node), 'killed lab: its nodes are gone');
    ok(!VRRP::Proc::is_alive($sleep), 'killed lab: its programs are gone');

    File::Path::remove_tree($dir) if $dir =~ m{/vrlab-};
}

done_testing;
