#!/usr/bin/perl

# The rules of the notify* directives, and the output of nginx -t for each.

use v5.36;

use Test::More;

use VRRP::Conf qw(accepts conf_dir last_output rejects write_file);
use VRRP::Nginx;

my $reason = VRRP::Nginx->unavailable;
plan(skip_all => $reason) if $reason;

my $dir = conf_dir;

chmod 0755, $dir or die "chmod: $!\n";

# a valid vrrp_instance without its end; the next line is line 8
my $open = <<~'END';
    vrrp_instance VI_1 { interface lo; virtual_router_id 51;
    virtual_ipaddress 192.168.1.100;
    END

# The directive is on line 8.
sub in_instance ($directive) { return "$open$directive;\n}\n}" }
sub in_block ($directive)    { return "$open}$directive;\n}" }

sub rejects_both ($directive, $message) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    rejects($directive, in_instance($directive), $message, 8);
    rejects("$directive, for all", in_block($directive), $message, 8);
}

sub accepts_both ($directive, %options) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    accepts($directive, in_instance($directive), %options);
    accepts("$directive, for all", in_block($directive), %options);
}

my $email = 'notify_email to=a@b from=c@d smtp=smtp://10.0.0.1';
my @scripts = qw(notify_master notify_backup notify_fault notify_stop
                 notify_deleted notify_master_rx_lower_pri notify);

my %example = (
    notify_fifo    => 'notify_fifo /run/none.fifo',
    notify_email   => $email,
    notify_webhook => 'notify_webhook https://10.0.0.1/hook',
    map { $_ => "$_ /bin/true" } @scripts,
);

my $file = 'must be the path of a file';
my $flag = 'must be "on" or "off"';
my $timeout = 'must be a time from 100ms to 1h';
my $expire = 'must be a time from 1s to 7d';
my $events = 'must be a list of state, tracker, upstream, split_brain, '
    . 'adverts_lost, drift, priority and master_rx_lower_pri, as in '
    . '"state,split_brain"';


# --- what all of them have in common -----------------------------------------

for my $name (sort keys %example) {
    accepts_both($example{$name});

    rejects("$name alone", "$open$name;",
        qq(invalid number of arguments in "$name" directive), 8);
    rejects("$name elsewhere", "$example{$name};",
        qq("$name" directive is not allowed here), 6, no_block => 1);
    rejects_both("$example{$name} speed=1",
        qr/invalid\ parameter\ "speed=1":\ "$name\b[^"]*"\ supports\ ".*"/x);
    rejects("$name twice", "$open$example{$name};\n$example{$name};\n}\n}",
        qr/duplicate $name ".*"/, 9);

    accepts("$name of two instances, and of all", <<~"END");
        $open$example{$name};
        }
        $example{$name};
        vrrp_instance VI_2 { interface lo; virtual_router_id 52;
        virtual_ipaddress 192.168.1.101; $example{$name}; } }
        END
}

for my $name (@scripts, qw(notify_email notify_webhook)) {
    accepts_both("$example{$name} timeout=$_") for '100ms', 1, '1h';
    rejects_both("$example{$name} timeout=$_",
        qq(invalid parameter "timeout=$_": $timeout))
        for '', '99ms', '61m', 'x';
    rejects_both("$example{$name} timeout=1s timeout=2s",
        'duplicate parameter "timeout=2s"');
}

for my $name (qw(notify_email notify_webhook)) {
    accepts_both("$example{$name} expire=$_") for '1s', '7d';
    rejects_both("$example{$name} expire=$_",
        qq(invalid parameter "expire=$_": $expire)) for '999ms', '8d', '';
}

