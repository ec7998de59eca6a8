#!/bin/sh
# exports.sh LIBRARY: libkentong.so gives away kt_ and nothing else, is versioned, and stays loaded
# (a host that unloads it while its thread still runs would crash).
set -u
library=$1
status=0

others=$(nm -D --defined-only "$library" | awk '$2 != "A" && $3 !~ /^kt_/ { print $3 }')
if [ -n "$others" ]; then
    echo "exports beside kt_:" "$others"
    status=1
fi
nm -D --defined-only "$library" | grep -q ' kt_' || { echo "exports no kt_ at all"; status=1; }
dynamic=$(readelf -d "$library")
for must in 'soname: \[libkentong\.so\.' 'NODELETE'; do
    echo "$dynamic" | grep -q "$must" || { echo "dynamic section lacks $must"; status=1; }
done
exit "$status"
