#!/bin/sh
# 11-many.sh: several processes of one profile at once, and a follower that is killed again and again.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
make_city
profile=$work/damkar.agency

# publish_round ROUND: four processes, 100 events each; their pids are in $publishers.
publish_round() {
    publishers=
    for process in 1 2 3 4; do
        events "$process${1}001" "$process${1}100" | sed "s/PKY-2025-0001/PKY-2025-$process/" \
            >"$work/in.$process"
        "$kentong" -p "$profile" pub --json --timeout 60s "$work/in.$process" \
            >>"$work/receipts.$process" &
        publishers="$publishers $!"
    done
    pids="$pids $publishers"
}

says "a follower with a cursor is killed in the middle of its work: no event is skipped"
expect 0 damkar sub '62/71/#' --cursor meja --from start --until-end
: >"$work/seen"
for round in 1 2 3 4 5; do
    publish_round "$round"
    "$kentong" -p "$profile" sub '62/71/#' --cursor meja --json >"$work/part" 2>/dev/null &
    follower=$!
    pids="$pids $follower"
    until_true 20 file_has_lines "$work/part" 50
    kill -KILL "$follower"
    wait "$follower" 2>/dev/null
    sed -n '/^{.*}$/p' "$work/part" >>"$work/seen" # the last line may have been cut
    for publisher in $publishers; do
        wait "$publisher" || die "a publisher failed"
    done
done
expect 0 damkar sub '62/71/#' --cursor meja --until-end --json
cat "$work/out" >>"$work/seen"
same "$(jq .seq "$work/seen" | sort -n -u | wc -l)" 2000 "events seen"

says "what it had acknowledged does not come again"
expect 0 damkar sub '62/71/#' --cursor meja --until-end --json
same "$(wc -l <"$work/out")" 0 "events after the last"

says "four publishers share a profile: each line is stored once, in the order of its process"
for process in 1 2 3 4; do
    same "$(jq -r .state "$work/receipts.$process" | sort | uniq -c | tr -s ' ')" ' 500 STORED' \
        "receipts"
    expect 0 damkar replay --incident "PKY-2025-$process" --json
    same "$(field "$work/out" .report.summary)" "$(for round in 1 2 3 4 5; do
        seq -f n%.0f "$process${round}001" "$process${round}100"
    done | tr '\n' ' ' | sed 's/ $//')" "events of process $process"
    same "$(field "$work/out" .seq)" "$(field "$work/receipts.$process" .seq)" "their numbers"
done

says "SIGINT ends a follower with 0"
"$kentong" -p "$profile" sub '62/71/#' -v 2>"$work/err" &
follower=$!
pids="$pids $follower"
until_true 10 grep -q connected "$work/err"
kill -INT "$follower"
wait "$follower" || die "SIGINT is not exit 0"
