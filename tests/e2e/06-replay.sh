#!/bin/sh
# 06-replay.sh: the past, by range, by incident, by number.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
make_city
{ events 1 5; events 6 10 | sed 's/PKY-2025-0001/PKY-2025-0002/'; } | damkar pub >/dev/null

says "replay begins at the start and ends at the head, each line marked"
expect 0 damkar replay --json
same "$(field "$work/out" .seq)" "$(seq -s ' ' 1 10)" "numbers"
same "$(field "$work/out" .replay | tr ' ' '\n' | sort -u)" true "replay"

says "--from and --to are inclusive"
expect 0 damkar replay '62/71/#' --from 3 --to 6 --json
same "$(field "$work/out" .seq)" '3 4 5 6' "numbers"
expect 0 damkar replay --from @2020-01-01T00:00:00Z --to @2021-01-01T00:00:00Z --json
same "$(wc -l <"$work/out")" 0 "events of another year"
expect 0 damkar replay --from -3 --json
same "$(field "$work/out" .seq)" '8 9 10' "the last three"
expect 2 damkar replay --to @2021-01-01T00:00:00

says "--incident follows one thread"
expect 0 damkar replay --incident PKY-2025-0002 --json
same "$(field "$work/out" .seq)" '6 7 8 9 10' "numbers"

says "replay needs its right, get as well"
expect 3 dinkes replay '62/71/incident/#'
has "$work/err" 'RIGHTS'
expect 3 dinkes get 1
has "$work/err" 'NOT_FOUND|RIGHTS'

says "get shows one event"
expect 0 damkar get 7 --json
same "$(field "$work/out" '[.seq, .report.summary, .replay] | map(tostring) | join(" ")')" \
    '7 n7 true' "event"
expect 0 damkar get 7
has "$work/out" '^seq: 7$'
expect 3 damkar get 999
has "$work/err" 'NOT_FOUND'
expect 2 damkar get satu
expect 2 damkar get 0

says "a drill is got only when asked for"
event latihan '"mode":"EXERCISE",' | damkar pub >/dev/null
expect 3 damkar get 11
expect 0 damkar get 11 --modes EXERCISE --json
same "$(field "$work/out" .mode)" EXERCISE "mode"

says "a line of sub --json can be sent again, and is the same event"
expect 0 damkar replay --from 7 --to 7 --json
cp "$work/out" "$work/again"
expect 0 damkar pub --json "$work/again"
same "$(field "$work/out" '[.seq, .duplicate] | map(tostring) | join(" ")')" '7 true' "receipt"

says "personal data come to who may see them, and to nobody else"
event orang '"personal":{"persons":[{"name":"Budi","roles":["CALLER"]}]},' >"$work/event"
expect 0 damkar pub --json "$work/event"
seq=$(jq .seq "$work/out")
expect 0 damkar get "$seq" --json
has "$work/out" 'Budi'
add_agency buta --subscribe '62/71/#' --replay '62/71/#'
expect 0 "$kentong" -p "$work/buta.agency" get "$seq" --json
lacks "$work/out" 'Budi'
has "$work/out" '"summary":"orang"'

says "seconds may be left out of a time; what is out of range is named as it was typed"
expect 0 damkar replay --from @2020-01-01T00:00+07:00 --to '@2100-01-01 00:00Z' --json
same "$(wc -l <"$work/out")" "$(damkar replay --json | wc -l)" "events"
expect 2 damkar replay --count 0
has "$work/err" 'count'
expect 3 damkar replay --min-priority 11
has "$work/err" 'FIELD_INVALID min_priority'
