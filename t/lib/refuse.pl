#!/usr/bin/perl

# usage: refuse.pl NUMBER=ERRNO... -- COMMAND...
#
# Runs a command whose system calls of these numbers fail with these errors, as
# in a container with a seccomp filter.

use v5.36;

# prctl(2) by machine; classic BPF, linux/filter.h and linux/seccomp.h.
my %PRCTL = (x86_64 => 157, aarch64 => 167);

use constant {
    PR_SET_SECCOMP    => 22,
    MODE_FILTER       => 2,
    LOAD_WORD         => 0x20,
    JUMP_IF_EQUAL     => 0x15,
    RETURN            => 0x06,
    RET_ALLOW         => 0x7fff0000,
    RET_ERRNO         => 0x00050000,
};

my $machine = (split ' ', `uname -m`)[0];
my @code = instruction(LOAD_WORD, 0, 0, 0);

while (@ARGV && $ARGV[0] ne '--') {
    my ($number, $error) = split /=/, shift @ARGV;

    push @code, instruction(JUMP_IF_EQUAL, 0, 1, $number),
                instruction(RETURN, 0, 0, RET_ERRNO | $error);
}
shift @ARGV;

push @code, instruction(RETURN, 0, 0, RET_ALLOW);

my $filter = join '', @code;
my $program = pack 'S x![P] P', scalar @code, $filter;

syscall($PRCTL{$machine}, PR_SET_SECCOMP, MODE_FILTER, $program) == 0
    or die "seccomp: $!\n";

exec @ARGV or die "exec @ARGV: $!\n";


sub instruction ($code, $if_true, $if_false, $value) {
    return pack 'S C C L', $code, $if_true, $if_false, $value;
}
