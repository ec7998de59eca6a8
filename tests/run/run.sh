#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One night of a city through a real broker: every agency its own process, over CURVE, on loopback.
# The broker and one publisher are killed in the middle. What was stored and who got what is counted
# by count.py, from receipts, followers' output and the log itself.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${KENTONGAN_BUILD:-$root/build}
PATH=$build/bin:$PATH
run=$build/run
site=$run/site
XDG_STATE_HOME=$run/state
export XDG_STATE_HOME
calls=$root/../shared/data/incidents/sf_fire_cfs_2016-12-31_2017-01-01.csv
broker=
background=

say() { printf '\n== %s\n' "$*"; }

# Everything that was started is ended, by its number, whatever happens.
finish() {
    for pid in $background $broker; do kill "$pid" 2>/dev/null || :; done
    for pid in $background $broker; do wait "$pid" 2>/dev/null || :; done
}
trap finish EXIT
trap 'exit 130' INT TERM

broker_start() {
    kentongd $allow "$site" 2>>"$run/broker.log" &
    broker=$!
    until tail -n +"$1" "$run/broker.log" | grep -q '^ready '; do
        kill -0 "$broker" 2>/dev/null || { cat "$run/broker.log" >&2; exit 1; }
        sleep 0.05
    done
}

# In a container the root is often an overlay, which a site of record must not be on: said, not hidden.
file_system_check() {
    kind=$(stat -f -c %T "$site")
    case $kind in
    overlay* | tmpfs | nfs* | fuse*)
        echo "   $run is on $kind: the broker is told to accept it (--allow-fs)"
        allow=--allow-fs
        ;;
    esac
}

broker_kill() {
    lines=$(($(wc -l <"$run/broker.log") + 1))
    kill -9 "$broker"
    wait "$broker" 2>/dev/null || :
    printf '   broker %s killed; ' "$broker"
    broker_start "$lines"
    printf 'the next one is ready: %s\n' "$(tail -n +"$lines" "$run/broker.log" | grep 'ready ' | tail -1)"
}

# agency NAME RIGHTS...
agency() {
    name=$1
    shift
    kentong agency add "$name" --site "$site" --out "$run/$name.agency" "$@" >/dev/null
    printf '   %-10s %s\n' "$name" "$*"
}

# follow AGENCY TERMS: a desk that goes on where it stood; its whole output is kept
follow() {
    name=$1
    printf '%s\n' "$2" >"$run/followers/$name.json"
    # shellcheck disable=SC2046  # a list of words
    kentong -p "$run/$name.agency" sub --json -v --cursor desk $(arguments "$name") \
        >>"$run/followers/$name.jsonl" 2>>"$run/follow-$name.log" &
    background="$background $!"
    followers="$followers $!"
}

# publish AGENCY FILE RATE: returns at once; the last started is $!
publish() {
    "$here/feed.py" "$2" "$1" "$3" ${start:+"$start"} |
        kentong -p "$run/$1.agency" pub --json --timeout 60s >>"$run/receipts/$1.jsonl" \
            2>>"$run/publish-$1.log" &
    publishers="$publishers $!"
    background="$background $!"
}

publishers_await() {
    for pid in $publishers; do
        wait "$pid" || { echo "a publisher failed ($?)" >&2; tail -n 3 "$run"/publish-*.log >&2; exit 1; }
    done
}

