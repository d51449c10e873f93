#!/usr/bin/perl

# The Ansible role writes a configuration to two nodes, and reloads the BACKUP
# first. A node that cannot use it stops the MASTER's reload.

use v5.36;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

use VRRP::Classic;
use VRRP::Lab;
use VRRP::Nginx;
use VRRP::Proc;

my ($ansible) = grep { -x } '/usr/bin/ansible-playbook';
my $reason = VRRP::Lab->unavailable // VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;
plan(skip_all => 'no ansible-playbook here') if !$ansible;
plan(skip_all => 'the module is linked in') if VRRP::Nginx->module eq '';

my $contrib = abs_path(dirname(__FILE__) . '/../contrib/ansible');
my $classic = VRRP::Classic->new(profile => 'v3_1s');
my $lab = VRRP::Lab->new(nodes => [qw(lb1 lb2)]);
my $watch = $lab->watch_addresses('lb2');
my (%nginx, $hosts);

sub write_file ($path, $text, $mode = 0644) {
    open my $out, '>', $path or die "$path: $!\n";
    print {$out} $text;
    close $out;
    chmod $mode, $path;
}

for my $name (qw(lb1 lb2)) {
    my $node = $lab->node($name);
    my $dir = $node->dir;
    my $pid = $node->pid;

    write_file("$dir/vrrp.conf", 'vrrp {' . $classic->vrrp($name) . '}');
    $nginx{$name} = $lab->start_nginx($name, before => VRRP::Nginx->module,
        main => "include $dir/vrrp.conf;", http => $classic->status_server);

    # Modules of Ansible run in the namespaces of the node.
    write_file("$dir/python", "#!/bin/sh\n"
               . "exec nsenter -t $pid -n -u -p -m -- /usr/bin/python3 \"\$@\"\n",
               0755);

    my $priority = $VRRP::Classic::PRIORITY{$name};
    my $command = join ', ', map { "\"$_\"" } VRRP::Nginx->binary, '-p',
                  $nginx{$name}->dir . '/', '-c', $nginx{$name}->conf_file;
    $hosts .= <<"END";
    $name:
      ansible_python_interpreter: $dir/python
      ngx_vrrp_file: $dir/vrrp.conf
      ngx_vrrp_priority: $priority
      ngx_vrrp_nginx: [$command]
END
}

$lab->wait_for_holder('lb1', 10);

my $inventory = $lab->dir . '/inventory.yml';
write_file($inventory, <<"END");
lb:
  hosts:
$hosts
  vars:
    ansible_connection: local
    ngx_vrrp_interface: $VRRP::Node::INTERFACE
    ngx_vrrp_addresses: ["$VRRP::Lab::VIP/24"]
    ngx_vrrp_status_url: http://127.0.0.1:8080/vrrp?format=json
    ngx_vrrp_timeout: 10
END

$ENV{ANSIBLE_ROLES_PATH} = "$contrib/roles";
$ENV{ANSIBLE_LOCAL_TEMP} = $ENV{ANSIBLE_REMOTE_TEMP} = $lab->dir . '/ansible';
$ENV{ANSIBLE_NOCOLOR} = 1;

sub play (@options) {
    my $output = `$ansible -i $inventory @options $contrib/site.yml 2>&1`;

    return ($output, $?);
}

sub generation ($name) { $nginx{$name}->status->{node}{generation} }

for my $check ('--syntax-check', '--list-tasks') {
    my ($output, $status) = play($check);
    is($status, 0, "ansible-playbook $check") or diag($output);
}

{
    my ($output, $status) = play('-e',
        q('{"ngx_vrrp_lines": ["advert_int 1200ms;"]}'));

    is($status, 0, 'the role runs') or diag($output);
    is($nginx{$_}->status->{instances}[0]{advert_int_ms}, 1200,
       "$_: has the new configuration") for qw(lb1 lb2);

    my @reloads = $output =~ /Reload nginx on this node\].*?changed: \[(\w+)\]/gs;
    is("@reloads", 'lb2 lb1', 'the BACKUP is reloaded first');
    is(join(' ', $lab->who_has), 'lb1', 'the address has not moved');

    my %before = map { $_ => generation($_) } qw(lb1 lb2);
    ($output, $status) = play('-e',
        q('{"ngx_vrrp_lines": ["advert_int 1200ms;"]}'));
    is($status, 0, 'once more') or diag($output);
    is(generation($_), $before{$_}, "$_: nothing has changed, no reload")
        for qw(lb1 lb2);
}

{
    my %before = map { $_ => generation($_) } qw(lb1 lb2);
    my ($output, $status) = play('-e',
        q('{"ngx_vrrp_lines": ["advert_int never;"]}'));

    isnt($status, 0, 'a wrong configuration: the role fails');
    like($output, qr/invalid|advert_int/, 'and says why');
    is(generation($_), $before{$_}, "$_: is not reloaded") for qw(lb1 lb2);
    like(VRRP::Proc::slurp($lab->node($_)->dir . '/vrrp.conf'),
         qr/advert_int 1200ms/, "$_: has the old file again") for qw(lb1 lb2);
}

{
    my ($output, $status) = play('-e',
        q('{"ngx_vrrp_lines": ["track_tcp 127.0.0.1:1;"]}'));

    isnt($status, 0, 'a fault on the BACKUP: the role fails') or diag($output);
    unlike($output, qr/Reload nginx on this node\].*changed: \[lb1\]/s,
           'and does not reload the MASTER');
    is(join(' ', $lab->who_has), 'lb1', 'which keeps the address');
    unlike(VRRP::Proc::slurp($lab->node('lb2')->dir . '/vrrp.conf'),
           qr/track_tcp/, 'lb2: has the old file again');
    $lab->wait_until('lb2 uses it', 10, sub {
        $nginx{lb2}->status->{instances}[0]{state} eq 'BACKUP' });
}

my @good = ('-e', q('{"ngx_vrrp_lines": ["advert_int 1200ms;"]}'));

{
    play(@good);
    utime undef, undef, $lab->node('lb2')->dir . '/vrrp.conf';

    my %before = map { $_ => generation($_) } qw(lb1 lb2);
    my ($output, $status) = play(@good);

    is($status, 0, 'a file that is newer than the configuration in use')
        or diag($output);
    ok(generation('lb2') > $before{lb2}, 'lb2: is reloaded');
    is(generation('lb1'), $before{lb1}, 'lb1: is not');
}

{
    my @files = map { $lab->node($_)->dir . '/vrrp.conf' } qw(lb1 lb2);
    unlink @files;

    my ($output, $status) = play('-e',
        q('{"ngx_vrrp_lines": ["advert_int never;"]}'));

    isnt($status, 0, 'a wrong first file: the role fails') or diag($output);
    ok(!-e, "$_ is removed") for @files;

    ($output, $status) = play(@good);
    is($status, 0, 'a good first file') or diag($output);
    is((stat)[2] & 0777, 0640, "$_: others cannot read it") for @files;
}

is(join('', map { $_->{present} } $watch->events($VRRP::Lab::VIP, 0)), '',
   'the address has never moved');

$lab->finish;
done_testing;
