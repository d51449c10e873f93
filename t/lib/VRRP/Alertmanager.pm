package VRRP::Alertmanager;

# Debian's Alertmanager in a node, which passes all that it gets on to a
# receiver of webhooks at once.

use v5.36;

use JSON::PP qw(decode_json);
use Time::HiRes qw(sleep);

use VRRP::Proc;

my $BINARY = '/usr/bin/prometheus-alertmanager';


sub unavailable ($class = undef) {
    return -x $BINARY ? undef : "no $BINARY here, run tools/install-deps";
}


# node, webhook (a URL).
sub new ($class, %args) {
    my $node = $args{node};
    my $dir = $node->dir . '/alertmanager';

    mkdir $dir or die "mkdir $dir: $!\n";

    open my $out, '>', "$dir/conf.yml" or die "$dir/conf.yml: $!\n";
    print {$out} <<"END";
route:
  receiver: lab
  group_by: ['...']
  group_wait: 0s
  group_interval: 1s
receivers:
  - name: lab
    webhook_configs:
      - url: $args{webhook}
        send_resolved: true
END
    close $out;

    my $self = bless { node => $node }, $class;

    $self->{pid} = $node->spawn({ tag => 'alertmanager' }, $BINARY,
        "--config.file=$dir/conf.yml", "--storage.path=$dir",
        '--web.listen-address=' . $node->address . ':9093',
        '--cluster.listen-address=');

    for (1 .. 1000) {
        return $self if defined eval { $self->alerts };
        sleep 0.02;
    }

    die $node->name . ': Alertmanager does not start: '
        . (VRRP::Proc::slurp($node->dir . '/alertmanager.err') // '') . "\n";
}


# Where alerts are posted to.
sub url ($self) {
    return 'http://' . $self->{node}->address . ':9093/api/v2/alerts';
}


# The active alerts, from its API.
sub alerts ($self) {
    my $text = $self->{node}->run(qw(curl -s -S -f -m 5), $self->url);

    return decode_json($text);
}


1;
