#!/bin/sh
# 01-site.sh: a site is made, agencies are enrolled, shown and revoked; no broker runs yet.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
site=$work/site

says "init makes what a broker needs, with keys that only the owner reads"
expect 0 "$kentong" init "$site" --name "Kota Palangka Raya" --region 62.71 \
    --listen tcp://127.0.0.1:7112
same "$(mode_of "$site/keys/broker.secret")" 600 "mode of the secret key"
same "$(mode_of "$site/kentongan.yaml")" 644 "mode of the configuration"
same "$(wc -c <"$site/keys/broker.secret")" 41 "length of the secret key"
has "$site/kentongan.yaml" "^name: 'Kota Palangka Raya'$"

says "init refuses an existing site and changes nothing"
before=$(cat "$site/kentongan.yaml" "$site/keys/broker.secret")
expect 1 "$kentong" init "$site" --name Lain --region 62.71
has "$work/err" 'is a site already'
same "$(cat "$site/kentongan.yaml" "$site/keys/broker.secret")" "$before" "the site's files"

says "init judges what was typed"
expect 2 "$kentong" init "$work/x" --name X
expect 2 "$kentong" init "$work/x" --name X --region kota
expect 2 "$kentong" init "$work/x" --name X --region 62.71 --listen 127.0.0.1:7112
expect 2 "$kentong" init "$work/x" --name X --region 62.71 --advertise 0.0.0.0:7112
expect 2 "$kentong" init "$work/x" --name X --region 62.71 --nmae Y
[ ! -e "$work/x" ] || die "a refused init left something"

says "agency add writes a policy file and a profile"
expect 0 "$kentong" agency add damkar --site "$site" --publish '62/71/#' \
    --subscribe '62/71/#,63/72/#' --replay '62/71/incident/#' --title "Dinas d'Api" \
    --out "$work/damkar.agency" --json
has "$work/out" '"inForce":false'
same "$(mode_of "$work/damkar.agency")" 600 "mode of the profile"
for name in format agency site endpoint brokerKey publicKey secretKey profileSecret; do
    jq -e "has(\"$name\")" "$work/damkar.agency" >/dev/null || die "the profile lacks $name"
done
same "$(jq -r .endpoint "$work/damkar.agency")" tcp://127.0.0.1:7112 "endpoint"
has "$site/agencies/damkar.yaml" "^title: 'Dinas d''Api'$"
has "$site/agencies/damkar.yaml" "^subscribe: \['62/71/#', '63/72/#'\]$"
lacks "$site/agencies/damkar.yaml" "$(jq -r .profileSecret "$work/damkar.agency")"

says "agency add overwrites neither a policy nor a profile"
expect 1 "$kentong" agency add damkar --site "$site" --out "$work/other.agency"
expect 1 "$kentong" agency add dinkes --site "$site" --out "$work/damkar.agency"
[ ! -e "$site/agencies/dinkes.yaml" ] || die "half an agency was left"
[ ! -e "$work/other.agency" ] || die "half a profile was left"

says "agency add judges names and filters"
expect 2 "$kentong" agency add Damkar --site "$site"
expect 2 "$kentong" agency add kentongan --site "$site"
expect 2 "$kentong" agency add ../x --site "$site"
expect 3 "$kentong" agency add x --site "$site" --publish '62/#/71' --out "$work/x.agency"
has "$work/err" 'FILTER_INVALID publish'
expect 3 "$kentong" agency add x --site "$site" --subscribe '62//71' --out "$work/x.agency"

says "ls and show tell what the files say"
expect 0 "$kentong" agency ls --site "$site" --json
same "$(jq -r '.agency + " " + .keys[0].state' "$work/out")" "damkar active" "ls"
expect 0 "$kentong" agency show damkar --site "$site"
has "$work/out" 'replay +62/71/incident/#'
expect 1 "$kentong" agency show dishub --site "$site"

says "revoke changes the key's state and no other byte of what a person wrote"
{
    echo '# Kota kita é'
    sed 's/^    state: active$/    state: active   # sejak lama/' "$site/agencies/damkar.yaml"
} >"$work/edited"
cp "$work/edited" "$site/agencies/damkar.yaml"
expect 0 "$kentong" agency revoke damkar --site "$site" --json
same "$(jq -r .revoked "$work/out")" 1 "keys revoked"
has "$site/agencies/damkar.yaml" "^    state: revoked$"
has "$site/agencies/damkar.yaml" "^    revoked: '20.*'   # sejak lama$"
same "$(sed -e '/^    revoked:/d' -e 's/state: revoked/state: active   # sejak lama/' \
    "$site/agencies/damkar.yaml")" "$(cat "$work/edited")" "the rest of the file"
expect 0 "$kentong" agency revoke damkar --site "$site" --json
same "$(jq -r .revoked "$work/out")" 0 "keys revoked again"

says "a wildcard address never reaches a profile"
expect 0 "$kentong" init "$work/wide" --name Lebar --region 62 --listen tcp://0.0.0.0:7112
has "$work/err" 'advertise'
expect 2 "$kentong" agency add damkar --site "$work/wide" --out "$work/wide.agency"
has "$work/err" 'advertise: HOST:PORT'
expect 0 "$kentong" agency add damkar --site "$work/wide" --advertise bus.kota.go.id:7112 \
    --out "$work/wide.agency"
same "$(jq -r .endpoint "$work/wide.agency")" tcp://bus.kota.go.id:7112 "endpoint"

says "without an address to advertise, a site opens on loopback only"
expect 0 "$kentong" init "$work/near" --name Dekat --region 62 --json
same "$(jq -r .listen "$work/out")" tcp://127.0.0.1:7112 "listen"
expect 0 "$kentong" init "$work/far" --name Jauh --region 62 --advertise bus.kota.go.id:7113 --json
same "$(jq -r .listen "$work/out")" tcp://0.0.0.0:7113 "listen"

says "with port 0 the running broker is asked for its address"
expect 0 "$kentong" init "$work/zero" --name Nol --region 62 --listen tcp://127.0.0.1:0
expect 2 "$kentong" agency add damkar --site "$work/zero" --out "$work/zero.agency"
has "$work/err" 'start it first'

if [ "$(id -u)" -eq 0 ]; then
    says "files belong to the owner of their folder, also when root makes them"
    mkdir "$work/owned" "$work/desk"
    chown 65534:65534 "$work/owned" "$work/desk"
    expect 0 "$kentong" init "$work/owned" --name Milik --region 62
    expect 0 "$kentong" agency add damkar --site "$work/owned" --out "$work/desk/damkar.agency"
    expect 0 "$kentong" agency revoke damkar --site "$work/owned"
    same "$(find "$work/owned" "$work/desk" ! -uid 65534)" '' "what belongs to another"
fi
