// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

import java.util.OptionalDouble;

/**
 * How alike the latents of two runs are before they are decoded: the cosine of the angle between
 * them, a.b / (|a| |b|), in double precision. Stateless.
 */
public final class LatentCosine {
  /** Its name in reports. */
  public static final String ID = "latent_cosine";

  private LatentCosine() {}

  /** What is computed, in a sentence. */
  public static String method() {
    return "cosine of the angle between the latents of both runs before they are decoded; 1 where"
        + " they point the same way";
  }

  /**
   * The cosine, -1 to 1; empty if all of one are zero.
   *
   * @throws IllegalArgumentException if the two are not of one length
   */
  public static OptionalDouble of(float[] latents, float[] reference) {
    if (latents.length != reference.length) {
      throw new IllegalArgumentException(
          latents.length + " latents and " + reference.length + " of the reference");
    }
    double dot = 0;
    double ours = 0;
    double theirs = 0;
    for (int i = 0; i < latents.length; i++) {
      dot += (double) latents[i] * reference[i];
      ours += (double) latents[i] * latents[i];
      theirs += (double) reference[i] * reference[i];
    }
    double lengths = Math.sqrt(ours) * Math.sqrt(theirs);
    return lengths == 0
        ? OptionalDouble.empty()
        : OptionalDouble.of(Math.max(-1, Math.min(1, dot / lengths)));
  }
}
