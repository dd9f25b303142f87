#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes clips within control groups of less and less memory. Each run must either fit or be refused (exit 4); none may be
# killed. Needs root and control groups of version 1 or 2 that can be written.
#
#   bench/torture/container.sh [MIB...]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
if [ $# -eq 0 ]; then set -- 600 400 300 250 220 200 180 160 140 120; fi

if [ -w /sys/fs/cgroup/memory ]; then
  group=/sys/fs/cgroup/memory/wanlet-torture; limit=memory.limit_in_bytes; peak=memory.max_usage_in_bytes
elif [ -w /sys/fs/cgroup/cgroup.subtree_control ]; then
  group=/sys/fs/cgroup/wanlet-torture; limit=memory.max; peak=memory.peak
else
  echo "not run: control groups cannot be written here" >&2
  exit 1
fi
folder=$(mktemp -d)
trap 'rmdir "$group" 2> /dev/null || true; rm -rf "$folder"' EXIT
"$root/wanlet" --version > /dev/null # builds outside the group

failures=0
echo "limit_mib,size,exit,peak_mib,verdict"
for mib in "$@"; do
  for size in 64x64 256x256 512x512; do
    mkdir -p "$group"
    echo $((mib << 20)) > "$group/$limit"
    status=0
    sh -c 'echo $$ > "$1/cgroup.procs"; shift; exec "$@"' - "$group" "$root/wanlet" generate --size "$size" --frames 17 \
      --steps 1 --seed 1 --prompt "a red circle" --output "$folder/clip.mp4" > "$folder/log" 2>&1 || status=$?
    used=$(($(cat "$group/$peak") >> 20))
    rmdir "$group"
    case $status in
      0) verdict=fits ;;
      4) verdict=refused ;;
      *) verdict=FAILED; failures=$((failures + 1)); tail -n 3 "$folder/log" >&2 ;;
    esac
    echo "$mib,$size,$status,$used,$verdict"
  done
done
exit $((failures > 0))
