// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The solvers, by the names users type. Immutable. */
public enum SamplingMethod {
  /** UniPC, order 2: the official default, 40 to 50 steps; {@link UniPcSampler}. */
  UNIPC("unipc"),
  /** DPM-Solver++ 2M: the other official solver; {@link DpmPlusPlus2MSampler}. */
  DPMPP_2M("dpm++2m", "dpmpp", "dpm++", "dpmpp2m", "dpmpp_2m"),
  /** First order; {@link EulerSampler}. */
  EULER("euler"),
  /** First order with fresh noise at every step; {@link EulerAncestralSampler}. */
  EULER_ANCESTRAL("euler_a", "euler-a", "euler_ancestral", "euler-ancestral"),
  /** Second order, exponential; {@link ResMultistepSampler}. */
  RES_MULTISTEP("res_multistep", "res-multistep"),
  /** Few-step models, the model's own noise; {@link DistilledSampler}. */
  DISTILLED("distilled"),
  /** Few-step models, fresh noise at every step; {@link DistilledSampler}. */
  LCM("lcm"),
  /**
   * Models distilled as rCM, TurboDiffusion's among them: 1 to 4 steps; {@link DistilledSampler}.
   */
  RCM("rcm");

  /** The largest noise level of rCM models from text, in its own scale: noise to signal. */
  private static final double RCM_MAX = 80;

  private final List<String> names;

  SamplingMethod(String... names) {
    this.names = List.of(names);
  }

  /**
   * Finds a method by name or alias, whatever the case.
   *
   * @throws IllegalArgumentException if there is none; the message lists the names
   */
  public static SamplingMethod parse(String name) {
    String wanted = name.strip().toLowerCase(Locale.ROOT);
    for (SamplingMethod method : values()) {
      if (method.names.contains(wanted)) {
        return method;
      }
    }
    throw new IllegalArgumentException(
        "unknown sampling method '"
            + name
            + "'; expected one of "
            + Arrays.stream(values()).map(SamplingMethod::id).collect(Collectors.joining(", ")));
  }

  /** The name to write in metadata and messages; {@link #parse} reads it back. */
  public String id() {
    return names.get(0);
  }

  /** Every name that {@link #parse} takes for this method, {@link #id()} first, lower case. */
  public List<String> names() {
    return names;
  }

  /** Whether {@link #create(FlowSchedule, StepNoise)} is needed, because steps draw noise. */
  public boolean drawsNoise() {
    return switch (this) {
      case EULER_ANCESTRAL, LCM, RCM -> true;
      case UNIPC, DPMPP_2M, EULER, RES_MULTISTEP, DISTILLED -> false;
    };
  }

  /** Whether the method is for models that were distilled to a few levels of their own. */
  public boolean isFewStep() {
    return this == DISTILLED || this == LCM || this == RCM;
  }

  /**
   * Makes the latents that step 0 starts from, in place.
   *
   * @param noise standard normal; multiplied by the first noise level for {@link #RCM}, which was
   *     trained that way, and left alone for all others
   * @return {@code noise}
   */
  public float[] begin(float[] noise, FlowSchedule schedule) {
    if (this == RCM) {
      float scale = schedule.sigma(0);
      for (int k = 0; k < noise.length; k++) {
        noise[k] *= scale;
      }
    }
    return noise;
  }

  /**
   * The schedule this method is run with unless the user gives a list: the official tables for
   * UniPC and DPM++, the plain one for Euler, Euler ancestral and RES, evenly spaced listed steps
   * for the few-step methods (4 steps: 1000, 750, 500, 250), and rCM's own levels.
   *
   * @param steps number of steps, 1 or more (few-step methods: at most 1000; rCM: at most 4)
   * @param shift flow shift, above 0; of no effect for rCM
   * @throws IllegalArgumentException if an argument is out of range
   */
  public FlowSchedule schedule(int steps, double shift) {
    return switch (this) {
      case UNIPC -> FlowSchedule.unipc(steps, shift);
      case DPMPP_2M -> FlowSchedule.dpmpp(steps, shift);
      case EULER, EULER_ANCESTRAL, RES_MULTISTEP -> FlowSchedule.plain(steps, shift);
      case DISTILLED, LCM -> FlowSchedule.distilled(evenSteps(steps), shift);
      case RCM -> FlowSchedule.rcm(steps, RCM_MAX);
    };
  }

  private int[] evenSteps(int count) {
    int most = FlowSchedule.TRAIN_TIMESTEPS;
    if (count < 1 || count > most) {
      throw new IllegalArgumentException(
          id() + ": " + count + " sampling steps; expected 1 to " + most + ", usually 4 to 8");
    }
    int[] steps = new int[count];
    for (int i = 0; i < count; i++) {
      steps[i] = (int) Math.round(most * (count - i) / (double) count);
    }
    return steps;
  }

  /**
   * Starts a run of a method that draws no noise.
   *
   * @throws IllegalArgumentException if {@link #drawsNoise()}
   */
  public Sampler create(FlowSchedule schedule) {
    return switch (this) {
      case UNIPC -> new UniPcSampler(schedule);
      case DPMPP_2M -> new DpmPlusPlus2MSampler(schedule);
      case EULER -> new EulerSampler(schedule);
      case RES_MULTISTEP -> new ResMultistepSampler(schedule);
      case DISTILLED -> new DistilledSampler(schedule);
      case EULER_ANCESTRAL, LCM, RCM ->
          throw new IllegalArgumentException(
              id()
                  + " draws noise at every step: create it with a StepNoise, such as"
                  + " StepNoise.seeded(seed)");
    };
  }

  /** Starts a run of any method; {@code noise} is used only if {@link #drawsNoise()}. */
  public Sampler create(FlowSchedule schedule, StepNoise noise) {
    return switch (this) {
      case EULER_ANCESTRAL -> new EulerAncestralSampler(schedule, noise);
      case LCM, RCM -> new DistilledSampler(this, schedule, noise);
      case UNIPC, DPMPP_2M, EULER, RES_MULTISTEP, DISTILLED -> create(schedule);
    };
  }

  @Override
  public String toString() {
    return id();
  }
}
