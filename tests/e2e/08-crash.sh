#!/bin/sh
# 08-crash.sh: a publisher is killed, then the broker; nothing acknowledged is lost, nothing doubled.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
make_city


says "what a killed publisher left is sent by the next, in order within a lane"
stop_broker TERM
mkfifo "$work/pipe"
"$kentong" -p "$work/damkar.agency" pub --json --timeout 60s "$work/pipe" >"$work/first" &
publisher=$!
pids="$pids $publisher"
exec 9>"$work/pipe"
events 1 40 >&9
until_true 10 waiting_is 40
kill -KILL "$publisher"
wait "$publisher" 2>/dev/null
exec 9>&-
start_broker "$site"
events 41 60 >"$work/rest"
expect 0 damkar pub --json --timeout 20s "$work/rest"
expect 0 damkar outbox drain
expect 0 damkar replay --json
same "$(field "$work/out" .report.summary)" "$(seq -f n%g -s ' ' 1 60)" "events in order"

says "an alarm does not wait behind bulk, and keeps the order of its own lane"
{ events 61 80; events 81 85 '"priority":9,'; } >"$work/mixed"
expect 0 damkar pub --json "$work/mixed"
expect 0 damkar replay --from 61 --json
same "$(jq -r 'select(.priority == 9) | .report.summary' "$work/out" | tr '\n' ' ')" \
    "$(seq -f n%g -s ' ' 81 85) " "alarms"
same "$(jq -r 'select(.priority != 9) | .report.summary' "$work/out" | tr '\n' ' ')" \
    "$(seq -f n%g -s ' ' 61 80) " "the rest"

says "the broker is killed again and again under a publisher: each event is there once"
events 101 2100 | sed 's/PKY-2025-0001/PKY-2025-0003/' >"$work/many"
"$kentong" -p "$work/damkar.agency" pub --json --timeout 60s "$work/many" >"$work/receipts" 2>"$work/receipts.err" &
publisher=$!
pids="$pids $publisher"
for round in 1 2 3; do
    until_true 20 file_has_lines "$work/receipts" $((round * 150))
    stop_broker KILL
    start_broker "$site"
done
wait "$publisher" || die "pub: exit $?: $(tail -n 3 "$work/receipts.err")"
same "$(jq -r .state "$work/receipts" | sort | uniq -c | tr -s ' ')" ' 2000 STORED' "receipts"
expect 0 damkar replay --json --incident PKY-2025-0003
same "$(field "$work/out" .report.summary)" "$(seq -f n%g -s ' ' 101 2100)" "events, once, in order"
same "$(jq -r '"\(.id) \(.seq)"' "$work/receipts")" "$(jq -r '"\(.id) \(.seq)"' "$work/out")" \
    "numbers of receipts and of the log"

says "a broker that was started with a closed stderr writes its journal into no log"
stop_broker TERM
"$kentongd" "$site" 2>&- &
broker_pid=$!
until_true 20 test -S "$site/admin.sock"
event 'tanpa stderr' >"$work/event"
expect 0 damkar pub "$work/event"
stop_broker TERM
same "$got" 0 "exit of the broker"
expect 0 "$kentong" log verify "$site" --json
