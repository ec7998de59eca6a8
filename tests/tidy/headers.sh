#!/bin/sh
# headers.sh ROOT [INCLUDE FOLDERS...]: every header stands alone, twice, as C17; opens with one
# sentence and its licence. The public header is C++17 too, and without its directives and comments
# still plain C90 declarations (that is what cffi and PHP read), in which no library's name appears.
set -u
root=$1
shift
includes="-I$root -I$root/clients/c/include"
for folder in "$@"; do includes="$includes -isystem $folder"; done
warnings="-Wall -Wextra -Wpedantic -Werror -fsyntax-only"
public=clients/c/include/kentong/kentong.h
cd "$root" || exit 1
status=0

fault() {
    echo "$1: $2"
    status=1
}

# compile WHO TEXT COMMAND...
compile() {
    who=$1 text=$2
    shift 2
    printf '%s\n' "$text" | "$@" - >"$log" 2>&1 && return
    fault "$who" "does not compile alone:"
    cat "$log"
}

log=$(mktemp) || exit 1
files=$(mktemp) || exit 1
trap 'rm -f "$log" "$files"' EXIT
find -- * -path build -prune -o -name '*.[ch]' -print >"$files"

# shellcheck disable=SC2086  # lists of words
while read -r file; do
    head -n 8 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' ||
        fault "$file" "names no licence (SPDX-License-Identifier: Apache-2.0) in its first lines"
    case $file in *.c) continue ;; esac
    name=${file##*/}
    head -n 1 "$file" | grep -q "^/\* $name - " || fault "$file" "does not open with '/* $name - '"
    compile "$file" "#include \"$file\"
#include \"$file\"" ${CC:-cc} -std=c17 -D_GNU_SOURCE $warnings $includes -x c
done <"$files"

# shellcheck disable=SC2086  # lists of words
if [ -f "$public" ]; then
    include='#include <kentong/kentong.h>'
    compile "$public" "$include" ${CXX:-c++} -std=c++17 $warnings $includes -x c++
    compile "$public" "$include" ${CC:-cc} -std=c17 $warnings $includes -x c
    bare=$(${CC:-cc} -fpreprocessed -dD -E -P -x c "$public" |
        sed '/^[[:space:]]*#/d; /^extern "C" {$/d; /^}$/d')
    compile "$public" "#include <stddef.h>
#include <stdint.h>
$bare" ${CC:-cc} -std=c90 -DKT_API= $warnings -x c
    if echo "$bare" | grep -E -i 'zmq|mdb_|lmdb|protobuf|json_t|sodium'; then
        fault "$public" "names a library"
    fi
fi
[ "$status" -ne 0 ] || echo "$(grep -c '\.h$' "$files") headers stand alone"
exit "$status"
