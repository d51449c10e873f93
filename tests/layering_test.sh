#!/bin/bash
# Who may include whom. The rooms of core/ depend on each other in one
# direction, system calls are made in core/os, core/net, core/script,
# core/probe and core/transport only, and the C shims see nothing of the core
# but core/capi.h.
# The folders of ngx_vrrp_module/ depend on each other in one direction, too.
# bpf/ sees nothing of them.
#
# usage: layering_test.sh [ROOT]
#
# Before it judges ROOT it makes sure that it would notice each kind of
# violation.

set -uo pipefail

root=${1:-$(cd "$(dirname "$0")/.." && pwd)}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# What a room may include from core/ besides its own headers; core/capi also
# core/capi.h.
declare -A rooms=(
    [base]='-'
    [wire]='base'
    [vrrp]='base|wire'
    [bfd]='base'
    [peer]='base|wire'
    [check]='base|wire'
    [notify]='base'
    [engine]='base|wire|vrrp|bfd|check'
    [status]='base|wire|vrrp|bfd|peer|check|notify|engine'
    [os]='base'
    [net]='base|wire|vrrp|bfd|peer|engine|os'
    [script]='base|os'
    [probe]='base|wire|check|os|net|script'
    [transport]='base|notify|os|script'
    [node]='base|wire|vrrp|bfd|peer|check|notify|engine|status|os|net'\
'|probe|transport'
    [capi]='base|vrrp|bfd|peer|check|notify|engine|status|os|net|transport'\
'|script|node'
)

# Those that make system calls, and read the clock.
outside='os|net|script|probe|transport'

# What a folder of ngx_vrrp_module/ may include from there besides its own
# headers.  At the top, "module" is ngx_vrrp_module.c and all headers but
# ngx_vrrp_lifecycle.h; "top" is the rest.
declare -A folders=(
    [module]='-'
    [params]='module'
    [check]='module|params'
    [notify]='module|params'
    [http]='module|params'
    [upstream]='module|params|check'
    [process]='module|params|upstream'
    [top]='module|params|check|notify|upstream|process'
    [conf]='module|params|check|notify|top'
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


# Prints "include:FILE:LINE:HEADER" of files in a folder, seen from there.
own_includes()
{
    includes_of "$1" | sed -n "s|^$1/\(.*\)\"\(.*\)\"|include:\1\2|p"
}


check_rooms()
{
    local core=$1 room

    {
        for room in "${!rooms[@]}"; do
            echo "rule:$room:^core/($room|${rooms[$room]})/"
        done
        own_includes "$core"
    } | awk -F: '
        $1 == "rule" { allowed[$2] = $3 }

        $1 == "include" && split($2, part, "/") > 1 && $4 !~ allowed[part[1]] {
            if ((part[1] != "capi" || $4 != "core/capi.h") &&
                (part[1] != "net" || $4 != "bpf/drain.h"))
                print $2 ":" $3 ":" $4 "  not for core/" part[1]
        }'
}


check_unknown_rooms()
{
    local core=$1 folder

    for folder in "$core"/*/; do
        folder=${folder%/}
        folder=${folder##*/}
        [ "$folder" = '*' ] || [ -n "${rooms[$folder]:-}" ] \
            || echo "$core/$folder  not a known room"
    done
}


# Directly in core/: capi.h stands alone, core/capi is its other side.
check_boundary()
{
    local core=$1

    includes_of "$core/capi.h" \
        | require '<std(def|int)\.h>' 'not for core/capi.h'

    find "$core" -maxdepth 1 -type f ! -name capi.h ! -name sources \
        -printf '%p  only capi.h and sources here\n'
}


# A path or ".h" in <...> is not a header of the C++ library. JSON is parsed in
# memory, and texts of addresses by the C library.
check_system_calls()
{
    local core=$1

    includes_of "$core" | grep -vE "^$core/(($outside)/|capi\.h:)" \
        | grep -vE "^$core/notify/.*<nlohmann/json\.hpp>" \
        | grep -vE "^$core/base/ip\.cpp:[0-9]+:<arpa/inet\.h>" \
        | forbid "(<[^>]*[./]|<($impure)>)" "not for this room"
}


check_clocks()
{
    local core=$1

    find "$core" -type f -print0 \
        | xargs -0 -r grep -HnE '_clock::|[^_[:alnum:]]BootClock::now' \
        | grep -vE "^$core/($outside)/" \
        | sed 's|$|  it is told the time|'
}


check_nginx()
{
    includes_of "$1" | forbid '[<"]ngx_' 'nginx is not known in core'
}


