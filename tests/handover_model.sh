#!/bin/bash
# Check the model of the handover, docs/handover.pml, with spin; then take out
# each of its guards once, and demand that spin finds the fault.
#
# usage: tests/handover_model.sh [--full]
#
#   --full   also more processes and more faults; this takes minutes
#
# Without spin or a compiler the test is skipped (exit status 77).

set -uo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
model=$top/docs/handover.pml

# Looked for by assertions, and by the claim "settled".
assertion_guards=(NO_CHECK NO_EXCHANGE NO_RECORD NO_LAST_LOOK)
claim_guards=(NO_SILENCE NO_ANSWER NO_NEWER NO_FORGET)

kills=(-DSTARTED=2 -DKILLS=1 -DFREEZES=0 -DQUITS=1)
freezes=(-DSTARTED=2 -DKILLS=0 -DFREEZES=1 -DQUITS=1)
both=(-DSTARTED=2 -DKILLS=1 -DFREEZES=1 -DQUITS=1)

full=no
failed=0


fail()
{
    echo "not ok: $*"
    failed=1
}


# Searches the model with these definitions; prints what spin found.
search()
{
    local kind=$1 compile run depth=5000000
    shift

    # A fault is found sooner where it is not looked for so deep.
    [[ $* != *-DNO_* ]] || depth=20000

    if [ "$kind" = assertions ]; then
        compile=(-DSAFETY -DNOCLAIM)
        run=()
    else
        compile=(-DNFAIR=3)
        run=(-a -f)
    fi

    cd "$(mktemp -d -p "$work")" || exit 1

    # -E: a process that is frozen for ever is no mistake of the model.
    spin "$@" -a "$model" > log 2>&1 \
        && cc -O2 -w -DCOLLAPSE "${compile[@]}" -o pan pan.c >> log 2>&1 \
        && timeout 1200 ./pan -E -m$depth "${run[@]}" > found 2>&1

    if grep -q '^pan:1: ' found; then
        echo 'a fault'

    elif grep -q 'errors: 0$' found && ! grep -q 'depth too small' found; then
        echo 'no fault'

    else
        cat log found >&2
        echo 'no result'
    fi
}


expect_none()
{
    local found
    found=$(search "$@")

    if [ "$found" = 'no fault' ]; then
        echo "ok: $*"
    else
        fail "$*: $found"
    fi
}


expect_fault()
{
    local found
    found=$(search "$@")

    if [ "$found" = 'a fault' ]; then
        echo "ok: $*: found"
    else
        fail "$*: the fault is not found: $found"
    fi
}


# A definition that stands nowhere in the model would change nothing.
expect_used()
{
    grep -q "def $1\$" "$model" || fail "$1 is not in the model"
}


main()
{
    [ "${1-}" != --full ] || full=yes

    for tool in spin cc; do
        if ! command -v $tool > /dev/null; then
            echo "skipped: no $tool here"
            exit 77
        fi
    done

    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT

    expect_none assertions "${both[@]}"
    expect_none claim "${kills[@]}"
    expect_none claim "${freezes[@]}"

    for guard in "${assertion_guards[@]}"; do
        expect_used "$guard"
        expect_fault assertions "${both[@]}" "-D$guard"
    done

    for guard in "${claim_guards[@]}"; do
        expect_used "$guard"
        expect_fault claim "${freezes[@]}" "-D$guard"
    done

    if [ $full = yes ]; then
        expect_none claim "${both[@]}"
        expect_none assertions -DSTARTED=2 -DKILLS=2 -DFREEZES=2 -DQUITS=2
        expect_none assertions -DSTARTED=3 -DKILLS=1 -DFREEZES=1 -DQUITS=1
    fi

    exit $failed
}


main "$@"
