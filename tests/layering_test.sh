#!/bin/bash
# Who may include whom. The rooms of core/ depend on each other in one
# direction, system calls are made in core/net only, and the C shims see
# nothing of the core but core/capi.h.
#
# usage: layering_test.sh [ROOT]
#
# Before it judges ROOT it makes sure that it would notice each kind of
# violation.

set -uo pipefail

root=${1:-$(cd "$(dirname "$0")/.." && pwd)}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# What a room may include from core/.
declare -A rooms=(
    [base]='base'
    [wire]='base|wire'
    [vrrp]='base|wire|vrrp'
    [health]='base|wire|health'
    [check]='base|wire|check'
    [notify]='base|notify'
    [engine]='base|wire|vrrp|health|check|engine'
    [status]='base|wire|vrrp|health|check|notify|engine|status'
    [net]='base|wire|vrrp|health|check|notify|engine|net'
    [node]='base|wire|vrrp|health|check|notify|engine|status|net|node'
)

# Standard headers that reach the operating system or bring their own time,
# chance or concurrency.
impure='csignal|ctime|filesystem|fstream|future|iostream|mutex|random|thread'


# Prints "file:line:<header>" or "file:line:"header"" for every include.
includes_of()
{
    find "$@" -type f \( -name '*.[ch]' -o -name '*.[ch]pp' \) -print0 \
        2>/dev/null \
        | xargs -0 -r grep -HnE '^[[:space:]]*#[[:space:]]*include' \
        | sed -E 's/^([^:]+:[0-9]+:)[^<"]*([<"][^>"]*[>"]).*/\1\2/'
}


# Reads includes; prints those with a header that matches, as "why".
forbid()
{
    grep -E ":[0-9]+:$1" | sed "s|\$|  $2|"
}


# The same for those that do not match.
require()
{
    grep -vE ":[0-9]+:$1" | sed "s|\$|  $2|"
}


check_room()
{
    local core=$1 room=$2

    includes_of "$core/$room" | grep ':"' \
        | require "\"core/(${rooms[$room]})/" "not for core/$room"
}


check_unknown_rooms()
{
    local core=$1 folder

    for folder in "$core"/*/; do
        folder=$(basename "$folder")
        [ "$folder" = '*' ] || [ -n "${rooms[$folder]:-}" ] \
            || echo "$core/$folder  not a known room"
    done
}


# Files directly in core/: capi.h stands alone, capi*.cpp are its other side.
check_boundary()
{
    local core=$1

    includes_of "$core/capi.h" \
        | require '<std(def|int)\.h>' 'not for core/capi.h'

    find "$core" -maxdepth 1 -type f ! -name 'capi*.[hc]*' \
        ! -name sources -printf '%p  only capi.h, capi*.cpp and sources here\n'
}


# A path or ".h" in <...> is not a header of the C++ library.
check_system_calls()
{
    local core=$1

    includes_of "$core" | grep -vE "^$core/(net/|capi\.h:)" \
        | forbid "(<[^>]*[./]|<($impure)>)" 'only in core/net'
}


check_clocks()
{
    local core=$1

    find "$core" -path "$core/net" -prune -o -type f -print0 \
        | xargs -0 -r grep -HnE '_clock::|[^_[:alnum:]]BootClock::now' \
        | sed 's|$|  only core/net reads a clock|'
}


check_nginx()
{
    includes_of "$1" | forbid '[<"]ngx_' 'nginx is not known in core'
}


check_shims()
{
    includes_of "$1/ngx_vrrp_module" | grep -E ':[0-9]+:[<"].*core/' \
        | require '[<"]core/capi\.h' 'shims see core/capi.h only'
}


violations()
{
    local root=$1 room

    for room in "${!rooms[@]}"; do
        check_room "$root/core" "$room"
    done

    check_unknown_rooms "$root/core"
    check_boundary "$root/core"
    check_system_calls "$root/core"
    check_clocks "$root/core"
    check_nginx "$root/core"
    check_shims "$root"
}


# Makes a tree of one file with one line; it must be accepted or refused.
expect()
{
    local verdict=$1 file=$2 line=$3 found

    rm -rf "${scratch:?}/tree"
    mkdir -p "$scratch/tree/core" "$scratch/tree/$(dirname "$file")"
    printf '%s\n' "$line" > "$scratch/tree/$file"
    found=$(violations "$scratch/tree")

    if [ "$verdict" = refused ] && [ -z "$found" ]; then
        echo "not noticed: $line in $file"
        return 1
    elif [ "$verdict" = accepted ] && [ -n "$found" ]; then
        echo "not a violation: $found"
        return 1
    fi
}


test_myself()
{
    local failed=0

    while read -r verdict file line; do
        expect "$verdict" "$file" "$line" || failed=1
    done << 'END'
accepted core/wire/a.hpp #include "core/base/ip.hpp"
accepted core/engine/a.cpp #include "core/health/worker_watch.hpp"
accepted core/vrrp/a.hpp #include <vector>
accepted core/net/a.cpp #include <sys/socket.h>
accepted core/net/a.hpp #include "core/engine/ports.hpp"
accepted core/capi.cpp #include "core/node/node.hpp"
accepted core/node/a.cpp #include "core/net/host.hpp"
accepted core/capi.h #include <stdint.h>
accepted core/base/a.hpp using time_point = std::chrono::time_point<BootClock>;
accepted ngx_vrrp_module/a.c #include "core/capi.h"
accepted ngx_vrrp_module/a.c #include <ngx_core.h>
refused core/base/a.hpp #include "core/wire/arp.hpp"
refused core/base/a.hpp #include "bytes.hpp"
refused core/wire/a.cpp #include "core/vrrp/state.hpp"
refused core/vrrp/a.cpp #include "core/health/worker_watch.hpp"
refused core/health/a.cpp #include "core/vrrp/state.hpp"
refused core/engine/a.cpp #include "core/net/host.hpp"
refused core/engine/a.cpp #  include   "core/net/host.hpp"
refused core/engine/a.cpp #include "core/capi.h"
refused core/status/a.cpp #include "core/net/clock.hpp"
refused core/net/a.cpp #include "core/status/area.hpp"
refused core/net/a.cpp #include "core/node/node.hpp"
refused core/vrrp/a.cpp #include <sys/socket.h>
refused core/engine/a.cpp #include <linux/if_packet.h>
refused core/engine/a.cpp #include <netlink/route/addr.h>
refused core/base/a.cpp #include <unistd.h>
refused core/status/a.cpp #include <fcntl.h>
refused core/vrrp/a.cpp #include <time.h>
refused core/vrrp/a.cpp #include <ctime>
refused core/capi.cpp #include <unistd.h>
refused core/vrrp/a.cpp const auto now = std::chrono::steady_clock::now();
refused core/capi.h #include "core/base/types.hpp"
refused core/other.cpp int i;
refused core/other/a.cpp #include <vector>
refused core/net/a.cpp #include <ngx_core.h>
refused core/capi.cpp #include "ngx_vrrp_module.h"
refused ngx_vrrp_module/a.c #include "core/engine/engine.hpp"
refused ngx_vrrp_module/a.c #include "../core/base/log.hpp"
END

    return $failed
}


main()
{
    local found

    test_myself || exit 1

    [ -f "$root/core/sources" ] || { echo "no core/ in $root"; exit 1; }

    found=$(violations "$root")
    if [ -n "$found" ]; then
        printf '%s\n' "$found"
        exit 1
    fi

    echo "the rooms of core/ are in order"
}


main
