#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the folders tae21 and tae22: make.py TAEHV_PY

TAEHV_PY is taehv.py of github.com/madebyollin/taehv (MIT; commit 1f14a56 was used), whose decoder is
run as it is, with two changes: its widths are smaller, and its weights are random. Kernels are
rounded to half precision before the run. "decode" is decode_video(parallel=True), "streamed" the
frames of StreamingTAEHV.decode, latent frame by latent frame, and "image" a clip of one latent frame.
tae22 also has a growing product with more rows than are used, as older files do. Needs numpy and
PyTorch.
"""
import json
import pathlib
import re
import struct
import sys
import types

import numpy as np
import torch

HERE = pathlib.Path(__file__).parent
WIDTHS = [24, 16, 12, 12]
SEED = 20261127


def reference(path):
    text = pathlib.Path(path).read_text()
    text = text.replace("n_f = [256, 128, 64, 64]", f"n_f = {WIDTHS}")
    text = re.sub(r"^from tqdm.*$", "tqdm = lambda x, **k: x", text, flags=re.M)
    module = types.ModuleType("taehv")
    exec(compile(text, path, "exec"), module.__dict__)
    return module


def write(path, tensors):
    header, body = {}, b""
    for name in sorted(tensors):
        value = np.ascontiguousarray(tensors[name])
        raw = value.tobytes()
        kind = {"float32": "F32", "float16": "F16"}[str(value.dtype)]
        header[name] = {"dtype": kind, "shape": list(value.shape), "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def clip(frames):
    """[1, T, 3, H, W] as [3, T, H, W], 0 to 1 as -1 to 1."""
    return frames[0].transpose(0, 1).numpy() * 2 - 1


def make(taehv, folder, channels, patch, height, width):
    torch.manual_seed(SEED + channels)
    net = taehv.TAEHV(checkpoint_path=None, patch_size=patch, latent_channels=channels).eval()
    state = net.state_dict()
    for name, value in state.items():
        if not name.startswith("decoder."):
            continue
        if name.endswith(".weight"):
            fan = value[0].numel()
            value.copy_((torch.randn_like(value) * (1.4 / fan**0.5)).half().float())
        else:
            value.copy_(torch.randn_like(value) * 0.1)
    latents = torch.randn(1, 3, channels, height, width) * 1.5
    with torch.no_grad():  # most of the pixels between black and white
        raw = taehv.apply_model_with_memblocks(net.decoder, latents.clone(), True, False)
    state["decoder.22.weight"].mul_(0.25 / raw.std()).copy_(state["decoder.22.weight"].half().float())
    state["decoder.22.bias"].copy_(0.5 + state["decoder.22.bias"] - 0.25 * raw.mean() / raw.std())
    outputs = {}
    with torch.no_grad():
        outputs["decode"] = clip(net.decode_video(latents.clone(), parallel=True, show_progress_bar=False))
        outputs["image"] = clip(net.decode_video(latents[:, :1].clone(), parallel=True, show_progress_bar=False))
        stream, frames = taehv.StreamingTAEHV(net), []
        for latent in latents.split(1, 1):
            frame = stream.decode(latent.clone())
            while frame is not None:
                frames.append(frame)
                frame = stream.decode()
        outputs["streamed"] = clip(torch.cat(frames, 1))
    weights = {}
    for name, value in state.items():
        if name.startswith("decoder."):
            value = value.numpy()
            weights[name] = value.astype(np.float16) if name.endswith(".weight") else value
    if patch > 1:
        grow = weights["decoder.7.conv.weight"]
        weights["decoder.7.conv.weight"] = np.concatenate([np.flip(grow, 0), grow])
    folder.mkdir(exist_ok=True)
    write(folder / "weights.safetensors", weights)
    write(folder / "inputs.safetensors", {"latent": latents[0].transpose(0, 1).numpy()})
    write(folder / "outputs.safetensors", outputs)
    config = {
        "kind": "tae",
        "source": "madebyollin/taehv taehv.py, TAEHV(patch_size=%d, latent_channels=%d)" % (patch, channels),
        "tolerance": {"default": 2e-5},
        "weights": [folder.name + "/weights.safetensors"],
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    video = outputs["decode"]
    print(folder.name, {k: v.shape for k, v in outputs.items()}, "clamped", np.mean(np.abs(video) == 1), "std", video.std(),
          "streamed differs by", np.abs(outputs["decode"] - outputs["streamed"]).max())


if __name__ == "__main__":
    module = reference(sys.argv[1])
    make(module, HERE.parent / "tae21", 16, 1, 4, 6)
    make(module, HERE.parent / "tae22", 48, 2, 2, 3)
