#!/bin/sh
# 10-broker.sh: a broker starts, is alone on its site, reloads, stops, is killed, and comes back.
. "$(dirname "$0")/lib.sh"
site=$work/site

# admin LINE: asks the running broker, prints its answer.
admin() {
    /usr/bin/python3 - "$site/admin.sock" "$1" <<'END'
import socket, sys
door = socket.socket(socket.AF_UNIX)
door.settimeout(10)
door.connect(sys.argv[1])
door.sendall(sys.argv[2].encode() + b"\n")
print(door.makefile().readline(), end="")
END
}

expect 0 "$kentong" init "$site" --name "Kota Uji" --region 62.71 --listen tcp://127.0.0.1:0
expect 0 "$kentong" agency add siaga --site "$site" --publish '62/71/#' --advertise 127.0.0.1:1 \
    --out "$work/siaga.agency"

says "--check reads what a start would read, and says where a fault is"
expect 0 "$kentongd" --check "$site"
cp "$site/agencies/siaga.yaml" "$work/siaga.yaml"
echo 'admim: true' >>"$site/agencies/siaga.yaml"
expect 1 "$kentongd" --check "$site"
has "$work/err" 'agencies/siaga\.yaml:[0-9]+:1: unknown key .admim.'
expect 1 "$kentongd" "$site"
has "$work/err" 'agencies/siaga\.yaml:[0-9]+:1: unknown key .admim.'
[ ! -e "$site/admin.sock" ] || die "a broker with a broken policy opened a door"
cp "$work/siaga.yaml" "$site/agencies/siaga.yaml"

says "a secret that others may read is refused"
chmod 644 "$site/keys/broker.secret"
expect 1 "$kentongd" --check "$site"
has "$work/err" 'keys/broker\.secret'
chmod 600 "$site/keys/broker.secret"

says "with port 0 the line ready has the port that was taken"
start_broker "$site"
case $endpoint in tcp://127.0.0.1:[1-9]*) ;; *) die "endpoint '$endpoint'" ;; esac
same "$(mode_of "$site/admin.sock")" 600 "mode of the admin socket"
admin '{"do":"info"}' >"$work/info"
same "$(jq -r '.endpoints[0]' "$work/info")" "$endpoint" "endpoint by the admin socket"

says "a second broker on the same site is refused, and the first does not notice"
expect 1 "$kentongd" "$site"
has "$work/err" 'in use by another process'
admin '{"do":"info"}' >"$work/info"
same "$(jq -r .ok "$work/info")" true "the first broker"

says "a broken policy is not reloaded: the old one stays, and it is told where the fault is"
echo 'publish: everything' >>"$site/agencies/siaga.yaml"
admin '{"do":"reload"}' >"$work/reload"
same "$(jq -r .ok "$work/reload")" false "reload of a broken policy"
jq -r .reason "$work/reload" >"$work/reason"
has "$work/reason" '^agencies/siaga\.yaml:[0-9]+:[0-9]+: '
kill -HUP "$broker_pid"
admin '{"do":"info"}' >"$work/info"
has "$work/broker.log" 'the old one stays'
cp "$work/siaga.yaml" "$site/agencies/siaga.yaml"

says "agencies come and go while it runs"
expect 0 "$kentong" agency add damkar --site "$site" --subscribe '62/71/#' \
    --out "$work/damkar.agency" --json
has "$work/out" '"inForce":true'
same "$(jq -r .endpoint "$work/damkar.agency")" "$endpoint" "endpoint of a new profile"
expect 0 "$kentong" agency revoke damkar --site "$site" --json
admin '{"do":"log","verb":"verify"}' >"$work/verify"
same "$(jq -r .ok "$work/verify")" true "the live log"

says "SIGTERM ends it with 0 and takes its socket away"
stop_broker
same "$got" 0 "exit on SIGTERM"
[ ! -e "$site/admin.sock" ] || die "the admin socket was left"

says "after a kill the next one is ready within two seconds, and replaces what was left"
start_broker "$site"
stop_broker KILL
same "$got" 137 "exit on SIGKILL"
[ -e "$site/admin.sock" ] || die "a killed broker could not have tidied up"
began=$(date +%s%N)
start_broker "$site"
took=$((($(date +%s%N) - began) / 1000000))
[ "$took" -lt 2000 ] || die "the restart took $took ms"
admin '{"do":"stop"}' >"$work/stop"
got=0
wait "$broker_pid" || got=$?
broker_pid=
same "$got" 0 "exit on stop by the admin socket"

says "a service manager hears READY, RELOADING and STOPPING"
cat >"$work/manager.py" <<'END'
import os, signal, socket, subprocess, sys
door = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
door.bind("\0" + sys.argv[1])
door.settimeout(20)
broker = subprocess.Popen(sys.argv[2:], env=dict(os.environ, NOTIFY_SOCKET="@" + sys.argv[1]),
                          stderr=subprocess.DEVNULL)
heard = []
try:
    while "STOPPING=1" not in heard:
        heard.append(door.recv(256).decode().split("\n")[0])
        if heard.count("READY=1") == 1 and heard[-1] == "READY=1":
            broker.send_signal(signal.SIGHUP)
        if heard.count("READY=1") == 2 and heard[-1] == "READY=1":
            broker.send_signal(signal.SIGTERM)
finally:
    code = broker.wait(20) if "STOPPING=1" in heard else broker.kill()
print(" ".join(heard), code)
END
expect 0 /usr/bin/python3 "$work/manager.py" "kentongan-notify-$$" "$kentongd" --allow-fs "$site"
same "$(cat "$work/out")" "READY=1 RELOADING=1 READY=1 STOPPING=1 0" "what the manager heard"
