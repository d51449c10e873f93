#!/usr/bin/perl

# Operators move the address: release, resume, failback.
#
# Clients lose nothing, and a released node stays out after reloads, upgrades
# and crashes.

use v5.36;

use JSON::PP qw(decode_json);
use POSIX qw(strftime);
use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Lossless;

my $SLACK = $VRRP::Lossless::SLACK;

# The longest time of an answer: until a worker stops waiting for the vrrp
# process.
my $BOUND = 3;

{
    package ControlLab;

    use parent -norequire, 'VRRP::Lossless';

    sub http ($self, $name, $more = '') {
        return $self->SUPER::http($name, $more) . <<"END";
    server {
        listen 127.0.0.1:8081;
        location /control { vrrp_control on; }
        location = /release { vrrp_control on; }
        location /off { vrrp_control off; return 204; }

        location = /health { vrrp_status; }
        location = /state { set \$asked \$vrrp_state; return 204; }
        location /mirror/ {
            mirror /control/release;
            mirror /health;
            mirror /state;
            proxy_pass http://127.0.0.1:8081/off/;
        }
        location /allow/ {
            auth_request /health;
            proxy_pass http://127.0.0.1:8081/off/;
        }
        location /ask/ {
            auth_request /state;
            add_header X-Asked \$asked;
            proxy_pass http://127.0.0.1:8081/off/;
        }
        location /forbid/ {
            auth_request /control/release;
            proxy_pass http://127.0.0.1:8081/off/;
        }
    }
END
    }
}

my $test = ControlLab->new(expect => qr/on signal 9/);
my $lb1 = $test->lb1;
my $lb2 = $test->lb2;


# Without it nothing is done.
my @ORDER = ('-H', 'X-VRRP-Control: 1');

# Asks a node, by curl. Returns status, decoded answer and time.
sub ask ($name, $path, @options) {
    my $since = time;
    my ($out) = $test->node($name)->try('curl', '-sS', '-m', 10, '-w',
        "\n%{http_code}", (@options ? @options : ('-X', 'POST', @ORDER)),
        "http://127.0.0.1:8081/$path");
    my ($body, $status) = $out =~ /\A(.*)\n(\d+)\z/s;
    my $answer = eval { decode_json($body) };

    return ($status, $answer, time - $since);
}


