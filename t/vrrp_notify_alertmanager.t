#!/usr/bin/perl

# Debian's Alertmanager: a lasting problem is an active alert until it ends,
# and Alertmanager notifies its own receivers that it is resolved.

use v5.36;

use JSON::PP qw(decode_json);
use Test::More;
use Time::HiRes qw(sleep);
use Time::Piece;

use VRRP::Alertmanager;
use VRRP::Notified;
use VRRP::Receiver;

my $reason = VRRP::Notified->unavailable // VRRP::Receiver->unavailable
    // VRRP::Alertmanager->unavailable;
plan(skip_all => $reason) if $reason;

my $lb1 = VRRP::Notified->new;
my $node = $lb1->others;
my $hook = VRRP::Receiver->webhook(node => $node, port => 8001);
my $manager = VRRP::Alertmanager->new(
    node => $node, webhook => 'http://127.0.0.1:8001/');

my $block = 'notify_webhook ' . $manager->url . ' format=alertmanager;';
my $nginx = $lb1->start(block => $block);


# Active alerts of this name and state.
sub active ($name, %labels) {
    return grep {
        my $alert = $_;

        $alert->{labels}{alertname} eq $name
        && $alert->{status}{state} eq 'active'
        && !grep { ($alert->{labels}{$_} // '') ne $labels{$_} } keys %labels;
    } $manager->alerts->@*;
}


# Alertmanager's notifications: firing or resolved.
sub passed_on ($status, $name, %labels) {
    return grep {
        my $alert = $_;

        $alert->{status} eq $status && $alert->{labels}{alertname} eq $name
        && !grep { ($alert->{labels}{$_} // '') ne $labels{$_} } keys %labels;
    } map { decode_json($_->{body})->{alerts}->@* } $hook->accepted;
}


$lb1->comes_true('the first word: MASTER', 30, sub {
    active('NginxVrrpTransition', state => 'MASTER');
});

my ($alert) = active('NginxVrrpTransition', state => 'MASTER');

is_deeply({ map { $_ => $alert->{labels}{$_} }
            qw(node instance vrid interface) },
          { node => 'lb1', instance => 'VI_1', vrid => '51',
            interface => 'vrlab0' }, 'its labels');
like($alert->{annotations}{summary}, qr/lb1: VI_1: .*MASTER/, 'its summary');

$lb1->fault;

my %fault = (state => 'FAULT', severity => 'critical', instance => 'VI_1');

$lb1->comes_true('a fault is an alert', 30, sub {
    active('NginxVrrpTransition', %fault);
});
$lb1->comes_true('the tracker, too', 30, sub {
    active('NginxVrrpTrackerDown', severity => 'warning');
});
$lb1->comes_true('Alertmanager tells of both', 30, sub {
    passed_on('firing', 'NginxVrrpTransition', %fault)
    && passed_on('firing', 'NginxVrrpTrackerDown');
});

$lb1->mend;

$lb1->comes_true('the fault is over', 30, sub {
    !active('NginxVrrpTransition', %fault);
});
$lb1->comes_true('the tracker, too', 30, sub {
    !active('NginxVrrpTrackerDown');
});
$lb1->comes_true('Alertmanager tells that both are resolved', 30, sub {
    passed_on('resolved', 'NginxVrrpTransition', %fault)
    && passed_on('resolved', 'NginxVrrpTrackerDown');
});


# An alert that nothing repeats ends at the time that was sent with it. With
# NGX_VRRP_ALERTS_END=1 this test waits for that: it takes five minutes.
my $LASTS = 300;

# Seconds since 1970.
sub seconds ($time) {
    my $seconds = substr $time, 0, length '2026-01-01T00:00:00';

    return Time::Piece->strptime($seconds, '%Y-%m-%dT%H:%M:%S')->epoch;
}

sub down ($file) {
    my ($alert) = active('NginxVrrpTrackerDown',
                         tracker => 'track_file ' . $lb1->dir . "/$file");

    return $alert;
}

# When the alert ends if nothing repeats it.
sub end_of ($file) {
    return seconds(down($file)->{endsAt});
}

my $other = 'track_file ' . $lb1->dir . '/other weight=-1;';
my %end;

subtest 'a reload removes a tracker that is down' => sub {
    $nginx->configure(vrrp => $lb1->vrrp(block => $block, instance => $other));
    $nginx->reload(40);
    $lb1->write_file('other', "1\n");
    $lb1->fault;
    $lb1->comes_true('two trackers are down', 30, sub {
        down('other') && down('drain');
    });

    my %before = map { $_ => end_of($_) } qw(drain other);

    for my $file (sort keys %before) {
        my $sent = seconds(down($file)->{updatedAt});
        cmp_ok($before{$file} - $sent, '<=', $LASTS + 1,
               "$file: it ends $LASTS s after the last message");
    }

    # Ends are compared in seconds.
    sleep 1.1;
    $nginx->configure(vrrp => $lb1->vrrp(block => $block));
    $nginx->reload(40);

    $lb1->comes_true('the tracker that is left is sent again', 30, sub {
        end_of('drain') > $before{drain};
    });
    $end{other} = end_of('other');
    is($end{other}, $before{other}, 'the one that was removed is not');
};

subtest 'a tracker is up again after quit and start' => sub {
    $nginx->command('quit');
    $nginx->wait_gone(40);
    $end{drain} = end_of('drain');

    $lb1->comes_true('quit ends the fault', 30, sub {
        !active('NginxVrrpTransition', %fault);
    });

    unlink $lb1->dir . '/drain';
    $nginx->start;
    $lb1->become('MASTER');
    $lb1->comes_true('MASTER again', 30, sub {
        active('NginxVrrpTransition', state => 'MASTER');
    });
    is(end_of('drain'), $end{drain},
       'the tracker that was down is not sent again');
};

subtest 'both alerts end' => sub {
    plan(skip_all => 'NGX_VRRP_ALERTS_END=1 waits for it')
        if !$ENV{NGX_VRRP_ALERTS_END};

    for my $file (sort keys %end) {
        $lb1->comes_true("$file: resolved", $LASTS + 30, sub { !down($file) });
        cmp_ok(time, '>=', $end{$file}, "$file: not before its time");
        $lb1->comes_true("$file: Alertmanager passes that on", 30, sub {
            passed_on('resolved', 'NginxVrrpTrackerDown',
                      tracker => 'track_file ' . $lb1->dir . "/$file");
        });
    }
};

$lb1->finish;
done_testing;
