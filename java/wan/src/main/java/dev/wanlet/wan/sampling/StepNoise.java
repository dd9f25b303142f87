// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

/**
 * Fresh noise for solvers that put some back on at every step ({@link SamplingMethod#LCM}).
 *
 * <p>Must give the same numbers for the same step and length whenever asked, so that a resumed run
 * equals an uninterrupted one.
 */
@FunctionalInterface
public interface StepNoise {
  /**
   * Standard normal noise for the end of step {@code step}.
   *
   * @param step index of the step, from 0
   * @param length number of values: the latents' length
   * @return {@code length} values; the caller may change them
   */
  float[] draw(int step, int length);

  /**
   * Noise from the generator that also drew the initial latents: draw 0 of {@code seed} is the
   * initial noise, draw {@code step + 1} belongs to {@code step}. A step asked out of order replays
   * the draws before it. The result is confined to one thread.
   */
  static StepNoise seeded(long seed) {
    return new StepNoise() {
      private TorchRandom random;
      private int nextStep;
      private int drawnLength;

      @Override
      public float[] draw(int step, int length) {
        if (step < 0) {
          throw new IllegalArgumentException("noise for step " + step + "; expected 0 or more");
        }
        if (random == null || step < nextStep || length != drawnLength) {
          random = new TorchRandom(seed);
          random.randn(length);
          nextStep = 0;
          drawnLength = length;
        }
        float[] values;
        do {
          values = random.randn(length);
        } while (nextStep++ < step);
        return values;
      }
    };
  }
}
