# SPDX-License-Identifier: Apache-2.0
"""What the campaigns of kills.sh and disk.sh share: the commands they run, and what they read of the results."""
import os
import re


def content(path):
    """The bytes of a file; None if there is none."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def step(saved):
    """The step after which a saved run goes on; 0 if there is none."""
    found = re.search(rb'"wanlet.next_step":"(\d+)"', (content(saved) or b"")[:65536])
    return int(found.group(1)) if found else 0


def generate(clip, steps=12):
    return ["generate", "-p", "a red circle moving left on a black background", "-s", "7", "-t", "1", "--device", "CPU",
            "--frames", "1", "--steps", str(steps), "--checkpoint-every", "1", "-o", clip]


def quantize(model, output):
    return ["quantize", model, output, "--type", "Q8_0", "-t", "1"]


def others(place, expected):
    """What a folder holds beside some files."""
    return sorted(set(os.listdir(place)) - {os.path.basename(path) for path in expected})
