// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.models;

import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Quantization;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.TensorSpec;
import dev.wanlet.wan.nn.WeightReader;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;

/**
 * Weights that look like a network's (normal, with a standard deviation of 0.02) from a seed. A
 * pool of them is made once for each type and repeated with shifting starts, because quantising
 * every tensor anew would take longer than the benchmark. Thread-safe.
 */
public final class RandomWeights implements WeightReader {
  private static final int POOL = 1 << 20;
  private static final double STANDARD_DEVIATION = 0.02;

  private final long seed;
  private final double deviation;
  private final Map<TensorType, byte[]> pools = new EnumMap<>(TensorType.class);

  public RandomWeights(long seed) {
    this(seed, STANDARD_DEVIATION);
  }

  /** Values of another standard deviation, such as 1 for activations. */
  public RandomWeights(long seed, double deviation) {
    this.seed = seed;
    this.deviation = deviation;
  }

  @Override
  public void read(TensorSpec spec, long address) {
    fill(spec.type(), address, spec.type().bytes(spec.shape()), spec.name().hashCode());
  }

  /** Writes {@code bytes} bytes of weights; {@code salt} chooses where in the pool they start. */
  public void fill(TensorType type, long address, long bytes, int salt) {
    byte[] pool = pool(type);
    int blocks = pool.length / type.blockBytes();
    int start = Math.floorMod(salt, blocks) * type.blockBytes();
    try (HostMemory staged = new HostMemory(pool.length)) {
      staged.view(0, pool.length).put(pool, start, pool.length - start).put(pool, 0, start);
      for (long done = 0; done < bytes; done += pool.length) {
        HostMemory.copy(staged.address(), address + done, Math.min(pool.length, bytes - done));
      }
    }
  }

  private synchronized byte[] pool(TensorType type) {
    return pools.computeIfAbsent(
        type,
        t -> {
          Random random = new Random(seed);
          byte[] stored = new byte[(int) t.bytes(POOL)];
          try (HostMemory floats = new HostMemory(4L * POOL);
              HostMemory quantised = new HostMemory(stored.length)) {
            var values = floats.view(0, 4 * POOL).asFloatBuffer();
            for (int i = 0; i < POOL; i++) {
              values.put((float) (random.nextGaussian() * deviation));
            }
            Quantization.quantize(t, floats.address(), quantised.address(), 1, POOL, 0);
            quantised.view(0, stored.length).get(stored);
          }
          return stored;
        });
  }

  /** Normal values of standard deviation 1, as activations and latents have. */
  public static float[] normal(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
