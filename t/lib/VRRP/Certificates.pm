package VRRP::Certificates;

# A certificate authority of a lab, and what it signs.

use v5.36;


# dir: where everything is kept.
sub new ($class, $dir) {
    my $self = bless { dir => $dir }, $class;

    mkdir $dir or die "mkdir $dir: $!\n";
    chmod 0755, $dir;

    open my $conf, '>', "$dir/ca.conf" or die "$dir/ca.conf: $!\n";
    print {$conf} <<"END";
[ca]
default_ca = lab
[lab]
database = $dir/index.txt
new_certs_dir = $dir
serial = $dir/serial
default_md = sha256
policy = anything
copy_extensions = copy
unique_subject = no
[anything]
commonName = supplied
[req]
distinguished_name = name
[name]
END
    close $conf;

    _write("$dir/index.txt", '');
    _write("$dir/serial", "01\n");

    $self->_openssl(qw(req -x509 -newkey ec -pkeyopt
                       ec_paramgen_curve:prime256v1 -nodes -days 2
                       -subj /CN=lab-ca -config), "$dir/ca.conf",
                    '-keyout', "$dir/ca.key", '-out', $self->authority,
                    '-addext', 'basicConstraints=critical,CA:TRUE');

    return $self;
}


# The file with the authority's own certificate.
sub authority ($self) { "$self->{dir}/ca.pem" }


# A certificate and a key for a host name or an IPv4 address; from, until =>
# YYYYMMDDHHMMSSZ. Returns their files.
sub issue ($self, $tag, $host, %args) {
    my $base = "$self->{dir}/$tag";
    my $kind = $host =~ /^[\d.]+$/ ? 'IP' : 'DNS';

    $self->_openssl(qw(req -new -newkey ec -pkeyopt
                       ec_paramgen_curve:prime256v1 -nodes -subj), "/CN=$host",
                    '-addext', "subjectAltName=$kind:$host",
                    '-config', "$self->{dir}/ca.conf",
                    '-keyout', "$base.key", '-out', "$base.csr");

    $self->_openssl(qw(ca -batch -notext -config), "$self->{dir}/ca.conf",
                    '-cert', $self->authority,
                    '-keyfile', "$self->{dir}/ca.key",
                    '-startdate', $args{from} // '20200101000000Z',
                    '-enddate', $args{until} // '20491231235959Z',
                    '-in', "$base.csr", '-out', "$base.pem");

    return ("$base.pem", "$base.key");
}


sub _write ($file, $text) {
    open my $out, '>', $file or die "$file: $!\n";
    print {$out} $text;
    close $out;
}


sub _openssl ($self, @arguments) {
    my $errors = "$self->{dir}/openssl.err";
    my $pid = fork // die "fork: $!\n";

    if ($pid == 0) {
        open STDOUT, '>', '/dev/null';
        open STDERR, '>', $errors;
        exec 'openssl', @arguments;
        exit 127;
    }

    waitpid $pid, 0;
    return if $? == 0;

    open my $in, '<', $errors or die "openssl failed\n";
    local $/;
    die "openssl @arguments: " . <$in>;
}


1;
