#!/usr/bin/perl

# A real Zabbix server imports the template, reads two nodes, and raises the
# triggers: FAULT, a new MASTER, a tracker that is down, no answer.
# tools/test-zabbix runs this with Debian's Zabbix in a chroot.

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use JSON::PP qw(decode_json encode_json);
use Test::More;

use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;
use VRRP::Proc;

my $root = $ENV{NGX_VRRP_ZABBIX}
    // plan(skip_all => 'no Zabbix here, run tools/test-zabbix');
my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $file = abs_path(dirname(__FILE__))
    . '/../contrib/monitoring/zabbix_template.yaml';

my $lab = VRRP::Lab->new;
my $zabbix = $lab->node('client');
my $dir = $lab->dir . '/zabbix';
my $session;

mkdir $dir or die "mkdir $dir: $!\n";
chmod 0777, $dir;

start_database();
start_frontend();

my $version = ask('apiinfo.version', []);
note("Zabbix $version");
$session = ask('user.login', { username => 'Admin', password => 'zabbix' });

ok(import(), 'the template is imported');
ok(import(), 'and once again, over the first one');

my ($template) = ask('template.get', { filter => { host => 'nginx VRRP' },
                                       selectItems => ['itemid', 'key_'] })->@*;
my ($master) = grep { $_->{key_} eq 'vrrp.status' } $template->{items}->@*;

# the test is shorter with it
ask('item.update', { itemid => $master->{itemid}, delay => '1s' });


my %mark = map { $_ => $lab->dir . "/$_" } qw(down fault);
my $classic = VRRP::Classic->new(profile => 'v3',
    instance => "track_file exists=$mark{down} interval=100ms weight=-1;");
my %nginx = map { $_ => start_node($_) } qw(lb1 lb2);

$lab->wait_for_holder('lb1', 10);

my $group = ask('hostgroup.create', { name => 'lab' })->{groupids}[0];
my %host = map { $_ => create_host($_) } qw(lb1 lb2);

start_server();


# --- items --------------------------------------------------------------------

for my $name (qw(lb1 lb2)) {
    my $expected = $name eq 'lb1' ? 'MASTER' : 'BACKUP';

    is(wait_value($name, 'vrrp.state[VI_1]', $expected), $expected,
       "$name is found: $expected");
}

my %items = items('lb1');
my %expected = (
    'vrrp.missing[VI_1]'       => 0,
    'vrrp.trackers_down[VI_1]' => 0,
    'vrrp.split_brain[VI_1]'   => 0,
    'vrrp.became_master[VI_1]' => 1,
    'vrrp.priority[VI_1]'      => 100,
    'vrrp.drift'               => 0,
    'vrrp.crashes'             => 0,
    'vrrp.workers'             => 2,
);

is(wait_value('lb1', $_, $expected{$_}), $expected{$_}, "$_: $expected{$_}")
    for sort keys %expected;

%items = items('lb1');
cmp_ok(keys %items, '>=', 15, 'all items are there');

for my $key (sort keys %items) {
    is($items{$key}{error}, '', "$key: no error");
    isnt($items{$key}{lastclock}, 0, "$key: a value");
}


# --- triggers -----------------------------------------------------------------

is_deeply([problems()], [], 'no problem');

touch('down');
touch('fault');
raised('VRRP VI_1: FAULT on lb1');
raised('VRRP VI_1: lb2 has become MASTER');

unlink $mark{fault};
ended('VRRP VI_1: FAULT on lb1');
raised('VRRP VI_1: lb1 has become MASTER');
raised('VRRP VI_1: a tracker is down on lb1', 100);

unlink $mark{down};
ended('VRRP VI_1: a tracker is down on lb1');

$nginx{lb2}->command('quit');
raised('VRRP: the status of lb2 does not answer', 200);

$nginx{lb2}->wait_gone;
$nginx{lb2}->start;
ended('VRRP: the status of lb2 does not answer', 60);

$lab->finish;
done_testing;


# --- Zabbix -------------------------------------------------------------------

sub spurt ($path, $text) {
    open my $out, '>', $path or die "$path: $!\n";
    print {$out} $text;
    close $out or die "$path: $!\n";
}


sub in_root ($user, @command) {
    return ('chroot', "--userspec=$user", $root, @command);
}


