#!/bin/sh
# format.sh ROOT: every C file is as clang-format would leave it.
cd "$1" || exit 1
find . -path ./build -prune -o -name '*.[ch]' -exec clang-format --dry-run -Werror '{}' +
