#!/bin/sh
# 04-publish.sh: receipts, exit codes, and every refusal that a sender can meet.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
make_city

says "the minimal event is stored and gets the log's first number"
event 'Rumah terbakar di Jl. Tilung' >"$work/event"
expect 0 damkar pub --json "$work/event"
same "$(jq -c 'del(.id)' "$work/out")" '{"state":"STORED","seq":1,"duplicate":false}' "receipt"
jq -e '.id | test("^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-")' "$work/out" >/dev/null ||
    die "the id is no UUID of version 7"

says "receipts come in the order of the lines, from stdin as well"
events 1 200 >"$work/many"
damkar pub --json - <"$work/many" >"$work/out" || die "pub from stdin"
same "$(field "$work/out" .seq)" "$(seq -s ' ' 2 201)" "numbers"

says "a resend keeps its id, is stored once and answered with its first number"
event dua '"id":"0193b0c8-0001-7c4a-8a52-5b1e00c0ffee",' >"$work/event"
expect 0 damkar pub --json "$work/event"
expect 0 damkar pub --json "$work/event"
same "$(jq -c . "$work/out")" '{"id":"0193b0c8-0001-7c4a-8a52-5b1e00c0ffee","state":"STORED","seq":202,"duplicate":true}' \
    "receipt"

says "the same id with other content is a conflict"
event lain '"id":"0193b0c8-0001-7c4a-8a52-5b1e00c0ffee",' >"$work/event"
expect 3 damkar pub --json "$work/event"
same "$(field "$work/out" '.state + " " + .code')" 'REFUSED CONFLICT' "receipt"

# refused CODE FIELD LINE: the line is refused, and the one after it is stored.
refused() {
    { printf '%s\n' "$3"; event sesudah; } >"$work/lines"
    expect 3 damkar pub --json "$work/lines"
    same "$(field "$work/out" .state)" 'REFUSED STORED' "$3"
    jq -e -s '.[0].reason | length > 0' "$work/out" >/dev/null || die "no reason: $3"
    same "$(jq -r -s '.[0].code + " " + .[0].field' "$work/out")" "$1 $2" "$3"
}

