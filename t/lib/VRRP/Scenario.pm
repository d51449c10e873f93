package VRRP::Scenario;

# The steps of an operator that replaces keepalived by the module, while clients
# request a page every few milliseconds. The cluster tests check each step,
# tools/demo shows it.

use v5.36;

use Time::HiRes qw(sleep time);

use VRRP::Classic;
use VRRP::Lab;
use VRRP::Timeline;

my $VIP = $VRRP::Lab::VIP;

# Title and method of each step, in order.
our @STEPS = (
    ['both balancers start'                 => 'start'],
    ['clients ask for the page'             => 'clients_ask'],
    ['lb1: nginx -s quit'                   => 'lb1_quits'],
    ['lb1 starts again, preempts'           => 'lb1_returns'],
    ['web1 stops'                           => 'web1_stops'],
    ['web1 starts again'                    => 'web1_returns'],
    ['lb2 starts again with nopreempt'      => 'lb2_restarts_nopreempt'],
    ['lb1: nginx -s quit'                   => 'lb1_quits'],
    ['lb1 starts again with nopreempt'      => 'lb1_returns_nopreempt'],
    ['lb2: nginx -s quit'                   => 'lb2_quits'],
    ['keepalived in the place of lb2'       => 'keepalived_is_backup'],
    ['lb1: nginx -s quit'                   => 'lb1_quits'],
    ['lb1 starts again, preempts'           => 'lb1_returns'],
    ['keepalived with priority 110'         => 'keepalived_is_master'],
    ['keepalived stops'                     => 'keepalived_stops'],
);


# lab, profile (of VRRP::Classic).
sub new ($class, %args) {
    my $classic = VRRP::Classic->new(profile => $args{profile});

    # The longest takeover on a busy machine, s.
    my $patience = $classic->down_interval + 10;

    my $self = bless { %args, classic => $classic, patience => $patience,
                       nginx => {} }, $class;

    $self->{timeline} = VRRP::Timeline->new(lab => $self->{lab});

    return $self;
}


sub timeline ($self) { $self->{timeline} }
sub down_interval ($self) { $self->{classic}->down_interval }
sub nginx ($self, $name) { $self->{nginx}{$name} }


# Takes a step. Returns the method's name, what the clients experienced (see
# VRRP::Load::summary()), since and until, as settled what they experienced when
# it was over, and held_up (see VRRP::Load).
sub take ($self, $step) {
    my ($title, $method) = @$step;
    my $since = time;

    $self->$method;
    $self->_let_clients_see_it;

    my $until = time;
    my $load = $self->{load};

    return {
        title   => $title,
        method  => $method,
        since   => $since,
        until   => $until,
        settled => $load->summary($until - 0.4, $until),
        held_up => $load->held_up($since, $until),
        %{ $load->summary($since, $until) },
    };
}


# Long enough for a wrong second move to show: what is settled stays so.
sub _let_clients_see_it ($self) {
    sleep 0.5 + 2 * $self->{classic}->interval;
}


sub _note ($self, $who, $what) {
    $self->{timeline}->note($who, $what);
}


sub _wait_for_holder ($self, $name) {
    $self->{lab}->wait_for_holder($name, $self->{patience});
}


sub _start_balancer ($self, $name, %args) {
    $self->_note($name, 'nginx starts');
    $self->{nginx}{$name} = $self->{classic}->start_balancer(
        $self->{lab}, $name, %args);
}


sub _quit ($self, $name) {
    $self->_note($name, 'nginx -s quit');
    $self->{nginx}{$name}->command('quit');
}


sub start ($self) {
    my ($lab, $classic) = @$self{qw(lab classic)};

    $self->{nginx}{$_} = $classic->start_web($lab, $_) for qw(web1 web2);

    $self->{timeline}->watch;
    $self->{load} = $lab->load;
    $self->{timeline}->follow($self->{load});

    $self->_start_balancer($_) for qw(lb1 lb2);
    $self->_wait_for_holder('lb1');
}


sub clients_ask ($self) {
    sleep 1;
}


sub lb1_quits ($self) {
    $self->_quit('lb1');
    $self->_wait_for_holder('lb2');
    $self->{nginx}{lb1}->wait_gone;
}


sub lb1_returns ($self) {
    $self->_start_balancer('lb1');
    $self->_wait_for_holder('lb1');
}


sub web1_stops ($self) {
    $self->_note('web1', 'nginx -s stop');
    $self->{nginx}{web1}->command('stop');
    $self->{nginx}{web1}->wait_gone;
}


sub web1_returns ($self) {
    $self->_note('web1', 'nginx starts');
    $self->{nginx}{web1}->start;

    # fail_timeout must pass before a balancer tries it again.
    sleep 4;
}


sub lb2_restarts_nopreempt ($self) {
    $self->_quit('lb2');
    $self->{nginx}{lb2}->wait_gone;
    $self->_start_balancer('lb2', instance => 'nopreempt;');
    $self->_wait_until_backup('lb2');
}


sub lb1_returns_nopreempt ($self) {
    $self->_start_balancer('lb1', state => 'BACKUP', instance => 'nopreempt;');
    $self->_wait_until_backup('lb1');

    # Time enough to take the address, if it wanted to.
    sleep 1 + 2 * $self->{classic}->down_interval;
    $self->_wait_for_holder('lb2');
}


sub _wait_until_backup ($self, $name) {
    $self->{lab}->wait_until("$name to be BACKUP", $self->{patience}, sub {
        (eval { $self->{nginx}{$name}->state } // '') eq 'BACKUP';
    });
}


sub lb2_quits ($self) {
    $self->_quit('lb2');
    $self->_wait_for_holder('lb1');
    $self->{nginx}{lb2}->wait_gone;
}


sub _start_keepalived ($self, %args) {
    my ($lab, $classic) = @$self{qw(lab classic)};

    $self->_note('lb2', "keepalived starts, priority $args{priority}");
    $self->{keepalived} = $lab->start_keepalived('lb2',
        conf => $classic->keepalived('lb2', %args));
}


sub keepalived_is_backup ($self) {
    my ($lab, $classic) = @$self{qw(lab classic)};

    $self->_note('lb2', 'nginx starts without the module');
    $self->{nginx}{lb2} = $classic->start_plain_balancer($lab, 'lb2');

    $self->_start_keepalived(priority => 90);
    sleep 1 + 2 * $classic->down_interval;
    $self->_wait_for_holder('lb1');
}


sub keepalived_is_master ($self) {
    $self->{keepalived}->stop;
    $self->_start_keepalived(priority => 110);
    $self->_wait_for_holder('lb2');
}


sub keepalived_stops ($self) {
    $self->_note('lb2', 'keepalived is told to stop');
    $self->{keepalived}->stop;
    $self->_wait_for_holder('lb1');
}


# For a lab that keeps running after the scenario: our module on both balancers.
sub leave_running ($self) {
    $self->{load}->stop;
    $self->{timeline}->end;

    for my $name (qw(lb2 lb1)) {
        $self->{nginx}{$name}->stop;
        $self->_start_balancer($name);
    }

    $self->_wait_for_holder('lb1');
}


sub finish ($self) {
    $self->{load}->stop if $self->{load};
    $self->{lab}->finish;
}


1;
