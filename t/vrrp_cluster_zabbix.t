#!/usr/bin/perl

# The paths of the Zabbix template find what they are for in the JSON of a real
# node. This is an evaluator of the part of Zabbix's JSONPath that the template
# uses: no Zabbix runs here.

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use JSON::PP qw(decode_json);
use Test::More;

use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;
use VRRP::Proc;

my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $file = abs_path(dirname(__FILE__))
    . '/../contrib/monitoring/zabbix_template.yaml';
my $template = VRRP::Proc::slurp($file);

# Each item, with its path; the rest of YAML is read by python3-yaml.
my (%path, $key);

for (split /\n/, $template) {
    $key = $1 if /^ +key: '?(vrrp\.\w+)/ && $1 ne 'vrrp.status';
    $path{$key} = $1 =~ s/''/'/gr if /^ +- '(\$.*)'$/;
}

cmp_ok(keys %path, '>=', 14, 'items with a path');
is(scalar(my @uuids = $template =~ /uuid: (\S+)/g),
   scalar(keys %{ { map { $_ => 1 } $template =~ /uuid: (\S+)/g } }),
   'each uuid is there once');
is(scalar(grep { !/^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/ } @uuids), 0,
   'and has the form that Zabbix wants');

SKIP: {
    skip 'no python3-yaml here', 1
        if system("/usr/bin/python3 -c 'import yaml' 2>/dev/null") != 0;
    my $schema = abs_path(dirname(__FILE__)) . '/lib/zabbix_schema.py';
    is(scalar `/usr/bin/python3 $schema $file 2>&1`, '',
       'elements and values of the manual only');
}

# Triggers use items that there are.
for my $key ($template =~ m{/nginx VRRP/(vrrp\.\w+)}g) {
    ok($key eq 'vrrp.status' || $path{$key}, "trigger: $key")
        or diag("no item $key");
}

my $classic = VRRP::Classic->new(profile => 'v3',
    instance => 'track_file exists=/nonexistent weight=-1;');
my $lab = VRRP::Lab->new;
my ($lb1) = $classic->start_all($lab);
my $status = $lb1->status;

# Zabbix compares texts and numbers; it has no constants for true and false.
sub text_of ($value) {
    return JSON::PP::is_bool($value) ? ($value ? 'true' : 'false') : $value;
}

# Nothing: the path finds nothing, and Zabbix would say that the item is not
# supported.
sub find ($path, $name) {
    $path =~ s/\{#NAME\}/$name/g;
    my ($definite, @found) = (1, $status);

    $path =~ s/^\$// or return;
    while ($path ne '') {
        if ($path =~ s/^\.length\(\)$//) {
            return $definite ? ref $found[0] eq 'ARRAY'
                               ? scalar $found[0]->@* : undef
                             : scalar @found;
        } elsif ($path =~ s/^\.first\(\)//) {
            ($definite, @found) = (1, @found ? $found[0] : return);
        } elsif ($path =~ s/^\[\?\(@\.(\w+)=='([^']*)'\)\]//) {
            my ($key, $value) = ($1, $2);
            $definite = 0;
            @found = grep { text_of($_->{$key}) eq $value }
                     map { ref eq 'ARRAY' ? @$_ : return } @found;
        } elsif ($path =~ s/^\.(\w+)//) {
            my $key = $1;
            return if grep { ref ne 'HASH' || !exists $_->{$key} } @found;
            @found = map { $_->{$key} } @found;
        } else {
            die "cannot evaluate \"$path\"\n";
        }
    }
    return $definite ? $found[0] : undef;
}

for my $key (sort keys %path) {
    ok(defined find($path{$key}, 'VI_1'), "$key: $path{$key}");
}

my %value = map { $_ => find($path{$_}, 'VI_1') } keys %path;
is($value{'vrrp.state'}, 'MASTER', 'state');
is($value{'vrrp.missing'}, 0, 'no address is missing');
is($value{'vrrp.trackers_down'}, 0, 'no tracker is down');
is($value{'vrrp.split_brain'}, 0, 'no sign of a split brain');
is($value{'vrrp.became_master'}, 1, 'became MASTER once');
cmp_ok($value{'vrrp.age'}, '<', 3000, 'age, ms');
is($value{'vrrp.instances'}[0]{name}, 'VI_1', 'instances are discovered');
is($value{'vrrp.drift'}, 0, 'no differences');

$lab->finish;
done_testing;
