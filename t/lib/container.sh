#!/bin/sh

# Runs a command as the first process of a container: the root is read-only,
# /run and the given directory are not. VRRP::Container has made the PID and
# mount namespaces, and a user namespace where one is wanted.
#
# usage: container.sh DIRECTORY COMMAND...

set -eu

dir=$1
shift

root=$(mktemp -d "$dir/root.XXXXXX")

mount --rbind / "$root"

# the deepest first; some kernel file systems cannot be changed
awk -v root="$root" 'index($5, root) == 1 { print $5 }' /proc/self/mountinfo \
    | sort -r | while read -r place; do
        mount -o remount,bind,ro "$place" 2> /dev/null || :
    done

mount -t tmpfs -o mode=1777 tmpfs "$root/run"
mount --bind "$dir" "$root$dir"
mount -t proc proc "$root/proc"

exec chroot "$root" "$@"
