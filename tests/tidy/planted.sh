#!/bin/sh
# planted.sh: each check passes on a small clean house, and fails on it, naming the fault, once the
# fault that it is there for has been planted.
# shellcheck disable=SC2317  # check and pure are called through expect
set -u
tidy=$(cd "$(dirname "$0")" && pwd)
box=$(mktemp -d) || exit 1
trap 'rm -rf "$box"' EXIT
failed=0

licence='/* SPDX-License-Identifier: Apache-2.0 */'
public=clients/c/include/kentong/kentong.h

# write FILE LINES...: a file of the house, with its licence on top.
write() {
    file=$box/house/$1
    shift
    mkdir -p "${file%/*}"
    { echo "$licence"; printf '%s\n' "$@"; } >"$file"
}

# header FILE GUARD LINES...: a header with its opening sentence and guard.
header() {
    file=$box/house/$1 guard=$2 name=${1##*/}
    shift 2
    mkdir -p "${file%/*}"
    {
        printf '/* %s - a part of the small house.\n' "$name"
        printf ' * SPDX-License-Identifier: Apache-2.0\n */\n'
        printf '#ifndef %s\n#define %s\n' "$guard" "$guard"
        printf '%s\n' "$@" '#endif'
    } >"$file"
}

clean_house() {
    rm -rf "$box/house"
    header broker/base/bytes.h B 'int bytes_count(int first);'
    header broker/core/input.h I '#include "broker/base/bytes.h"'
    header broker/core/window.h W '#include "broker/core/input.h"'
    header broker/core/routes.h R '#include "broker/core/input.h"'
    header broker/core/core.h C '#include "broker/core/input.h"'
    write broker/core/core.c '#include "broker/core/core.h"' '#include "broker/core/routes.h"' \
        '#include "broker/core/window.h"'
    header "$public" K '#include <stdint.h>' '#ifdef __cplusplus' 'extern "C" {' '#endif' \
        'int kt_publish(const void *event, uint64_t event_bytes);' '#ifdef __cplusplus' '}' '#endif'
}

# expect STATUS TEXT COMMAND...: the command ends with the status and says the text.
expect() {
    wanted=$1 text=$2
    shift 2
    said=$("$@" 2>&1)
    got=$?
    [ "$got" -gt 1 ] && got=1
    if [ "$got" -ne "$wanted" ] || ! printf '%s\n' "$said" | grep -q -e "$text"; then
        printf 'FAILED: %s\n  wanted %s and "%s", got %s:\n' "$*" "$wanted" "$text" "$got"
        printf '%s\n' "$said"
        failed=1
    fi
}

check() {
    case $1 in
    *.py) /usr/bin/python3 "$tidy/$1" "$box/house" ;;
    *) "$tidy/$1" "$box/house" ;;
    esac
}

clean_house
for name in floors.py sizes.py words.sh format.sh headers.sh; do expect 0 '' check "$name"; done

# floors
write broker/base/bytes.c '#include "broker/core/core.h"'
expect 1 'room broker/base/ may not include room broker/core/' check floors.py
clean_house
write clients/cli/main.c '#include "broker/base/bytes.h"'
expect 1 'room clients/cli/ may not include room broker/base/' check floors.py
clean_house
write broker/core/window.c '#include "broker/core/routes.h"'
expect 1 'an organ includes another organ' check floors.py
write broker/core/window.c '#include "broker/core/core.h"'
expect 1 'an organ includes its composer' check floors.py
clean_house
write broker/core/input.c '#include "routes.h"'
expect 1 'a word of the vocabulary includes what is not one' check floors.py
clean_house
write clients/c/src/link_lane.c '#include "clients/c/src/link_zmq.h"'
header clients/c/src/link_zmq.h Z
expect 1 'room clients/c/src/link may not include room clients/c/src/link_zmq' check floors.py
clean_house
write broker/core/core.c '#include "kentongan/v1/wire.pb-c.h"'
expect 1 'may not include room generated' check floors.py
write broker/core/core.c '#include "broker/core/nothing.h"'
expect 1 'no such file' check floors.py
clean_house
header tests/unit/one.h ONE '#include "tests/unit/two.h"'
write tests/unit/two.c '#include "tests/unit/one.h"'
header tests/unit/two.h TWO
expect 1 'a circle of includes: tests/unit/one > tests/unit/two > tests/unit/one' check floors.py

