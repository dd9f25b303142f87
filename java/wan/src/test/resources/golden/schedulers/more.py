#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes euler_a, res_multistep, rcm and tables .safetensors in this folder from inputs.safetensors.

Our own words for published formulas, in float32 where the reference computes in float32:
  euler_a        sample_euler_ancestral_RF (eta 1), ComfyUI v0.3.75 comfy/k_diffusion/sampling.py
  res_multistep  sample_res_multistep (eta 0), the same file
  rcm            TurboDiffusion turbodiffusion/inference/wan2.1_t2v_infer.py, in float64 as there
  tables         beta_scheduler and simple_scheduler of comfy/samplers.py, get_sigmas_karras of
                 comfy/k_diffusion/sampling.py, on ModelSamplingDiscreteFlow of comfy/model_sampling.py
In place of a model: v = 0.3*x + sin(t/1000) + noise. Fresh noise: the rows of renoise, over and over.
Needs numpy and scipy.
"""
import json
import pathlib
import struct

import numpy as np
import scipy.stats

HERE = pathlib.Path(__file__).parent
F = np.float32


def read(path):
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    return {
        name: np.frombuffer(data, F, offset=8 + size + t["data_offsets"][0], count=int(np.prod(t["shape"]))).reshape(t["shape"])
        for name, t in header.items()
        if name != "__metadata__"
    }


def write(path, tensors):
    header, body = {}, b""
    for name in sorted(tensors):
        raw = np.ascontiguousarray(tensors[name], F).tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensors[name].shape), "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


INPUTS = read(HERE / "inputs.safetensors")
X0, NOISE, RENOISE = INPUTS["x0"], INPUTS["noise"], INPUTS["renoise"]


def velocity(x, timestep):
    return F(0.3) * x.astype(F) + np.sin(F(timestep) / F(1000)) + NOISE


def fresh(i):
    return RENOISE[i % len(RENOISE)]


def warp(s, shift):
    return shift * s / (1 + (shift - 1) * s)


def plain(steps, shift):
    return np.array([warp((steps - i) / steps, shift) for i in range(steps)] + [0.0])


def euler_a(x, sigmas, i, denoised):
    if sigmas[i + 1] == 0:
        return denoised
    down = sigmas[i + 1] * (1 + (sigmas[i + 1] / sigmas[i] - 1) * F(1))
    alpha_next, alpha_down = 1 - sigmas[i + 1], 1 - down
    renoise = (sigmas[i + 1] ** 2 - down**2 * alpha_next**2 / alpha_down**2) ** F(0.5)
    ratio = down / sigmas[i]
    x = ratio * x + (1 - ratio) * denoised
    return (alpha_next / alpha_down) * x + fresh(i) * renoise


class ResMultistep:
    def __init__(self):
        self.old = None

    def __call__(self, x, sigmas, i, denoised):
        if sigmas[i + 1] == 0 or self.old is None:
            x = x + (x - denoised) / sigmas[i] * (sigmas[i + 1] - sigmas[i])
        else:
            t, t_next, t_prev = (-np.log(s) for s in (sigmas[i], sigmas[i + 1], sigmas[i - 1]))
            h = t_next - t
            c2 = (t_prev - t) / h
            phi1 = np.expm1(-h) / -h
            phi2 = (phi1 - 1) / -h
            x = np.exp(-h) * x + h * ((phi1 - phi2 / c2) * denoised + phi2 / c2 * self.old)
        self.old = denoised
        return x


def run(step, sigmas64):
    sigmas = sigmas64.astype(F)
    timesteps = (1000 * sigmas64[:-1]).astype(F)
    x, points = X0, [X0]
    for i in range(len(timesteps)):
        denoised = x - sigmas[i] * velocity(x, timesteps[i])
        x = step(x, sigmas, i, denoised).astype(F)
        points.append(x)
    return {"sigmas": sigmas, "timesteps": timesteps, "trajectory": np.stack(points)}


def rcm(steps, largest):
    angles = np.array([np.arctan(largest), *[1.5, 1.4, 1.0][: steps - 1], 0.0])
    t = np.sin(angles) / (np.cos(angles) + np.sin(angles))
    x = X0.astype(np.float64) * t[0]
    points = [x]
    for i in range(steps):
        v = velocity(x, F(t[i] * 1000)).astype(np.float64)
        x = (x - v * t[i]) * (1 - t[i + 1]) + fresh(i).astype(np.float64) * t[i + 1]
        points.append(x)
    return {"sigmas": t, "timesteps": t[:-1] * 1000, "trajectory": np.stack(points)}


def table(name, steps, shift):
    levels = np.array([warp(i / 1000, shift) for i in range(1, 1001)])
    if name == "simple":
        chosen = [levels[-(1 + int(i * (len(levels) / steps)))] for i in range(steps)]
    elif name == "beta":
        ts = 1 - np.linspace(0, 1, steps, endpoint=False)
        ts = np.rint(scipy.stats.beta.ppf(ts, 0.6, 0.6) * (len(levels) - 1))
        chosen = [levels[int(t)] for t in ts]
    else:
        ramp = np.linspace(0, 1, steps)
        low, high = levels[0] ** (1 / 7), levels[-1] ** (1 / 7)
        chosen = list((high + ramp * (low - high)) ** 7)
    sigmas = np.array(chosen + [0.0])
    return {"sigmas": sigmas, "timesteps": 1000 * sigmas[:-1]}


def named(cases):
    return {f"{case}.{tap}": np.asarray(values, F) for case, taps in cases.items() for tap, values in taps.items()}


GRID = [(n, s) for n in (4, 20, 50) for s in (3, 5, 12)]
write(HERE / "euler_a.safetensors", named({f"steps{n}_shift{s}": run(euler_a, plain(n, s)) for n, s in GRID}))
write(HERE / "res_multistep.safetensors", named({f"steps{n}_shift{s}": run(ResMultistep(), plain(n, s)) for n, s in GRID}))
write(HERE / "rcm.safetensors", named({f"steps{n}_max{m}": rcm(n, m) for n in (1, 2, 3, 4) for m in (80, 200)}))
write(
    HERE / "tables.safetensors",
    named({f"{t}_steps{n}_shift{s}": table(t, n, s) for t in ("simple", "beta", "karras") for n in (1, 4, 20, 37, 100) for s in (3, 5, 12)}),
)
