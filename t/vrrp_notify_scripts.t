#!/usr/bin/perl

# Scripts and FIFOs: the arguments and lines of keepalived, in the order of
# the events, for any behaviour of the scripts.

use v5.36;

use Test::More;
use Time::HiRes qw(sleep time);

use VRRP::Notified;

my $reason = VRRP::Notified->unavailable;
plan(skip_all => $reason) if $reason;

my $lb1 = VRRP::Notified->new;
my $dir = $lb1->dir;
my $told = "$dir/told";

# As they are written for keepalived.
my $classic = $lb1->write_script('keepalived.sh', <<"END", '/bin/bash');
TYPE=\$1
NAME=\$2
STATE=\$3
case \$STATE in
    "MASTER") echo "start \$TYPE \$NAME \$4" >> $told
              exit 0
              ;;
    "BACKUP") echo "standby \$TYPE \$NAME \$4" >> $told
              exit 0
              ;;
    "FAULT")  echo "halt \$TYPE \$NAME \$4" >> $told
              exit 0
              ;;
    *)        echo "unknown state \$STATE"
              exit 1
              ;;
esac
END

my $master = $lb1->write_script('master.sh', <<"END");
exec >> $told
echo "master \$* as `id -un`:`id -gn`, \$VRRP_PREV_STATE -> \$VRRP_STATE" \\
     "of \$VRRP_INSTANCE on \$VRRP_IFACE with \$VRRP_VIPS: \$VRRP_REASON"
END

$lb1->write_file('told', '', 0666);
chmod 0666, $told;

