#!/bin/sh
# 07-offline.sh: without a broker events are spooled, told so, and sent by whoever comes next.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
make_city
stop_broker TERM

says "without a broker an event is spooled: exit 4, and it is said who will send it"
event satu >"$work/event"
expect 4 damkar pub --json --timeout 1s "$work/event"
same "$(field "$work/out" .state)" SPOOLED "state"
jq -e '.id and .sender' "$work/out" >/dev/null || die "no id or sender: $(cat "$work/out")"

says "with --wait spooled that is enough: exit 0, at once"
events 2 50 >"$work/many"
expect 0 damkar pub --json --wait spooled "$work/many"
same "$(field "$work/out" .state | tr ' ' '\n' | sort | uniq -c | tr -s ' ')" ' 49 SPOOLED' "states"

says "outbox ls shows what waits"
expect 0 damkar outbox ls --json
same "$(jq -s 'map(.waiting) | add' "$work/out")" 50 "waiting"
expect 0 damkar outbox ls
has "$work/out" '50 waiting'

says "outbox drain gives up in time while nobody answers"
expect 4 damkar outbox drain --timeout 1s

says "a second process drains it, each event once and in order"
start_broker "$site"
expect 0 damkar outbox drain
expect 0 damkar outbox ls --json
same "$(jq -s 'map(.waiting) | add' "$work/out")" 0 "waiting"
expect 0 damkar replay --json
same "$(field "$work/out" .report.summary)" "satu $(seq -f n%g -s ' ' 2 50)" "events"

says "a refused line is refused without a broker too"
stop_broker TERM
event x '"prioritas":3,' >"$work/event"
expect 3 damkar pub --json --timeout 1s "$work/event"
same "$(field "$work/out" .code)" JSON_UNKNOWN_NAME "code"

says "get and sub say that nobody answers"
expect 4 damkar get 1 --timeout 1s
has "$work/err" 'UNREACHABLE'
expect 4 damkar sub '62/71/#' --for 1s
has "$work/err" 'UNREACHABLE'
expect 4 damkar replay --timeout 1s

says "SIGINT ends a pub that waits for input, and says what became of its events"
mkfifo "$work/pipe"
"$kentong" -p "$work/damkar.agency" pub --json --timeout 60s "$work/pipe" >"$work/out" 2>"$work/err" &
publisher=$!
pids="$pids $publisher"
exec 9>"$work/pipe"
event akhir >&9
until_true 10 waiting_is 1
kill -INT "$publisher"
got=0
wait "$publisher" || got=$?
exec 9>&-
same "$got" 4 "exit"
same "$(field "$work/out" .state)" SPOOLED "state"
