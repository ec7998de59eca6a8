# lib.sh - what every chapter needs: a place of its own, a real broker, checks that say what failed.
# shellcheck shell=sh
set -u
bin=${KENTONGAN_BUILD:-$(dirname "$0")/../../build/dev}/bin
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

# until_true SECONDS COMMAND...: tries again and again; the last try's failure is the test's.
until_true() {
    tries=$(($1 * 20))
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || die "never came true: $*"
        sleep 0.05
    done
}

# file_has_lines FILE COUNT: at least so many.
file_has_lines() {
    [ "$(wc -l <"$1")" -ge "$2" ]
}

# waiting_is COUNT: so many events wait in all slots of damkar's outbox.
waiting_is() {
    [ "$(damkar outbox ls --json | jq -s 'map(.waiting) | add')" -eq "$1" ]
}

# start_broker SITE [OPTION...]: returns when its doors are open; $endpoint is where.
start_broker() {
    : >"$work/broker.log"
    "$kentongd" --allow-fs "$@" 2>>"$work/broker.log" &
    broker_pid=$!
    until_true 20 broker_is_ready
    endpoint=$(sed -n 's|^ready .*\(tcp://[^ ,]*\).*|\1|p' "$work/broker.log" | head -n 1)
}

broker_is_ready() {
    kill -0 "$broker_pid" 2>/dev/null || die "the broker ended before it was ready"
    grep -q '^ready ' "$work/broker.log"
}

# stop_broker [SIGNAL]: its exit code is in $got.
stop_broker() {
    kill "-${1:-TERM}" "$broker_pid"
    got=0
    wait "$broker_pid" 2>/dev/null || got=$?
    broker_pid=
}

# make_city: a site with a running broker, and damkar and dinkes with profiles. The port stays the
# same from start to start.
make_city() {
    site=$work/site
    "$kentong" init "$site" --name "Kota Palangka Raya" --region 62.71 \
        --listen tcp://127.0.0.1:0 >/dev/null || die "init"
    echo 'map_bytes: 17179869184' >>"$site/kentongan.yaml" # sanitizers leave less room than 1 TiB
    start_broker "$site"
    sed "s|tcp://127.0.0.1:0|$endpoint|" "$site/kentongan.yaml" >"$work/yaml"
    cat "$work/yaml" >"$site/kentongan.yaml"
    add_agency damkar --publish '62/71/#' --subscribe '62/71/#' --replay '62/71/#' \
        --personal '62/71/#'
    add_agency dinkes --publish '62/71/incident/medical' --subscribe '62/71/incident/#'
}

# The agencies' own hands. In the background call $kentong itself, so that $! is its pid.
damkar() {
    "$kentong" -p "$work/damkar.agency" "$@"
}

dinkes() {
    "$kentong" -p "$work/dinkes.agency" "$@"
}

# add_agency NAME RIGHTS...
add_agency() {
    name=$1
    shift
    "$kentong" agency add "$name" --site "$site" --out "$work/$name.agency" "$@" >/dev/null ||
        die "agency add $name"
}

# event SUMMARY [MEMBERS]: the minimal event, with more members of the top level.
event() {
    printf '{"topic":"62/71/incident/fire","incidentId":"PKY-2025-0001",'
    printf '"occurredAt":"2025-12-10T08:15:00+07:00",%s"report":{"channel":"CALL_112",' "${2:-}"
    printf '"category":"FIRE_STRUCTURE","summary":"%s"}}\n' "$1"
}

# events FIRST LAST [MEMBERS]: one a line, with numbers as summaries.
events() {
    for number in $(seq "$1" "$2"); do event "n$number" "${3:-}"; done
}

# field FILE EXPRESSION: of each line, joined by blanks.
field() {
    jq -r "$2" "$1" | tr '\n' ' ' | sed 's/ $//'
}