# Headers are found by their names alone, so each is there once.
check_folders()
{
    local shims=$1/ngx_vrrp_module folder

    {
        for folder in "${!folders[@]}"; do
            echo "rule:$folder:^($folder|${folders[$folder]})\$"
        done
        find "$shims" -name '*.h' -printf 'header:%P\n' 2> /dev/null
        own_includes "$shims"
    } | awk -F: '
        function folder_of(file) {
            if (split(file, part, "/") > 1)
                return part[1]
            if (file == "ngx_vrrp_lifecycle.h" || file !~ /module\.c$|\.h$/)
                return "top"
            return "module"
        }

        $1 == "rule" { allowed[$2] = $3 }

        $1 == "header" {
            name = $2
            sub(".*/", "", name)
            if (name in home)
                print $2 "  there is one of this name in " home[name]
            home[name] = folder_of($2)
        }

        $1 == "include" {
            folder = folder_of($2)
            if (!(folder in allowed))
                print $2 "  " folder " is not a known folder"
            else if ($4 in home && home[$4] !~ allowed[folder])
                print $2 ":" $3 ":" $4 "  not for " folder
        }'
}


# Headers that include each other; those of the shims have no path.
check_circles()
{
    local root=$1

    includes_of "$root/core" "$root/ngx_vrrp_module" \
        | sed -nE -e "s|^$root/(ngx_vrrp_module/.*/)?||" \
            -e 's|^([^:]+\.h(pp)?):[0-9]+:"(.*)"$|\1 \3|p' \
        | tsort 2>&1 > /dev/null | sed 's|^tsort: -|headers|'
}


check_shims()
{
    includes_of "$1/ngx_vrrp_module" | grep -E ':[0-9]+:[<"].*core/' \
        | require '[<"]core/capi\.h' 'shims see core/capi.h only'
}


# Programs of the kernel: no library, and one header that core/net shares.
check_bpf()
{
    includes_of "$1/bpf" \
        | require '("drain\.h"|<linux/[^>]*>|<stddef\.h>)' 'not for bpf'
}


# A command without core and nginx; only its main.cpp makes system calls.
check_translator()
{
    includes_of "$1/translator" \
        | require '("translator/[^/"]*"|<[^>]*>)' 'not for the translator'
    includes_of "$1/translator" \
        | grep -vE "^$1/translator/main\.cpp:" \
        | grep -vE "^$1/translator/text\.cpp:[0-9]+:<arpa/inet\.h>" \
        | forbid "(<[^>]*[./]|<($impure)>)" 'only for main.cpp'
}


violations()
{
    local root=$1

    check_rooms "$root/core"
    check_unknown_rooms "$root/core"
    check_boundary "$root/core"
    check_system_calls "$root/core"
    check_clocks "$root/core"
    check_nginx "$root/core"
    check_shims "$root"
    check_folders "$root"
    check_bpf "$root"
    check_translator "$root"
    check_circles "$root"
}


