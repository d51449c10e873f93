#!/usr/bin/perl

# A thousand events in a second: adverts are sent as usual, the notifier
# process does not grow, and each receiver gets the last event, also a slow
# one.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Notified;
use VRRP::Receiver;

my $reason = VRRP::Notified->unavailable // VRRP::Receiver->unavailable;
plan(skip_all => $reason) if $reason;

my $TRACKERS = 50;
my $EVENTS = 1200;
my $ROUNDS = 400;  # at most; in each, every tracker changes twice, or less

# Machines that run many tests at once are late themselves.
my $LONGEST_GAP = 0.35;  # s, of adverts each 100 ms: a backup takes over later
my $MOST_GROWTH = 8192;  # kB

my $lb1 = VRRP::Notified->new;
my $lab = $lb1->lab;
my $node = $lb1->node;
my $dir = $lb1->dir;
my $host = $lb1->others->address;

mkdir "$dir/trackers" or die "mkdir: $!\n";

my @files = map { "$dir/trackers/$_" } 1 .. $TRACKERS;

put($_, 0) for @files;

my $trackers = join ' ', map { "track_file $_ weight=1;" } @files;

my %to = (
    quick => VRRP::Receiver->webhook(node => $lb1->others, port => 8001),
    slow  => VRRP::Receiver->webhook(node => $lb1->others, port => 8002),
);

$to{slow}->behave('slow 0.1');

my $notify = join ' ', map {
    "notify_webhook http://$host:$to{$_}{port}/ events=tracker;"
} sort keys %to;

my $nginx = $lb1->start(instance => "$trackers $notify");
my $capture = $lab->capture('client');
my $pid = $lb1->notifier;

sleep 2;

my $memory = memory();
my $since = time;

for my $round (1 .. $ROUNDS) {
    for my $number (1, 0) {
        put($_, $number) for @files;
        sleep 0.01;
    }

    last if $round % 10 == 0 && changes() >= $EVENTS;
}

my $storm = time - $since;

put($_, 1) for @files;

my $settled = time;

$lab->wait_until('the storm to be over', 10, sub {
    my %state = states();
    return $TRACKERS == grep { $_ eq 'down' } values %state;
});

cmp_ok(changes(), '>=', 1000, 'changes of trackers');
note(sprintf '%d in %.2f s', changes(), $storm);

for my $name (sort keys %to) {
    $lb1->comes_true("$name: the last word about each tracker", 60, sub {
        my %last = last_words($name);
        return $TRACKERS == grep { ($last{$_} // '') eq 'down' } @files;
    });
    note(sprintf '%s: %d events told, %d s after', $name,
         scalar $to{$name}->events, time - $settled);
}

SKIP: {
    skip('a sanitizer keeps what is freed', 1) if VRRP::Nginx->is_sanitized;

    cmp_ok(memory() - $memory, '<', $MOST_GROWTH,
           'kB that the process has grown');
}
is($lb1->notifier, $pid, 'it is the same process');

my @times = map { $_->{time} }
            $capture->adverts(from => $node->address, since => $since - 1);
my $gap = 0;

for my $i (1 .. $#times) {
    my $one = $times[$i] - $times[$i - 1];
    $gap = $one if $one > $gap;
}

cmp_ok(scalar(@times), '>', 10, 'adverts have been seen');
cmp_ok($gap, '<', $LONGEST_GAP, 'longest time between two adverts, s');
note(sprintf '%.0f ms', 1000 * $gap);

my @happened = grep { /down|up/ } map { $_->{to} } $to{quick}->events;

ok(@happened > $TRACKERS, 'more than the last words have been told');
$lb1->finish;
done_testing;


# In place: one change for inotify, and no moment without a number.
sub put ($file, $number) {
    open my $out, -e $file ? '+<' : '>', $file or die "$file: $!\n";
    print {$out} "$number\n";
    close $out;
}


# From the log.
sub changes () {
    return scalar(() = $nginx->log_text =~ /track_file \S+ is (?:up|down)/g);
}


sub memory () {
    my ($kilobytes) = VRRP::Proc::slurp("/proc/$pid/status")
                      =~ /^VmRSS:\s+(\d+) kB/m;

    return $kilobytes;
}


sub states () {
    return map { $_->{name} => $_->{state} }
           $nginx->status->{instances}[0]{trackers}->@*;
}


# The last event of each file.
sub last_words ($name) {
    my %last;

    for my $event ($to{$name}->events) {
        my ($file) = $event->{subject} =~ /^track_file (\S+)/ or next;
        $last{$file} = $event->{to};
    }

    return %last;
}
