package VRRP::Transfers;

# The server side of transfer.pl, and what its clients have seen.

use v5.36;

use VRRP::Proc;

our $SCRIPT = 't/lib/transfer.pl';

# Of an upload.
our $BODY = substr join('', map { chr(($_ * 7) % 251) } 1 .. 251)
                   x (1 + 600_000 / 251), 0, 600_000;


sub write_file ($path, $text) {
    open my $out, '>', $path or die "$path: $!\n";
    print {$out} $text;
    close $out;
}


# For locations(): the directory of a node, and the body of a download.
sub prepare ($dir, $download) {
    mkdir "$dir/$_" for qw(www up);
    chmod 0777, "$dir/up";
    write_file("$dir/www/big", $download);
}


# rate: of a download, as in nginx.
sub locations ($dir, $rate) {
    return <<"END";
        location = /big { root $dir/www; limit_rate $rate; }
        location /up/ {
            root $dir;
            dav_methods PUT;
            client_max_body_size 1m;
            client_body_timeout 10s;
        }
END
}


# The line of each client, by its tag, or nothing yet.
sub results ($node, @tags) {
    return map { VRRP::Proc::slurp($node->dir . "/$_.out") // '' } @tags;
}


sub have_ended ($node, @tags) {
    return !grep { !length } results($node, @tags);
}


1;
