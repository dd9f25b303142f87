// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

/**
 * Draws the numbers that {@code torch.randn} draws on PyTorch's CPU generator, so that a seed means
 * the same clip here and there.
 *
 * <p>Not bit for bit: PyTorch's vectorised path uses approximations of log, sin and cos whose last
 * bit differs between CPUs. The difference from PyTorch is at most a few units in the last place
 * (bound 1e-6 in the tests). Results are the same on every machine: only {@link StrictMath} is
 * used.
 *
 * <p>Like the original, draws of fewer than 16 numbers use another method than longer ones, so the
 * split of a stream of numbers over draws matters. Confined to one thread.
 *
 * <p>Reference: {@code at::mt19937} (ATen/core/MT19937RNGEngine.h), {@code normal_fill} and {@code
 * normal_distribution} of ATen's CPU kernels.
 */
public final class TorchRandom {
  private static final int STATE_SIZE = 624;
  private static final int PERIOD_OFFSET = 397;
  private static final int BLOCK = 16;
  private static final double TWO_PI = 2.0 * Math.PI;

  private final int[] state = new int[STATE_SIZE];
  private int position = STATE_SIZE;
  private double spareNormal;
  private boolean hasSpareNormal;

  /**
   * Starts a generator as {@code torch.Generator().manual_seed(seed)} does.
   *
   * @param seed any value; PyTorch's engine takes its low 32 bits only, and so does this one
   */
  public TorchRandom(long seed) {
    state[0] = (int) seed;
    for (int i = 1; i < STATE_SIZE; i++) {
      int previous = state[i - 1];
      state[i] = 1812433253 * (previous ^ (previous >>> 30)) + i;
    }
  }

  /**
   * Draws the next {@code n} numbers of the standard normal distribution.
   *
   * @param n how many; a tensor's elements in PyTorch order (last dimension contiguous)
   * @return a new array of {@code n} values
   * @throws IllegalArgumentException if {@code n} is negative
   */
  public float[] randn(int n) {
    if (n < 0) {
      throw new IllegalArgumentException(
          "randn: cannot draw " + n + " numbers; expected 0 or more");
    }
    float[] values = new float[n];
    fill(values);
    return values;
  }

  /** Fills {@code values} with the numbers that {@code randn(values.length)} returns. */
  public void fill(float[] values) {
    int n = values.length;
    if (n < BLOCK) {
      for (int i = 0; i < n; i++) {
        values[i] = (float) nextNormal();
      }
      return;
    }
    for (int i = 0; i < n; i++) {
      values[i] = nextUniform24();
    }
    int offset = 0;
    for (; offset + BLOCK <= n; offset += BLOCK) {
      toNormals(values, offset);
    }
    if (offset < n) {
      // PyTorch does not finish a partial block: it draws the last 16 again, over finished values.
      for (int i = n - BLOCK; i < n; i++) {
        values[i] = nextUniform24();
      }
      toNormals(values, n - BLOCK);
    }
  }

  /** Box-Muller on 16 uniforms: element j pairs with element j + 8. */
  private static void toNormals(float[] values, int offset) {
    for (int j = offset; j < offset + BLOCK / 2; j++) {
      // Rounded to float32 after each operation, where PyTorch's vector code rounds.
      float radius = (float) StrictMath.sqrt(-2.0f * (float) StrictMath.log(1.0f - values[j]));
      float angle = (float) TWO_PI * values[j + BLOCK / 2];
      values[j] = radius * (float) StrictMath.cos(angle);
      values[j + BLOCK / 2] = radius * (float) StrictMath.sin(angle);
    }
  }

  /** One number of the short path: double precision, two at a time, the second kept for later. */
  private double nextNormal() {
    if (hasSpareNormal) {
      hasSpareNormal = false;
      return spareNormal;
    }
    double angle = TWO_PI * nextUniform53();
    double radius = StrictMath.sqrt(-2.0 * StrictMath.log1p(-nextUniform53()));
    spareNormal = radius * StrictMath.sin(angle);
    hasSpareNormal = true;
    return radius * StrictMath.cos(angle);
  }

  private float nextUniform24() {
    return (nextInt() & 0xFFFFFF) * 0x1p-24f;
  }

  private double nextUniform53() {
    long high = nextInt();
    long low = nextInt() & 0xFFFFFFFFL;
    return ((high << 32 | low) & 0x1FFFFFFFFFFFFFL) * 0x1p-53;
  }

  private int nextInt() {
    if (position == STATE_SIZE) {
      twist();
      position = 0;
    }
    int y = state[position++];
    y ^= y >>> 11;
    y ^= y << 7 & 0x9D2C5680;
    y ^= y << 15 & 0xEFC60000;
    return y ^ y >>> 18;
  }

  private void twist() {
    for (int i = 0; i < STATE_SIZE; i++) {
      int mixed = (state[i] & 0x80000000) | (state[(i + 1) % STATE_SIZE] & 0x7FFFFFFF);
      int twisted = mixed >>> 1 ^ ((mixed & 1) == 0 ? 0 : 0x9908B0DF);
      state[i] = state[(i + PERIOD_OFFSET) % STATE_SIZE] ^ twisted;
    }
  }
}
