package VRRP::Bench::Report;

# Results as Markdown.

use v5.36;

use Exporter qw(import);
use POSIX qw(uname);

use VRRP::Bench::Trial;
use VRRP::Proc;

our @EXPORT_OK = qw(machine row numbers never);


# What was measured, and where.
sub machine () {
    my ($system, undef, $release) = uname();
    my ($nginx) = `nginx -v 2>&1` =~ m{nginx/(\S+)};
    my ($keepalived) = `keepalived --version 2>&1` =~ m{v([\d.]+)};
    my @models = (VRRP::Proc::slurp('/proc/cpuinfo') // '')
                 =~ /^model name\s*:\s*(.*)/mg;
    my $cores = @models;
    my $model = $models[0] // 'unknown';

    return "nginx $nginx, keepalived $keepalived, $system $release, "
           . "$cores cores ($model)";
}


sub row (@cells) {
    return join(' ', map { "| $_" } @cells) . " |\n";
}


sub never () {
    return "never (> $VRRP::Bench::Trial::PATIENCE s)";
}


# Median, and the worst in parentheses if it is another one. The text stands for
# what has no value.
sub numbers ($never, @values) {
    return 'not measured' unless @values;

    my @sorted = sort { $a <=> $b } map { $_ // 9**9**9 } @values;
    my ($median, $worst) = map { $_ < 9**9**9 ? sprintf '%d', $_ : $never }
                           @sorted[$#sorted / 2, -1];

    return $median eq $worst ? $median : "$median ($worst)";
}


1;
