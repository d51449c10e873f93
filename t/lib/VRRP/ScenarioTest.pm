package VRRP::ScenarioTest;

# Checks the steps of VRRP::Scenario with one profile;
# t/vrrp_cluster_scenario_*.t.

use v5.36;

use Test::More;

use VRRP::Lab;
use VRRP::Nginx;
use VRRP::Scenario;

# The expectations after a step, by its method: the nodes that answer, the
# contents, and whether a request may fail in the step (default: none).
my %EXPECT = (
    start                  => { nodes => 'lb1', may_fail => 'all' },
    clients_ask            => { nodes => 'lb1', even => 1 },
    lb1_quits              => { nodes => 'lb2', may_fail => 'in flight' },
    lb1_returns            => { nodes => 'lb1', may_fail => 'some' },
    web1_stops             => { nodes => 'lb1', bodies => 'web2' },
    web1_returns           => { nodes => 'lb1', bodies => 'web1 web2' },
    lb2_restarts_nopreempt => { nodes => 'lb1' },
    lb1_returns_nopreempt  => { nodes => 'lb2' },
    lb2_quits              => { nodes => 'lb1', may_fail => 'in flight' },
    keepalived_is_backup   => { nodes => 'lb1' },
    keepalived_is_master   => { nodes => 'lb2', may_fail => 'some' },
    keepalived_stops       => { nodes => 'lb1', may_fail => 'some' },
);

# A node that quits serves until the other node is MASTER: only the requests of
# that moment may be lost, and those that clients start in it because they were
# delayed.
my $IN_FLIGHT = 5;


# The steps are methods of VRRP::Scenario, in its order.
sub run ($class, $profile, @methods) {
    my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
    plan(skip_all => $reason) if $reason;

    my $lab = VRRP::Lab->new;
    my $scenario = VRRP::Scenario->new(lab => $lab, profile => $profile);

    is(join(' ', @methods), join(' ', map { $_->[1] } @VRRP::Scenario::STEPS),
       'these are all steps');

    for my $step (@VRRP::Scenario::STEPS) {
        my $result = eval { $scenario->take($step) };

        # The next steps need this one.
        ok($result, $step->[0]) or diag($@), last;

        check($scenario, $result);
    }

    $scenario->finish;
    done_testing;
}


sub check ($scenario, $result) {
    my $expect = $EXPECT{ $result->{method} };
    my $title = $result->{title};
    my $settled = $result->{settled};
    my $asserted = 1;

    my $is = sub ($got, $wanted, $what) {
        $asserted = 0 unless is($got, $wanted, "$title: $what");
    };

    $is->($settled->{failed}, 0, 'no request fails in the end');
    $is->(join(' ', sort keys %{ $settled->{nodes} }), $expect->{nodes},
          'nodes that answer');

    $is->(join(' ', sort keys %{ $settled->{bodies} }), $expect->{bodies},
          'contents') if $expect->{bodies};

    $is->(even($settled->{bodies}), 'even', 'requests alternate')
        if $expect->{even};

    my $may_fail = $expect->{may_fail} // 'none';

    $is->($result->{failed}, 0, 'no request failed') if $may_fail eq 'none';

    if ($may_fail eq 'in flight') {
        my $most = $IN_FLIGHT + $result->{held_up};

        $asserted = 0 unless cmp_ok($result->{failed}, '<=', $most,
                                    "$title: requests failed");
    }

    # At most as long as an unplanned takeover.
    if ($may_fail eq 'some') {
        my $limit = 1000 * ($scenario->down_interval + 1);

        $asserted = 0 unless cmp_ok($result->{outage}, '<', $limit,
                                    "$title: outage, ms");
    }

    show($scenario, $result) unless $asserted;
}


sub even ($bodies) {
    my ($one, $two) = map { $bodies->{$_} // 0 } qw(web1 web2);

    return abs($one - $two) <= 0.2 * ($one + $two) ? 'even'
                                                   : "web1 $one, web2 $two";
}


# The timeline of a failed step.
sub show ($scenario, $result) {
    diag(sprintf '%d requests, %d failed (%s), outage %d ms',
         @$result{qw(requests failed)},
         join(', ', map { "$_: $result->{errors}{$_}" }
                    sort keys %{ $result->{errors} }),
         $result->{outage});

    my @events = $scenario->timeline->events(@$result{qw(since until)});
    splice @events, 40 if @events > 40;

    diag(sprintf '%9.3f  %-7s %s', $_->{time} - $result->{since},
         $_->{who}, $_->{what}) for @events;
}


1;
