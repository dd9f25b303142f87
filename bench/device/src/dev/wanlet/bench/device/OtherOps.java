// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import static dev.wanlet.bench.device.BlockOps.EXACT;
import static dev.wanlet.bench.device.BlockOps.SUMS;

import dev.wanlet.ggml.TensorType;
import java.util.List;

/**
 * The operations of VAE and text encoder that a transformer block has not. Immutable.
 *
 * @param channels of a VAE layer
 * @param height rows of the layer
 * @param width columns of the layer
 * @param tokens of a prompt
 */
record OtherOps(long channels, long height, long width, long tokens) {
  private static final int TEXT_HEADS = 64;
  private static final float EPS = 1e-12f;

  private Operand frame() {
    return Operand.f32(1, channels, height, width);
  }

  List<OpCase> all() {
    return List.of(
        convolution(TensorType.F16),
        convolution(TensorType.F32),
        new OpCase(
            "norm over channels",
            EXACT,
            0,
            List.of(frame()),
            (g, t) ->
                g.contiguous(
                    g.permute(
                        g.rmsNorm(g.contiguous(g.permute(t.get(0), 0, 2, 3, 1)), EPS),
                        0,
                        3,
                        1,
                        2))),
        new OpCase("silu", EXACT, 0, List.of(frame()), (g, t) -> g.silu(t.get(0))),
        new OpCase("upscale", EXACT, 0, List.of(frame()), (g, t) -> g.upscaleNearest(t.get(0), 2)),
        new OpCase("pad", EXACT, 0, List.of(frame()), (g, t) -> g.pad(t.get(0), 2, 1, 1)),
        new OpCase(
            "concat of rows",
            EXACT,
            0,
            List.of(frame(), frame()),
            (g, t) -> g.concat(t.get(0), t.get(1), 2)),
        new OpCase(
            "band of rows",
            EXACT,
            0,
            List.of(frame()),
            (g, t) -> g.contiguous(g.slice(t.get(0), 2, 1, height - 1))),
        new OpCase(
            "soft_max with a bias per head",
            EXACT,
            0,
            List.of(
                Operand.f32(TEXT_HEADS, tokens, tokens), Operand.f32(TEXT_HEADS, tokens, tokens)),
            (g, t) -> g.softMax(t.get(0), t.get(1), 1f)),
        new OpCase(
            "product of two activations",
            SUMS,
            0,
            List.of(
                Operand.f32(TEXT_HEADS, tokens, TEXT_HEADS),
                Operand.f32(TEXT_HEADS, tokens, TEXT_HEADS)),
            (g, t) -> g.matmul(t.get(0), t.get(1))));
  }

  private OpCase convolution(TensorType kernel) {
    return new OpCase(
        "conv_2d, kernel " + kernel,
        SUMS,
        18.0 * channels * channels * height * width,
        List.of(Operand.weight(kernel, channels, channels, 3, 3), frame()),
        (g, t) -> g.conv2d(t.get(0), t.get(1), 1, 1, 1));
  }
}
