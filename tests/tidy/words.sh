#!/bin/sh
# words.sh ROOT [WORDS]: none of the words of words.txt stands where it is forbidden.
set -u
words=$(realpath "${2:-$(dirname "$0")/words.txt}")
cd "$1" || exit 1
status=0

# every FOLDERS...: the lines of every text file there, with file and line; not what was built, and
# not the lists of forbidden words themselves.
every() {
    find "$@" \( -name .git -o -path ./build -o -path ./out -o -path '*/tests/tidy' \
        -o -path tests/tidy -o -name __pycache__ \) -prune -o -type f -print0 2>/dev/null |
        xargs -0 -r grep -I -n -H ''
}

while IFS= read -r rule; do
    case $rule in '#'* | '') continue ;; esac
    pattern=${rule%% | *} rest=${rule#* | }
    places=${rest%% | *} rest=${rest#* | }
    except=${rest%% | *} why=${rest#* | }
    # shellcheck disable=SC2086  # places are words
    found=$(every $places | grep -E -e "$pattern" | grep -E -v -e "$except")
    if [ -n "$found" ]; then
        printf '%s\n    forbidden: %s\n' "$found" "$why"
        status=1
    fi
done <"$words"
exit "$status"
