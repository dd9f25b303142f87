// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import java.util.Arrays;

/**
 * The noise levels of one run: {@code sigmas} [steps + 1], strictly descending from at most 1 to
 * exactly 0, and {@code timesteps} [steps], the number in [0, 1000] that the model is told at each
 * step.
 *
 * <p>One factory per table in use. They differ in ways that show in the picture: where sigma
 * starts, whether the timestep is truncated, and in which precision it is computed. The shift maps
 * {@code s} to {@code shift * s / (1 + (shift - 1) * s)}; above 1 it spends more steps at high
 * noise.
 *
 * <p>Immutable. Reference: {@code set_timesteps} of wan/utils/fm_solvers_unipc.py and
 * fm_solvers.py.
 */
public final class FlowSchedule {
  /** The model's scale of timesteps: sigma 1 is timestep 1000. */
  public static final int TRAIN_TIMESTEPS = 1000;

  /** More steps than this is a typing error, not a wish. */
  private static final int MAX_STEPS = 10_000;

  /** Largest sigma of the UniPC table: 1 - 1/1000 rounded to float32, as the reference has it. */
  private static final double UNIPC_SIGMA_MAX = 0.9990000128746033;

  /** The levels of rCM after its first one, on the TrigFlow circle. */
  private static final double[] RCM_ANGLES = {1.5, 1.4, 1.0};

  private final float[] sigmas;
  private final float[] timesteps;

  private FlowSchedule(float[] sigmas, float[] timesteps, String origin) {
    for (int i = 0; i < timesteps.length; i++) {
      // Written so that NaN fails too.
      if (!(sigmas[i] > sigmas[i + 1] && sigmas[i] <= 1.0f)) {
        throw new IllegalArgumentException(
            String.format(
                "%s: noise levels must fall strictly from at most 1 to 0, but level %d is %s and"
                    + " the next is %s; use fewer steps, a smaller shift, or correct the list",
                origin, i, sigmas[i], sigmas[i + 1]));
      }
    }
    this.sigmas = sigmas;
    this.timesteps = timesteps;
  }

  /**
   * The official table for UniPC: sigma starts just below 1; float64, timesteps truncated.
   *
   * @param steps number of model evaluations per guidance branch, 1 to 10000
   * @param shift flow shift, above 0 (Wan: 3 to 16)
   * @throws IllegalArgumentException if an argument is out of range
   */
  public static FlowSchedule unipc(int steps, double shift) {
    return official("UniPC schedule", UNIPC_SIGMA_MAX, steps, shift);
  }

  /** The official table for DPM-Solver++: as {@link #unipc}, but sigma starts at exactly 1. */
  public static FlowSchedule dpmpp(int steps, double shift) {
    return official("DPM++ schedule", 1.0, steps, shift);
  }

  /**
   * The plain table: {@code linspace(1, 0, steps + 1)} shifted once, timesteps 1000 * sigma and not
   * rounded. What most programs mean by "Euler", and what the demo model is scored with.
   */
  public static FlowSchedule plain(int steps, double shift) {
    checkSteps("plain schedule", steps);
    checkShift("plain schedule", shift);
    double[] sigmas = new double[steps];
    for (int i = 0; i < steps; i++) {
      sigmas[i] = shifted((steps - i) / (double) steps, shift);
    }
    return ofLevels("plain schedule", sigmas);
  }

