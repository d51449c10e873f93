#!/usr/bin/perl

# Checks over TLS: a certificate that has expired, has another name, or has an
# unknown issuer takes a server out. Clients' requests use TLS too, without
# verification.

use v5.36;

use Test::More;

use File::Temp;

use VRRP::Certificates;
use VRRP::Checks;
use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $HOST = 'web.example';

my $dir = File::Temp::tempdir(CLEANUP => 1);
chmod 0755, $dir;
my $ca = VRRP::Certificates->new("$dir/ca");
my $other = VRRP::Certificates->new("$dir/other");

my @good = $ca->issue(good => $HOST);
my @client = $ca->issue(client => 'lb1');

my %bad = (
    expired      => [ $ca->issue(expired => $HOST,
                                 until => '20210101000000Z') ],
    'wrong name' => [ $ca->issue(wrong => 'elsewhere.example') ],
    stranger     => [ $other->issue(stranger => $HOST) ],
);

my %text = (expired      => qr/expired/,
            'wrong name' => qr/\Q$HOST\E/,
            stranger     => qr/certificate/);

my $checks = VRRP::Checks->new(
    backends => 0,
    servers  => 'server 192.168.64.143:443; server 192.168.64.138:443;',
    scheme   => 'https',
    quiet    => 1,
    check    => "https uri=/ host=$HOST sni=$HOST verify=on"
                . " ca=" . $ca->authority
                . " cert=$client[0] key=$client[1]"
                . ' interval=50ms timeout=1s fall=2 rise=2 match=ours',
    http     => qq(vrrp_match ours { body ~ "^SUCCESS $HOST\$"; }));


# A check shows its certificate, and the name that it asked for.
sub server ($name, $files) {
    my ($certificate, $key) = @$files;
    my $authority = $ca->authority;

    return <<"END";
    server {
        listen 443 ssl;
        ssl_certificate $certificate;
        ssl_certificate_key $key;
        ssl_client_certificate $authority;
        ssl_verify_client optional;

        location / {
            if (\$http_user_agent ~ ngx_vrrp) {
                return 200 "\$ssl_client_verify \$ssl_server_name";
            }

            return 200 $name;
        }
    }
END
}


my %web = map {
    $_ => $checks->lab->start_nginx($_, workers => 1,
                                    http => server($_, \@good))
} qw(web1 web2);

my $lab = $checks->lab;


# Until the workers with the old configuration accept nothing any more.
sub reload_web2 ($http) {
    $web{web2}->configure(http => $http);
    $web{web2}->reload;
}

ok(eval { $checks->wait_for($_, 'up') }, "$_ is up") for qw(web1 web2);

$checks->{load} = $lab->load;

for my $what (sort keys %bad) {
    $checks->is_noticed($what, reason => 'L6RSP', text => $text{$what},
        break => sub { reload_web2(server('web2', $bad{$what})) },
        mend  => sub { reload_web2(server('web2', \@good)) });
}

# No TLS at all.
$checks->is_noticed('plain', reason => 'L6RSP|L6TOUT',
    break => sub { reload_web2('server { listen 443; return 200 web2; }') },
    mend  => sub { reload_web2(server('web2', \@good)) });

$checks->finish;
