#!/bin/sh
# 09-log.sh: the log is looked into, verified and exported, live and stopped; damage is named.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
make_city
for part in 1 2 3 4 5; do
    events "${part}01" "${part}20" | damkar pub >/dev/null || die "pub"
done

# check_log live|stopped: what must hold live and stopped.
check_log() {
    expect 0 "$kentong" log info "$site" --json
    same "$(field "$work/out" '[.first, .last] | map(tostring) | join(" ")')" '1 100' "extent"
    expect 0 "$kentong" log verify "$site" --json
    same "$(jq -c '[.ok, .first, .last]' "$work/out")" '[true,1,100]' "report"
    jq -e '.chunks >= 5 and (.head | test("^[0-9a-f]{64}$"))' "$work/out" >/dev/null ||
        die "chunks or head: $(cat "$work/out")"
    head=$(jq -r .head "$work/out")
    expect 0 "$kentong" log verify "$site"
    has "$work/out" '^sound: events 1 to 100'
    expect 0 "$kentong" log export "$site"
    same "$(field "$work/out" .seq)" "$(seq -s ' ' 1 100)" "export"
    [ "$1" = live ] || return 0
    damkar replay --json >"$work/replay" || die "replay"
    same "$(jq -S -c 'del(.replay)' "$work/out")" "$(jq -S -c 'del(.replay)' "$work/replay")" \
        "export and replay"
}

says "live, through the broker's socket"
check_log live
live=$head

says "stopped, by the broker's program alone"
stop_broker TERM
check_log stopped
same "$head" "$live" "head live and stopped"

says "a log that does not exist is a failure, a wrong word is usage"
expect 1 "$kentong" log verify "$work/none"
expect 2 "$kentong" log verfy "$site"

says "a flipped byte is found and its chunk is named"
cp -r "$site" "$work/damaged"
data=$work/damaged/log/data.mdb
place=$(grep -a -b -o -m 1 n305 "$data" | head -n 1 | cut -d: -f1)
printf 'm' | dd of="$data" bs=1 seek="$place" conv=notrunc 2>/dev/null
expect 1 "$kentong" log verify "$work/damaged" --json
same "$(jq -c '[.ok, .code]' "$work/out")" '[false,"STORE_CORRUPT"]' "report"
jq -e '.firstBad <= 45 and .lastBad >= 45 and .firstBad >= 41 and .lastBad <= 60' "$work/out" \
    >/dev/null || die "range: $(cat "$work/out")"
expect 1 "$kentong" log verify "$work/damaged"
has "$work/err" 'STORE_CORRUPT'
expect 1 "$kentong" log export "$work/damaged"
has "$work/err" 'STORE_CORRUPT'