# headers
clean_house
header broker/base/status.h S 'int status_of(size_t count);'
expect 1 'does not compile alone' check headers.sh
clean_house
header broker/base/status.h S
sed -i 1d "$box/house/broker/base/status.h"
expect 1 "does not open with" check headers.sh
clean_house
echo 'int bytes_more(void);' >"$box/house/broker/base/bytes.c"
expect 1 'names no licence' check headers.sh
clean_house
header "$public" K 'int kt_publish(int class);'
expect 1 'does not compile alone' check headers.sh
header "$public" K 'static inline int kt_one(void) { return 1; }'
expect 1 'does not compile alone' check headers.sh
header "$public" K 'int kt_publish(void *zmq_socket);'
expect 1 'names a library' check headers.sh

# sizes
clean_house
write broker/long.c 'int long_one(void)' '{' "$(yes '    ;' | head -n 60)" '}'
expect 1 'long_one has 63 lines' check sizes.py
write broker/long.c '/* flat switch */' 'int long_one(void)' '{' "$(yes '    ;' | head -n 60)" '}'
expect 0 'no fault' check sizes.py
write broker/long.c "$(yes 'int more;' | head -n 500)"
expect 1 '501 lines, more than 500' check sizes.py
write broker/long.c "/* $(yes 'word' | head -n 20 | tr '\n' ' ') */"
expect 1 'long.c:2: 106 columns, more than 100' check sizes.py
clean_house
write broker/wide.c "$(for i in $(seq 30); do
    printf 'int wide_%s(void)\n{\n%s\n}\n' "$i" "$(yes '    ;' | head -n 12)"
done)"
expect 1 'median 15' check sizes.py

# words
# plant LINE EXPECTED REASON: one line in the broker.
plant() {
    clean_house
    write broker/store/store_lmdb.c "$1"
    expect 1 "$2" check words.sh
}
plant 'int flags = MDB_NOSYNC | 1;' 'on disk when it returns'
plant 'void *out = zmq_socket(context, ZMQ_PUB);' 'drops in silence'
plant '#define NDEBUG' 'asserts stay on'
plant 'const char *where = "/home/me/kentongan";' 'a path of one machine'
plant '/* from https://registry.npmjs.org/ */' 'a package registry'
plant '/* TODO: finish */' 'issue tracker'
plant 'sprintf(text, "%d", count);' 'no bound'
plant 'usleep(100);' 'not for time to pass'
plant '#include <zmq.h>' 'wraps ZeroMQ'
clean_house
write broker/engine.c '#include <lmdb.h>'
expect 1 'wraps LMDB' check words.sh
clean_house
write broker/store/store_lmdb.c '#include <lmdb.h>' \
    '#define UNSAFE_FLAGS (MDB_NOSYNC | MDB_WRITEMAP)'
expect 0 '' check words.sh

# format
clean_house
write broker/base/bytes.c 'int   bytes_count( int first );'
expect 1 'clang-format' check format.sh

# pure and exports
# library NAME LINES...: an archive of one object.
library() {
    name=$1
    shift
    printf '%s\n' "$@" | ${CC:-cc} -x c -c -o "$box/$name.o" - &&
        ar crs "$box/lib$name.a" "$box/$name.o"
}
pure() { /usr/bin/python3 "$tidy/pure.py" "$box/libcore.a" "$box/libbase.a"; }

library core '#include <string.h>' 'int below(int);' \
    'int step(char *a) { memset(a, below(1), 9); return 0; }'
library base 'int below(int a) { return a; }'
expect 0 'pure' pure
library base '#include <time.h>' 'int below(int a) { return (int)time(0) + a; }'
expect 1 'base.o takes time' pure
library core '#include <stdio.h>' 'int step(char *a) { return puts(a); }'
expect 1 'core.o takes puts' pure

# shared LINES...: a library made as libkentong is.
shared() {
    printf '%s\n' "$@" | ${CC:-cc} -x c -shared -fPIC -o "$box/libkentong.so" \
        -Wl,-soname,libkentong.so.0 -Wl,-z,nodelete -
}
shared 'int kt_open(void) { return 0; }'
expect 0 '' "$tidy/exports.sh" "$box/libkentong.so"
shared 'int kt_open(void) { return 0; }' 'int link_open(void) { return 0; }'
expect 1 'link_open' "$tidy/exports.sh" "$box/libkentong.so"
printf 'int kt_open(void) { return 0; }' | ${CC:-cc} -x c -shared -fPIC -o "$box/libkentong.so" -
expect 1 'NODELETE' "$tidy/exports.sh" "$box/libkentong.so"

[ "$failed" -eq 0 ] && echo "every planted fault was caught"
exit "$failed"