# Headers that are there already: one for each folder of the shims, and one
# that includes core/base/a.hpp.
make_tree()
{
    local tree=$1 folder

    rm -rf "$tree"
    mkdir -p "$tree/core/base"
    echo '#include "core/base/a.hpp"' > "$tree/core/base/back.hpp"

    for folder in "${!folders[@]}"; do
        mkdir -p "$tree/ngx_vrrp_module/$folder"
        : > "$tree/ngx_vrrp_module/$folder/ngx_vrrp_$folder.h"
    done

    mv "$tree"/ngx_vrrp_module/module/*.h "$tree/ngx_vrrp_module"
    mv "$tree"/ngx_vrrp_module/top/*.h \
        "$tree/ngx_vrrp_module/ngx_vrrp_lifecycle.h"
    rmdir "$tree"/ngx_vrrp_module/{module,top}
}


# One file with one line more; it must be accepted or refused.
expect()
{
    local verdict=$1 file=$2 line=$3 found

    make_tree "${scratch:?}/tree"
    mkdir -p "$scratch/tree/$(dirname "$file")"
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
accepted core/engine/a.cpp #include "core/check/record.hpp"
accepted core/notify/a.cpp #include <nlohmann/json.hpp>
accepted core/vrrp/a.hpp #include <vector>
accepted core/base/ip.cpp #include <arpa/inet.h>
accepted core/os/a.hpp #include <unistd.h>
accepted core/net/a.cpp #include <sys/socket.h>
accepted core/script/a.cpp #include "core/os/fd.hpp"
accepted core/net/a.hpp #include "core/engine/ports.hpp"
accepted core/script/a.cpp #include <sys/wait.h>
accepted core/probe/a.cpp #include "core/script/spawn.hpp"
accepted core/probe/a.cpp #include <sys/socket.h>
accepted core/probe/a.cpp #include "core/check/ports.hpp"
accepted core/transport/a.cpp #include <sys/socket.h>
accepted core/transport/a.cpp #include "core/notify/ports.hpp"
accepted core/node/a.cpp #include "core/transport/curl_transport.hpp"
accepted core/capi/router.cpp #include "core/node/node.hpp"
accepted core/capi/router.cpp #include "core/capi.h"
accepted core/node/a.cpp #include "core/net/host.hpp"
accepted core/capi.h #include <stdint.h>
accepted core/base/a.hpp using time_point = std::chrono::time_point<BootClock>;
accepted ngx_vrrp_module/a.c #include "core/capi.h"
accepted ngx_vrrp_module/a.c #include <ngx_core.h>
refused core/base/a.hpp #include "core/wire/arp.hpp"
refused core/base/a.hpp #include "bytes.hpp"
refused core/bfd/a.cpp #include "core/engine/engine.hpp"
refused core/wire/a.cpp #include "core/vrrp/state.hpp"
refused core/vrrp/a.cpp #include "core/engine/worker_watch.hpp"
refused core/status/a.cpp #include "core/probe/file_prober.hpp"
refused core/engine/a.cpp #include "core/net/host.hpp"
refused core/engine/a.cpp #  include   "core/net/host.hpp"
refused core/engine/a.cpp #include "core/capi.h"
refused core/status/a.cpp #include "core/os/clock.hpp"
refused core/os/a.hpp #include "core/engine/ports.hpp"
refused core/net/a.cpp #include "core/status/area.hpp"
refused core/net/a.cpp #include "core/node/node.hpp"
refused core/net/a.cpp #include "core/check/ports.hpp"
refused core/net/a.cpp #include "core/notify/event.hpp"
refused core/net/a.cpp #include "core/probe/kernel_view.hpp"
refused core/net/a.cpp #include "core/script/spawn.hpp"
refused core/script/a.cpp #include "core/check/ports.hpp"
refused core/script/a.cpp #include "core/net/host.hpp"
refused core/transport/a.cpp #include "core/net/host.hpp"
refused core/probe/a.cpp #include "core/vrrp/config.hpp"
refused core/probe/a.cpp #include "core/transport/fifo_transport.hpp"
refused core/transport/a.cpp #include "core/check/ports.hpp"
refused core/node/a.cpp #include "core/capi/memory.hpp"
refused core/node/a.cpp #include "core/capi.h"
refused core/vrrp/a.cpp #include <sys/socket.h>
refused core/vrrp/a.cpp #include <nlohmann/json.hpp>
refused core/engine/a.cpp #include <linux/if_packet.h>
refused core/engine/a.cpp #include <netlink/msg.h>
refused core/base/a.cpp #include <unistd.h>
refused core/status/a.cpp #include <fcntl.h>
refused core/base/ip.cpp #include <sys/socket.h>
refused core/vrrp/a.cpp #include <arpa/inet.h>
refused core/vrrp/a.cpp #include <time.h>
refused core/vrrp/a.cpp #include <ctime>
refused core/capi/router.cpp #include <unistd.h>
refused core/vrrp/a.cpp const auto now = std::chrono::steady_clock::now();
refused core/capi.h #include "core/base/types.hpp"
refused core/other.cpp int i;
refused core/capi.cpp int i;
refused core/other/a.cpp #include <vector>
refused core/net/a.cpp #include <ngx_core.h>
refused core/capi/router.cpp #include "ngx_vrrp_module.h"
refused ngx_vrrp_module/a.c #include "core/engine/engine.hpp"
refused ngx_vrrp_module/a.c #include "../core/base/log.hpp"
accepted ngx_vrrp_module/params/a.c #include "ngx_vrrp_module.h"
accepted ngx_vrrp_module/check/a.c #include "ngx_vrrp_check.h"
accepted ngx_vrrp_module/process/a.c #include "ngx_vrrp_upstream.h"
accepted ngx_vrrp_module/ngx_vrrp_worker.c #include "ngx_vrrp_process.h"
accepted ngx_vrrp_module/conf/a.c #include "ngx_vrrp_lifecycle.h"
refused ngx_vrrp_module/ngx_vrrp_module.c #include "ngx_vrrp_conf.h"
refused ngx_vrrp_module/ngx_vrrp_checks.h #include "ngx_vrrp_params.h"
refused ngx_vrrp_module/params/a.h #include "ngx_vrrp_check.h"
refused ngx_vrrp_module/check/a.c #include "ngx_vrrp_notify.h"
refused ngx_vrrp_module/http/a.c # include "ngx_vrrp_upstream.h"
refused ngx_vrrp_module/process/a.c #include "ngx_vrrp_lifecycle.h"
refused ngx_vrrp_module/upstream/a.c #include "ngx_vrrp_process.h"
refused ngx_vrrp_module/ngx_vrrp_worker.c #include "ngx_vrrp_conf.h"
refused ngx_vrrp_module/other/a.c #include "ngx_vrrp_module.h"
refused ngx_vrrp_module/check/ngx_vrrp_module.h int i;
refused core/base/a.hpp #include "core/base/back.hpp"
accepted bpf/a.bpf.c #include "drain.h"
accepted bpf/a.bpf.c #include <linux/bpf.h>
accepted core/net/a.cpp #include "bpf/drain.h"
refused bpf/a.bpf.c #include "core/capi.h"
refused bpf/a.bpf.c #include <sys/socket.h>
refused core/engine/a.cpp #include "bpf/drain.h"
accepted translator/a.cpp #include "translator/text.hpp"
accepted translator/text.cpp #include <arpa/inet.h>
accepted translator/main.cpp #include <unistd.h>
refused translator/a.cpp #include <unistd.h>
refused translator/a.cpp #include "core/base/ip.hpp"
refused translator/main.cpp #include "core/os/clock.hpp"
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

    echo "the rooms of core/ and ngx_vrrp_module/ are in order"
}


main
