// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Ways to choose noise levels other than a solver's own table, by the names users know from
 * ComfyUI. All choose among 1000 shifted levels, {@code shifted(1/1000)} to 1; timesteps are 1000
 * times sigma, not rounded. Immutable.
 *
 * <p>Reference: {@code simple_scheduler} and {@code beta_scheduler} of comfy/samplers.py, {@code
 * get_sigmas_karras} of comfy/k_diffusion/sampling.py, {@code ModelSamplingDiscreteFlow} of
 * comfy/model_sampling.py.
 */
public enum NoiseScheduler {
  /** Evenly spaced before the shift. */
  SIMPLE,
  /** Quantiles of the beta distribution of 0.6 and 0.6: close together at both ends. */
  BETA,
  /** Karras' spacing (rho 7) between the largest and the smallest level: close together at 0. */
  KARRAS;

  private static final int LEVELS = FlowSchedule.TRAIN_TIMESTEPS;
  private static final double BETA_PARAMETER = 0.6;
  private static final double KARRAS_RHO = 7;

  private static final String OTHER_LEVELS =
      "its levels are those of models whose noise has no end";
  private static final String SAME_AS_SIMPLE = "with flow matching it is 'simple' but for rounding";

  /** Names of other programs, and why they are not here. */
  private static final Map<String, String> REFUSED =
      Map.ofEntries(
          Map.entry("normal", SAME_AS_SIMPLE),
          Map.entry("sgm_uniform", SAME_AS_SIMPLE),
          Map.entry("ddim_uniform", SAME_AS_SIMPLE),
          Map.entry("discrete", SAME_AS_SIMPLE),
          Map.entry("exponential", OTHER_LEVELS),
          Map.entry("polyexponential", OTHER_LEVELS),
          Map.entry("kl_optimal", OTHER_LEVELS),
          Map.entry("vp", OTHER_LEVELS),
          Map.entry("laplace", OTHER_LEVELS),
          Map.entry("smoothstep", OTHER_LEVELS),
          Map.entry("ays", "its list was measured for Stable Diffusion"),
          Map.entry("gits", "its list was measured for Stable Diffusion"),
          Map.entry("linear_quadratic", "its levels were chosen for Mochi"));

  /**
   * Finds a scheduler by name, whatever the case.
   *
   * @throws IllegalArgumentException if there is none; the message lists the names, and says why a
   *     name that other programs have is not among them
   */
  public static NoiseScheduler parse(String name) {
    String wanted = name.strip().toLowerCase(Locale.ROOT);
    for (NoiseScheduler scheduler : values()) {
      if (scheduler.id().equals(wanted)) {
        return scheduler;
      }
    }
    String reason = REFUSED.get(wanted.replace('-', '_'));
    throw new IllegalArgumentException(
        (reason == null
                ? "unknown scheduler '" + name + "'"
                : "no scheduler '" + name + "': " + reason)
            + "; expected one of "
            + Arrays.stream(values()).map(NoiseScheduler::id).collect(Collectors.joining(", ")));
  }

  /** The name to write in metadata and messages; {@link #parse} reads it back. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Why a solver cannot use this scheduler.
   *
   * @return empty if it can
   */
  public Optional<String> objection(SamplingMethod method) {
    if (method == SamplingMethod.RCM) {
      return Optional.of("rCM models were distilled to levels of their own");
    }
    if (this == KARRAS && method.isFewStep()) {
      return Optional.of(
          "few-step models were distilled to high levels, and karras goes to low ones");
    }
    return Optional.empty();
  }

  /**
   * Chooses the levels.
   *
   * @param steps number of steps, 1 or more
   * @param shift flow shift, above 0
   * @throws IllegalArgumentException if an argument is out of range, or so many steps do not find
   *     as many different levels
   */
  public FlowSchedule schedule(int steps, double shift) {
    String origin = id() + " schedule";
    FlowSchedule.checkSteps(origin, steps);
    FlowSchedule.checkShift(origin, shift);
    double[] sigmas = new double[steps];
    for (int i = 0; i < steps; i++) {
      sigmas[i] =
          switch (this) {
            case SIMPLE -> level(LEVELS - (int) (i * (LEVELS / (double) steps)), shift);
            case BETA -> level(1 + betaIndex(i, steps), shift);
            case KARRAS -> karras(i, steps, level(1, shift));
          };
    }
    return FlowSchedule.ofLevels(origin, sigmas);
  }

  /** Level {@code i} of 1 to 1000. */
  private static double level(int i, double shift) {
    return FlowSchedule.shifted(i / (double) LEVELS, shift);
  }

  private static int betaIndex(int i, int steps) {
    double share = 1.0 - i / (double) steps;
    return (int) Math.rint(BetaQuantile.of(share, BETA_PARAMETER) * (LEVELS - 1));
  }

  private static double karras(int i, int steps, double least) {
    double ramp = steps == 1 ? 0.0 : i / (double) (steps - 1);
    double from = 1.0; // the largest level, to the power 1 / rho
    double to = Math.pow(least, 1.0 / KARRAS_RHO);
    return Math.pow(from + ramp * (to - from), KARRAS_RHO);
  }

  @Override
  public String toString() {
    return id();
  }
}
