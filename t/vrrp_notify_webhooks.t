#!/usr/bin/perl

# Webhooks of every format, to receivers that check signatures as the services
# do, and that are slow, silent, down, or refuse the message.

use v5.36;

use JSON::PP qw(decode_json);
use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Certificates;
use VRRP::Notified;
use VRRP::Receiver;

my $reason = VRRP::Notified->unavailable // VRRP::Receiver->unavailable;
plan(skip_all => $reason) if $reason;

my $lb1 = VRRP::Notified->new;
my $lab = $lb1->lab;
my $host = $lb1->others->address;

# Every byte of them would be noticed in a log.
my $secret = 'SEC0hunter2';
my $token = 'token-hunter2';

my $ca = VRRP::Certificates->new($lab->dir . '/ca');
my @certificate = $ca->issue('hook', $host);
my $secret_file = $lb1->write_file('secret', "$secret\n", 0600);

my %to;
my $port = 8000;
my @directives;

# A receiver, and the directive for it.
sub notified ($name, $words, %args) {
    my $scheme = $args{tls} ? 'https' : 'http';

    $to{$name} = VRRP::Receiver->webhook(node => $lb1->others,
                                         port => ++$port, %args);
    push @directives,
        "notify_webhook $scheme://$host:$port/$token?access_token=$token"
        . " $words;";
}

notified('generic', "secret_file=$secret_file", secret => $secret);
notified('wrong', "secret_file=$secret_file events=state", secret => 'another');
notified('slack', 'format=slack', format => 'slack');
notified('dingtalk', "format=dingtalk secret_file=$secret_file events=state",
         format => 'dingtalk', secret => $secret);
notified('feishu', "format=feishu secret_file=$secret_file",
         format => 'feishu', secret => $secret);
notified('tls', 'ca=' . $ca->authority, tls => \@certificate);
notified('unverified', 'verify=off', tls => \@certificate);
notified('unknown', 'events=state expire=3s', tls => \@certificate);
notified('deaf', 'events=state timeout=500ms');

$to{deaf}->behave('deaf');

my $nginx = $lb1->start(instance => join "\n", @directives);


sub told_of ($name, $pattern) {
    return grep { $_->{body} =~ $pattern } $to{$name}->accepted;
}


subtest 'every format' => sub {
    for my $name (qw(generic slack dingtalk feishu tls unverified)) {
        $lb1->comes_true("$name: told", 20, sub {
            told_of($name, qr/MASTER/);
        });
    }

    for my $name (qw(generic dingtalk feishu)) {
        my ($first) = $to{$name}->got;
        is($first->{valid}, JSON::PP::true, "$name: the signature is right");
    }

    for my $name (sort keys %to) {
        my ($first) = $to{$name}->got or next;
        like($first->{headers}{'content-type'}, qr{^application/json\b},
             "$name: it is JSON");
    }

    my ($event) = grep { $_->{event} eq 'state_change' && $_->{to} eq 'MASTER' }
                  $to{generic}->events;

    is_deeply({ map { $_ => $event->{$_} }
                qw(node instance vrid interface from priority vips) },
              { node => 'lb1', instance => 'VI_1', vrid => 51,
                interface => 'vrlab0', from => 'BACKUP', priority => 100,
                vips => [$VRRP::Lab::VIP] }, 'what is told');
    like($event->{reason}, qr/\S/, 'and why');
    like($event->{time}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*Z$/, 'and when');
};


subtest 'those that refuse' => sub {
    for (['wrong', qr/HTTP 403/], ['deaf', qr/wait for a response/],
         ['unknown', qr/certificate/i])
    {
        my ($name, $why) = @$_;
        my $at = $to{$name}{port};

        $lb1->comes_true("$name: the log tells", 20, sub {
            $nginx->log_text
                =~ m{"https?://\Q$host:$at\E": (?:delivery|dropped).*$why};
        });
    }

    is(scalar($to{unknown}->got), 0,
       'nothing is said to one whose certificate nobody knows');
    unlike($nginx->log_text, qr/hunter/, 'the log has no secrets');
};


subtest 'answers that are no' => sub {
    my $log = length $nginx->log_text;

    # busy, and then refused
    $to{dingtalk}->behave('errcode -1');
    $lb1->fault;
    $lb1->comes_true('busy: it is in the log', 20, sub {
        substr($nginx->log_text, $log) =~ /delivery failed: .*errcode -1/;
    });
    is(scalar(told_of('dingtalk', qr/FAULT/)) > 0, 1, 'though it is 200');
    $to{dingtalk}->behave('ok');

    my $before = $to{dingtalk}->got;

    $lb1->comes_true('and it is told again', 20, sub {
        $to{dingtalk}->got > $before;
    });

    my ($newest) = reverse $to{dingtalk}->got;

    like($newest->{body}, qr/FAULT/, 'of the same');
    is($newest->{valid}, JSON::PP::true, 'with a signature of now');

    $to{dingtalk}->behave('errcode 310000');
    $lb1->mend;
    $lb1->comes_true('refused: it is in the log', 20, sub {
        substr($nginx->log_text, $log)
            =~ /delivery of .*MASTER.* failed: .*errcode 310000/;
    });

    $to{dingtalk}->behave('ok');
    $before = $to{dingtalk}->got;
    $lb1->fault;
    $lb1->comes_true('what comes then is told', 20, sub {
        (grep { $_->{body} =~ /FAULT/ } $to{dingtalk}->got) > 1
        && $to{dingtalk}->got > $before;
    });
    $lb1->mend;
};


subtest 'a receiver that is down for a minute' => sub {
    my $hook = $to{generic};
    my $before = $hook->events;
    my $since = time;

    $hook->stop;

    $lb1->fault;
    $lb1->mend;

    my $left = $since + 60 - time;
    sleep $left if $left > 0;

    is(scalar($hook->events), $before, 'nobody was there');
    $hook->start;

    $lb1->comes_true('it is told of all afterwards', 60, sub {
        my @new = ($hook->events)[$before .. $hook->events - 1];
        return 2 == grep { $_->{event} eq 'state_change'
                           && $_->{to} =~ /FAULT|MASTER/ } @new;
    });

    my @new = ($hook->events)[$before .. $hook->events - 1];
    my @sequence = map { $_->{seq} } @new;

    is("@sequence", join(' ', sort { $a <=> $b } @sequence),
       'in the order in which it happened');
    is(join(' ', map { $_->{to} } @new), 'down FAULT up BACKUP MASTER',
       'nothing is missing');
    like($nginx->log_text, qr/"http:\S+:8001": delivery recovered/,
         'the log says that it is back');
};

unlike($nginx->log_text, qr/hunter/, 'the log has no secrets');

$lb1->finish;
done_testing;
