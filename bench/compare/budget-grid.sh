#!/usr/bin/env bash
# Step time and peak memory over device budgets, for one full-size model of random weights on one device.
#
#   bench/compare/budget-grid.sh FOLDER TYPE [BUDGET...] > bench/results/NAME.csv
#
# FOLDER keeps the models: the real transformer and VAE in full size, and a text encoder of the real width with one layer
# (README-sdcpp.md says why). Every run makes the same clip: frames are compared,
# and the last column says whether they equal those of the first run. Run it on an idle machine.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$1
type=$2
shift 2
budgets=("$@")
[ ${#budgets[@]} -gt 0 ] || budgets=(16GiB 1536MiB 1024MiB 768MiB 640MiB 576MiB 512MiB)
model=wan2.1-t2v-1.3b
width=${WIDTH:-256} height=${HEIGHT:-256} frames=${FRAMES:-9} steps=${STEPS:-2} device=${DEVICE:-CPU} threads=${THREADS:-2}

mkdir -p "$folder"
dit=$folder/$model-$type.gguf vae=$folder/vae.safetensors text=$folder/umt5.safetensors
[ -f "$dit" ] || ./wanlet synth $model --type "$type" -o "$dit" >&2
[ -f "$vae" ] || mvn -q -B -pl bench -am -DskipTests -Pbenchmarks package \
  -Dbench.main=dev.wanlet.bench.models.StandInParts "-Dbench.args=$folder" >&2
tokenizer=java/demo-model/src/main/resources/dev/wanlet/demo/tiny-wan/google/umt5-xxl/spiece.model

number() { sed -n "s/.*\"$1\" *: *\([0-9.eE+-]*\).*/\1/p" "$2" | head -n 1; }
commit=$(git rev-parse --short HEAD)
cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
echo "commit,device,processor,model,type,size,frames,steps,threads,budget,planned_peak_bytes,measured_peak_bytes,measured_of_plan,seconds_per_step,load_average,same_frames"
first=
for budget in "${budgets[@]}"; do
  out=$(mktemp -d)
  load=$(cut -d' ' -f1 /proc/loadavg)
  if ! ./wanlet generate --json --diffusion-model "$dit" --vae "$vae" --t5xxl "$text" --tokenizer "$tokenizer" \
      --device "$device" -t "$threads" --vram "$budget" -W "$width" -H "$height" --frames "$frames" --steps "$steps" --seed 1 \
      -p "a red circle moving left" -n "" -o "$out/clip_%02d.png" > "$out/result.json" 2> "$out/log"; then
    echo "$budget: $(tail -n 1 "$out/log")" >&2
    rm -rf "$out"
    continue
  fi
  planned=$(number planned_peak_bytes "$out/result.json")
  measured=$(number measured_peak_bytes "$out/result.json")
  # the last step: the first one also fills caches
  step=$(tr -d ' \n' < "$out/result.json" | sed 's/.*"step_seconds":\[\([^]]*\)\].*/\1/' | tr ',' '\n' | tail -n 1)
  sum=$(cat "$out"/clip_*.png | cksum | cut -d' ' -f1)
  : "${first:=$sum}"
  same=$([ "$sum" = "$first" ] && echo yes || echo no)
  echo "$commit,$device,$cpu,$model,$type,${width}x$height,$frames,$steps,$threads,$budget,$planned,$measured,$(awk "BEGIN{printf \"%.4f\", $measured/$planned}"),$step,$load,$same"
  rm -rf "$out"
done
