package VRRP::Load;

# Clients that never stop asking (load.pl), and what they experienced.

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Time::HiRes qw(sleep time);

use VRRP::Proc;

my $SCRIPT = abs_path(dirname(__FILE__) . '/../load.pl');


# node, url, interval (ms between requests), timeout (ms until one failed), keep
# (so many connections stay open, and are used again).
sub new ($class, %args) {
    state $serial = 0;

    my $node = $args{node};

    my $self = bless {
        interval => 5,
        timeout  => 1000,
        %args,
        file     => $node->dir . '/load' . ++$serial . '.log',
    }, $class;

    my ($host, $port, $path)
        = $self->{url} =~ m{^http://(\[[^]]+\]|[^:/]+)(?::(\d+))?(/.*)$}
        or die "cannot understand \"$self->{url}\"\n";

    $host =~ tr/[]//d;

    $node->run(qw(sysctl -q -w), 'net.ipv4.ip_local_port_range=1024 65535');

    $self->{pid} = $node->spawn(
        { output => $self->{file}, tag => "load$serial" },
        $^X, $SCRIPT, $host, $port // 80, $path,
        $self->{interval}, $self->{timeout}, $self->{keep} // ());

    return $self;
}


# Milliseconds between requests.
sub interval ($self) { $self->{interval} }


# Lets open requests end, then returns.
sub stop ($self) {
    my $pid = delete $self->{pid} or return;

    $self->{node}->reap($pid);
}


# All finished requests, by the time of their end: hashes of start, end, code,
# node (which balancer answered), body, good.
sub requests ($self) {
    my $text = VRRP::Proc::slurp($self->{file}) // '';
    my @requests;

    while ($text =~ /^(\S+) (\S+) (\d+) (\S+) (.*)\n/mg) {
        push @requests, { start => $1, end => $2, code => $3, node => $4,
                          body => $5, good => $3 == 200 };
    }

    return @requests;
}


# Waits until every request that started before that time has ended.
sub settle ($self, $time) {
    my $ready = $time + $self->{timeout} / 1000 + 0.05;

    sleep $ready - time if $ready > time;
}


# How late this machine was to run a process that wanted to: the clients, who
# have something to do at regular times, s.
sub lateness ($self, $since, $until) {
    my @starts = sort { $a <=> $b } map { $_->{start} } $self->requests;
    my $interval = $self->{interval} / 1000;
    my $worst = 0;

    for my $i (0 .. $#starts) {
        next if $starts[$i] < $since || $starts[$i] >= $until;

        my $late = $starts[$i] - ($starts[0] + $i * $interval);
        $worst = $late if $late > $worst;
    }

    return $worst;
}


# How many requests started at once, when they could, because of that.
sub held_up ($self, $since, $until) {
    return int(1000 * $self->lateness($since, $until) / $self->{interval});
}


# Results of requests that started in [since, until): hash of requests, failed
# counts outage       the longest time without any good answer, ms nodes,
# bodies    counts of good answers by balancer and by content errors
# counts of failures by reason
sub summary ($self, $since, $until = time) {
    $self->settle($until);

    my @all = grep { $_->{start} >= $since && $_->{start} < $until }
              $self->requests;
    my @good = sort { $a->{end} <=> $b->{end} } grep { $_->{good} } @all;

    my %summary = (requests => scalar @all, failed => @all - @good,
                   nodes => {}, bodies => {}, errors => {});

    $summary{outage} = _longest_gap($since, $until, map { $_->{end} } @good);

    for my $one (@all) {
        if ($one->{good}) {
            $summary{nodes}{ $one->{node} }++;
            $summary{bodies}{ $one->{body} }++;
        } else {
            $summary{errors}{ $one->{code} || $one->{body} }++;
        }
    }

    return \%summary;
}


sub _longest_gap ($since, $until, @times) {
    my $last = $since;
    my $longest = 0;

    for my $time (@times, $until) {
        $longest = $time - $last if $time - $last > $longest;
        $last = $time if $time > $last;
    }

    return int(1000 * $longest + 0.5);
}


1;
