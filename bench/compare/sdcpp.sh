#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Times Wanlet beside stable-diffusion.cpp on one clip of random weights, by turns, and appends to a CSV file.
#
#   bench/compare/sdcpp.sh SD_CLI [MODELS] [RUNS]
#
#   SD_CLI   stable-diffusion.cpp's sd-cli; README-sdcpp.md says how to build it
#   MODELS   folder for the random models, made on first use (default: bench/target/compare)
#   RUNS     how often each program runs (default: 3; the smallest time counts)
#
# Environment: THREADS (2), STEPS (3), SIZE (256x256), FRAMES (9), TYPE (Q8_0), CSV (bench/results/sdcpp.csv),
# SD_FLAGS (more flags for sd-cli; default: --diffusion-fa --vae-conv-direct, its fastest on a CPU).
set -eu

if [ $# -lt 1 ]; then
  sed -n '3,14s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
sd_cli=$1
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
models=${2:-$root/bench/target/compare}
runs=${3:-3}
threads=${THREADS:-2}
steps=${STEPS:-3}
size=${SIZE:-256x256}
frames=${FRAMES:-9}
type=${TYPE:-Q8_0}
csv=${CSV:-$root/bench/results/sdcpp.csv}
sd_flags=${SD_FLAGS:---diffusion-fa --vae-conv-direct}
mkdir -p "$models"
transformer=$models/wan2.1-t2v-1.3b-$type.gguf
log=$models/run.log

# ---- models ----
if [ ! -f "$transformer" ]; then
  "$root/wanlet" synth wan2.1-t2v-1.3b --type "$type" -o "$transformer"
fi
if [ ! -f "$models/vae.safetensors" ]; then
  mvn -q -B -f "$root/pom.xml" -pl bench -am -DskipTests -Pbenchmarks package \
    -Dbench.main=dev.wanlet.bench.models.StandInParts "-Dbench.args=$models"
fi
tokenizer=$root/java/demo-model/src/main/resources/dev/wanlet/demo/tiny-wan/google/umt5-xxl/spiece.model

# ---- one run each: prints seconds per step, seconds of decoding, processor seconds, peak MiB ----
# Both get prompt, negative prompt and guidance, so that a step is two passes.
wanlet_run() {
  /usr/bin/time -f 'TIME %U %S %M' "$root/wanlet" generate --diffusion-model "$transformer" \
    --vae "$models/vae.safetensors" --text-encoder "$models/umt5.safetensors" --tokenizer "$tokenizer" \
    -p "a red circle" -n "blurry" --size "$size" --frames "$frames" --steps "$steps" --cfg-scale 5 \
    --sampling-method euler --flow-shift 5 -t "$threads" -s 1 --device CPU --json -o "$models/wanlet.mp4" >"$log" 2>&1
  python3 - "$log" <<'PYTHON'
import json, re, sys
text = open(sys.argv[1]).read()
report = json.loads(text[text.index("{"):text.rindex("}") + 1])
user, system, peak = re.search(r"TIME (\S+) (\S+) (\S+)", text).groups()
stages = report["stage_seconds"]
print(min(report["step_seconds"]), stages.get("decode", ""), float(user) + float(system), int(peak) // 1024)
PYTHON
}

sd_run() {
  # shellcheck disable=SC2086 # flags are words
  /usr/bin/time -f 'TIME %U %S %M' "$sd_cli" -M vid_gen --diffusion-model "$transformer" \
    --vae "$models/vae.safetensors" --t5xxl "$models/umt5.safetensors" -p "a red circle" -n "blurry" \
    -W "${size%x*}" -H "${size#*x}" --video-frames "$frames" --steps "$steps" --cfg-scale 5 --sampling-method euler \
    --flow-shift 5 -t "$threads" -s 1 $sd_flags -o "$models/sd.avi" >"$log" 2>&1
  python3 - "$log" "$steps" <<'PYTHON'
import re, sys
text = open(sys.argv[1]).read()
user, system, peak = re.search(r"TIME (\S+) (\S+) (\S+)", text).groups()
# The first step also loads the weights, so the fastest one counts, as with Wanlet.
steps = re.findall(r"\b\d+/%s - ([\d.]+)(s/it|it/s)" % sys.argv[2], text)
step = min(float(x) if unit == "s/it" else 1 / float(x) for x, unit in steps)
decoding = re.search(r"decode_first_stage completed, taking ([\d.]+)s", text)
print(step, decoding.group(1) if decoding else "", float(user) + float(system), int(peak) // 1024)
PYTHON
}

# ---- by turns ----
if [ ! -f "$csv" ]; then
  echo "date,commit,program,type,size,frames,steps,threads,run,step_seconds,decode_seconds,cpu_seconds,peak_rss_mib,load,cpu,flags" >"$csv"
fi
commit=$(git -C "$root" rev-parse --short=12 HEAD)
cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
run=1
while [ "$run" -le "$runs" ]; do
  for program in wanlet sd; do
    load=$(cut -d ' ' -f 1 /proc/loadavg)
    measured=$("${program}_run") || { tail -n 20 "$log" >&2; exit 1; }
    flags=
    if [ "$program" = sd ]; then flags=$sd_flags; fi
    line="$(date +%F),$commit,$program,$type,$size,$frames,$steps,$threads,$run,$(echo "$measured" | tr ' ' ','),$load,\"$cpu\",$flags"
    echo "$line" | tee -a "$csv"
  done
  run=$((run + 1))
done
