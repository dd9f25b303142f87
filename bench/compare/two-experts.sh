#!/usr/bin/env bash
# A clip of Wan 2.2 T2V-A14B with both experts in full size, within a control group of so much memory: the experts' files
# together with the text encoder's are larger than that.
#
#   bench/compare/two-experts.sh FOLDER [GIB] [TYPE] > bench/results/NAME.csv
#
# FOLDER keeps the models of random weights (25 GB with Q4_K_M). GIB (16) bounds everything the process has in memory, the
# file cache included. Needs root and a control group of version 1 or 2 that can be written.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$1 gib=${2:-16} type=${3:-Q4_K_M}
model=wan2.2-t2v-a14b
steps=${STEPS:-4} size=${SIZE:-128x128} frames=${FRAMES:-5} vram=${VRAM:-3GiB} threads=${THREADS:-2}

if [ -w /sys/fs/cgroup/memory ]; then
  group=/sys/fs/cgroup/memory/wanlet-experts limit=memory.limit_in_bytes peak=memory.max_usage_in_bytes own=total_rss
elif [ -w /sys/fs/cgroup/cgroup.subtree_control ]; then
  group=/sys/fs/cgroup/wanlet-experts limit=memory.max peak=memory.peak own=anon
else
  echo "not run: control groups cannot be written here" >&2
  exit 1
fi
mkdir -p "$folder"
high=$folder/$model-high-$type.gguf low=$folder/$model-low-$type.gguf
text=$folder/umt5-xxl-Q8_0.gguf vae=$folder/wan2.1-vae-F16.gguf
[ -f "$high" ] || ./wanlet synth $model --type "$type" -s 1 -o "$high" >&2
[ -f "$low" ] || ./wanlet synth $model --type "$type" -s 2 -o "$low" >&2
[ -f "$text" ] || ./wanlet synth $model --part text-encoder --type Q8_0 -o "$text" >&2
[ -f "$vae" ] || ./wanlet synth $model --part vae --type F16 -o "$vae" >&2
tokenizer=java/demo-model/src/main/resources/dev/wanlet/demo/tiny-wan/google/umt5-xxl/spiece.model

out=$(mktemp -d)
trap 'rmdir "$group" 2> /dev/null || true; rm -rf "$out"' EXIT
mkdir -p "$group"
echo $((gib << 30)) > "$group/$limit"
began=$(date +%s)
sh -c 'echo $$ > "$1/cgroup.procs"; shift; exec "$@"' - "$group" ./wanlet generate --json --high-noise-diffusion-model "$high" \
  --diffusion-model "$low" --text-encoder "$text" --vae "$vae" --tokenizer "$tokenizer" --device CPU -t "$threads" --vram "$vram" \
  --size "$size" --frames "$frames" --steps "$steps" --seed 1 -p "a red circle moving left" -n "" -o "$out/clip_%02d.png" \
  > "$out/result.json" 2> "$out/log" &
run=$!
most=0
while kill -0 $run 2> /dev/null; do
  now=$(sed -n "s/^$own //p" "$group/memory.stat")
  if [ "${now:-0}" -gt "$most" ]; then most=$now; fi
  sleep 0.5
done
status=0
wait $run || status=$?
if [ $status -ne 0 ]; then tail -n 3 "$out/log" >&2; fi
swapped=$(sed -n 's/^\(total_\)\{0,1\}swap //p' "$group/memory.stat" | tail -n 1)
number() { sed -n "s/.*\"$1\" *: *\([0-9.eE+-]*\).*/\1/p" "$out/result.json" | head -n 1; }
bytes() { stat -c %s "$1"; }
echo "commit,model,type,size,frames,steps,files_mib,limit_mib,exit,peak_with_file_cache_mib,peak_of_the_process_mib,swapped_bytes,planned_device_mib,measured_device_mib,seconds"
echo "$(git rev-parse --short HEAD),$model,$type,$size,$frames,$steps,$((($(bytes "$high") + $(bytes "$low") + $(bytes "$text") + $(bytes "$vae")) >> 20)),$((gib << 10)),$status,$(($(cat "$group/$peak") >> 20)),$((most >> 20)),${swapped:-not told},$(($(number planned_peak_bytes) >> 20)),$(($(number measured_peak_bytes) >> 20)),$(($(date +%s) - began))"
exit $status
