#!/bin/sh
# 12-examples.sh: the library's examples, as an integrator would try them first.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
examples=$bin/../examples
make_city
export KENTONG_PROFILE="$work/damkar.agency"

says "publish says under which number it is stored"
expect 0 "$examples/example_publish" 'Rumah terbakar di Jl. Tilung'
has "$work/out" '^stored as 1$'

says "publish says why it was refused"
export KENTONG_PROFILE="$work/dinkes.agency"
expect 1 "$examples/example_publish" 'Bukan hak kami'
has "$work/err" '^refused: RIGHTS'
export KENTONG_PROFILE="$work/damkar.agency"

says "follow shows what is new, and goes on where it stopped"
"$examples/example_follow" '62/71/#' 1 >"$work/followed" 2>"$work/follow.err" &
pids=$!
told_one() {
    "$examples/example_publish" 'Ular masuk rumah' >/dev/null
    [ -s "$work/followed" ]
}
until_true 10 told_one
wait "$pids" || die "follow failed"
pids=
same "$(field "$work/followed" '.report.summary')" 'Ular masuk rumah' "what was followed"
expect 0 "$examples/example_publish" 'Pohon tumbang'
expect 0 timeout 20 "$examples/example_follow" '62/71/#' 1
last=$(field "$work/followed" .seq)
same "$(field "$work/out" .seq)" $((last + 1)) "the next run's first event"

says "an event loop of one's own sees what comes"
"$examples/example_event_loop" '62/71/#' 3 >"$work/looped" 2>&1 &
pids=$!
told_loop() {
    "$examples/example_publish" 'Air masuk rumah warga' >/dev/null
    sleep 0.2
    ! kill -0 "$pids" 2>/dev/null
}
until_true 10 told_loop
wait "$pids" || die "the event loop failed"
pids=
has "$work/looped" '^[0-9]+ from damkar$'
has "$work/looped" '^[1-9][0-9]* messages$'

says "offline: what is told while the broker is away is safe, and sent later"
stop_broker KILL
event 1 >"$work/event.json"
expect 0 "$examples/example_offline" <"$work/event.json"
start_broker "$site"
expect 0 damkar outbox drain
waiting_is 0 || die "something still waits"
