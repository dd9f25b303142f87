#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the commands of a folder of cases and prints a table of what they did.
#
#   bench/torture/cases.sh DIR [NAME-PATTERN...]     such as: cases.sh /tmp/cases 'pth-*' 'prefix-*'
#
# DIR holds a folder for each case with a case.json (name, command, expected). In commands $CASE is the case's folder.
# Frames of `generate` are compared with those of the case plain-gen, the matrix blocks.0.self_attn.q.weight that
# `quantize` writes with that of _base/dit.safetensors. Needs python3, its standard library only.
# Environment: WANLET (the program; default: the launcher of this checkout).
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
if [ $# -lt 1 ]; then
  sed -n '3,10p' "$0" >&2
  exit 2
fi
exec python3 - "${WANLET:-$root/wanlet}" "$@" <<'PYTHON'
import fnmatch, json, os, re, shlex, shutil, struct, subprocess, sys, zlib
from array import array

wanlet, base = sys.argv[1], os.path.realpath(sys.argv[2])
patterns = sys.argv[3:] or ["*"]


def png(path):
    """The bytes of an 8-bit image's rows, filters undone."""
    data = open(path, "rb").read()
    at, packed, width, channels = 8, b"", 0, 3
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            width, _, _, color = struct.unpack(">IIBB", body[:10])
            channels = {0: 1, 2: 3, 6: 4}[color]
        elif kind == b"IDAT":
            packed += body
        at += 12 + length
    raw, stride = zlib.decompress(packed), width * channels
    rows, above = bytearray(), bytearray(stride)
    for start in range(0, len(raw), stride + 1):
        filt, row = raw[start], bytearray(raw[start + 1:start + 1 + stride])
        for i in range(stride):
            a = row[i - channels] if i >= channels else 0
            b = above[i]
            c = above[i - channels] if i >= channels else 0
            if filt == 4:
                p = a + b - c
                pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
                guess = a if pa <= pb and pa <= pc else b if pb <= pc else c
            else:
                guess = (0, a, b, (a + b) // 2)[filt]
            row[i] = (row[i] + guess) & 255
        rows += row
        above = row
    return rows


def frames(case):
    folder = os.path.join(base, case, "out")
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return [png(os.path.join(folder, n)) for n in names if n.endswith(".png")]


def halves(bits):
    return struct.unpack("<%de" % (len(bits) // 2), bits)


def e4m3(byte):
    exponent, mantissa = byte >> 3 & 15, byte & 7
    value = mantissa / 512 if exponent == 0 else (1 + mantissa / 8) * 2.0 ** (exponent - 7)
    return -value if byte & 128 else value


def matrix(path, name):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        start = file.tell()
        entry = header[name]
        file.seek(start + entry["data_offsets"][0])
        bits = file.read(entry["data_offsets"][1] - entry["data_offsets"][0])
    if entry["dtype"] == "F32":
        return array("f", bits)
    if entry["dtype"] == "F16":
        return halves(bits)
    return [e4m3(b) for b in bits]


def compared(case, command):
    if command.startswith("generate"):
        mine, ours = frames(case), frames("plain-gen")
        if not mine or not ours:
            return ""
        if [len(f) for f in mine] != [len(f) for f in ours]:
            return "other frames; "
        distance = [abs(a - b) for f, g in zip(mine, ours) for a, b in zip(f, g)]
        worst = max(distance)
        mean = sum(distance) / len(distance)
        return "same frames; " if worst == 0 else "frames differ by %d, mean %.2f; " % (worst, mean)
    output = os.path.join(base, case, "out.safetensors")
    if command.startswith("quantize") and os.path.exists(output):
        name = "blocks.0.self_attn.q.weight"
        reference = matrix(os.path.join(base, "_base", "dit.safetensors"), name)
        worst = max(abs(a - b) for a, b in zip(matrix(output, name), reference))
        return "largest change of %s %.3g; " % (name, worst)
    return ""


print("| case | exit | what it did |\n|---|---|---|")
for case in sorted(os.listdir(base)):
    description = os.path.join(base, case, "case.json")
    if not os.path.exists(description) or not any(fnmatch.fnmatch(case, p) for p in patterns):
        continue
    folder = os.path.join(base, case)
    command = json.load(open(description))["command"]
    for left in ("out", "out.safetensors", "out.gguf"):
        path = os.path.join(folder, left)
        shutil.rmtree(path) if os.path.isdir(path) else os.path.exists(path) and os.remove(path)
    if command.startswith("generate"):
        os.makedirs(os.path.join(folder, "out"))
    arguments = [a.replace("$CASE", folder) for a in shlex.split(command)]
    try:
        run = subprocess.run([wanlet] + arguments, capture_output=True, text=True, timeout=120,
                             stdin=subprocess.DEVNULL)
        code, text = str(run.returncode), run.stderr + run.stdout
    except subprocess.TimeoutExpired:
        code, text = "-", "still running after 120 s"
    text = re.sub(re.escape(base), "", text.replace(folder, "$CASE"))
    notable = [line for line in text.splitlines()
               if re.match(r"wanlet: (?!plan|text:|sample:|decode:|custom|not given)|network|notes|also|missing  ", line)]
    said = "; ".join(" ".join(line.split()) for line in notable)
    said = re.sub(r"[^ -~]", "?", said).replace("|", "/")
    print("| %s | %s | %s%s |" % (case, code, compared(case, command), said[:300]), flush=True)
PYTHON