# An action that is done, or refused; returns the detail of VI_1.
sub control ($name, $action, $expected = 200) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my ($status, $answer) = ask($name, "control/$action");
    my ($first) = @{ $answer->{instances} // [] };

    is($status, $expected, "$action: $expected") or diag(explain($answer));
    is($answer->{action}, $action =~ s/\?.*//r, "$action: action");
    is(!!$first->{done}, $expected == 200, "$action: done or not");
    note("$action: " . ($first->{detail} // ''));

    return $first->{detail};
}


sub instance_of ($name) { $test->nginx($name)->status->{instances}[0] }


sub wait_for_state ($name, $state) {
    $test->wait_until("$name to be $state", sub {
        (eval { $test->nginx($name)->state } // '') eq $state;
    });
}


subtest 'release' => sub {
    my $detail;
    my $seen = $test->during(sub {
        $detail = control('lb1', 'release?instance=VI_1');
        $test->wait_for_holder('lb2');
    });

    like($detail, qr/^released by the operator, \S+ took over\b/, 'the successor');
    $seen->nothing_lost(moved => 1);
    is(join(' ', sort $seen->moves), '+lb2 -lb1', 'the address moves, once');
    $seen->changed('lb1', 'VI_1 MASTER -> FAULT');
    $seen->changed('lb2', 'VI_1 BACKUP -> MASTER');
    $seen->answered('lb2');
    $seen->logged('lb1', qr/127\.0\.0\.1 requests release of VI_1: /, 'who');
    is(instance_of('lb1')->{fault}, 'released by the operator', 'why');
    ok(instance_of('lb1')->{released}, 'in the status');
};


subtest 'twice is once' => sub {
    my $seen = $test->during(sub {
        is(control('lb1', 'release'), 'is already released', 'release');
    });

    $seen->nothing_lost;
    is(join(' ', $seen->moves), '', 'nothing moves');
};


subtest 'failback of a released node' => sub {
    is(control('lb1', 'failback', 409), 'is released, resume it first', 'why');
};


# Each of them ends the vrrp process.
my %ends = (
    'a reload' => sub { $test->reload },
    'kill -9 of the vrrp process' => sub {
        my ($old) = $lb1->vrrp_processes;

        $lb1->signal('KILL', $old);
        $test->wait_until('another vrrp process', sub {
            my ($new) = $lb1->vrrp_processes;
            return $new && $new != $old;
        });
    },
    'a binary upgrade' => sub {
        my ($old) = $test->upgrade;

        $test->quit_master($old);
    },
);

for my $end (sort keys %ends) {
    subtest "released over $end" => sub {
        my $seen = $test->during(sub {
            $ends{$end}->();
            wait_for_state('lb1', 'FAULT');
            sleep 1;
        });

        $seen->nothing_lost;
        is(join(' ', $seen->moves), '', 'nothing moves');
        $seen->silent('lb1');
        ok(instance_of('lb1')->{released}, 'still released');
    };
}


subtest 'released, and the peer dies' => sub {
    $lb2->stop('KILL');
    sleep 2 + $test->takeover;

    is(join(' ', $test->lab->who_has($VRRP::Lossless::VIP)), '',
       'nobody has the address');
    is($lb1->state, 'FAULT', 'lb1 stays out');

    $lb2->start;
    $test->wait_for_holder('lb2');
    $test->wait_until_quiet;
};


subtest 'resume' => sub {
    my $seen = $test->during(sub {
        is(control('lb1', 'resume'), 'resumed by the operator', 'resume');
        $test->wait_for_holder('lb1');
    });

    $seen->nothing_lost(moved => 1);
    is(join(' ', sort $seen->moves), '+lb1 -lb2', 'the address comes back');
    is(control('lb1', 'resume'), 'was not released', 'twice is once');
    ok(!instance_of('lb1')->{released}, 'in the status');
};


subtest 'without a successor' => sub {
    $lb2->stop;

    my ($status, $answer, $took) = ask('lb1', 'control/release');

    is($status, 200, 'it is done all the same');
    is($answer->{instances}[0]{detail},
       'released by the operator, no router has taken over', 'and said');
    cmp_ok($took, '<', $BOUND + $SLACK, 'in time');
    is(join(' ', $test->lab->who_has($VRRP::Lossless::VIP)), '',
       'the address is given up');

    control('lb1', 'resume');
    $test->wait_for_holder('lb1');
    $lb2->start;
    wait_for_state('lb2', 'BACKUP');
    $test->wait_until_quiet;
};


subtest 'release with an end and a rescue' => sub {
    my $detail;
    my $seen = $test->during(sub {
        $detail = control('lb1', 'release?for=30m');
        $test->wait_for_holder('lb2');
    });

    like($detail, qr/\S+ took over .*, for 30m, takes over only if /, 'answer');
    $seen->nothing_lost(moved => 1);
    $seen->changed('lb1', 'VI_1 MASTER -> BACKUP');
    my $instance = instance_of('lb1');
    is($instance->{priority}{effective}, 1, 'the lowest priority');
    ok($instance->{release}{rescue}, 'a rescue');
    cmp_ok($instance->{release}{until_ms}, '>', 1_700_000, 'it has an end');
    like($instance->{release}{until}, qr/^\d+-\d\d-\d\dT/, 'as a time of day');

    $seen = $test->during(sub {
        $test->reload;
        sleep 1;
    });
    is(join(' ', $seen->moves), '', 'a reload keeps it');
    is(instance_of('lb1')->{priority}{effective}, 1, 'and its priority');

    $lb2->stop('KILL');
    $test->wait_for_holder('lb1');
    ok(instance_of('lb1')->{released}, 'the other node dies: a rescue');

    $seen = $test->during(sub {
        $lb2->start;
        $test->wait_for_holder('lb2');
    });
    $seen->nothing_lost(moved => 1);
    is(join(' ', sort $seen->moves), '+lb2 -lb1', 'lb2 gets the address back');

    $seen = $test->during(sub {
        control('lb1', 'resume');
        $test->wait_for_holder('lb1');
    });
    $seen->nothing_lost(moved => 1);
    is(instance_of('lb1')->{release}, undef, 'resumed');
};


subtest 'the end of a release' => sub {
    my $seen = $test->during(sub {
        control('lb1', 'release?for=2s&rescue=off');
        $test->wait_for_holder('lb2');
        wait_for_state('lb1', 'FAULT');
        $test->wait_for_holder('lb1');
    });

    $seen->logged('lb1', qr/FAULT -> BACKUP: the time of the release is over/,
                  'lb1 takes part again');
    ok(!instance_of('lb1')->{released}, 'in the status');
};


subtest 'failback under nopreempt' => sub {
    $test->reconfigure(instance => 'nopreempt;');
    $test->reload;
    control('lb1', 'release');
    $test->wait_for_holder('lb2');
    control('lb1', 'resume');
    sleep 1 + $test->takeover;
    is($lb1->state, 'BACKUP', 'resume alone does not bring it back');

    my $seen = $test->during(sub {
        like(control('lb1', 'failback'), qr/^failback by the operator, /,
             'failback');
        $test->wait_for_holder('lb1');
    });

    $seen->nothing_lost(moved => 1);
    is(control('lb1', 'failback'), 'is already MASTER', 'twice is once');
    is(control('lb2', 'failback', 409),
       'priority 90 is below the MASTER\'s 100', 'the other way round');

    $test->reconfigure;
    $test->reload;
};


# Two windows: one that is open now, and one that is not.
subtest 'preempt_window' => sub {
    my $at = sub ($hours) {
        my @now = localtime;
        return sprintf '%02d:%02d', ($now[2] + $hours) % 24, $now[1];
    };
    my ($closed, $open) = ($at->(3) . '-' . $at->(6), $at->(-3) . '-' . $at->(3));

    $test->reconfigure(instance => "preempt_window $closed;");
    $test->reload;
    is_deeply(instance_of('lb1')->{preempt_window},
              { times => $closed, open => JSON::PP::false }, 'closed');
    control('lb1', 'release');
    $test->wait_for_holder('lb2');
    control('lb1', 'resume');
    sleep 1 + 2 * $test->takeover;
    is($lb1->state, 'BACKUP', 'outside of the window it stays BACKUP');

    my $seen = $test->during(sub {
        $test->reconfigure(instance => "preempt_window $open;");
        $test->reload;
        $test->wait_for_holder('lb1');
    });

    $seen->nothing_lost(moved => 1);
    $seen->logged('lb1', qr/preempt_window \Q$open\E is open, preempting/,
                  'inside of it the address comes back');

    $test->reconfigure;
    $test->reload;
};


subtest 'answers' => sub {
    my @cases = (
        [404, 'control/release?instance=VI_9'],
        [404, 'control/release?instance=a/b'],
        [404, 'control/explode'],
        [404, 'control'],
        [400, 'control/release?for=soon'],
        [400, 'control/release?for=0'],
        [400, 'control/release?for=366d'],
        [400, 'control/release?rescue=maybe'],
        [400, 'control/release?for=30m&resceu=off'],
        [400, 'control/release?for=30m&rescue'],
        [400, 'control/resume?for=30m'],
        [400, 'control/failback?rescue=on'],
        [405, 'control/release', qw(-X GET)],
        [405, 'control/release', qw(-X PUT)],
        [405, 'control/release', qw(-I)],
        [403, 'control/release', @ORDER, qw(-d a=b -H),
         'Origin: http://127.0.0.1:8081'],
        [403, 'control/release', qw(-X POST)],
        [403, 'control/release', qw(-X POST -H), 'X-VRRP-Control: 0'],
        [403, 'control/release', qw(-d PING -H), 'Content-Type: text/ping',
         '-H', 'Ping-To: http://127.0.0.1:8081/control/release'],
        [204, 'off/release'],
        [200, 'control/resume', @ORDER, qw(-d a=b)],
    );

    for my $case (@cases) {
        my ($expected, $path, @options) = @$case;
        my ($status) = ask('lb1', $path, @options);

        is($status, $expected, "@options $path: $expected");
    }

    my $head = $test->node('lb1')->run(
        qw(curl -sS -i http://127.0.0.1:8081/control/release));
    like($head, qr/^Allow: POST\r$/m, 'what is allowed');

    my ($status, $answer) = ask('lb1', 'control/release', qw(-X POST));
    is($answer->{error}, 'the request needs the header X-VRRP-Control: 1',
       'what to send is said');
    is($lb1->state, 'MASTER', 'nothing has happened');
};


# The location answers another one's request: for commands that is refused.
subtest 'subrequests' => sub {
    my %workers = map { $_ => 1 } $lb1->workers;

    is((ask('lb1', 'mirror/'))[0], 204, 'mirror');
    is((ask('lb1', 'allow/'))[0], 204, 'auth_request, vrrp_status');
    is((ask('lb1', 'forbid/'))[0], 403, 'auth_request, vrrp_control');
    like(scalar $test->node('lb1')->run(qw(curl -sS -i),
             'http://127.0.0.1:8081/ask/'),
         qr/^X-Asked: MASTER\r$/m, 'auth_request, a variable');

    $test->wait_until('the log', sub {
        2 == (() = $lb1->log_text
                   =~ /"vrrp_control" does not accept subrequests/g);
    });
    is_deeply([grep { !$workers{$_} } $lb1->workers], [],
              'no worker was lost');
    is($lb1->state, 'MASTER', 'nothing has happened');
};


subtest 'several at once' => sub {
    my $node = $test->node('lb1');
    my @once = ('http://127.0.0.1:8081/control/release', qw(-o /dev/null));

    $node->spawn({ tag => "curl$_" }, qw(curl -sS -m 10 -X POST), @ORDER, '-w',
                 '%{http_code}\n', (@once) x 3) for 1 .. 4;

    my $codes;

    $test->wait_until('12 answers', sub {
        $codes = join '', map {
            VRRP::Proc::slurp($node->dir . "/curl$_.out") // ''
        } 1 .. 4;
        return $codes =~ tr/\n// == 12;
    });

    is($codes, "200\n" x 12, 'each is answered');
    $test->wait_for_holder('lb2');
    control('lb1', 'resume');
    $test->comes_back;
};


# A command that it has not received in time is not executed later.
subtest 'a vrrp process that does not run' => sub {
    my ($vrrp) = $lb2->vrrp_processes;

    $lb2->signal('STOP', $vrrp);
    my ($status, $answer, $took) = ask('lb2', 'control/release');
    $lb2->signal('CONT', $vrrp);

    is($status, 503, 'the answer');
    like($answer->{error}, qr/does not respond, nothing was changed/, 'and why');
    cmp_ok($took, '<', $BOUND + $SLACK, 'in time');

    wait_for_state('lb2', 'BACKUP');
    sleep 0.5;
    ok(!instance_of('lb2')->{released}, 'and nothing was done');
};


subtest 'a client that goes away' => sub {
    my $request = 'POST /control/release HTTP/1.1\r\nHost: a\r\n'
                  . 'X-VRRP-Control: 1\r\n\r\n';

    $test->node('lb1')->run('bash', '-c',
        "printf '$request' > /dev/tcp/127.0.0.1/8081");
    $test->wait_for_holder('lb2');
    control('lb1', 'resume');
    $test->comes_back;
};


$test->finish;
