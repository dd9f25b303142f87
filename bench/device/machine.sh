# SPDX-License-Identifier: Apache-2.0
# Sourced by run: its own result lines, and what of driver, cards and libraries is there. Needs cuda-flags.sh.

# ---- result lines ----
json_text() { printf '%s' "$1" | tr '\n\t\r' '   ' | tr -d '\000-\037' | sed 's/[\\"]/\\&/g'; }

# line PART CASE STATUS WHY: where the disk is full, on stderr.
line() {
  text=$(printf '{"part":"%s","case":"%s","status":"%s","time":"%s","commit":"%s","size":"%s","device":"%s","why":"%s"}\n' \
    "$1" "$(json_text "$2")" "$3" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$commit" "$size" "$device" \
    "$(json_text "$4")")
  { printf '%s\n' "$text" >> "$results"; } 2>/dev/null || say "cannot be written to $results: $text"
}

# cause LOG BYTES: what a log says, behind so many bytes, of why a process ended: the first lines about errors since the
# last measurement began, or its last lines.
cause() {
  tail -c +$(($2 + 1)) "$1" 2>/dev/null | LC_ALL=C tr -cd '\n\040-\176' | awk '
    /^measuring: / { found = rest = n = 0; next }
    # The headings of log records, frames of a stack, and what every one of our own stops says.
    / dev\.wanlet\.[A-Za-z.]* log$/ || /^ *at [a-z]/ || /please report this line/ || /^[# ]*$/ { next }
    { sub(/^(SEVERE|WARNING): */, ""); sub(/^# */, ""); rest++; other[rest % 3] = $0 }
    tolower($0) ~ /error|exception|fail|abort|stopped the process|sig[a-z]+ \(|problematic|^c +\[|killed|cannot|not found|invalid|terminate/ || follows > 0 {
      follows = tolower($0) ~ /cuda error/ ? 2 : follows - 1
      if (found < 6) { kept[++found] = $0 }
    }
    END {
      if (found == 0) { for (i = rest > 3 ? rest - 2 : 1; i <= rest; i++) { kept[++found] = other[i % 3] } }
      for (i = 1; i <= found; i++) { text = text (i > 1 ? "; " : "") kept[i] }
      print (found > 0 ? substr(text, 1, 1200) : "it said nothing")
    }'
}

# bounded SECONDS COMMAND...: 124 where it took longer.
bounded() {
  if command -v timeout >/dev/null; then timeout -k 5 "$@"; else shift; "$@"; fi
}

# ---- libraries of the driver and of CUDA ----
# find_library NAME: sets found to the file of a library, or to nothing, and folder to where it lies if the system does not
# look there.
find_library() {
  folder=
  found=$(printf '%s\n' "$known_libraries" | sed -n "s/^[[:space:]]*$1 .*=> //p" | head -n 1)
  if [ -n "$found" ]; then return; fi
  for folder in $(printf '%s' "${LD_LIBRARY_PATH:-}" | tr ':' ' ') ${toolkit:+"$toolkit/lib64" "$toolkit"/targets/*/lib "$toolkit/lib"} \
    ${CUDA_PATH:+"$CUDA_PATH/lib64" "$CUDA_PATH/lib"} /usr/local/cuda/lib64 /usr/local/cuda*/lib64 $python_packages; do
    case $folder in
      *packages) found=$(find "$folder/nvidia" "$folder/torch/lib" -name "$1" 2>/dev/null | head -n 1) ;;
      *) if [ -e "$folder/$1" ]; then found=$folder/$1; fi ;;
    esac
    if [ -n "$found" ]; then folder=$(dirname "$found"); return; fi
  done
  folder=
}

# Says which libraries are there, and makes them found by those that need them.
look_for_libraries() {
  known_libraries=$(PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null || true)
  python_packages=$(python3 -c 'import sys; print("\n".join(p for p in sys.path if p.endswith("packages")))' 2>/dev/null || true)
  for library in libcuda.so.1 "libcudart.so.${cuda_major:-13}" "libcublas.so.${cuda_major:-13}" \
    "libcublasLt.so.${cuda_major:-13}" libvulkan.so.1; do
    find_library "$library"
    if [ -n "$found" ]; then
      line machine "$library" ok "$found"
      if [ -n "$folder" ]; then LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$folder; fi
    else
      line machine "$library" 'not run' 'not found; what needs it is left out'
    fi
  done
  export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:-}"
}

# ---- cards ----
# Sets cards to what nvidia-smi says of each, and BENCH_CUDA_CARDS to its numbers of CUDA0, CUDA1, ...: CUDA_VISIBLE_DEVICES
# hides cards and puts them in another order, and where it names one that is not there, CUDA sees none behind it. A dash
# stands for a part of a card (MIG), whose memory nvidia-smi does not list.
look_for_cards() {
  # Cards are numbered as nvidia-smi numbers them.
  export CUDA_DEVICE_ORDER=PCI_BUS_ID
  cards=$(bounded 30 nvidia-smi --query-gpu=index,compute_cap,uuid,name,driver_version,memory.total \
    --format=csv,noheader 2>/dev/null | sed 's/, */,/g' | grep '^[0-9]' || true)
  export BENCH_CUDA_CARDS=
  if [ -z "$cards" ]; then return 0; fi
  for asked in $(printf '%s\n' "${CUDA_VISIBLE_DEVICES-$(printf '%s\n' "$cards" | cut -d , -f 1)}" | tr ',' ' '); do
    case $asked in
      MIG-*) number=- ;;
      *) number=$(printf '%s\n' "$cards" | awk -F , -v asked="$asked" \
        '$1 == asked || (asked ~ /^GPU-/ && index($3, asked) == 1) { print $1; exit }') ;;
    esac
    if [ -z "$number" ]; then
      line machine "CUDA_VISIBLE_DEVICES" 'not run' "nvidia-smi lists no card $asked: CUDA sees neither it nor what is named behind it"
      break
    fi
    BENCH_CUDA_CARDS=${BENCH_CUDA_CARDS:+$BENCH_CUDA_CARDS }$number
  done
}

# card_of DEVICE: nvidia-smi's number of CUDAn, or nothing.
card_of() {
  case $1 in CUDA[0-9]*) printf '%s' "$BENCH_CUDA_CARDS" | awk -v n="${1#CUDA}" '$(n + 1) != "-" { print $(n + 1) }' ;; esac
}

# Says what cards there are, and sets architecture to that of the measured one.
say_cards() {
  architecture=
  if [ -z "$cards" ]; then
    line machine card 'not run' 'nvidia-smi is missing or finds no card'
    return 0
  fi
  measured=$(card_of "$device")
  while IFS=, read -r index capability _ about; do
    if [ "$index" = "$measured" ]; then
      architecture=$(printf '%s' "$capability" | tr -d .) use='this one is measured'
    else
      name=$(printf '%s' "$BENCH_CUDA_CARDS" | awk -v card="$index" '{ for (i = 1; i <= NF; i++) if ($i == card) { print "CUDA" i - 1; exit } }')
      use="not measured; ${name:+--device $name measures it}"
      if [ -z "$name" ]; then use="${use}CUDA_VISIBLE_DEVICES hides it"; fi
    fi
    line machine "card $index" ok "$(printf '%s' "$about" | sed 's/,/, /g') (compute capability $capability): $use"
  done <<CARDS
$cards
CARDS
}
