// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Which of the two Wan 2.2 14B transformers runs at each step, and with which guidance scale. The
 * high-noise expert takes the first steps, the low-noise one the rest: one switch a clip.
 * Immutable.
 *
 * <p>Reference: {@code boundary} and {@code sample_guide_scale} in wan/text2video.py and
 * wan/image2video.py of Wan 2.2.
 */
public final class ExpertSchedule {
  /** One of the two transformers. */
  public enum Expert {
    /** Lays out the clip, at timesteps of the boundary and above. */
    HIGH_NOISE,
    /** Refines it below the boundary. */
    LOW_NOISE
  }

  private final int steps;
  private final int firstLowStep;
  private final Guidance high;
  private final Guidance low;
  private final IntPredicate guided;

  private ExpertSchedule(
      int steps, int firstLowStep, Guidance high, Guidance low, IntPredicate guided) {
    this.steps = steps;
    this.firstLowStep = firstLowStep;
    this.high = high;
    this.low = low;
    this.guided = guided;
  }

  private static ExpertSchedule of(int steps, int firstLowStep, float highScale, float lowScale) {
    return new ExpertSchedule(
        steps, firstLowStep, new Guidance(highScale), new Guidance(lowScale), step -> true);
  }

  /**
   * Switches by noise level: a step whose timestep is at least {@code boundary * 1000} belongs to
   * the high-noise expert.
   *
   * @param schedule the run's noise levels
   * @param boundary in [0, 1]; the models' own are 0.875 (text) and 0.9 (image)
   * @param highScale guidance scale of the high-noise expert
   * @param lowScale guidance scale of the low-noise expert
   * @throws IllegalArgumentException if the boundary or a scale is out of range
   */
  public static ExpertSchedule atBoundary(
      FlowSchedule schedule, double boundary, float highScale, float lowScale) {
    if (!(boundary >= 0.0 && boundary <= 1.0)) {
      throw new IllegalArgumentException(
          "expert boundary " + boundary + "; expected 0 to 1, such as 0.875");
    }
    int first = 0;
    while (first < schedule.steps()
        && schedule.timestep(first) >= boundary * FlowSchedule.TRAIN_TIMESTEPS) {
      first++;
    }
    return of(schedule.steps(), first, highScale, lowScale);
  }

  /**
   * Switches after a fixed number of steps, as few-step models ask ("2 + 2").
   *
   * @param highSteps steps of the high-noise expert, 0 to the number of steps
   * @throws IllegalArgumentException if it is out of range
   */
  public static ExpertSchedule afterSteps(
      FlowSchedule schedule, int highSteps, float highScale, float lowScale) {
    if (highSteps < 0 || highSteps > schedule.steps()) {
      throw new IllegalArgumentException(
          String.format(
              "%d high-noise steps; expected 0 to %d, the number of steps",
              highSteps, schedule.steps()));
    }
    return of(schedule.steps(), highSteps, highScale, lowScale);
  }

  /** The same with guidance off outside an interval. */
  public ExpertSchedule guidedWithin(GuidanceInterval interval, FlowSchedule schedule) {
    return new ExpertSchedule(
        steps, firstLowStep, high, low, step -> interval.contains(step, schedule));
  }

  /** How many steps take a second pass for guidance. */
  public int guidedSteps() {
    return (int)
        IntStream.range(0, steps).filter(step -> guidance(step).needsUnconditional()).count();
  }

  /** The expert that runs at step {@code step}. */
  public Expert expert(int step) {
    return step < checked(step) ? Expert.HIGH_NOISE : Expert.LOW_NOISE;
  }

  /** The guidance of step {@code step}. */
  public Guidance guidance(int step) {
    Guidance own = step < checked(step) ? high : low;
    return guided.test(step) ? own : Guidance.OFF;
  }

  /** The guidance scale of step {@code step}. */
  public float guideScale(int step) {
    return guidance(step).scale();
  }

  /** Index of the first step of the low-noise expert; the number of steps if it never runs. */
  public int firstLowStep() {
    return firstLowStep;
  }

  private int checked(int step) {
    if (step < 0 || step >= steps) {
      throw new IndexOutOfBoundsException("step " + step + " of a run of " + steps + " steps");
    }
    return firstLowStep;
  }
}
