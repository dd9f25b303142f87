#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes inputs and outputs in this folder: normalized attention guidance in the network of dit-t2v.

Our own words, in float64, for WanModel of Wan2.1 wan/modules/model.py and for the function nag of
ChenDarYen/ComfyUI-NAG utils.py (commit ef8a641), which NAGWanT2VCrossAttention of wan/model.py there
puts between attention and its output projection. First the network without guidance is compared with
the taps of dit-t2v, which the official code made. Cases: <case>.nag is scale, tau, alpha. "usual" is
shortened to tau in most rows, "free" in none. Needs numpy.
"""
import json
import pathlib
import struct

import numpy as np

HERE = pathlib.Path(__file__).parent
BASE = HERE.parent / "dit-t2v"
SEED = 20261127
EPS = 1e-6
HEADS, HEAD_DIM, TEXT_LENGTH = 2, 128, 512


def read(path):
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    tensors = {}
    for name, t in json.loads(data[8 : 8 + size]).items():
        if name != "__metadata__":
            kind = {"F32": np.float32, "F16": np.float16}[t["dtype"]]
            begin, end = t["data_offsets"]
            raw = data[8 + size + begin : 8 + size + end]
            tensors[name] = np.frombuffer(raw, kind).reshape(t["shape"]).astype(np.float64)
    return tensors


def write(path, tensors):
    header, body = {}, b""
    for name in sorted(tensors):
        raw = np.ascontiguousarray(tensors[name], np.float32).tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensors[name].shape), "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


W = read(BASE / "weights.safetensors")


def linear(name, x):
    return x @ W[name + ".weight"].T + W[name + ".bias"]


def silu(x):
    return x / (1 + np.exp(-x))


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def layer_norm(x):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + EPS)


def rms_norm(x, name):
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + EPS) * W[name + ".weight"]


def split(x):
    return x.reshape(len(x), HEADS, HEAD_DIM)


def rope(x, grid):
    """Pairs of each head turn by the token's frame (22 pairs), row (21) and column (21)."""
    axes = np.stack(np.meshgrid(*(np.arange(n) for n in grid), indexing="ij"), -1).reshape(-1, 3)
    sizes = (44, 42, 42)
    angles = [np.outer(axes[:, i], 10000.0 ** (-np.arange(0, n, 2) / n)) for i, n in enumerate(sizes)]
    turn = np.exp(1j * np.concatenate(angles, 1))[:, None, :]
    pairs = (x[..., 0::2] + 1j * x[..., 1::2]) * turn
    return np.stack([pairs.real, pairs.imag], -1).reshape(x.shape)


def attention(q, k, v):
    scores = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(HEAD_DIM)
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    return np.einsum("hqk,khd->qhd", scores / scores.sum(-1, keepdims=True), v).reshape(len(q), -1)


def nag(positive, negative, scale, tau, alpha):
    guidance = positive * scale - negative * (scale - 1)
    norm_positive = np.maximum(np.abs(positive).sum(-1, keepdims=True), EPS)
    norm_guidance = np.maximum(np.abs(guidance).sum(-1, keepdims=True), EPS)
    s = norm_guidance / norm_positive
    return guidance * np.minimum(s, tau) / s * alpha + positive * (1 - alpha), s


def embed_text(context):
    padded = np.zeros((TEXT_LENGTH, context.shape[1]))
    padded[: len(context)] = context
    return linear("text_embedding.2", gelu(linear("text_embedding.0", padded)))


def text_attention(b, q, context):
    k = split(rms_norm(linear(b + "k", context), b + "norm_k"))
    return attention(split(q), k, split(linear(b + "v", context)))


def predict(x, t, context, negative=None, numbers=None):
    taps, ratios = {}, []
    channels, frames, height, width = x.shape
    grid = (frames, height // 2, width // 2)
    patches = x.reshape(channels, frames, grid[1], 2, grid[2], 2).transpose(1, 2, 4, 0, 3, 5).reshape(-1, channels * 4)
    kernel = W["patch_embedding.weight"]
    h = patches @ kernel.reshape(len(kernel), -1).T + W["patch_embedding.bias"]
    taps["patch_embedding"] = h
    angles = t * 10000.0 ** (-np.arange(128) / 128)
    e = linear("time_embedding.2", silu(linear("time_embedding.0", np.concatenate([np.cos(angles), np.sin(angles)]))))
    e0 = linear("time_projection.1", silu(e)).reshape(6, -1)
    text = embed_text(context)
    away = None if negative is None else embed_text(negative)
    for i in range(2):
        b = f"blocks.{i}."
        m = W[b + "modulation"][0] + e0
        y = layer_norm(h) * (1 + m[1]) + m[0]
        s = b + "self_attn."
        q, k = (rope(split(rms_norm(linear(s + n, y), s + "norm_" + n)), grid) for n in "qk")
        h = h + linear(s + "o", attention(q, k, split(linear(s + "v", y)))) * m[2]
        c = b + "cross_attn."
        y = layer_norm(h) * W[b + "norm3.weight"] + W[b + "norm3.bias"]
        q = rms_norm(linear(c + "q", y), c + "norm_q")
        z = text_attention(c, q, text)
        if away is not None:
            z, s = nag(z, text_attention(c, q, away), *numbers)
            ratios.append(s)
        taps[f"block.{i}.cross_attn.attention"] = z
        h = h + linear(c + "o", z)
        y = layer_norm(h) * (1 + m[4]) + m[3]
        h = h + linear(b + "ffn.2", gelu(linear(b + "ffn.0", y))) * m[5]
        taps[f"block.{i}"] = h
    m = W["head.modulation"][0] + e
    y = linear("head.head", layer_norm(h) * (1 + m[1]) + m[0])
    y = y.reshape(*grid, 1, 2, 2, channels).transpose(6, 0, 3, 1, 4, 2, 5)
    taps["output"] = y.reshape(channels, frames, height, width)
    return taps, np.array(ratios)


base = read(BASE / "inputs.safetensors")
expected = read(BASE / "outputs.safetensors")
for case in ("t999", "t500"):
    taps, _ = predict(base["x"], float(base[case + ".t"].item()), base["context"])
    for tap in ("patch_embedding", "block.0", "block.1", "output"):
        known = expected.get(f"{case}.{tap}")
        if known is not None:
            off = np.abs(taps[tap].reshape(known.shape) - known).max()
            print(case, tap, "differs from the official code by", off)
            assert off < 1e-4

negative = np.random.default_rng(SEED).standard_normal((5, 64)).astype(np.float32).astype(np.float64)
inputs = {"x": base["x"], "context": base["context"], "negative": negative}
outputs = {}
for case, t, numbers in (("free", 500, (1.25, 10, 0.5)), ("usual", 999, (11, 2.5, 0.25))):
    taps, ratios = predict(base["x"], t, base["context"], negative, numbers)
    print(case, "length of what guidance gives, in lengths of the prompt's:", ratios.min(), "to", ratios.max())
    print("  shortened:", np.mean(ratios > numbers[1]))
    inputs[case + ".t"] = np.array([t])
    inputs[case + ".nag"] = np.array(numbers)
    outputs[case + ".output"] = taps["output"]
outputs["usual.block.0.cross_attn.attention"] = taps["block.0.cross_attn.attention"]
write(HERE / "inputs.safetensors", inputs)
write(HERE / "outputs.safetensors", outputs)
