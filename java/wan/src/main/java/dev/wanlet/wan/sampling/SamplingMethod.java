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
  /** Few-step models, the model's own noise; {@link DistilledSampler}. */
  DISTILLED("distilled"),
  /** Few-step models, fresh noise at every step; {@link DistilledSampler}. */
  LCM("lcm");

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
    return this == LCM;
  }

  /**
   * The schedule this method is run with unless the user gives a list: the official tables for
   * UniPC and DPM++, the plain one for Euler, and evenly spaced listed steps for the few-step
   * methods (4 steps: 1000, 750, 500, 250).
   *
   * @param steps number of steps, 1 or more (few-step methods: at most 1000)
   * @param shift flow shift, above 0
   * @throws IllegalArgumentException if an argument is out of range
   */
  public FlowSchedule schedule(int steps, double shift) {
    return switch (this) {
      case UNIPC -> FlowSchedule.unipc(steps, shift);
      case DPMPP_2M -> FlowSchedule.dpmpp(steps, shift);
      case EULER -> FlowSchedule.plain(steps, shift);
      case DISTILLED, LCM -> FlowSchedule.distilled(evenSteps(steps), shift);
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
      case DISTILLED -> new DistilledSampler(schedule);
      case LCM ->
          throw new IllegalArgumentException(
              "lcm draws noise at every step: create it with a StepNoise, such as"
                  + " StepNoise.seeded(seed)");
    };
  }

  /** Starts a run of any method; {@code noise} is used only if {@link #drawsNoise()}. */
  public Sampler create(FlowSchedule schedule, StepNoise noise) {
    return drawsNoise() ? new DistilledSampler(schedule, noise) : create(schedule);
  }

  @Override
  public String toString() {
    return id();
  }
}
