#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes a clip with less and less address space (ulimit -v): each run must make it, or say that memory is short.
#
#   bench/torture/limits.sh [MIB...]
#
# Prints lines of CSV: limit in MiB, exit status, what was said last, date. Status 1 is Java's own, which says memory too.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
if [ $# -eq 0 ]; then set -- 8192 6144 5632 5120 4608 4096 3072 2048; fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$root/wanlet" --version > /dev/null # builds if need be
echo "limit_mib,status,said,date"
bad=0
for mib in "$@"; do
  status=0
  (ulimit -v $((mib * 1024)) && exec "$root/wanlet" generate --seed 1 --steps 2 --prompt "a yellow star" \
    --output "$folder/clip.mp4") > "$folder/said" 2>&1 || status=$?
  said=$(tail -n 1 "$folder/said" | sed "s|$folder/||g; s|$root/||g; s|$HOME|~|g" | tr ',"' '  ' | cut -c 1-160)
  case $status in
    0 | 4) ;;
    1) grep -qiE 'memory|space|heap|thread' "$folder/said" || bad=1 ;;
    *) bad=1 ;;
  esac
  echo "$mib,$status,$said,$(date +%F)"
  rm -f "$folder"/clip.mp4*
done
exit "$bad"
