#!/usr/bin/perl

# Loading the module without a vrrp block has no effect: no process, no
# descriptor, no socket, no shared memory, no privilege, no log line. With a
# block all of these exist, which shows that the test can detect them.

use v5.36;

no warnings qw(portable);    # addresses have 64 bits

use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;
use VRRP::Proc;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $module = VRRP::Nginx->module;
plan(skip_all => 'the module is linked in') if $module eq '';

my $CANONICAL = JSON::PP->new->canonical;

my $classic = VRRP::Classic->new(profile => 'v3');
my $lab = VRRP::Lab->new(nodes => ['lb1']);

my $nginx = $lab->start_nginx('lb1', level => 'debug',
                              http => $classic->web_server('lb1'));


# The open files of a process, without the numbers that differ from run to
# run.
sub descriptors ($pid) {
    my @open = map { readlink "/proc/$pid/fd/$_" } fd_numbers($pid);

    return map { s/\[\d+\]/[]/r } @open;
}


sub fd_numbers ($pid) {
    opendir my $dir, "/proc/$pid/fd" or die "/proc/$pid/fd: $!\n";

    return grep { /^\d+$/ } readdir $dir;
}


# Shared mappings, as size and name.
sub shared_mappings ($pid) {
    my @mappings;

    for (split /\n/, VRRP::Proc::slurp("/proc/$pid/maps")) {
        my ($from, $to, $name) = /^(\w+)-(\w+) ..?.?s \S+ \S+ \d+ *(.*)/
            or next;
        push @mappings, hex($to) - hex($from) . " $name";
    }

    return @mappings;
}


# Capabilities, threads, and which signals are blocked, ignored or caught.
sub status_lines ($pid) {
    return VRRP::Proc::slurp("/proc/$pid/status")
        =~ /^((?:Cap|Sig(?:Blk|Ign|Cgt)|Threads|Groups|Uid).*)/mg;
}


# The lines of the namespace's own tables of sockets, by protocol.
sub sockets ($pid) {
    my %lines;

    for my $table (qw(tcp tcp6 udp udp6 raw raw6 packet netlink unix)) {
        my $text = VRRP::Proc::slurp("/proc/$pid/net/$table") // '';
        $lines{$table} = $text =~ tr/\n//;
    }

    return \%lines;
}


# All that can be seen from outside, when it is so for a while: the master still
# passes channels to its workers when they have started.
sub facts ($nginx) {
    my ($seen, $text) = ({}, '');

    for (1 .. 30) {
        my $last = $text;

        $seen = glance($nginx);
        $text = $CANONICAL->encode($seen);
        return $seen if $text eq $last;

        sleep 0.3;
    }

    die "nginx does not come to rest\n";
}


sub glance ($nginx) {
    my @processes = sort { $a->{title} cmp $b->{title} } $nginx->processes;
    my ($master) = $nginx->masters;

    return {
        sockets   => sockets($master),
        processes => [map { {
            title       => $_->{title},
            descriptors => [sort(descriptors($_->{pid}))],
            shared      => [sort(shared_mappings($_->{pid}))],
            status      => [status_lines($_->{pid})],
        } } @processes],
    };
}


sub restart ($nginx, %configuration) {
    $nginx->stop('QUIT');
    unlink $nginx->error_log;
    $nginx->configure(%configuration);
    $nginx->start;
}


sub shown_by_test ($nginx) {
    return join '', $nginx->run('-t');
}


my $plain = facts($nginx);
my $plain_test = shown_by_test($nginx);

is(scalar @{ $plain->{processes} }, 3, 'without: a master and two workers');
cmp_ok(scalar @{ $plain->{processes}[0]{shared} }, '>', 0,
       'without: nginx itself shares memory');
like($plain_test, qr/test is successful\n0$/, 'without: nginx -t');

restart($nginx, main => "load_module $module;");

is_deeply(facts($nginx), $plain, 'loaded: everything is as without');
is(shown_by_test($nginx), $plain_test, 'loaded: nginx -t says the same');
unlike($nginx->log_text =~ s/load_module.*//gr, qr/vrrp/i,
       'loaded: nothing is logged, not even to debug');

my ($master) = $nginx->masters;
like(VRRP::Proc::slurp("/proc/$master/maps"), qr/\Q$module\E/,
     'loaded: it really is');

restart($nginx, main => '', vrrp => $classic->vrrp('lb1'));

$lab->wait_until('the vrrp process to work', 10, sub {
    my ($pid) = $nginx->vrrp_processes;

    return $pid && grep { /socket/ } descriptors($pid);
});

my $working = facts($nginx);
my @shared = map { scalar @{ $_->{processes}[0]{shared} } } $plain, $working;

is(scalar @{ $working->{processes} }, 4, 'with a block: one more process');
# That of the workers, and the status: once to write it, once for the workers.
is($shared[1], $shared[0] + 3, 'with a block: two more pieces of memory');
cmp_ok($working->{sockets}{raw}, '>', $plain->{sockets}{raw},
       'with a block: a raw socket');

$lab->finish;

done_testing;
