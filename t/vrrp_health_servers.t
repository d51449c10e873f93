#!/usr/bin/perl

# The failures of a web server: when it is marked down, what clients see from
# then on, and that it comes back.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep);

use VRRP::Checks;

my $checks = VRRP::Checks->new(
    check => 'http uri=/health interval=50ms timeout=200ms fall=2 rise=2'
             . ' match=good',
    http  => 'vrrp_match good { status 200-399 !301;'
             . ' header Content-Type ~ text; body ~ "^web[12]"; }');

my $web2 = $checks->backend('web2');
my $lb1 = $checks->lab->node('lb1');

my $behave = sub ($manners) {
    return (break => sub { $web2->behave($manners) },
            mend  => sub { $web2->behave('ok') });
};

is($checks->peer($_)->{verdict}, 'up', "$_ is up at first") for qw(web1 web2);

$checks->is_noticed('stopped', reason => 'L4CON', text => qr/refused/,
    break => sub { $web2->stop }, mend => sub { $web2->start });

$checks->is_noticed('frozen', reason => 'L7TOUT|L4TOUT',
    break => sub { $web2->freeze }, mend => sub { $web2->thaw });

$checks->is_noticed('error', reason => 'L7STS', text => qr/500/,
    $behave->('status 500'));

$checks->is_noticed('moved', reason => 'L7STS', text => qr/301/,
    $behave->('status 301'));

$checks->is_noticed('slow', reason => 'L7TOUT', $behave->('slow 0.5'));

$checks->is_noticed('wrong body', reason => 'L7RSP', text => qr/body/,
    $behave->('body something else'));

$checks->is_noticed('silent', reason => 'L7TOUT', $behave->('silent'));

$checks->is_noticed('garbage', reason => 'L7RSP', $behave->('garbage'));

$checks->is_noticed('reset', reason => 'L7RSP', $behave->('reset'));

# A hostile server harms only itself: web1 is checked on time, its answers are
# counted as quick, and the balancer continues.
for my $manners (qw(header endless drip)) {
    my $before = $checks->peer('web1');

    $checks->is_noticed("hostile, $manners", reason => 'L7RSP|L7TOUT',
                        $behave->($manners));

    my $after = $checks->peer('web1');
    is($after->{changes}, $before->{changes},
       "hostile, $manners: web1 stayed up");
}

# One that cannot decide is no reason to be nervous: it takes two in a row.
{
    my $before = $checks->peer('web2');

    $web2->behave('flap');
    sleep 1;

    my $after = $checks->peer('web2');
    cmp_ok($after->{fails}{L7STS} - $before->{fails}{L7STS}, '>', 3,
           'flapping: every second check failed');
    is($after->{changes}, $before->{changes}, 'flapping: it stayed up');
    $web2->behave('ok');
}

# One that goes and comes is followed each time.
{
    my $before = $checks->peer('web2')->{changes};

    for (1 .. 5) {
        $web2->behave('status 503');
        $checks->wait_for('web2', 'down');
        $web2->behave('ok');
        $checks->wait_for('web2', 'up');
    }

    is($checks->peer('web2')->{changes}, $before + 10,
       'coming and going: every change was noticed once');
}

# The network between them swallows everything.
$checks->is_noticed('lost', reason => 'L4TOUT|L7TOUT',
    break => sub { $lb1->drop_traffic('192.168.64.138') },
    mend  => sub { $lb1->let_traffic_pass });

$checks->finish;
