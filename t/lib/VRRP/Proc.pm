package VRRP::Proc;

# Facts of /proc about processes and their namespaces.

use v5.36;


# Direct children of a process.
sub children ($parent) {
    return map { $_->{pid} } grep { $_->{ppid} == $parent } all();
}


# Every process on this machine, zombies excepted.
sub all () {
    opendir my $proc, '/proc' or die "/proc: $!\n";

    return grep { defined } map { describe($_) }
           sort { $a <=> $b } grep { /^\d+$/ } readdir $proc;
}


# Processes that live in the same namespace as the given one, which is its
# first, and is left out.
sub in_namespace_of ($init, $kind) {
    my $space = readlink "/proc/$init/ns/$kind" // return;

    return grep {
        $_->{pid} != $init
        && (readlink("/proc/$_->{pid}/ns/$kind") // '') eq $space
    } all();
}


sub describe ($pid) {
    my $status = slurp("/proc/$pid/status") // return;
    my ($ppid) = $status =~ /^PPid:\s+(\d+)/m or return;
    my ($name) = $status =~ /^Name:\s+(.*)/m;
    my ($state) = $status =~ /^State:\s+(\S)/m;
    my ($inner) = $status =~ /^NSpid:.*?(\d+)$/m;

    return if $state eq 'Z';

    my $title = slurp("/proc/$pid/cmdline") // '';
    $title =~ tr/\0/ /;
    $title =~ s/ +$//;

    return { pid => $pid, ppid => $ppid, inner => $inner, name => $name,
             state => $state, title => $title };
}


sub is_alive ($pid) {
    return defined describe($pid);
}


sub net_namespace ($pid) {
    return readlink "/proc/$pid/ns/net";
}


# Names of the network interfaces that a process sees.
sub interfaces ($pid) {
    my $text = slurp("/proc/$pid/net/dev") // '';

    return $text =~ /^\s*([^\s:]+):/mg;
}


sub slurp ($file) {
    open my $in, '<', $file or return;
    local $/;

    return scalar readline $in;
}


1;
