#!/usr/bin/perl

# Mail to servers in clear text, with TLS from the beginning or later, with
# and without a login; to a busy server, and to a server with an untrusted
# certificate.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Certificates;
use VRRP::Notified;
use VRRP::Receiver;

my $reason = VRRP::Notified->unavailable // VRRP::Receiver->unavailable;
plan(skip_all => $reason) if $reason;

my $lb1 = VRRP::Notified->new;
my $lab = $lb1->lab;
my $node = $lb1->others;
my $host = $node->address;

my $password = 'hunter2 with blanks';
my $ca = VRRP::Certificates->new($lab->dir . '/ca');
my @certificate = $ca->issue('mail', $host);
my $password_file = $lb1->write_file('password', "$password\n", 0600);
my $wrong_file = $lb1->write_file('wrong', "hunter3\n", 0600);

my $authority = 'ca=' . $ca->authority;
my $login = "user=lb1 password_file=$password_file";
my @login = (login => ['lb1', $password]);
my $from = 'from=lb1@example.org';

my %to = (
    plain    => VRRP::Receiver->mailbox(node => $node, port => 25),
    smtps    => VRRP::Receiver->mailbox(node => $node, port => 465,
                    tls => \@certificate, @login),
    starttls => VRRP::Receiver->mailbox(node => $node, port => 587,
                    starttls => \@certificate, @login),
);

my $nginx = $lb1->start(instance => <<"END");
    notify_email to=ops\@example.org,boss\@example.org $from
                 smtp=smtp://$host events=state;
    notify_email to=smtps\@example.org $from smtp=smtps://$host $login
                 $authority;
    notify_email to=starttls\@example.org $from smtp=smtp://$host:587
                 starttls=on $login $authority;
    notify_email to=untrusting\@example.org $from smtp=smtps://$host $login
                 events=state;
    notify_email to=intruder\@example.org $from smtp=smtps://$host
                 $authority user=lb1 password_file=$wrong_file events=state;
    notify_email to=clear\@example.org $from smtp=smtp://$host starttls=on
                 $authority events=state;
END


sub mails ($name, $pattern = qr//) {
    return grep { $_->{text} =~ $pattern } $to{$name}->accepted;
}


subtest 'everybody gets it' => sub {
    for my $name (qw(plain smtps starttls)) {
        $lb1->comes_true("$name: told", 30, sub { mails($name, qr/MASTER/) });
    }

    my ($mail) = mails('plain', qr/^Subject: .*MASTER/m);

    is_deeply($mail->{to}, [qw(ops@example.org boss@example.org)],
              'plain: to both');
    is($mail->{from}, 'lb1@example.org', 'plain: from whom');
    is($mail->{tls}, JSON::PP::false, 'plain: in the clear');

    my %header = $mail->{text} =~ /^([\w-]+): (.*?)\r$/mg;

    is($header{Subject}, '[lb1] VRRP Instance VI_1 - Entering MASTER state',
       'the subject is keepalived\'s');
    is($header{From}, 'lb1@example.org', 'From');
    like($header{Date}, qr/^\w{3}, \d+ \w{3} \d{4} [\d:]{8} \+0000$/, 'Date');
    like($header{'Message-ID'}, qr/^<\S+\@\S+>$/, 'Message-ID');
    is($header{'Auto-Submitted'}, 'auto-generated', 'nobody answers it');
    like($mail->{text}, qr/VI_1 \(vrid 51\)/, 'the instance');
    like($mail->{text}, qr/reason:\s+\S/, 'the reason');

    for my $name (qw(smtps starttls)) {
        ($mail) = mails($name);
        is($mail->{tls}, JSON::PP::true, "$name: encrypted");
        is($mail->{user}, 'lb1', "$name: logged in");
    }
};


subtest 'those that are not told' => sub {
    for (['untrusting', qr/certificate/i], ['intruder', qr/login|535/i],
         ['clear', qr/\S/])
    {
        my ($name, $why) = @$_;

        $lb1->comes_true("$name: the log tells", 30, sub {
            $nginx->log_text
                =~ /"$name\@example.org": (?:delivery|dropped).*$why/;
        });
    }

    is(scalar(grep { "@{$_->{to}}" =~ /untrusting|intruder|clear/ }
              map { $_->got } values %to), 0, 'nothing has reached them');
    unlike($nginx->log_text, qr/hunter/, 'the log has no password');
};


subtest 'a server that is busy' => sub {
    my $before = mails('plain');

    $to{plain}->behave('refuse 451');
    $lb1->fault;
    $lb1->comes_true('the log tells', 30, sub {
        $nginx->log_text =~ /"ops\@.*": delivery failed: .*451/;
    });
    $lb1->mend;
    $to{plain}->behave('ok');

    $lb1->comes_true('it comes afterwards', 60, sub {
        mails('plain', qr/MASTER -> FAULT/) && mails('plain') > $before
        && mails('plain', qr/-> MASTER/) > 1;
    });

    my ($mail) = mails('plain', qr/MASTER -> FAULT/);

    like($mail->{text}, qr/-> FAULT.*-> MASTER/s,
         'what happened since is in the same mail, in order');
    like($mail->{text}, qr/^Subject: .*MASTER state \(\d events\)/m,
         'the subject is about the newest one');
};

$lb1->finish;
done_testing;
