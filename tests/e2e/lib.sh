# lib.sh - what every chapter needs: a place of its own, a real broker, checks that say what failed.
# shellcheck shell=sh
set -u
bin=${KENTONGAN_BUILD:?}/bin
kentong=$bin/kentong
kentongd=$bin/kentongd
work=$(mktemp -d)
broker_pid=
pids=
export LC_ALL=C XDG_STATE_HOME="$work/state" KENTONG_OUTBOX="$work/outbox"
unset KENTONG_PROFILE

# clean: ends what this script started, and only that.
clean() {
    for pid in $broker_pid $pids; do
        kill -KILL "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
    done
    rm -rf "$work"
}
trap clean EXIT
trap 'exit 1' INT TERM HUP

die() {
    echo "FAILED: $*" >&2
    [ ! -s "$work/broker.log" ] || tail -n 20 "$work/broker.log" >&2
    exit 1
}

# says WHAT: the name of what is checked next.
says() {
    echo "- $*"
}

# expect CODE COMMAND...: runs it; its output is in $work/out and $work/err.
expect() {
    wanted=$1
    shift
    got=0
    "$@" >"$work/out" 2>"$work/err" || got=$?
    [ "$got" -eq "$wanted" ] || {
        head -n 20 "$work/out" "$work/err" >&2
        die "exit $got instead of $wanted: $*"
    }
}

# has FILE PATTERN: a line of FILE matches the extended expression.
has() {
    grep -E -q -e "$2" "$1" || {
        head -n 20 "$1" >&2
        die "no line of $1 matches: $2"
    }
}

lacks() {
    ! grep -E -q -e "$2" "$1" || die "a line of $1 matches: $2"
}

same() {
    [ "$1" = "$2" ] || die "'$1' is not '$2' ($3)"
}

mode_of() {
    stat -c %a "$1"
}
