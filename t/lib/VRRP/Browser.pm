package VRRP::Browser;

# A headless Chromium in a node, for pages that a test looks at.
#
#     my $browser = VRRP::Browser->new(node => $lab->node('lb1'));
#     $browser->go('http://127.0.0.1:8080/vrrp');
#     is($browser->evaluate('document.title'), ...);
#     is_deeply([$browser->complaints], []);
#     $browser->close;
#
# It speaks the DevTools protocol over pipes: JSON, a zero after each message.

use v5.36;

use IO::Select;
use JSON::PP ();
use MIME::Base64 qw(decode_base64);
use POSIX qw(mkfifo);
use Time::HiRes qw(sleep time);

my $PROGRAM = '/usr/bin/chromium';

# Each of the answers it waits for comes within milliseconds, on a machine that
# has time.
my $PATIENCE = 30;


sub unavailable ($class = undef) {
    return "no \"$PROGRAM\" here, run tools/install-deps browser"
        unless -x $PROGRAM;

    return;
}


sub new ($class, %args) {
    my $node = $args{node};
    my $dir = $node->dir . '/browser';

    mkdir $dir or die "mkdir $dir: $!\n";

    my %pipe = (in => "$dir/in", out => "$dir/out");

    mkfifo($_, 0600) || die "mkfifo $_: $!\n" for values %pipe;

    my $self = bless {
        node => $node, dir => $dir, next_id => 1, buffer => '',
        complaints => [],
    }, $class;

    # opened for both directions, neither side waits for the other one
    open $self->{to}, '+<', $pipe{in} or die "$pipe{in}: $!\n";
    open $self->{from}, '+<', $pipe{out} or die "$pipe{out}: $!\n";

    $self->{pid} = $node->spawn({ tag => 'chromium' },
        'sh', '-c', 'exec "$@" 3< "$0/in" 4> "$0/out"', $dir,
        'env', "HOME=$dir", $PROGRAM, _options($dir));

    $self->_open_tab;

    return $self;
}


# Goes to an address, and returns when all of it is there.
sub go ($self, $url) {
    my $result = $self->_ask('Page.navigate', { url => $url });

    die "$url: $result->{errorText}\n" if $result->{errorText};

    for (1 .. 100) {
        return if $self->evaluate('document.readyState') eq 'complete';
        sleep 0.1;
    }

    die "$url: still loading\n";
}


# The value of an expression in JavaScript.
sub evaluate ($self, $expression) {
    my $result = $self->_ask('Runtime.evaluate',
        { expression => $expression, returnByValue => JSON::PP::true });

    die "$expression: $result->{exceptionDetails}{text}\n"
        if $result->{exceptionDetails};

    return $result->{result}{value};
}


# How the page shall look: width, height, scheme => light or dark.
sub look ($self, %args) {
    $self->_ask('Emulation.setDeviceMetricsOverride', {
        width => $args{width}, height => $args{height},
        deviceScaleFactor => 1, mobile => JSON::PP::false });

    $self->_ask('Emulation.setEmulatedMedia', { features => [
        { name => 'prefers-color-scheme', value => $args{scheme} // 'light' },
    ] });
}


sub screenshot ($self, $file) {
    my $result = $self->_ask('Page.captureScreenshot', { format => 'png' });

    open my $out, '>:raw', $file or die "open $file: $!\n";
    print {$out} decode_base64($result->{data});
    close $out or die "close $file: $!\n";
}


# The messages of the console: errors, exceptions, violations of the policy.
sub complaints ($self) {
    $self->evaluate('0');

    return @{ $self->{complaints} };
}


sub close ($self) {
    $self->{node}->reap($self->{pid});
}


sub _options ($dir) {
    return qw(--headless --no-sandbox --disable-gpu --disable-dev-shm-usage
              --disable-extensions --disable-background-networking
              --disable-component-update --no-first-run
              --remote-debugging-pipe), "--user-data-dir=$dir/profile";
}


sub _open_tab ($self) {
    my $tab = $self->_ask('Target.createTarget', { url => 'about:blank' });

    $self->{session} = $self->_ask('Target.attachToTarget', {
        targetId => $tab->{targetId}, flatten => JSON::PP::true,
    })->{sessionId};

    $self->_ask("$_.enable", {}) for qw(Runtime Log Page);
}


# Sends a request and waits for its result; events that come first are noted.
sub _ask ($self, $method, $params) {
    my $id = $self->{next_id}++;
    my %request = (id => $id, method => $method, params => $params);

    $request{sessionId} = $self->{session} if $self->{session};

    syswrite $self->{to}, JSON::PP::encode_json(\%request) . "\0"
        or die "chromium: write: $!\n";

    my $deadline = time + $PATIENCE;

    while (1) {
        my $message = $self->_read($deadline, $method);

        if (($message->{id} // 0) != $id) {
            $self->_note($message);
            next;
        }

        die "chromium: $method: $message->{error}{message}\n"
            if $message->{error};

        return $message->{result};
    }
}


sub _read ($self, $deadline, $method) {
    my $select = IO::Select->new($self->{from});

    while ($self->{buffer} !~ /\0/) {
        my $left = $deadline - time;

        die "chromium: no answer to $method\n"
            if $left <= 0 || !$select->can_read($left);

        sysread $self->{from}, $self->{buffer}, 65536,
                length $self->{buffer};
    }

    $self->{buffer} =~ s/^([^\0]*)\0//;

    return JSON::PP::decode_json($1);
}


sub _note ($self, $message) {
    my $method = $message->{method} // return;
    my $params = $message->{params};
    my $text;

    if ($method eq 'Runtime.exceptionThrown') {
        $text = $params->{exceptionDetails}{text};

    } elsif ($method eq 'Runtime.consoleAPICalled') {
        $text = join ' ', map { $_->{value} // '' } @{ $params->{args} };

    } elsif ($method eq 'Log.entryAdded') {
        $text = "$params->{entry}{text} " . ($params->{entry}{url} // '');
    }

    push @{ $self->{complaints} }, $text if defined $text;
}


1;