# Followers are stopped as a person would, and each goes on to the head as it is now.
followers_catch_up() {
    for pid in $followers; do kill -TERM "$pid" 2>/dev/null || :; done
    for pid in $followers; do wait "$pid" || { echo "a follower failed ($?)" >&2; tail -n 3 "$run"/follow-*.log >&2; exit 1; }; done
    followers=
    for terms in "$run"/followers/*.json; do
        name=$(basename "$terms" .json)
        # shellcheck disable=SC2046  # a list of words
        kentong -p "$run/$name.agency" sub --json --cursor desk --until-end $(arguments "$name") \
            >>"$run/followers/$name.jsonl" 2>>"$run/follow-$name.log"
    done
}

# What a desk looks at. Filters are in single words: topics have no blanks.
arguments() {
    case $1 in
    damkar) echo '62/71/+/incident/fire 62/71/+/incident/rescue 62/71/+/status/unit' ;;
    relawan) echo '62/71/+/incident/fire' ;;
    latihan) echo '62/71/# --modes EXERCISE' ;;
    provinsi) echo '62/#' ;;
    sf-desk) echo 'sf/#' ;;
    *) echo '62/71/#' ;;
    esac
}

main() {
    rm -rf "$run"
    mkdir -p "$run/receipts" "$run/followers"
    : >"$run/broker.log"
    followers='' publishers='' start='' allow=''
    night=$here/palangka-raya-night.jsonl
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

    say 'A site for the city, and its agencies with their rights'
    kentong init "$site" --name 'Kota Palangka Raya' --region 62.71 --listen "tcp://127.0.0.1:$port"
    agency pusat-112 --publish '62/71/#' --subscribe '62/71/#' --replay '62/71/#' --personal '62/71/#'
    agency damkar --publish '62/71/#' --subscribe '62/71/#'
    agency dinkes --publish '62/71/#' --subscribe '62/71/#' --personal '62/71/+/incident/medical,62/71/+/incident/traffic'
    agency satpolpp --publish '62/71/#' --subscribe '62/71/#'
    agency relawan --publish '62/71/#' --subscribe '62/71/+/incident/fire'
    agency dishub --publish '62/71/#' --subscribe '62/71/#'
    agency bpbd --publish '62/71/#' --subscribe '62/71/#'
    agency kominfo --publish '62/71/status/#' --subscribe '62/71/#'
    agency provinsi --subscribe '62/#' --replay '62/#'
    agency latihan --subscribe '62/71/#'
    agency sf-911 --publish 'sf/#'
    agency sf-fire --publish 'sf/#'
    agency sf-desk --subscribe 'sf/#'

    say 'The broker, and desks that follow'
    file_system_check
    broker_start 1
    follow pusat-112 '{"subscribe":["62/71/#"],"personal":["62/71/#"]}'
    follow damkar '{"subscribe":["62/71/+/incident/fire","62/71/+/incident/rescue","62/71/+/status/unit"]}'
    follow dinkes '{"subscribe":["62/71/#"],"personal":["62/71/+/incident/medical","62/71/+/incident/traffic"]}'
    follow relawan '{"subscribe":["62/71/+/incident/fire"]}'
    follow kominfo '{"subscribe":["62/71/#"]}'
    follow provinsi '{"subscribe":["62/#"]}'
    follow latihan '{"subscribe":["62/71/#"],"modes":["EXERCISE"]}'
    follow sf-desk '{"subscribe":["sf/#"]}'
    desks_ready

    say "The night: $(wc -l <"$night") events of eight agencies; the broker is killed three times, a publisher once"
    start=$(($(date +%s) + 2))
    for name in pusat-112 dinkes satpolpp relawan dishub bpbd kominfo; do publish "$name" "$night" 300; done
    publish damkar "$night" 300
    doomed=$!
    sleep 4; broker_kill
    sleep 1; kill -9 "$doomed" 2>/dev/null || :; wait "$doomed" 2>/dev/null || :
    printf '   publisher %s of damkar killed; a second process says everything again\n' "$doomed"
    publishers=$(echo " $publishers " | sed "s/ $doomed / /")
    publish damkar "$night" 0
    sleep 2; broker_kill
    sleep 1; broker_kill
    publishers_await
    publishers='' start=''

    if [ -f "$calls" ]; then
        say 'Real calls: two nights of a fire department, as fast as they go; the broker is killed twice'
        "$here/sf_calls.py" "$calls" >"$run/calls.jsonl"
        publish sf-911 "$run/calls.jsonl" 0
        publish sf-fire "$run/calls.jsonl" 3000
        sleep 1; broker_kill
        sleep 1; broker_kill
        publishers_await
    fi

    say 'Every desk goes on to the end'
    followers_catch_up
    wc -l "$run"/followers/*.jsonl | sed 's/^/   /'

    incident=$(busiest_incident "$night")
    say "Incident $incident again, as the call centre may see it"
    kentong -p "$run/pusat-112.agency" replay --incident "$incident"

    say 'The log, live and stopped'
    kentong log verify "$site"
    kill -TERM "$broker"
    wait "$broker"
    broker=
    kentong log verify "$site"
    kentong --json log export "$site" >"$run/export.jsonl"

    say 'Counted from receipts, desks and the log'
    "$here/count.py" "$run"
}

# The house fire that most agencies had a part in.
busiest_incident() {
    python3 - "$1" <<'END'
import collections, json, sys
parts = collections.defaultdict(set)
fires = set()
for line in open(sys.argv[1], encoding="utf-8"):
    event = json.loads(line)
    parts[event.get("incidentId")].add(event["source"])
    if event.get("report", {}).get("category") == "FIRE_STRUCTURE":
        fires.add(event["incidentId"])
print(max(sorted(fires), key=lambda incident: len(parts[incident])))
END
}

# A new cursor starts at the head: every desk must stand before the first event is said.
desks_ready() {
    for terms in "$run"/followers/*.json; do
        name=$(basename "$terms" .json)
        tries=0
        until grep -q "following from" "$run/follow-$name.log" 2>/dev/null; do
            tries=$((tries + 1))
            [ "$tries" -lt 200 ] || { echo "the desk of $name does not stand" >&2; cat "$run/follow-$name.log" >&2; exit 1; }
            sleep 0.05
        done
    done
}

main "$@"
