#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes clips with a small model of every published kind, of random weights, from what goes in to the finished file.
#
#   bench/torture/kinds.sh [DEVICE] [NAME-PATTERN...]     default: CPU, every kind; prints a CSV line for each clip
#
# On the CPU 9 frames and 4 guided steps, so that two experts have two each. On another device, such as Vulkan0, one guided
# step and as few frames as go with what is given, and the frames are held against the CPU's. Each clip must have the size,
# the frames and the rate that were asked for and know its own settings, and must be the same with every block streamed and
# the least memory that its plan names. Exits 1 if something is not so, or if a published kind is not in the list. Text
# encoder and the VAE of Wan 2.1 are the demo model's. Needs python3, its standard library only.
# Environment: WANLET (the program; default: the launcher of this checkout), THREADS (default: 1), WIDTH (channels of the
# transformers, a multiple of 128; default: 384, so that they need more memory than the other networks).
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
exec python3 - "${WANLET:-$root/wanlet}" "${THREADS:-1}" "${WIDTH:-384}" "$@" <<'PYTHON'
import fnmatch, json, os, shutil, subprocess, sys, tempfile, time

wanlet, threads, width = sys.argv[1:4]
device = sys.argv[4] if len(sys.argv) > 4 else "CPU"
patterns = sys.argv[5:] or ["*"]
folder = tempfile.mkdtemp(prefix="wanlet-kinds-")
cpu = device == "CPU"
NEAR_DB = 35  # two devices round differently; a clip that is not the same one is below 15


def at(name):
    return os.path.join(folder, name)


PICTURE, LAST, VIDEO, MASK = at("first.png"), at("last.png"), at("video.mp4"), at("mask.png")
FROM_PICTURE, FROM_BOTH = ["-i", PICTURE], ["-i", PICTURE, "--end-img", LAST]
FOLLOWED = ["--control-video", VIDEO]
CHANGED = FOLLOWED + ["--control-mask", MASK, "--ref-image", PICTURE]
EXTENDED = ["--extend", VIDEO, "--extend-frames", "1"]

# Kind: blocks (as few as keep the branch's places), and for each clip what goes in, the options for it, least frames.
TEXT = [("text", [], 1)]
CONTROL = [("control video", FOLLOWED, 1), ("control video, mask, reference", CHANGED, 1), ("video to extend", EXTENDED, 5)]
KINDS = {
    "wan2.1-t2v-1.3b": (4, TEXT),
    "wan2.1-t2v-14b": (4, TEXT),
    "wan2.1-i2v-14b-480p": (4, [("picture", FROM_PICTURE, 1)]),
    "wan2.1-i2v-14b-720p": (4, [("picture", FROM_PICTURE, 1)]),
    "wan2.1-flf2v-14b-720p": (4, [("first and last picture", FROM_BOTH, 5)]),
    "wan2.1-vace-1.3b": (4, CONTROL),
    "wan2.1-vace-14b": (10, CONTROL),
    "wan2.2-t2v-a14b": (4, TEXT),
    "wan2.2-i2v-a14b": (4, [("picture", FROM_PICTURE, 1), ("first and last picture", FROM_BOTH, 5)]),
    "wan2.2-vace-fun-a14b": (10, CONTROL),
    "wan2.2-ti2v-5b": (4, TEXT + [("picture", FROM_PICTURE, 1)]),
}