for my $name (qw(notify_fifo notify_email notify_webhook)) {
    accepts_both("$example{$name} events=$_")
        for 'state', 'tracker', 'split_brain,state', 'state,state',
            'priority,master_rx_lower_pri';
    accepts('upstreams for all', in_block("$example{$name} events=upstream"));
    accepts('drift for all', in_block("$example{$name} events=drift,state"));
    rejects('drift for one instance',
        in_instance("$example{$name} events=drift"),
        '"events=drift" is allowed in the "vrrp" block only: the event is '
        . 'about whole nodes', 8);
    rejects('upstreams for one instance',
        in_instance("$example{$name} events=state,upstream"),
        '"events=upstream" is allowed in the "vrrp" block only: an upstream '
        . 'is not part of a vrrp_instance', 8);
    rejects_both("$example{$name} events=$_",
        qq(invalid parameter "events=$_": $events))
        for '', 'all', 'state,', ',state', 'State', 'state:tracker';
}

for (
    [notify_fifo    => 'timeout', '"notify_master", "notify_backup", '],
    [notify_fifo    => 'user', '"notify_email"'],
    [notify         => 'events', '"notify_fifo", "notify_email", '],
    [notify         => 'expire', '"notify_email", "notify_webhook http://"'],
    [notify_master  => 'format', '"notify_webhook http://", '],
    [notify_webhook => 'smtp', '"notify_email"'],
    [notify_webhook => 'password_file', '"notify_email"'],
    [notify_email   => 'secret_file', '"notify_webhook http://", '],
)
{
    my ($name, $word, $owners) = @$_;

    rejects_both("$example{$name} $word=1",
        qr/invalid\ parameter\ "$word=1":\ "$name\b[^"]*"\ does\ not
           \ support\ "$word=",\ it\ is\ for\ \Q$owners\E.*/x);
}

rejects('one channel too many',
    $open . join('', map { "notify_webhook http://10.0.0.1/$_;\n" } 0 .. 64)
    . '} }', 'too many notifications, at most 64 are allowed', 72);
accepts('as many as there may be',
    $open . join('', map { "notify_webhook http://10.0.0.1/$_;\n" } 0 .. 63)
    . '} }');


# --- scripts -----------------------------------------------------------------

my $script = "$dir/notify.sh";

write_file($script, "#!/bin/sh\n");
chmod 0755, $script or die "chmod: $!\n";

for my $name (@scripts) {
    my $refused = "refused to run $name";

    rejects_both(qq($name "$_"), qq(invalid $name "$_": )
        . 'must be an absolute path, arguments may follow it in the same '
        . 'quotes')
        for '', 'notify.sh', ' /bin/true', 'user=root';
    rejects_both("$name /bin/true user=$_->[0]",
        qq(unknown $_->[1] in "$name"))
        for ['no-such-user', 'user "no-such-user"'],
            ['root:no-such-group', 'group "no-such-group"'];
    rejects_both("$name /bin/true user=", 'invalid parameter "user=": '
        . 'must be "user" or "user:group"');

    accepts_both("$name $_")
        for '/bin/true', '"/bin/test -e /run/up"', '/bin/true user=root',
            '"/bin/true  a  b " user=nobody:root timeout=5s',
            '"/bin/true a|b x&y it\'s"';
    accepts_both("$name \"/bin/true $_->[0]\"", warning => qq("$name" )
        . qq(runs no shell: "$_->[1]" in "/bin/true $_->[0]" is passed to )
        . 'the program as it is, use a script for shell commands', line => 8)
        for ['a | b', '|'], ['&& /bin/b', '&&'], ['>/dev/null', '>/dev/null'],
            ['2>&1', '2>&1'], ["'a b'", "'a"], ['a; b', 'a;'], ['x &', '&'],
            ['`date`', '`date`'];

    SKIP: {
        skip 'must be root: scripts of others are refused', 3 if $> != 0;

        accepts("$name a script", in_instance("$name $script user=root"));
        rejects("$name no script", in_block("$name $dir/none"),
            qr/\Q$refused "$dir\E\/none":\ .*No\ such\ file\ or\ directory.*/x,
            8);

        chmod 0777, $script or die "chmod: $!\n";
        rejects("$name a script of everybody",
            in_instance("$name $script user=root"),
            qq($refused "$script": "$script" is world-writable), 8);
        chmod 0755, $script or die "chmod: $!\n";
    }
}


