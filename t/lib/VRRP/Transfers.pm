package VRRP::Transfers;

# The server side of transfer.pl, and what its clients have seen.

use v5.36;

use VRRP::Certificates;
use VRRP::Nginx;
use VRRP::Proc;

our $SCRIPT = 't/lib/transfer.pl';

my $ECHO_PORT = 8081;

# Of an upload.
our $BODY = substr join('', map { chr(($_ * 7) % 251) } 1 .. 251)
                   x (1 + 600_000 / 251), 0, 600_000;


# Of a client that talks for so many seconds.
sub lines ($seconds) {
    return map { "line $_\n" } 1 .. $seconds;
}


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


# Directives for the nodes of a lab, which have one certificate, or nothing if
# nginx has no TLS.
sub tls ($lab) {
    return '' if !VRRP::Nginx->configured('--with-http_ssl_module');

    my ($certificate, $key) = VRRP::Certificates->new($lab->dir . '/tls')
        ->issue('web', 'vip.lab');
    return <<"END";
        listen 443 ssl;
        listen [::]:443 ssl;
        ssl_certificate $certificate;
        ssl_certificate_key $key;
END
}


# For clients that talk to a node.
sub start_echo ($node) {
    $node->spawn({ tag => 'echo' }, $^X, 't/lib/echo.pl', $ECHO_PORT);
}


# rate: of a download, as in nginx.
sub locations ($dir, $rate) {
    return <<"END";
        location = /talk {
            proxy_pass http://127.0.0.1:$ECHO_PORT;
            proxy_http_version 1.1;
            proxy_set_header Upgrade \$http_upgrade;
            proxy_set_header Connection upgrade;
        }
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