def run(*arguments):
    ended = subprocess.run([wanlet] + list(arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE)
    return ended.returncode, ended.stdout.decode("utf-8", "replace"), ended.stderr.decode("utf-8", "replace")


def must(*arguments):
    code, out, said = run(*arguments)
    if code != 0:
        sys.exit("exit %d: wanlet %s\n%s" % (code, " ".join(arguments), said))
    return out


def synth(kind, name, *options):
    must("synth", kind, "-o", at(name), *options)
    return at(name)


def model(kind, published, layers):
    """Options that name the files of a small model."""
    small = ["--layers", str(layers), "--width", width]
    options = ["--diffusion-model", synth(kind, "low.gguf", "-s", "1", *small)]
    if published["experts"] == 2:
        options += ["--high-noise-diffusion-model", synth(kind, "high.gguf", "-s", "2", *small)]
    if published["variant"] in ("I2V", "FLF2V"):
        options += ["--clip-vision", synth(kind, "clip.gguf", "--part", "clip", "--layers", "2", "--width", "160")]
    if published["latent_channels"] != 16:
        options += ["--vae", synth(kind, "vae.gguf", "--part", "vae", "--width", "16")]
    return options


def least(options):
    """The plan within the least memory that there is one for."""
    code, out, said = run("plan", *options, "--max-resident", "0", "--vram", "1MiB", "--json")
    return json.loads(out) if code == 4 and out else sys.exit("no plan within the least memory: exit %d\n%s" % (code, said))


def row(kind, what, options, frames, steps, size):
    """Makes a clip in its ways and judges it."""
    problems, psnr, blocks, chunks = [], "", "", ""
    clip, again, reference = at("clip.mp4"), at("again.mp4"), at("cpu.mp4")
    for file in (clip, again, reference):
        if os.path.exists(file):
            os.remove(file)
    where = ["-t", threads, "--device", device]
    common = ["-p", "a red circle moving left on a black background", "-n", "blue", "--size", size, "--frames", str(frames),
              "--steps", str(steps), "--cfg-scale", "4"] + options
    make = ["generate", "-s", "7"] + common
    began = time.time()
    code, out, said = run(*make, *where, "--json", "-o", clip)
    seconds = time.time() - began
    if code != 0:
        print(said, file=sys.stderr, flush=True)
        return seconds, blocks, chunks, psnr, "exit %d: %s" % (code, said.strip().splitlines()[-1])
    made = json.loads(out)
    if made["measured_peak_bytes"] > made["planned_peak_bytes"]:
        problems.append("more device memory than planned")
    with open(clip, "rb") as file:
        if b'"seed":7,' not in file.read():
            problems.append("the settings are not in it")
    plan = least(common + where)
    blocks = "%d of %d" % (plan["blocks"] - plan["resident_blocks"], plan["blocks"])
    chunks = "%d of %d" % (plan["chunk_tokens"], plan["tokens"])
    least_kib = -(-plan["smallest_budget_bytes"] // 1024)
    must(*make, *where, "--max-resident", "0", "--vram", "%dKiB" % least_kib, "-o", again)
    score = json.loads(must("score", "--json", again, "--reference", clip))["clips"][0]
    if not score["against_reference"]["identical"]:
        problems.append("streamed it is another clip")
    if "%dx%d" % (score["width"], score["height"]) != size or score["frames"] != frames or score["fps"] != made["fps"]:
        problems.append("%dx%d, %d frames at %s" % (score["width"], score["height"], score["frames"], score["fps"]))
    if not cpu:
        must(*make, "-t", threads, "--device", "CPU", "-o", reference)
        held = json.loads(must("score", "--json", clip, "--reference", reference))["clips"][0]["against_reference"]
        psnr = "same" if held["identical"] else "%.1f" % held["psnr"]
        if not held["identical"] and held["psnr"] < NEAR_DB:
            problems.append("not the CPU's clip")
    return seconds, blocks, chunks, psnr, "; ".join(problems) or "well"


def drawn(prompt, frames, file):
    must("generate", "-p", prompt + " on a black background", "-s", "1", "-t", threads, "--device", "CPU", "--frames",
         str(frames), "--steps", "4", "-o", file)


failures = 0
drawn("a red circle moving right", 9, VIDEO)
drawn("a red circle standing still", 1, PICTURE)
drawn("a blue star standing still", 1, LAST)
drawn("a white square standing still", 1, MASK)
published = {m["id"]: m for m in json.loads(must("models", "--json"))["models"]}
missing = sorted(set(m for m in published if not m.startswith("tiny-wan")) - set(KINDS))
for kind in missing:
    print("%s: not in the list" % kind, file=sys.stderr)
    failures += 1
print("kind,from,device,width,layers,size,frames,steps,seconds,streamed_blocks,chunk_tokens,psnr_to_cpu,result", flush=True)
for kind, (layers, clips) in KINDS.items():
    if not any(fnmatch.fnmatch(kind, p) for p in patterns):
        continue
    files = model(kind, published[kind], layers)
    side = published[kind]["size_multiple"] * (8 if cpu else 2)  # on the CPU enough tokens for several chunks
    size = "%dx%d" % (side, side)
    for what, options, fewest in clips:
        frames, steps = (9, 4) if cpu else (fewest, 1)
        seconds, blocks, chunks, psnr, result = row(kind, what, files + options, frames, steps, size)
        failures += result != "well"
        print('%s,"%s",%s,%s,%d,%s,%d,%d,%.1f,%s,%s,%s,"%s"' % (kind, what, device, width, layers, size, frames, steps,
              seconds, blocks, chunks, psnr, result.replace(folder + "/", "").replace('"', "'")), flush=True)
shutil.rmtree(folder)
sys.exit(1 if failures else 0)
PYTHON
