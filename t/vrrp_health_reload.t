#!/usr/bin/perl

# The results of the servers outlive a reload: with web2 down, 50 reloads
# under load send no request to it.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Checks;

for my $zone ('zone web 64k;', '') {
    my $title = $zone ? 'with a zone' : 'without a zone';

    my $checks = VRRP::Checks->new(
        upstream => $zone,
        check    => 'http interval=100ms timeout=200ms fall=2 rise=2');

    my $lb1 = $checks->nginx;
    my $web2 = $checks->backend('web2');

    $web2->behave('status 500');
    ok(eval { $checks->wait_for('web2', 'down') }, "$title: web2 is down")
        or diag($@);

    my $since = time;

    $lb1->reload for 1 .. 50;

    is($checks->peer('web2')->{verdict}, 'down', "$title: it still is");

    my $summary = $checks->load->summary($since);
    cmp_ok($summary->{requests}, '>', 500, "$title: there was load");
    is($summary->{failed}, 0, "$title: no request failed")
        or diag(explain($summary->{errors}));
    is(scalar($web2->requests(client => $since)), 0,
       "$title: web2 was asked nothing");
    is(scalar(grep { /upstream|check/ && / is down/ }
              split /\n/, $lb1->log_text), 1,
       "$title: that it is down is said once");

    # And that it is up again is not forgotten either.
    $web2->behave('ok');
    ok(eval { $checks->wait_for('web2', 'up') }, "$title: web2 is up")
        or diag($@);
    $lb1->command('reload');
    sleep 0.5;
    is($checks->peer('web2')->{verdict}, 'up', "$title: and stays so");

    $checks->load->stop;
    $checks->lab->finish;
}

done_testing;
