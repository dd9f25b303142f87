#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Kills commands at random moments and counts what is lost and what is left behind.
#
#   bench/torture/kills.sh [KILLS] [SEED]     default: 20 kills, seed 1; prints a CSV line for each kill
#
# Rounds of five kills: of generate, of resume twice, of quantize twice, each with SIGKILL: by turns at a moment drawn from
# the time that the whole command takes, and at one drawn from the time after it has begun to write. Then each is run to its end. Lost: a saved step less than before, a finished file that
# changes or goes, or an end other than that of a run nobody killed, byte for byte. Left behind: anything else in the
# folder after the run to the end. Exits 1 if there is any. Needs python3, its standard library only.
# Environment: WANLET (the program; default: the launcher of this checkout).
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
exec env PYTHONPATH="$root/bench/torture" PYTHONDONTWRITEBYTECODE=1 python3 - "${WANLET:-$root/wanlet}" "${1:-20}" "${2:-1}" <<'PYTHON'
import os, random, shutil, signal, subprocess, sys, tempfile, time

from campaign import content, generate, others, quantize, step

wanlet, kills, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
chance = random.Random(seed)
folder = tempfile.mkdtemp(prefix="wanlet-kills-")
model = os.path.join(folder, "model.gguf")


def start(arguments):
    return subprocess.Popen([wanlet] + arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE)


def whole(arguments):
    began = time.time()
    run = start(arguments)
    said = run.communicate()[1].decode("utf-8", "replace")
    if run.returncode != 0:
        sys.exit("exit %d: %s\n%s" % (run.returncode, " ".join(arguments), said))
    return time.time() - began


turns = 0
# So many that most of the command's time is steps, each of which is saved: else hardly a kill would find anything to lose.
STEPS = 300


def killed(arguments, seconds, place):
    """Kills a command after a while; the moment in seconds, or -1 if it was through before."""
    global turns
    turns += 1
    began = time.time()
    before = os.listdir(place)
    run = start(arguments)
    wait = chance.uniform(0, seconds)
    if turns % 2 == 0:
        while run.poll() is None and os.listdir(place) == before:
            time.sleep(0.001)
        wait /= 3
    try:
        run.communicate(timeout=wait)
        return -1
    except subprocess.TimeoutExpired:
        os.kill(run.pid, signal.SIGKILL)
        run.communicate()
        return time.time() - began


whole(["synth", "tiny-wan", "--type", "F32", "-o", model])
clip_time = whole(generate(os.path.join(folder, "whole.png"), STEPS))
quantize_time = whole(quantize(model, os.path.join(folder, "whole.gguf")))
clip_bytes = content(os.path.join(folder, "whole.png"))
quantized_bytes = content(os.path.join(folder, "whole.gguf"))

lost = left = done = rounds = 0
print("kill,command,moment_s,steps_saved,finished,lost", flush=True)
while done < kills:
    rounds += 1
    place = os.path.join(folder, "round")
    os.mkdir(place)
    clip = os.path.join(place, "clip.png")
    saved = clip + ".resume.safetensors"
    before = 0
    for command in ["generate", "resume", "resume"]:
        resumes = command == "resume" and os.path.exists(saved)
        arguments = ["resume", saved, "-t", "1", "--device", "CPU", "--checkpoint-every", "1"] if resumes else generate(clip, STEPS)
        moment = killed(arguments, clip_time, place)
        now, finished = step(saved), content(clip)
        bad = finished not in (None, clip_bytes) or (finished is None and now < before)
        lost += bad
        if moment >= 0:
            done += 1
            print("%d,%s,%.3f,%d,%d,%d" % (done, "resume" if resumes else "generate", moment, now, finished is not None, bad),
                  flush=True)
        before = now
        if finished is not None:
            break
    whole(generate(clip, STEPS))
    wrong = content(clip) != clip_bytes
    lost += wrong
    behind = others(place, [clip])
    output = os.path.join(place, "out.gguf")
    for _ in range(2):
        moment = killed(quantize(model, output), quantize_time, place)
        finished = content(output)
        bad = finished not in (None, quantized_bytes)
        lost += bad
        if moment >= 0:
            done += 1
            print("%d,quantize,%.3f,,%d,%d" % (done, moment, finished is not None, bad), flush=True)
    whole(quantize(model, output))
    wrong_file = content(output) != quantized_bytes
    lost += wrong_file
    behind += others(place, [clip, output])
    left += len(behind)
    if wrong or wrong_file or behind:
        print("# round %d: clip differs %s, weights differ %s, left: %s" % (rounds, wrong, wrong_file, behind), flush=True)
    shutil.rmtree(place)
shutil.rmtree(folder)
print("# %d kills in %d rounds, seed %d: %d lost, %d left behind" % (done, rounds, seed, lost, left))
sys.exit(1 if lost or left else 0)
PYTHON
