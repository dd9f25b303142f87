#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How much longer a clip takes while other programs keep processors busy.
#
#   bench/torture/busy.sh [ROUNDS] [-- OPTIONS OF generate]
#
# Prints lines of CSV: the number of busy loops beside it, and the seconds from command to file, round by round, so that
# what else the machine does falls on all of them. Without options it makes the demo clip.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
rounds=3
case ${1:-} in
  '' | --) ;;
  *[!0-9]*) sed -n '3,8p' "$0" >&2; exit 2 ;;
esac
if [ $# -gt 0 ] && [ "$1" != -- ]; then rounds=$1; shift; fi
if [ "${1:-}" = -- ]; then shift; fi
if [ $# -eq 0 ]; then set -- --seed 1 --prompt "a yellow star moving up on a navy background"; fi

folder=$(mktemp -d)
loops=()
quiet() {
  # An empty array is an unset variable for Bash before 4.4.
  for pid in ${loops[@]+"${loops[@]}"}; do kill "$pid" 2> /dev/null || true; done
  wait 2> /dev/null || true
  loops=()
}
trap 'quiet; rm -rf "$folder"' EXIT

"$root/wanlet" --version > /dev/null # builds if need be
echo "busy_loops,seconds,processors,date"
for _ in $(seq "$rounds"); do
  for busy in 0 1 2; do
    for _ in $(seq "$busy"); do
      sh -c 'while :; do :; done' &
      loops+=($!)
    done
    start=$(date +%s.%N)
    "$root/wanlet" generate "$@" --output "$folder/clip.mp4" > /dev/null 2> "$folder/log" || { cat "$folder/log" >&2; exit 1; }
    end=$(date +%s.%N)
    quiet
    LC_ALL=C awk -v b="$busy" -v s="$start" -v e="$end" -v n="$(nproc)" -v d="$(date +%F)" \
      'BEGIN { printf "%d,%.2f,%d,%s\n", b, e - s, n, d }'
  done
done
