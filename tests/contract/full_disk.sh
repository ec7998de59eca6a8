#!/bin/sh
# full_disk.sh PROGRAM: runs PROGRAM with its temporary directory on a small ext4 file system of its own.
# It needs root and loop devices; without them it is skipped.
set -u
program=$1
[ "$(id -u)" -eq 0 ] || { echo "needs root"; exit 77; }
place=$(mktemp -d) || exit 1
is_mounted=
clean() {
    [ -z "$is_mounted" ] || umount "$place/disk"
    rm -rf "$place"
}
trap clean EXIT
mkdir "$place/disk"
if ! truncate -s 64M "$place/image" || ! mkfs.ext4 -q -m 0 "$place/image" >/dev/null 2>&1; then
    echo "cannot make ext4"
    exit 77
fi
mount -o loop "$place/image" "$place/disk" 2>/dev/null || { echo "cannot mount a file"; exit 77; }
is_mounted=1
TMPDIR=$place/disk "$program"
