#!/usr/bin/perl

# nginx creates a FIFO as root and gives it to its user. A user with write
# access to the directory must not get another file of root in this way, at
# any speed.

use v5.36;

use Test::More;

use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $lab = VRRP::Lab->new(nodes => ['lb1']);
my $dir = $lab->node('lb1')->dir;

# Quick enough every time: a mkfifo() after which something else is there.
write_file("$dir/exchange.c", <<'END');
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int mkfifo(const char *path, mode_t mode)
{
    char away[4096];

    if (mknod(path, S_IFIFO|mode, 0) == -1) {
        return -1;
    }

    if (strstr(path, "exchanged") != NULL) {
        snprintf(away, sizeof(away), "%s.away", path);
        rename(path, away);
        close(open(path, O_CREAT|O_WRONLY, 0600));
    }

    return 0;
}
END

if (system("cc -shared -fPIC -o $dir/exchange.so $dir/exchange.c") != 0) {
    plan(skip_all => 'no C compiler');
}

my $nginx = $lab->start_nginx('lb1',
    wrapper => ['env', "LD_PRELOAD=$dir/exchange.so"],
    vrrp => VRRP::Classic->new(profile => 'v3')->vrrp('lb1',
        instance => "notify_fifo $dir/fifo; notify_fifo $dir/exchanged;"),
    http => '');

$lab->wait_for_holder('lb1', 10);

ok(-p "$dir/fifo", 'a FIFO');
is(getpwuid((stat _)[4]), 'www-data', "it is the nginx user's");

ok(-f "$dir/exchanged", 'another file in the place of one');
is((stat _)[4], 0, 'it is still that of root');
is((stat "$dir/exchanged.away")[4], 0, 'so is the FIFO');

like($nginx->log_text, qr/"\Q$dir\E\/exchanged" is not the FIFO that nginx created/,
     'the log says so');

$nginx->stop;
$lab->finish;
done_testing;


sub write_file ($file, $text) {
    open my $out, '>', $file or die "$file: $!\n";
    print {$out} $text;
    close $out;
}