sub told () { return VRRP::Proc::slurp($told) // '' }

sub forget () {
    open my $out, '>', $told or die "$told: $!\n";
}

# The commands to the node have taken effect.
sub reload (%args) {
    $lb1->nginx->configure(vrrp => $lb1->vrrp(%args));
    $lb1->nginx->reload(40);
}


my $nginx = $lb1->start(instance => <<"END");
    notify        "$classic" user=root;
    notify_master "$master to be" user=nobody:nogroup;
    notify_fault  /bin/false;
END


subtest 'arguments, environment and user' => sub {
    $lb1->comes_true('told to start', 15, sub { told() =~ /^start/m });

    my $vip = $VRRP::Lab::VIP;
    my ($first, $special, $general) = split /\n/, told();

    is($first, 'standby INSTANCE VI_1 100', 'it begins as BACKUP');

    like($special, qr/^master\ to\ be\ as\ nobody:nogroup,\ BACKUP\ ->\ MASTER
                      \ of\ VI_1\ on\ vrlab0\ with\ \Q$vip\E:\ \S.*/x,
         'notify_master first, as written, with an environment');
    is($general, 'start INSTANCE VI_1 100',
       'then notify, as keepalived has it');

    $lb1->fault;
    $lb1->comes_true('told to halt', 15, sub { told() =~ /^halt INS.* 100$/m });
    like($nginx->log_text, qr/notify_fault ".*exit status 1/,
         'a failure is in the log');
    $lb1->mend;
    $lb1->comes_true('told to start again', 15, sub {
        told() =~ /^halt .*^start /ms;
    });
};


subtest 'nginx\'s own user' => sub {
    forget();
    reload(block => "notify \"$master all\";");
    $lb1->fault;
    $lb1->comes_true('told', 15, sub { told() =~ / FAULT of VI_1/ });
    like(told(), qr/^master all INSTANCE VI_1 FAULT \d+ as www-data:www-data,/m,
         'its user, and four arguments more');
    $lb1->mend;
    $lb1->comes_true('told all', 15, sub { told() =~ /-> MASTER/ });
};


# Each one says when it begins and when it ends: no two at once, none before
# one that happened earlier, and the last word is the last one.
subtest 'order' => sub {
    my $script = $lb1->write_script('slow.sh', <<"END");
echo "begin \$VRRP_SEQ \$VRRP_STATE" >> $told
sleep 0.05
echo "end \$VRRP_SEQ \$VRRP_STATE" >> $told
END

    reload(instance => "notify_master $script; notify_backup $script;"
                       . "notify_fault $script;");
    forget();

    for (1 .. 12) {
        $lb1->write_file('drain', "1\n");
        sleep 0.03;
        unlink "$dir/drain";
        sleep 0.4;
    }

    $lb1->become('MASTER');
    $lb1->comes_true('the last word', 30, sub {
        told() =~ /^end \d+ MASTER\n\z/m && !running($script);
    });

    my @lines = map { [split] } split /\n/, told();
    my ($open, $last, $wrong, @states) = (undef, 0, 0);

    for (@lines) {
        my ($what, $sequence, $state) = @$_;

        if ($what eq 'begin') {
            $wrong++ if defined $open || $sequence <= $last;
            $open = $last = $sequence;
            push @states, $state;
        } else {
            $wrong++ if !defined $open || $open != $sequence;
            undef $open;
        }
    }

    is($wrong, 0, 'one after the other, in the order of what happened')
        or diag(told());
    is($states[-1], 'MASTER', 'the last word is true');
    cmp_ok(scalar(@states), '>=', 6, 'and they are more than a few')
        or diag("@states");
};


subtest 'a script that hangs' => sub {
    my $script = $lb1->write_script('hang.sh', <<"END");
[ "\$1" = FAULT ] || { echo "\$1" >> $told; exit; }
sleep 71 &
sleep 72
END

    reload(instance => "notify_fault \"$script FAULT\" timeout=700ms;"
                       . "notify_master \"$script MASTER\";");
    forget();

    my $log = length $nginx->log_text;

    $lb1->fault;
    $lb1->comes_true('it and its child run', 15, sub {
        sleepers() == 2;
    });
    $lb1->comes_true('both are killed', 15, sub { sleepers() == 0 });
    like(substr($nginx->log_text, $log),
         qr/notify_fault "\Q$script\E FAULT".*did not finish in time, killed/,
         'the log says so');

    $lb1->mend;
    $lb1->comes_true('the next one is run', 15, sub { told() =~ /^MASTER$/m });
};


subtest 'output' => sub {
    my $script = $lb1->write_script('talk.sh', <<'END');
echo "one fine line"
echo "another one" >&2
END

    reload(instance => "notify $script;");
    $lb1->fault;
    $lb1->comes_true('both lines are in the log', 15, sub {
        $nginx->log_text
            =~ /\[notice\].*\ notify\ "\Q$script\E":\ one\ fine\ line
                .*\[notice\].*\ notify\ ".*":\ another\ one/xs;
    });
    $lb1->mend;
};


subtest 'a pipe' => sub {
    my $fifo = "$dir/fifo";

    reload(block => "notify_fifo $fifo events=state,tracker;");
    ok(-p $fifo, 'nginx has made it');

    $lb1->fault;
    $lb1->mend;

    # not read so far
    $lb1->comes_true('it says that no process reads', 15, sub {
        $nginx->log_text =~ /notify_fifo.*no process reads/;
    });

    my $text = "$dir/fifo.text";
    my $reader = $lb1->node->spawn({ output => $text, tag => 'reader' },
                                   'cat', $fifo);

    $lb1->comes_true('who comes late reads all', 50, sub {
        (VRRP::Proc::slurp($text) // '') =~ /MASTER \d+\n/;
    });

    my $name = quotemeta "track_file $dir/drain";
    my $lines = VRRP::Proc::slurp($text);

    like($lines, qr/^TRACKER "VI_1" "$name" DOWN\n/m, 'the tracker');
    like($lines, qr/^INSTANCE\ "VI_1"\ FAULT\ \d+\n
                    (?:.*\n)*
                    INSTANCE\ "VI_1"\ MASTER\ 100\n\z/mx,
         'the states, as keepalived writes them, in order') or diag($lines);

    $lb1->node->reap($reader);
};

# An advertisement with priority 50 from the client.
sub losing_advert () {
    $lb1->others->run($^X, '-MSocket=:all', '-e', <<'END', $VRRP::Lab::VIP);
        my @packet = unpack 'n*', pack 'C4 n n a4', 0x31, 51, 50, 1, 10, 0,
                                       inet_aton($ARGV[0]);
        my $sum = 0;
        $sum += $_ for @packet;
        $sum = ($sum & 0xffff) + ($sum >> 16);
        $packet[3] = ~$sum & 0xffff;
        socket my $out, PF_INET, SOCK_RAW, 112 or die "socket: $!";
        setsockopt $out, IPPROTO_IP, IP_MULTICAST_TTL, pack 'C', 255;
        setsockopt $out, IPPROTO_IP, IP_MULTICAST_IF,
                   inet_aton('192.168.64.10');
        send $out, pack('n*', @packet), 0,
             pack_sockaddr_in(0, inet_aton('224.0.0.18')) or die "send: $!";
END
}


subtest 'priority, a losing advertisement, a removed instance' => sub {
    my $fifo = "$dir/fifo2";
    my %more = (
        block => "notify_fifo $fifo events=state,priority,"
                 . 'master_rx_lower_pri;',
        instance => <<"END",
    track_file                 $dir/number weight=1;
    notify_master_rx_lower_pri "$master heard";
    notify_deleted             "$master gone";
    notify_stop                "$master stopped";
END
    );

    forget();
    reload(%more);

    my $text = "$fifo.text";
    my $reader = $lb1->node->spawn({ output => $text, tag => 'reader2' },
                                   'sh', '-c', "exec cat <>$fifo");
    my $told = sub ($line) {
        $lb1->comes_true("told $line", 15, sub {
            (VRRP::Proc::slurp($text) // '') =~ /^INSTANCE "VI_1" $line$/m;
        });
    };

    $lb1->write_file('number', "-20\n");
    $told->('MASTER_PRIORITY 80');

    losing_advert();
    $told->('MASTER_RX_LOWER_PRI 80');
    $lb1->comes_true('told of the losing advertisement', 15, sub {
        told() =~ /^master\ heard\ as\ .*:\ 192\.168\.64\.10\ advertises
                   \ with\ priority\ 50$/mx;
    });

    my $other = $lb1->vrrp(%more)
        =~ s/VI_1/VI_2/gr =~ s/router_id 51/router_id 77/r
        =~ s/\Q$VRRP::Lab::VIP/192.168.64.201/gr;

    $nginx->configure(vrrp => $other);
    $nginx->reload(40);
    $told->('DELETED 80');
    $lb1->comes_true('told of the removed instance', 15, sub {
        told() =~ /^master gone as .*, MASTER -> DELETED of VI_1 /m;
    });
    unlike(told(), qr/stopped/, 'nginx has not stopped');

    unlink "$dir/number";
    reload();
    $lb1->become('MASTER');
    $lb1->node->reap($reader);
};

$lb1->finish;
done_testing;


sub running ($script) {
    return grep { $_->{title} =~ /\Q$script/ } $lb1->node->processes;
}


sub sleepers () {
    return scalar grep { $_->{title} =~ /^sleep 7[12]$/ }
                  $lb1->node->processes;
}