# --- FIFO --------------------------------------------------------------------

my $fifo = "$dir/fifo";

system('mkfifo', $fifo) == 0 or die "mkfifo $fifo failed\n";

accepts_both("notify_fifo $_") for $fifo, 'fifo', 'none.fifo';
ok(!-e "$dir/none.fifo", 'nginx -t makes no FIFO');
rejects_both('notify_fifo ""', qq(invalid notify_fifo "": $file));
rejects_both("notify_fifo $script", qq("$script" )
    . 'is not a FIFO: remove the file, nginx then creates the FIFO');
rejects_both("notify_fifo $script/x",
    qr/stat\(\) "\Q$script\E\/x" failed \(20: Not a directory\)/);
rejects_both('notify_fifo /run/vrrp_conf_none/fifo',
    'cannot access directory "/run/vrrp_conf_none/" of the FIFO '
    . '"/run/vrrp_conf_none/fifo" (2: No such file or directory)');


# --- secrets -----------------------------------------------------------------

# Every byte in it would be noticed in a message.
my $secret = 'SEC-hunter2-RET';
my %files = (
    good      => ["$secret\n", 0600],
    unended   => [$secret, 0640],
    dos       => ["$secret\r\n", 0600],
    open      => ["$secret\n", 0644],
    empty     => ['', 0600],
    newline   => ["\n", 0600],
    lines     => ["$secret\n$secret\n", 0600],
    long      => ['x' x 1025, 0600],
    longest   => ['x' x 1024 . "\n", 0600],
);

for my $name (keys %files) {
    write_file("$dir/$name", $files{$name}[0]);
    chmod $files{$name}[1], "$dir/$name" or die "chmod: $!\n";
}

my @secrets = (
    ['secret_file=', $example{notify_webhook}],
    ['password_file=', "$email starttls=on user=me"],
);

for (@secrets) {
    my ($word, $before) = @$_;

    accepts_both("$before $word$_")
        for 'good', "$dir/good", 'unended', 'dos', 'longest';
    accepts_both("$before ${word}open", warning => qq("$word$dir/open" )
        . 'is world-readable, run "chmod 600 ' . "$dir/open\"", line => 8);
    rejects_both("$before $word", qq(invalid parameter "$word": $file));
    rejects_both("$before ${word}none", qq("$word$dir/none" cannot be read: )
        . 'open() failed (2: No such file or directory)');
    rejects_both("$before ${word}$dir", qq("$word$dir" cannot be read: )
        . 'read() failed (21: Is a directory)');
    rejects_both("$before $word$_", qq("$word$dir/$_" is empty))
        for 'empty', 'newline';
    rejects_both("$before $word$_", qq("$word$dir/$_" )
        . 'must contain one line of text of at most 1024 bytes') for 'lines',
        'long';
    unlike(last_output(), qr/hunter/, "$word: is not shown");
}


# --- email -------------------------------------------------------------------

my $to = 'must be a list of addresses, as in '
    . '"ops@example.org,boss@example.org"';
my $from = 'must be an address, as in "nginx@example.org"';

accepts_both("notify_email to=$_ from=c\@d smtp=smtps://mail.example.org")
    for 'a@b', 'ops@example.org,boss@example.org', 'a+b.c@[10.0.0.1]';
rejects_both("notify_email to=$_ from=c\@d smtp=smtp://h",
    qq(invalid parameter "to=$_": $to))
    for '', 'ops', '@b', 'a@', 'a@b,', ',a@b', 'a@b@c', '<a@b>';
