#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes clips and weight files on a small disk that is full, or that another program fills at a moment of the run.
#
#   bench/torture/disk.sh [POINTS] [SEED]     default: 20 moments, seed 1; prints a CSV line for each
#
# First disks of growing size: a run must end well or be refused before sampling. Then another program takes every byte that
# is free from a moment on, drawn from the time of the whole run. Each time the exit code must be 0 with the frames of a run
# on an empty disk, or 2 with sizes in the message; what was saved before must be there afterwards, a clip that was there must
# not change, and with room again the same command must come to those frames and leave nothing. Exits 1 if something is not
# so. Needs python3 and the right to mount a tmpfs (root).
# Environment: WANLET (the program; default: the launcher of this checkout).
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
exec env PYTHONPATH="$root/bench/torture" PYTHONDONTWRITEBYTECODE=1 python3 - "${WANLET:-$root/wanlet}" "${1:-20}" "${2:-1}" <<'PYTHON'
import os, random, re, shutil, subprocess, sys, tempfile, threading, time

from campaign import content, generate, others, quantize, step

wanlet, points, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
chance = random.Random(seed)
folder = tempfile.mkdtemp(prefix="wanlet-disk-")
disk = os.path.join(folder, "disk")
model = os.path.join(folder, "model.gguf")
os.mkdir(disk)
KIB = 1024


def mount(kib):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dk" % kib, "tmpfs", disk], check=True)


def unmount():
    subprocess.run(["umount", disk], check=True)


def run(arguments):
    began = time.time()
    ended = subprocess.run([wanlet] + arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE)
    return ended.returncode, ended.stderr.decode("utf-8", "replace"), time.time() - began


class Hog(threading.Thread):
    """Takes what is free on the disk, again and again, from a moment on."""

    def __init__(self, after):
        super().__init__()
        self.after, self.stopped = after, threading.Event()

    def run(self):
        if self.stopped.wait(self.after):
            return
        with open(os.path.join(disk, "hog"), "wb", buffering=0) as file:
            while not self.stopped.is_set():
                try:
                    file.write(b"\1" * 4096)
                except OSError:
                    time.sleep(0.0002)

    def end(self):
        self.stopped.set()
        self.join()
        try:
            os.remove(os.path.join(disk, "hog"))
        except FileNotFoundError:
            pass


def whole(arguments):
    code, said, seconds = run(arguments)
    if code != 0:
        sys.exit("exit %d: %s\n%s" % (code, " ".join(arguments), said))
    return seconds


failures = 0


def verdict(name, at, code, said, output, reference, saved, command):
    """Judges a run that is through, and whether the same command comes to its end with room."""
    global failures
    problems = []
    if code not in (0, 2):
        problems.append("exit %d" % code)
    if code == 2 and not re.search(r"[0-9.]+ ([KMG]iB|bytes)", said):
        problems.append("no sizes told")
    if (content(output) == reference) != (code == 0):
        problems.append("the file is not what the exit code says")
    if "internal error" in said or "Exception" in said:
        problems.append("unclear message")
    steps = step(saved) if saved else ""
    left = others(disk, [output, saved or ""])
    if left:
        problems.append("left: %s" % left)
    subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
    again, more, _ = run(command)
    if again != 0 or content(output) != reference:
        problems.append("not made with room again: exit %d %s" % (again, more.strip().splitlines()[-1:]))
    if steps and "going on after step %d" % steps not in more:
        problems.append("began anew")
    if os.listdir(disk) != [os.path.basename(output)]:
        problems.append("left at the end: %s" % sorted(os.listdir(disk)))
    failures += bool(problems)
    line = "" if code == 0 else " ".join(said.strip().splitlines()[-1].split())
    line = re.sub(re.escape(folder), "", line).replace('"', "'")
    print('%s,%s,%d,%s,%s,"%s"' % (name, at, code, steps, "; ".join(problems) or "well", line), flush=True)


whole(["synth", "tiny-wan", "--type", "F32", "-o", model])
clip_time = whole(generate(os.path.join(folder, "clip.png")))
quantize_time = whole(quantize(model, os.path.join(folder, "out.gguf")))
clip_bytes = content(os.path.join(folder, "clip.png"))
quantized_bytes = content(os.path.join(folder, "out.gguf"))
clip, saved, output = os.path.join(disk, "clip.png"), os.path.join(disk, "clip.png.resume.safetensors"), os.path.join(disk, "out.gguf")

print("disk,at,exit,steps_saved,verdict,message")
for kib in [8, 64, 160, 224, 256, 288, 512]:
    mount(kib)
    code, said, _ = run(generate(clip))
    verdict("size", "%d KiB" % kib, code, said, clip, clip_bytes, saved, generate(clip))
    unmount()
for point in range(points):
    mount(4096)
    weights = point % 4 == 3
    arguments = quantize(model, output) if weights else generate(clip)
    moment = chance.uniform(0, quantize_time if weights else clip_time)
    if weights:
        subprocess.run(["mount", "-o", "remount,size=%dk" % (len(quantized_bytes) // KIB + 64), disk], check=True)
    hog = Hog(moment)
    hog.start()
    code, said, _ = run(arguments)
    hog.end()
    verdict("quantize" if weights else "generate", "%.2f s" % moment, code, said, output if weights else clip,
            quantized_bytes if weights else clip_bytes, None if weights else saved, arguments)
    unmount()
shutil.rmtree(folder)
print("# %d sizes and %d moments, seed %d: %d not as they should be" % (7, points, seed, failures))
sys.exit(1 if failures else 0)
PYTHON
