#!/bin/sh
# 02-words.sh: what needs no broker: help, explain, languages, usage.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

says "explain knows every code, in both languages, and never translates it"
expect 0 "$kentong" explain CONFLICT
has "$work/out" '^CONFLICT'
expect 0 "$kentong" explain conflict --lang id --json
same "$(jq -r .code "$work/out")" CONFLICT "code"
has "$work/out" 'sudah tersimpan'
expect 0 env LC_ALL=id_ID.UTF-8 "$kentong" explain STORE_FULL
has "$work/out" 'Cakram'
expect 0 "$kentong" explain --json
same "$(jq -r .code "$work/out" | sort -u | wc -l)" "$(wc -l <"$work/out")" "codes, each once"
expect 1 "$kentong" explain E1203

says "what is typed wrongly is exit 2, with the word that is wrong"
expect 2 "$kentong"
expect 2 "$kentong" plub
has "$work/err" 'plub'
expect 2 "$kentong" explain --jsno
has "$work/err" 'jsno'
expect 2 "$kentong" --lang fr explain
expect 2 "$kentong" agency --site x
expect 0 "$kentong" --help
expect 0 "$kentong" help --json
jq -e .verb "$work/out" >/dev/null || die "help --json is no JSON"

says "every verb tells its options"
for verb in $(jq -r .verb "$work/out"); do
    "$kentong" help "$verb" >"$work/help" 2>&1 || die "help $verb"
    has "$work/help" '^ +--json'
done
expect 0 "$kentong" version
has "$work/out" '^kentong [0-9]'

says "no colour leaves for a pipe"
lacks "$work/help" "$(printf '\033')"

says "--version is what other programs have for it"
expect 0 "$kentong" --version
has "$work/out" '^kentong [0-9]'
