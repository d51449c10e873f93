#!/usr/bin/perl

# Checks without HTTP: a text is sent and an answer must come; or an open port
# is enough.

use v5.36;

use Test::More;

use VRRP::Checks;

{
    my $checks = VRRP::Checks->new(
        check => 'send-expect match=hello interval=50ms timeout=200ms'
                 . ' fall=2 rise=2',
        http  => <<'END');
    vrrp_match hello {
        send     "HELLO world now\r\nUser-Agent: ngx_vrrp\r\nConnection: close\r\n\r\n";
        expect ~ "(?s)200 Whatever.*web[12]";
    }
END

    my $web2 = $checks->backend('web2');

    my $behave = sub ($manners) {
        return (break => sub { $web2->behave($manners) },
                mend  => sub { $web2->behave('ok') });
    };

    $checks->is_noticed('text: stopped', reason => 'L4CON',
        break => sub { $web2->stop }, mend => sub { $web2->start });

    $checks->is_noticed('text: another answer', reason => 'L7RSP',
                        $behave->('status 500'));

    $checks->is_noticed('text: silent', reason => 'L7TOUT',
                        $behave->('silent'));

    $checks->is_noticed('text: without end', reason => 'L7RSP|L7TOUT',
                        $behave->('endless'));

    $checks->load->stop;
    $checks->lab->finish;
}

{
    my $checks = VRRP::Checks->new(
        check => 'tcp interval=50ms timeout=200ms fall=2 rise=2');
    my $web2 = $checks->backend('web2');
    my $lb1 = $checks->lab->node('lb1');

    $checks->is_noticed('port: stopped', reason => 'L4CON', text => qr/refused/,
        break => sub { $web2->stop }, mend => sub { $web2->start });

    $checks->is_noticed('port: lost', reason => 'L4TOUT',
        break => sub { $lb1->drop_traffic('192.168.64.138') },
        mend  => sub { $lb1->let_traffic_pass });

    $checks->load->stop;
    $checks->lab->finish;
}

done_testing;
