// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * How the velocities with and without the prompt, c and u, become one at guidance scale s.
 * Immutable.
 *
 * @param kind the formula
 * @param zeroInitSteps first steps of the run in which nothing moves and the model is not asked;
 *     only with {@link Kind#CFG_ZERO_STAR}
 * @param apg numbers of {@link Kind#APG}
 */
public record GuidanceRule(Kind kind, int zeroInitSteps, Apg apg) {
  /** Formulas. */
  public enum Kind {
    /** u + s (c - u). */
    CFG,
    /**
     * a u + s (c - a u) with a = (c.u) / (u.u), the length of u that is nearest to c. Reference:
     * WeichenFan/CFG-Zero-star, arXiv:2503.18886.
     */
    CFG_ZERO_STAR,
    /**
     * c + (s - 1) d, with d the part of c - u across c, after momentum and a cap on its length.
     * Reference: adaptive_projected_guidance of Wan2GP's models/wan/any2video.py and diffusers'
     * guiders/adaptive_projected_guidance.py, arXiv:2410.02416.
     */
    APG;

    /**
     * Finds a formula by name, whatever the case.
     *
     * @throws IllegalArgumentException if there is none; the message lists the names
     */
    public static Kind parse(String name) {
      String wanted = name.strip().toLowerCase(Locale.ROOT);
      for (Kind kind : values()) {
        if (kind.id().equals(wanted)) {
          return kind;
        }
      }
      throw new IllegalArgumentException(
          "unknown guidance rule '"
              + name
              + "'; expected one of "
              + Arrays.stream(values()).map(Kind::id).collect(Collectors.joining(", ")));
    }

    /** The name to write in metadata and messages; {@link #parse} reads it back. */
    public String id() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /**
   * Numbers of adaptive projected guidance.
   *
   * @param momentum how much of the differences of earlier steps is added, -1 to 1; below 0 pushes
   *     away from them
   * @param norm most length of the difference, over all latents; 0 for no cap
   * @param eta how much of the part along c is kept, 0 to 1
   */
  public record Apg(double momentum, double norm, double eta) {
    /** What Wan2GP runs. */
    public static final Apg USUAL = new Apg(-0.75, 55, 0);

    /** Checks the ranges. */
    public Apg {
      if (!(momentum > -1 && momentum < 1 && norm >= 0 && norm <= 1e6 && eta >= 0 && eta <= 1)) {
        throw new IllegalArgumentException(
            "momentum "
                + momentum
                + ", norm "
                + norm
                + ", eta "
                + eta
                + "; expected -1 < momentum < 1, norm 0 to 1e6, eta 0 to 1");
      }
    }
  }

  /** Classifier-free guidance as everybody has it. */
  public static final GuidanceRule CFG = new GuidanceRule(Kind.CFG, 0, Apg.USUAL);

  /** Checks the number of steps. */
  public GuidanceRule {
    if (zeroInitSteps < 0 || (zeroInitSteps > 0 && kind != Kind.CFG_ZERO_STAR)) {
      throw new IllegalArgumentException(zeroInitSteps + " steps without prediction with " + kind);
    }
  }
}
