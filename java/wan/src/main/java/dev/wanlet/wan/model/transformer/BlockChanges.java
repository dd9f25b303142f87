// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.wan.nn.RowChunks;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * Owner: what the blocks added to every token when a pass last went through them, in host memory,
 * so that a step can do without them. Confined to one thread.
 */
public final class BlockChanges implements AutoCloseable {
  private final int dim;
  private final int tokens;
  private final HostMemory memory;
  private final boolean[] kept;
  private double[][] lengths; // of each token's change, per pass; null unless measuring
  private final double[] ratios;
  private double ratioSum;
  private boolean measuring;

  BlockChanges(WanConfig config, WanRun run) {
    dim = config.dim();
    tokens = run.grid().tokens();
    kept = new boolean[run.passes()];
    ratios = new double[kept.length];
    memory = new HostMemory(bytes(config, run.grid(), kept.length));
  }

  /** Host memory that this takes. */
  public static long bytes(WanConfig config, TokenGrid grid, int passes) {
    return (long) Float.BYTES * config.dim() * grid.tokens() * passes;
  }

  /** Compares each change with the one before it from now on; see {@link #ratio}. */
  public void measure() {
    measuring = true;
    lengths = new double[kept.length][];
    Arrays.fill(ratios, Double.NaN);
  }

  /**
   * How much longer a pass's last change was than the one before it: mean over the tokens of the
   * ratio of lengths; NaN before there are two.
   */
  public double ratio(int pass) {
    return ratios[pass];
  }

  boolean has(int pass) {
    return kept[pass];
  }

  void forget() {
    Arrays.fill(kept, false);
  }

  private long address(int pass, RowChunks.Chunk chunk) {
    return memory.address() + offset(pass, chunk);
  }

  private long offset(int pass, RowChunks.Chunk chunk) {
    return Float.BYTES * (long) dim * ((long) pass * tokens + chunk.start());
  }

  private long bytes(RowChunks.Chunk chunk) {
    return (long) Float.BYTES * dim * chunk.size();
  }

  /** Takes the change of a chunk, [rows, D], from the device. */
  void download(int pass, RowChunks.Chunk chunk, Tensor from) {
    kept[pass] = false;
    from.getTo(address(pass, chunk), 0, bytes(chunk));
    if (measuring) {
      measure(pass, chunk);
    }
  }

  /** All chunks of a pass are there. */
  void kept(int pass) {
    kept[pass] = true;
    if (measuring) {
      ratios[pass] = ratioSum / tokens;
    }
  }

  /** Brings the change of a chunk to the device. */
  void upload(int pass, RowChunks.Chunk chunk, Tensor to) {
    to.setFrom(address(pass, chunk), 0, bytes(chunk));
  }

  private void measure(int pass, RowChunks.Chunk chunk) {
    if (chunk.start() == 0) {
      ratioSum = 0;
    }
    if (lengths[pass] == null) {
      lengths[pass] = new double[tokens];
      Arrays.fill(lengths[pass], Double.NaN);
    }
    FloatBuffer values =
        memory.view(offset(pass, chunk), Math.toIntExact(bytes(chunk))).asFloatBuffer();
    for (int row = chunk.start(); row < chunk.end(); row++) {
      double square = 0;
      for (int k = 0; k < dim; k++) {
        double value = values.get();
        square += value * value;
      }
      double length = Math.sqrt(square);
      ratioSum += length / lengths[pass][row];
      lengths[pass][row] = length;
    }
  }

  @Override
  public void close() {
    memory.close();
  }
}
