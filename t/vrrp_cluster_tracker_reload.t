#!/usr/bin/perl

# A reload keeps the results of the trackers: priority and address do not
# change while a new tracker makes its first check.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;

use constant RELOADS => 10;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $lab = VRRP::Lab->new(nodes => [qw(client lb1 lb2)]);
my $classic = VRRP::Classic->new(profile => 'v3');
my $limit = $classic->down_interval + 10;

# No server listens there.
my $failed = "track_tcp 192.168.64.10:8001 interval=50ms timeout=50ms";
# nginx itself, first checked within that time.
my $well = "track_tcp 127.0.0.1:80 interval=3s timeout=1s";

my $http = $classic->status_server . <<'END';
    server {
        listen 80;
        location / { return 200 "$hostname\n"; }
    }
END

sub vrrp (@trackers) {
    my $directives = join '', map { "$_;\n" } @trackers;

    return $classic->vrrp('lb1', instance => $directives);
}

my $lb1 = $lab->start_nginx('lb1', vrrp => vrrp("$failed weight=-5"),
                            http => $http);
$lab->start_nginx('lb2', vrrp => $classic->vrrp('lb2'), http => $http);

sub instance () { $lb1->status->{instances}[0] }

# The processes of the configuration before have gone.
sub reload (@trackers) {
    my ($before) = $lb1->vrrp_processes;

    $lb1->configure(vrrp => vrrp(@trackers), http => $http);
    $lb1->command('reload');
    $lab->wait_until('another vrrp process', 10, sub {
        my @now = $lb1->vrrp_processes;
        @now == 1 && $now[0] != $before;
    });
}

ok(eval { $lab->wait_for_holder('lb1', $limit) }, 'lb1 has the address')
    or diag($@), diag($lb1->log_text);
is(instance()->{priority}{effective}, 95, 'a weight less');

my $capture = $lab->capture('client');
my $transitions = instance()->{counters}{transitions};

for (1 .. RELOADS) {
    reload("$failed weight=-5");
    sleep 0.2;
}

my @wrong = grep { $_->{priority} != 95 }
            $capture->adverts(from => '192.168.64.130');
is(scalar @wrong, 0, 'no reload changes the priority')
    or diag(map { "$_->{text}\n" } @wrong[0 .. ($#wrong > 4 ? 4 : $#wrong)]);
is(instance()->{counters}{transitions}, $transitions, 'nor the state');

reload("$failed weight=-5", $well);
$lab->wait_until('the first result of a new tracker', 10, sub {
    instance()->{trackers}[1]{state} eq 'up';
});
is(instance()->{counters}{transitions}, $transitions,
   'the address stays while a new tracker is checked');
is(scalar(grep { $_->{source} ne '192.168.64.130' } $capture->adverts), 0,
   'nobody else speaks');

reload($failed);
ok(eval { $lab->wait_for_holder('lb2', $limit) },
   'a new tracker that fails releases it')
    or diag($@), diag($lb1->log_text);
like(instance()->{fault}, qr/^track_tcp 192\.168\.64\.10:8001: L4CON /,
     'and says why');

$lab->finish;
done_testing;
