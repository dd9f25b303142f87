// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.synth;

import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Quantization;
import dev.wanlet.ggml.TensorType;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/**
 * Normally distributed weights of one type and scale, as fast as a disk writes. A pool of short
 * runs is drawn and quantised once; a tensor is a random sequence of them, so that its rows differ.
 * Immutable, thread-safe.
 */
final class RandomBlocks {
  /** Elements of a run: whole blocks of every type. */
  static final int RUN = 256;

  private static final int RUNS = 4096;

  private final byte[] pool;
  private final int runBytes;
  private final TensorType type;

  private RandomBlocks(TensorType type, byte[] pool) {
    this.type = type;
    this.pool = pool;
    this.runBytes = Math.toIntExact(type.bytes(RUN));
  }

  /** Draws the pool. */
  static RandomBlocks draw(TensorType type, double mean, double deviation, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int elements = RUN * RUNS;
    int bytes = Math.toIntExact(type.bytes(elements));
    try (HostMemory source = new HostMemory((long) elements * Float.BYTES);
        HostMemory target = new HostMemory(bytes);
        HostMemory importance = new HostMemory((long) RUN * Float.BYTES)) {
      ByteBuffer values = source.view(0, elements * Float.BYTES);
      for (int i = 0; i < elements; i++) {
        values.putFloat((float) (mean + deviation * random.nextGaussian()));
      }
      ByteBuffer weights = importance.view(0, RUN * Float.BYTES);
      while (weights.hasRemaining()) {
        weights.putFloat(1);
      }
      long weightsOrNone = Quantization.needsImportance(type) ? importance.address() : 0;
      if (type == TensorType.F32) {
        HostMemory.copy(source.address(), target.address(), bytes);
      } else {
        Quantization.quantize(type, source.address(), target.address(), RUNS, RUN, weightsOrNone);
      }
      byte[] pool = new byte[bytes];
      target.view(0, bytes).get(pool);
      return new RandomBlocks(type, pool);
    }
  }

  /**
   * Fills a buffer with as many runs as fit into it and into {@code elements}, and a last, cut one.
   *
   * @param elements what the tensor still lacks; whole blocks of the type
   * @return elements written
   */
  long fill(ByteBuffer buffer, long elements, SplittableRandom random) {
    long written = 0;
    while (written < elements && buffer.remaining() >= runBytes) {
      int run = (int) Math.min(RUN, elements - written);
      int bytes = Math.toIntExact(type.bytes(run));
      buffer.put(pool, random.nextInt(RUNS) * runBytes, bytes);
      written += run;
    }
    return written;
  }
}