  /**
   * The table of few-step models: each listed step d picks one of 1000 shifted levels; float32,
   * timesteps not rounded. {@code [1000, 750, 500, 250]} at shift 5 gives timesteps 1000, 937.5,
   * 833.3, 625.
   *
   * @param steps unshifted training steps, strictly descending, each in 1..1000
   * @param shift flow shift, above 0
   * @throws IllegalArgumentException if the list is empty, unordered or out of range
   */
  public static FlowSchedule distilled(int[] steps, double shift) {
    String origin = "distilled schedule " + Arrays.toString(steps);
    checkSteps(origin, steps.length);
    checkShift(origin, shift);
    float[] sigmas = new float[steps.length + 1];
    float[] timesteps = new float[steps.length];
    float scale = (float) shift;
    for (int i = 0; i < steps.length; i++) {
      int step = steps[i];
      if (step < 1 || step > TRAIN_TIMESTEPS || (i > 0 && step >= steps[i - 1])) {
        throw new IllegalArgumentException(
            String.format(
                "%s: entry %d is %d; expected descending steps in 1..%d, such as 1000,750,500,250",
                origin, i, step, TRAIN_TIMESTEPS));
      }
      float s = linspaceFromOne(TRAIN_TIMESTEPS - step);
      sigmas[i] = scale * s / (1.0f + (scale - 1.0f) * s);
      timesteps[i] = sigmas[i] * TRAIN_TIMESTEPS;
    }
    return new FlowSchedule(sigmas, timesteps, origin);
  }

  /**
   * A list taken as it is, already shifted: sigma = timestep / 1000. For models that publish final
   * timesteps (CausVid, FastWan).
   *
   * @param timesteps strictly descending, each in (0, 1000]
   */
  public static FlowSchedule ofTimesteps(float... timesteps) {
    String origin = "timestep list " + Arrays.toString(timesteps);
    checkSteps(origin, timesteps.length);
    float[] sigmas = new float[timesteps.length + 1];
    for (int i = 0; i < timesteps.length; i++) {
      sigmas[i] = timesteps[i] / TRAIN_TIMESTEPS;
    }
    return new FlowSchedule(sigmas, timesteps.clone(), origin);
  }

  /**
   * A list of noise levels taken as it is; timesteps are 1000 * sigma.
   *
   * @param sigmas strictly descending, each in (0, 1]; a final 0 may be left out
   */
  public static FlowSchedule ofSigmas(float... sigmas) {
    String origin = "sigma list " + Arrays.toString(sigmas);
    boolean endsInZero = sigmas.length > 0 && sigmas[sigmas.length - 1] == 0.0f;
    int steps = endsInZero ? sigmas.length - 1 : sigmas.length;
    checkSteps(origin, steps);
    float[] timesteps = new float[steps];
    for (int i = 0; i < steps; i++) {
      timesteps[i] = sigmas[i] * TRAIN_TIMESTEPS;
    }
    return new FlowSchedule(Arrays.copyOf(sigmas, steps + 1), timesteps, origin);
  }

  /**
   * The table of rCM: angles of the TrigFlow circle, whose tangent is noise to signal, told as
   * {@code sin / (sin + cos)}; timesteps not rounded.
   *
   * @param steps 1 to 4: the levels after the first are fixed
   * @param max first noise level as noise to signal: 80 for models from text, 200 for those from an
   *     image
   * @throws IllegalArgumentException if an argument is out of range
   */
  public static FlowSchedule rcm(int steps, double max) {
    if (steps < 1 || steps > RCM_ANGLES.length + 1) {
      throw new IllegalArgumentException(
          String.format(
              "rcm: %d sampling steps; expected 1 to %d, or a list of noise levels",
              steps, RCM_ANGLES.length + 1));
    }
    if (!(max > Math.tan(RCM_ANGLES[0]) && max <= 1e6)) {
      throw new IllegalArgumentException(
          "rcm: first noise level " + max + "; expected more than 14.2, such as 80");
    }
    double[] sigmas = new double[steps];
    for (int i = 0; i < steps; i++) {
      double angle = i == 0 ? Math.atan(max) : RCM_ANGLES[i - 1];
      sigmas[i] = Math.sin(angle) / (Math.cos(angle) + Math.sin(angle));
    }
    return ofLevels("rcm schedule", sigmas);
  }

