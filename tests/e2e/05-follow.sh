#!/bin/sh
# 05-follow.sh: what a follower sees, how it ends, and where it goes on.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
make_city
events 1 10 | damkar pub --json >/dev/null || die "pub"

says "sub --from start prints each event once, in order, with the names of the contract"
expect 0 damkar sub '62/71/#' --from start --until-end --json
same "$(field "$work/out" .seq)" "$(seq -s ' ' 1 10)" "numbers"
same "$(head -n 1 "$work/out" | jq -c 'keys_unsorted[0:7]')" \
    '["seq","recordedAt","id","source","topic","mode","replay"]' "names in front"
same "$(head -n 1 "$work/out" | jq -r '[.source, .topic, .mode, .incidentId, .report.summary] | join(" ")')" \
    'damkar 62/71/incident/fire ACTUAL PKY-2025-0001 n1' "fields"
same "$(head -n 1 "$work/out" | jq -r .occurredAt)" 2025-12-10T01:15:00Z "occurredAt"
same "$(head -n 1 "$work/out" | jq -r .utcOffsetMinutes)" 420 "utcOffsetMinutes"

says "--count, -N, SEQ and @TIME choose a part"
expect 0 damkar sub '62/71/#' --from start --count 3 --json
same "$(field "$work/out" .seq)" '1 2 3' "count"
expect 0 damkar sub '62/71/#' --from -2 --until-end --json
same "$(field "$work/out" .seq)" '9 10' "the last two"
expect 0 damkar sub '62/71/#' --from 8 --until-end --json
same "$(field "$work/out" .seq)" '8 9 10' "from a number"
expect 0 damkar sub '62/71/#' --from @2020-01-01T00:00:00Z --until-end --json
same "$(field "$work/out" .seq)" "$(seq -s ' ' 1 10)" "from a time"
expect 0 damkar sub '62/71/#' --from 1h --until-end --json
same "$(wc -l <"$work/out")" 10 "from an age"
expect 2 damkar sub '62/71/#' --from @2020-01-01T00:00:00
has "$work/err" 'offset'

says "without --from it begins now"
expect 0 damkar sub '62/71/#' --for 1s --json
same "$(wc -c <"$work/out")" 0 "what came before"

# follow FILE ARGUMENTS...: starts damkar's sub in the background, returns when it is connected.
follow() {
    out=$1
    shift
    : >"$out.err"
    "$kentong" -p "$work/damkar.agency" sub "$@" --json -v >>"$out" 2>"$out.err" &
    follower=$!
    pids="$pids $follower"
    until_true 10 grep -q 'connected' "$out.err"
}

says "live events arrive, and SIGTERM ends with 0"
follow "$work/live" '62/71/#' --from 11
events 11 15 | damkar pub >/dev/null
until_true 10 file_has_lines "$work/live" 5
same "$(field "$work/live" .seq)" '11 12 13 14 15' "numbers"
kill -TERM "$follower"
wait "$follower" || die "SIGTERM is not exit 0"

says "a cursor goes on after the last printed event: after --count, SIGTERM and SIGKILL"
expect 0 damkar sub '62/71/#' --cursor meja --from start --count 4 --json
cp "$work/out" "$work/desk"
follow "$work/desk" '62/71/#' --cursor meja
until_true 10 file_has_lines "$work/desk" 15
kill -TERM "$follower"
wait "$follower" || die "SIGTERM is not exit 0"
same "$(field "$work/desk" .seq)" "$(seq -s ' ' 1 15)" "numbers"
events 16 18 | damkar pub >/dev/null
follow "$work/desk" '62/71/#' --cursor meja
until_true 10 file_has_lines "$work/desk" 18
same "$(field "$work/desk" .seq)" "$(seq -s ' ' 1 18)" "numbers"
kill -KILL "$follower"
wait "$follower" 2>/dev/null
events 19 30 | damkar pub >/dev/null
expect 0 damkar sub '62/71/#' --cursor meja --until-end --json
cat "$work/out" >>"$work/desk"
same "$(jq .seq "$work/desk" | sort -n -u | tr '\n' ' ')" "$(seq -s ' ' 1 30) " "nothing is skipped"

says "--from with an existing cursor is refused, and names the way"
expect 3 damkar sub '62/71/#' --cursor meja --from start
has "$work/err" 'CURSOR_EXISTS.*cursor set'

says "a newer follower takes the cursor over"
follow "$work/old" '62/71/#' --cursor rebut
old=$follower
follow "$work/new" '62/71/#' --cursor rebut
got=0
wait "$old" || got=$?
same "$got" 3 "exit of the older one"
has "$work/old.err" 'CURSOR_TAKEN'
kill -TERM "$follower"
wait "$follower" || die "exit of the newer one"

says "a filter is narrowed to the rights, and it is said to what"
add_agency sempit --subscribe '62/71/incident/#' --replay '62/71/incident/fire'
expect 0 "$kentong" -p "$work/sempit.agency" sub '#' --from start --until-end
has "$work/err" 'narrowed.*62/71/incident'
expect 3 "$kentong" -p "$work/sempit.agency" sub '63/#' --from start
has "$work/err" 'RIGHTS'

says "without the right to replay nothing of the past is shown"
expect 3 dinkes sub '62/71/incident/#' --from start --until-end --json
same "$(wc -l <"$work/out")" 0 "events of the past"
has "$work/err" '"code":"RIGHTS"'

says "drills are shown only to who asks for them"
event latihan '"mode":"EXERCISE",' | damkar pub >/dev/null
expect 0 damkar sub '62/71/#' --from 31 --until-end --json
same "$(wc -l <"$work/out")" 0 "drills"
expect 0 damkar sub '62/71/#' --from 31 --modes ACTUAL,EXERCISE --until-end --json
same "$(field "$work/out" .mode)" EXERCISE "mode"

says "kind, category and priority select"
event penting '"priority":9,' | damkar pub >/dev/null
expect 0 damkar sub '62/71/#' --from start --min-priority 8 --until-end --json
same "$(field "$work/out" .report.summary)" penting "priority"
expect 0 damkar sub '62/71/#' --from start --kind ack --until-end --json
same "$(wc -l <"$work/out")" 0 "kind"
expect 0 damkar sub '62/71/#' --from -1 --kind report --category FIRE_STRUCTURE --until-end --json
same "$(wc -l <"$work/out")" 1 "category"

says "--format and the line for people"
expect 0 damkar sub '62/71/#' --from 1 --count 1 --format '%q|%t|%s|%k|%x'
same "$(cat "$work/out")" '1|62/71/incident/fire|damkar|report|n1' "format"
expect 2 damkar sub '62/71/#' --format '%z'
expect 0 damkar sub '62/71/#' --from 1 --count 1
has "$work/out" '^ +1  20.*  damkar  62/71/incident/fire  report  n1  PKY-2025-0001$'

says "a reader that goes away ends the follower without noise"
damkar sub '62/71/#' --from start --json 2>"$work/err" | head -n 1 >/dev/null
same "$(wc -c <"$work/err")" 0 "noise"

says "a broker that restarts is followed on, without a gap"
follow "$work/live2" '62/71/#' --from 33
events 33 34 | damkar pub >/dev/null
until_true 10 file_has_lines "$work/live2" 2
stop_broker KILL
start_broker "$site"
events 35 36 | damkar pub --timeout 20s >/dev/null || die "pub after the restart"
until_true 20 file_has_lines "$work/live2" 4
same "$(field "$work/live2" .report.summary)" 'n33 n34 n35 n36' "events"
kill -TERM "$follower"
wait "$follower" || die "SIGTERM is not exit 0"