rejects_both(qq(notify_email "to=a b\@c" from=c\@d smtp=smtp://h),
    qq(invalid parameter "to=a b\@c": $to));
rejects_both("notify_email to=a\@b from=$_ smtp=smtp://h",
    qq(invalid parameter "from=$_": $from))
    for '', 'nginx', 'a@b,c@d', 'a@', '<a@b>';

for my $missing (qw(to= from= smtp=)) {
    rejects_both("notify_email "
        . join(' ', grep { !/^$missing/ } split ' ',
               'to=a@b from=c@d smtp=smtp://h'),
        qq("notify_email" needs "$missing"));
}

accepts_both("notify_email to=a\@b from=c\@d smtp=$_")
    for 'smtp://10.0.0.1:25', 'smtps://mail.example.org:465', 'SMTP://h',
        'smtp://[fd00::1]:25', 'smtp://localhost';
rejects_both("notify_email to=a\@b from=c\@d smtp=$_->[0]",
    qq(invalid smtp "$_->[1]": $_->[2]))
    for ['10.0.0.1', '10.0.0.1',
         'must begin with "smtp://host" or "smtps://host"'],
        ['http://h', 'http://h',
         'must begin with "smtp://host" or "smtps://host"'],
        ['smtpx://h', 'smtpx://h',
         'must begin with "smtp://host" or "smtps://host"'],
        ['smtp://', 'smtp://', 'no host'],
        ['smtp://unix:/x', 'smtp://unix:', 'no host'],
        ['smtp://h/path', 'smtp://h', 'invalid host'],
        ['smtp://h:0', 'smtp://h:0', 'invalid port'],
        ['smtp://h:x', 'smtp://h:x', 'invalid port'],
        ['smtp://me:hunter2@h', 'smtp', 'must not contain a user'];
rejects_both('notify_email to=a@b from=c@d smtp=', 'invalid parameter '
    . '"smtp=": must begin with "smtp://host" or "smtps://host"');

rejects_both('notify_email to=a@b from=c@d smtp=smtps://h starttls=on',
    '"starttls=on" is for "smtp://" only: "smtps://" always uses TLS');
accepts_both('notify_email to=a@b from=c@d smtp=smtps://h starttls=off');
rejects_both("$email starttls=$_", qq(invalid parameter "starttls=$_": $flag))
    for '', 'yes';

accepts_both("$email helo=$_") for 'lb01', 'lb-01.example.org';
rejects_both("$email helo=$_", qq(invalid parameter "helo=$_": )
    . 'must be a domain name, as in "lb01.example.org"')
    for '', '10.0.0.1', 'lb/01', 'a@b';

rejects_both("$email $_", '"user=" and "password_file=" must be used together')
    for 'user=me', "password_file=$dir/good";
rejects_both("$email user= password_file=$dir/good",
    'invalid parameter "user=": must be the name of the SMTP user');
accepts_both("$email user=me password_file=$dir/good",
    warning => 'the password of "me" is sent in clear text: use "smtps://" '
    . 'or "starttls=on"', line => 8);

rejects_both("$email $_->[0]",
    qq("$_->[1]" needs TLS: use "smtps://" or "starttls=on"))
    for ["ca=$dir/ca.pem", 'ca='], ['verify=off', 'verify='];


# --- TLS ---------------------------------------------------------------------

write_file("$dir/ca.pem", "whatever\n");

for my $before ("$email starttls=on", $example{notify_webhook},
                'notify_email to=a@b from=c@d smtp=smtps://h')
{
    accepts_both("$before $_")
        for 'verify=off', 'verify=on', 'ca=ca.pem', "ca=$dir/ca.pem verify=on";
    rejects_both("$before verify=$_", qq(invalid parameter "verify=$_": $flag))
        for '', 'no';
    rejects_both("$before ca=", qq(invalid parameter "ca=": $file));
    rejects_both("$before ca=none.pem", qq(open() "$dir/none.pem" of "ca=" )
        . 'failed (2: No such file or directory)');
    accepts_both("$before ca=ca.pem verify=off", warning => '"ca=ca.pem" '
        . 'has no effect with "verify=off"', line => 8);
}

rejects_both("notify_webhook http://h/ $_=x", qq(invalid parameter "$_=x": )
    . qq("notify_webhook http://" does not support "$_=", it is for )
    . '"notify_email", "notify_webhook https://"') for 'ca', 'verify';


# --- webhook -----------------------------------------------------------------

my $schemes = 'must begin with "http://host" or "https://host"';

accepts_both("notify_webhook $_")
    for 'http://10.0.0.1', 'http://h:8080/hook?key=x&y=z', 'https://h?a=b',
        'HTTPS://hooks.example.org/services/T0/B0/x', 'http://[fd00::1]:80/',
        'https://h/with@sign', 'https://h/#part';
rejects_both("notify_webhook $_->[0]",
    qq(invalid notify_webhook "$_->[1]": $_->[2]))
    for ['hooks.example.org', 'hooks.example.org', $schemes],
        ['ftp://h/hunter2', 'ftp://h', $schemes],
        ['http:/h', 'http:', $schemes],
        ['httpss://h/hunter2', 'httpss://h', $schemes],
        ['https://', 'https://', 'no host'],
        ['https:///hunter2', 'https://', 'no host'],
        ['https://h:x/hunter2', 'https://h:x', 'invalid port'],
        ['https://me:hunter2@h/', 'https', 'must not contain a user'],
        ['https://unix:/run/x', 'https://unix:', 'no host'];
rejects_both('notify_webhook "http://h/a b"',
    'invalid notify_webhook "http://h": must not contain spaces');
rejects_both('notify_webhook ""', qq(invalid notify_webhook "": $schemes));

accepts_both("$example{notify_webhook} format=$_")
    for qw(generic slack dingtalk feishu wecom);
rejects_both("$example{notify_webhook} format=$_",
    qq(invalid parameter "format=$_": )
    . 'must be generic, alertmanager, slack, dingtalk, feishu or wecom')
    for '', 'teams', 'Slack';

accepts_both("$example{notify_webhook} format=$_ 'prefix=[nginx] lb'")
    for qw(slack dingtalk feishu wecom);
rejects_both("notify_webhook http://h/api/v2/alerts format=$_ prefix=nginx",
    qq("prefix=" is not supported by format $_, only by slack, dingtalk, )
    . 'feishu and wecom') for qw(generic alertmanager);
rejects_both("$example{notify_webhook} format=slack 'prefix=$_'",
    qq(invalid parameter "prefix=$_": must be at most 100 bytes of text))
    for '', 'x' x 101;

accepts_both("$example{notify_webhook} format=$_ secret_file=good")
    for qw(generic dingtalk feishu);
rejects_both("notify_webhook http://h/api/v2/alerts format=$_ secret_file=good",
    qq("secret_file=" is not supported by format $_, only by generic, )
    . 'dingtalk and feishu') for qw(alertmanager slack wecom);

accepts_both("notify_webhook $_/api/v2/alerts format=alertmanager")
    for 'http://10.0.0.1:9093', 'https://h/prefix';
accepts_both("notify_webhook $_ format=alertmanager",
    warning => 'Alertmanager receives alerts at URLs that end with '
    . '"/api/v2/alerts"', line => 8)
    for 'http://10.0.0.1:9093', 'http://10.0.0.1:9093/',
        'http://h/api/v2/alerts/';

rejects('the same webhook twice', "${open}notify_webhook https://h/hunter2;\n"
    . "notify_webhook https://h/hunter2 events=state;\n} }",
    'duplicate notify_webhook "https://h"', 9);
accepts('two webhooks of one host', "${open}notify_webhook https://h/one;\n"
    . 'notify_webhook https://h/two; } }');

unlike(last_output(), qr/hunter/, 'no token is shown');

done_testing();