  /** Levels without the final 0; timesteps are 1000 times the float64 value, not rounded. */
  static FlowSchedule ofLevels(String origin, double[] sigmas) {
    checkSteps(origin, sigmas.length);
    float[] levels = new float[sigmas.length + 1];
    float[] timesteps = new float[sigmas.length];
    for (int i = 0; i < sigmas.length; i++) {
      levels[i] = (float) sigmas[i];
      timesteps[i] = (float) (TRAIN_TIMESTEPS * sigmas[i]);
    }
    return new FlowSchedule(levels, timesteps, origin);
  }

  private static FlowSchedule official(String origin, double sigmaMax, int steps, double shift) {
    checkSteps(origin, steps);
    checkShift(origin, shift);
    float[] sigmas = new float[steps + 1];
    float[] timesteps = new float[steps];
    double increment = -sigmaMax / steps;
    for (int i = 0; i < steps; i++) {
      // Multiplied, not summed, and from the top: the float64 result decides a truncation below.
      double sigma = shifted(i * increment + sigmaMax, shift);
      sigmas[i] = (float) sigma;
      timesteps[i] = (float) Math.floor(TRAIN_TIMESTEPS * sigma);
    }
    return new FlowSchedule(sigmas, timesteps, origin);
  }

  static double shifted(double sigma, double shift) {
    return shift * sigma / (1.0 + (shift - 1.0) * sigma);
  }

  /**
   * Entry {@code i} of {@code torch.linspace(1, 0, 1001)} in float32, as the CPU kernel gives it:
   * lanes of 8 counted from their first entry, the first half from 1 down, the second from 0 up.
   * Entry 500 is 0.49999994 that way, and the published timesteps carry that on.
   */
  private static float linspaceFromOne(int i) {
    int last = TRAIN_TIMESTEPS;
    float increment = -1.0f / last;
    if (i >= last - last % 16) {
      return -(increment * (last - i)); // the remainder that the vector loop leaves
    }
    int lane = i % 8;
    int first = i - lane;
    float base = 2 * first < last ? 1.0f + increment * first : -(increment * (last - first));
    return base + increment * lane;
  }

  static void checkSteps(String origin, int steps) {
    if (steps < 1 || steps > MAX_STEPS) {
      throw new IllegalArgumentException(
          origin + ": " + steps + " sampling steps; expected 1 to " + MAX_STEPS);
    }
  }

  static void checkShift(String origin, double shift) {
    if (!(shift > 0.0 && shift <= 1000.0)) {
      throw new IllegalArgumentException(
          origin + ": flow shift " + shift + "; expected a number above 0, at most 1000");
    }
  }

  /**
   * The end of this schedule: its last steps, with their levels and timesteps.
   *
   * @param count how many, 1 to {@link #steps()}
   */
  public FlowSchedule last(int count) {
    int from = steps() - count;
    return new FlowSchedule(
        Arrays.copyOfRange(sigmas, from, sigmas.length),
        Arrays.copyOfRange(timesteps, from, timesteps.length),
        "the last " + count + " steps");
  }

  /** Number of sampling steps, at least 1. */
  public int steps() {
    return timesteps.length;
  }

  /** Noise level before step {@code i}; {@code sigma(steps())} is 0. */
  public float sigma(int i) {
    return sigmas[i];
  }

  /** What the model is told at step {@code i}, in [0, 1000]. */
  public float timestep(int i) {
    return timesteps[i];
  }

  /** A copy of the noise levels, [steps + 1], the last one 0. */
  public float[] sigmas() {
    return sigmas.clone();
  }

  /** A copy of the timesteps, [steps]. */
  public float[] timesteps() {
    return timesteps.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FlowSchedule that
        && Arrays.equals(sigmas, that.sigmas)
        && Arrays.equals(timesteps, that.timesteps);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(sigmas) + Arrays.hashCode(timesteps);
  }

  @Override
  public String toString() {
    return "FlowSchedule[sigmas=" + Arrays.toString(sigmas) + "]";
  }
}