says "each refusal has its code and its field, and does not stop the next line"
refused JSON_MALFORMED '' '{"topic":'
refused JSON_MALFORMED '' 'terbakar'
refused JSON_MALFORMED '' '["x"]'
refused JSON_UNKNOWN_NAME report.sumary "$(event x | sed 's/summary/sumary/')"
refused JSON_UNKNOWN_NAME prioritas "$(event x '"prioritas":3,')"
refused ENUM_INVALID report.category "$(event x | sed 's/FIRE_STRUCTURE/FIRE_STRUCTUR/')"
refused ENUM_INVALID report.channel "$(event x | sed 's/CALL_112/CALL_113/')"
refused FIELD_REQUIRED topic "$(event x | sed 's/"topic":"[^"]*",//')"
refused TOPIC_INVALID topic "$(event x | sed 's|62/71/incident/fire|62//71|')"
refused TOPIC_INVALID topic "$(event x | sed 's|62/71/incident/fire|62/71/#|')"
refused TOPIC_INVALID topic "$(event x | sed 's|62/71/incident/fire|62/+/fire|')"
dollar=\$site/x
refused TOPIC_INVALID topic "$(event x | sed "s|62/71/incident/fire|$dollar|")"
refused RIGHTS topic "$(event x | sed 's|62/71/incident/fire|63/72/incident/fire|')"
refused SOURCE_MISMATCH source "$(event x '"source":"dinkes",')"
refused FIELD_REQUIRED incidentId "$(event x | sed 's/"incidentId":"[^"]*",//')"
refused FIELD_REQUIRED occurredAt "$(event x | sed 's/"occurredAt":"[^"]*",//')"
refused BODY_REQUIRED '' "$(event x | sed 's/,"report".*/}/')"
refused NUL_IN_TEXT '' "$(event 'a\\u0000b' | sed 's/\\\\/\\/')"

says "a byte that is no UTF-8, and a NUL in the line, are refused"
{ event x | sed "s/x/$(printf '\377')/"; event y; } >"$work/lines"
expect 3 damkar pub --json "$work/lines"
same "$(field "$work/out" .state)" 'REFUSED STORED' "bad UTF-8"
{ printf '{"topic":"a\000b"}\n'; event y; } >"$work/lines"
expect 3 damkar pub --json "$work/lines"
same "$(field "$work/out" .state)" 'REFUSED STORED' "NUL"

says "an event over the limit, and a line over any, are too large"
big=$(head -c 70000 /dev/zero | tr '\0' x)
{ event "$big"; event y; } >"$work/lines"
expect 3 damkar pub --json "$work/lines"
same "$(field "$work/out" '.state + ":" + (.code // "")')" 'REFUSED:TOO_LARGE STORED:' "big event"
{ head -c 3000000 /dev/zero | tr '\0' x; echo; event y; } >"$work/lines"
expect 3 damkar pub --json "$work/lines"
same "$(field "$work/out" '.state + ":" + (.code // "")')" 'REFUSED:TOO_LARGE STORED:' "big line"

says "another agency has its own rights"
event x >"$work/event"
expect 3 dinkes pub --json "$work/event"
same "$(field "$work/out" .code)" RIGHTS "code"
event x | sed 's|incident/fire|incident/medical|' >"$work/event"
expect 0 dinkes pub --json "$work/event"

says "--topic is for events without one"
event x | sed 's/"topic":"[^"]*",//' >"$work/event"
expect 0 damkar pub --json --topic 62/71/incident/rescue "$work/event"
seq=$(jq .seq "$work/out")
expect 0 damkar get "$seq" --json
same "$(field "$work/out" .topic)" 62/71/incident/rescue "topic"

says "blank lines are no events, and the last line needs no newline"
printf '\n  \n%s' "$(event x)" >"$work/lines"
expect 0 damkar pub --json "$work/lines"
same "$(wc -l <"$work/out")" 1 "receipts"
expect 0 damkar pub --json /dev/null
same "$(wc -c <"$work/out")" 0 "receipts of nothing"

says "a person reads the code, the field, the reason and what to do"
event x '"prioritas":3,' >"$work/event"
expect 3 damkar pub "$work/event"
has "$work/err" '^kentong: JSON_UNKNOWN_NAME prioritas: line 1: .*\. Correct the spelling'
expect 3 damkar pub --lang id "$work/event"
has "$work/err" 'Perbaiki ejaan'

says "what is typed wrongly is exit 2, a file that is not there exit 1"
expect 2 damkar pub --wait soon "$work/event"
expect 2 damkar pub --timeout 10 "$work/event"
expect 2 env -u KENTONG_PROFILE "$kentong" pub "$work/event"
expect 1 damkar pub "$work/none"
expect 3 "$kentong" -p "$work/event" pub "$work/event"
has "$work/err" 'PROFILE_INVALID'

says "the profile may come from the environment"
event x >"$work/event"
expect 0 env KENTONG_PROFILE="$work/damkar.agency" "$kentong" pub "$work/event"
has "$work/out" '^STORED'

says "a closed stdin or stdout fails at once, and is never the number of something else"
got=0
timeout 20 "$kentong" -p "$work/damkar.agency" pub --json "$work/event" >&- 2>"$work/err" || got=$?
same "$got" 1 "exit with a closed stdout"
got=0
timeout 20 "$kentong" -p "$work/damkar.agency" pub --json <&- >"$work/out" 2>&1 || got=$?
same "$got" 1 "exit with a closed stdin"
got=0
timeout 20 "$kentong" -p "$work/damkar.agency" replay --json >&- 2>"$work/err" || got=$?
same "$got" 1 "exit of a replay with a closed stdout"
