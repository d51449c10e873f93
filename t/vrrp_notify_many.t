#!/usr/bin/perl

# Many instances that change their state at once: each runs its script, and
# none is lost, however few channels there are.

use v5.36;

use Test::More;

use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $INSTANCES = 60;

my $lab = VRRP::Lab->new(nodes => ['lb1']);
my $dir = $lab->node('lb1')->dir;
my $told = "$dir/told";

# Slow enough for all of them to run at the same time.
open my $script, '>', "$dir/notify.sh" or die "$dir/notify.sh: $!\n";
print {$script} "#!/bin/sh\nsleep 2\necho \"\$2 \$3\" >> $told\n";
close $script;
chmod 0755, "$dir/notify.sh";

my $nginx = $lab->start_nginx('lb1',
    vrrp => "notify $dir/notify.sh user=root;\n"
            . join('', map { instance($_) } 1 .. $INSTANCES));

ok(eval {
    $lab->wait_until('the last word of each', 60, sub {
        my %last = last_words();
        return $INSTANCES == grep { $_ eq 'MASTER' } values %last;
    });
    1;
}, 'each has been told of') or diag($@, explain({ last_words() }));

unlike($nginx->log_text, qr/delivery of .* failed/, 'no script has failed');

$nginx->stop;
$lab->finish;
done_testing;


sub instance ($number) {
    return <<"END";
    vrrp_instance VI_$number {
        interface $VRRP::Node::INTERFACE;
        virtual_router_id $number;
        version 3;
        advert_int 500ms;
        virtual_ipaddress 192.168.65.$number/32;
    }
END
}


sub last_words () {
    return (VRRP::Proc::slurp($told) // '') =~ /^(\S+) (\S+)$/mg;
}
