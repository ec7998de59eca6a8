#!/bin/sh
# 03-live.sh: what is changed while a broker runs is in force when the command returns.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
site=$work/site

says "a broker opens its doors on a site that was just made, and tells its port"
expect 0 "$kentong" init "$site" --name Kota --region 62.71 --listen tcp://127.0.0.1:0
start_broker "$site"
has "$work/broker.log" '^ready .*tcp://127\.0\.0\.1:[1-9][0-9]*'

says "a second broker on the same directory refuses"
expect 1 "$kentongd" "$site"

says "with port 0 the profile names the port that the broker took"
expect 0 "$kentong" agency add damkar --site "$site" --publish '62/#' --subscribe '62/#' \
    --out "$work/damkar.agency" --json
has "$work/out" '"inForce":true'
same "$(jq -r .endpoint "$work/damkar.agency")" "$endpoint" "endpoint"

says "the new agency is known at once"
event satu >"$work/event"
expect 0 "$kentong" -p "$work/damkar.agency" pub --json "$work/event"
same "$(field "$work/out" '.state')" STORED "state"

says "a revoked key is refused at once, with exit 3 and what to do"
expect 0 "$kentong" agency revoke damkar --site "$site" --json
has "$work/out" '"inForce":true'
expect 3 "$kentong" -p "$work/damkar.agency" pub --json "$work/event"
has "$work/err" 'AUTH_FAILED'
expect 3 "$kentong" -p "$work/damkar.agency" sub '62/#' --for 10s
has "$work/err" 'AUTH_FAILED'
expect 3 "$kentong" -p "$work/damkar.agency" get 1
has "$work/err" 'AUTH_FAILED'

says "a policy with a fault is refused, and the agency is not half there"
echo 'name: rusak' >"$site/agencies/rusak.yaml"
expect 1 "$kentong" agency add dinkes --site "$site" --out "$work/dinkes.agency"
has "$work/err" 'rusak'
[ ! -e "$site/agencies/dinkes.yaml" ] || die "the policy file was left"
[ ! -e "$work/dinkes.agency" ] || die "the profile was left"
rm "$site/agencies/rusak.yaml"
expect 0 "$kentong" agency add dinkes --site "$site" --out "$work/dinkes.agency"

says "SIGTERM stops the broker with 0, and the socket is gone"
stop_broker TERM
same "$got" 0 "exit of the broker"
[ ! -e "$site/admin.sock" ] || die "admin.sock was left"