sub start_database () {
    my ($bin) = map { s/^\Q$root\E//r } glob "$root/usr/lib/postgresql/*/bin";
    my $sql = '/usr/share/zabbix-server-pgsql';
    my @psql = in_root('postgres', 'psql', '-q', '-v', 'ON_ERROR_STOP=1',
                       '-h', '127.0.0.1');

    $zabbix->run(in_root('postgres', "$bin/initdb", '-A', 'trust', '-E', 'UTF8',
                         '--locale=C', '-N', '-D', "$dir/db"));
    $zabbix->spawn({ tag => 'postgres' },
                   in_root('postgres', "$bin/postgres", '-D', "$dir/db", '-F',
                           '-h', '127.0.0.1', '-k', $dir));

    $lab->wait_until('the database starts', 30, sub {
        return !($zabbix->try(@psql, '-l'))[1];
    });

    $zabbix->run(@psql, '-c', 'CREATE DATABASE zabbix');

    for my $name (qw(schema images data)) {
        $zabbix->run('sh', '-c', 'zcat "$0" | "$@" > /dev/null',
                     "$root$sql/$name.sql.gz", @psql, '-1', 'zabbix');
    }
}


sub start_frontend () {
    spurt("$root/etc/zabbix/zabbix.conf.php", <<'END');
<?php
$DB['TYPE']     = 'POSTGRESQL';
$DB['SERVER']   = '127.0.0.1';
$DB['PORT']     = '0';
$DB['DATABASE'] = 'zabbix';
$DB['USER']     = 'postgres';
$DB['PASSWORD'] = '';
$DB['SCHEMA']   = '';
END
    $zabbix->spawn({ tag => 'php' },
        in_root('zabbix', qw(php -d memory_limit=512M -S 127.0.0.1:8000 -t),
                '/usr/share/zabbix'));

    $lab->wait_until('the frontend answers', 30, sub {
        return eval { ask('apiinfo.version', []) };
    });
}


sub start_server () {
    spurt("$dir/server.conf", <<"END");
LogType=console
DBHost=127.0.0.1
DBName=zabbix
DBUser=postgres
SocketDir=$dir
PidFile=$dir/server.pid
ListenIP=127.0.0.1
CacheUpdateFrequency=1
END
    my ($program) = map { s/^\Q$root\E//r } glob "$root/usr/sbin/zabbix_server*";

    $zabbix->spawn({ tag => 'zabbix_server' },
        in_root('zabbix', $program, '-f', '-c', "$dir/server.conf"));
}


# Calls the API. Dies if Zabbix answers with an error.
sub ask ($method, $params) {
    my %call = (jsonrpc => '2.0', id => 1, method => $method,
                params => $params);

    $call{auth} = $session if defined $session;
    spurt("$dir/call.json", encode_json(\%call));

    my $text = $zabbix->run(qw(curl -s -S -m 60 -H),
        'Content-Type: application/json-rpc', '-d', "\@$dir/call.json",
        'http://127.0.0.1:8000/api_jsonrpc.php');
    my $answer = decode_json($text);

    die "$method: $text\n" if !exists $answer->{result};

    return $answer->{result};
}


sub import () {
    my %create = (createMissing => JSON::PP::true);
    my %both = (%create, updateExisting => JSON::PP::true);
    my @groups = $version =~ /^6\.0\./ ? 'groups'
                                       : qw(template_groups host_groups);

    return ask('configuration.import', {
        format => 'yaml',
        source => VRRP::Proc::slurp($file),
        rules  => { (map { $_ => \%create } @groups),
                    map { $_ => \%both }
                        qw(templates items triggers discoveryRules) },
    });
}


sub create_host ($name) {
    return ask('host.create', {
        host       => $name,
        groups     => [{ groupid => $group }],
        templates  => [{ templateid => $template->{templateid} }],
        interfaces => [{ type => 1, main => 1, useip => 1, dns => '',
                         ip => $lab->node($name)->address, port => '10050' }],
    })->{hostids}[0];
}


# Items of a host, by key.
sub items ($name) {
    my $items = ask('item.get', { hostids => $host{$name},
        output => [qw(key_ error lastvalue lastclock)] });

    return map { $_->{key_} => $_ } @$items;
}


# The value of an item, as soon as it is this one, or after 60 s.
sub wait_value ($name, $key, $expected) {
    my $value;

    eval {
        $lab->wait_until("$key of $name", 60, sub {
            my %now = items($name);

            $value = $now{$key}{lastvalue} // '';
            return $value eq $expected;
        });
    };

    return $value;
}


sub problems () {
    return sort map { $_->{name} }
           ask('problem.get', { hostids => [values %host] })->@*;
}


sub raised ($name, $timeout = 30) {
    ok(eval { $lab->wait_until($name, $timeout,
                               sub { scalar grep { $_ eq $name } problems() })
       }, "raised: $name") or diag(join "\n", $@, problems());
}


sub ended ($name, $timeout = 30) {
    ok(eval { $lab->wait_until($name, $timeout,
                               sub { !grep { $_ eq $name } problems() })
       }, "ended: $name") or diag($@);
}


# --- the nodes ----------------------------------------------------------------

sub start_node ($name) {
    my $fault = $name eq 'lb1' ? "track_file exists=$mark{fault} "
        . 'interval=100ms;' : '';

    return $lab->start_nginx($name,
        vrrp => $classic->vrrp($name, instance => $fault),
        http => 'server { listen 8080; location = /vrrp { vrrp_status; } }');
}


sub touch ($name) {
    spurt($mark{$name}, '');
}
