package VRRP::Watch;

# Observations that do not depend on the output of a daemon: packets on the
# wire (tcpdump) and addresses on the interfaces (ip monitor), with times.

use v5.36;


package VRRP::Watch::Capture;

use Time::HiRes qw(sleep time);


# node, filter (of tcpdump; default: VRRP and ARP), ether (packets have the MAC
# address of their sender).
sub new ($class, %args) {
    state $serial = 0;

    my $node = $args{node};
    my $base = $node->dir . '/capture' . ++$serial;
    my $filter = $args{filter} // 'proto 112 or ip6 proto 112 or arp';

    my $self = bless { node => $node, file => "$base.pcap",
                       ether => $args{ether} }, $class;

    my $errors = $node->dir . "/capture$serial.err";
    unlink $errors;

    $self->{pid} = $node->spawn({ tag => "capture$serial" },
        qw(tcpdump --immediate-mode -n -U -Z root -i), $node->interface,
        '-w', $self->{file}, $filter);

    for (1 .. 500) {
        return $self if (VRRP::Proc::slurp($errors) // '') =~ /listening on/;
        sleep 0.01;
    }

    die $node->name . ": tcpdump does not start\n";
}


sub stop ($self) {
    $self->{node}->reap(delete $self->{pid}) if $self->{pid};
}


# tcpdump's output for each packet so far: hashes of time, text, and of
# adverts also version, source, destination, ttl, vrid, priority, and bad if
# tcpdump found a wrong checksum; with "ether" also mac.
sub packets ($self) {
    my $ether = $self->{ether} ? '-e' : '';
    my $text = `tcpdump -n $ether -tt -vvv -r $self->{file} 2>/dev/null`;

    return map { _describe($_) } split /\n(?=\d+\.\d+ )/, $text;
}


# Adverts, oldest first; from => address, since => time.
sub adverts ($self, %want) {
    return grep {
        defined $_->{vrid}
        && (!defined $want{from}  || $_->{source} eq $want{from})
        && (!defined $want{since} || $_->{time} >= $want{since})
    } $self->packets;
}


# Gratuitous ARPs for an address.
sub gratuitous_arps ($self, $address) {
    return grep { /ARP.*who-has \Q$address\E .*tell \Q$address\E,/ }
           map { $_->{text} } $self->packets;
}


sub _describe ($text) {
    my %packet = (text => $text, time => $text =~ /^(\d+\.\d+)/);

    ($packet{mac}) = $text =~ /^\S+ ([0-9a-f]{2}(?::[0-9a-f]{2}){5}) > /;

    if ($text =~ /VRRPv(\d), Advertisement, vrid (\d+), prio (\d+)/) {
        @packet{qw(version vrid priority)} = ($1, $2, $3);
        ($packet{ttl}) = $text =~ /\b(?:ttl|hlim) (\d+)/;
        @packet{qw(source destination)}
            = $text =~ /([0-9a-f.:]+) > ([0-9a-f.:]+): (?:vrrp|ip-proto)/i;
        ($packet{auth}) = $text =~ / auth "([^"]*)"/;
        $packet{bad} = $text =~ /bad (?:vrrp )?cksum/ ? 1 : 0;
    }

    return \%packet;
}


package VRRP::Watch::Addresses;

use Time::HiRes qw(sleep time);
use Time::Local qw(timelocal);

my $ITS_OWN = '127.9.9.9';


sub new ($class, %args) {
    state $serial = 0;

    my $node = $args{node};
    my $file = $node->dir . '/monitor' . ++$serial . '.log';

    my $pid = $node->spawn({ output => $file, tag => "monitor$serial" },
        qw(ip -tshort -o monitor address));

    # It does not report that it is ready: make it print something.
    for (1 .. 500) {
        $node->try(qw(ip address add), "$ITS_OWN/32", qw(dev lo));
        $node->try(qw(ip address del), "$ITS_OWN/32", qw(dev lo));
        last if -s $file;
        sleep 0.01;
    }
    die $node->name . ": \"ip monitor\" does not start\n" if !-s $file;

    return bless { node => $node, file => $file, pid => $pid,
                   present => { map { $_ => 1 } $node->addresses } }, $class;
}


# Hashes of time, node, address, present (1: it came, 0: it went).
sub events ($self, $address, $since = 0) {
    my $text = VRRP::Proc::slurp($self->{file}) // '';
    my $node = $self->{node}->name;
    my $present = $self->{present}{$address} // 0;
    my @events;

    # A renewed lease is reported like a new address.
    for my $line (grep { m{ inet6? \Q$address\E/} } split /\n/, $text) {
        my $now = $line =~ /Deleted / ? 0 : 1;
        next if $now == $present;

        $present = $now;
        push @events, { time => _time($line), node => $node,
                        address => $address, present => $present };
    }

    return grep { $_->{time} >= $since } @events;
}


# Each address that came or went.
sub addresses ($self) {
    my $text = VRRP::Proc::slurp($self->{file}) // '';
    my %seen = map { $_ => 1 } $text =~ m{ inet6? ([0-9a-f.:]+)[/ ]}g;

    delete $seen{$ITS_OWN};
    return grep { $self->events($_) } sort keys %seen;
}


sub stop ($self) {
    $self->{node}->reap(delete $self->{pid}) if $self->{pid};
}


sub _time ($line) {
    my ($year, $month, $day, $hour, $minute, $second, $fraction)
        = $line =~ /\[(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)(\.\d+)\]/
        or die "no time in \"$line\"\n";

    return timelocal($second, $minute, $hour, $day, $month - 1, $year)
           + $fraction;
}


package VRRP::Watch::Reports;

use Time::HiRes qw(sleep);

my ($FIRST, $LAST) = ('127.9.9.1', '127.9.9.2');


# What the kernel of a node reports about links, addresses and these objects of
# "ip monitor". Nothing is missed: we add an address before and after.
sub new ($class, %args) {
    state $serial = 0;

    my $node = $args{node};
    my $tag = 'reports' . ++$serial;

    my $self = bless { node => $node, file => $node->dir . "/$tag.out" },
                     $class;

    $self->{pid} = $node->spawn({ tag => $tag },
        qw(stdbuf -oL ip -o monitor link address), @{ $args{objects} });
    $self->_wait_for($FIRST);
    return $self;
}


sub _wait_for ($self, $address) {
    for (1 .. 500) {
        $self->{node}->run(qw(ip address replace), "$address/32", qw(dev lo));
        return if (VRRP::Proc::slurp($self->{file}) // '') =~ m{ $address/};
        sleep 0.01;
    }

    die $self->{node}->name . ": \"ip monitor\" does not report $address\n";
}


# Ends it. Returns the lines.
sub stop ($self) {
    $self->_wait_for($LAST);
    $self->{node}->reap(delete $self->{pid});

    return grep { !/ (?:$FIRST|$LAST)\b/ }
           split /\n/, VRRP::Proc::slurp($self->{file});
}


1;
