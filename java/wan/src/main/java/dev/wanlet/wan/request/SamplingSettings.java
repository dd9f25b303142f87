// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.memory.StepPasses;
import dev.wanlet.wan.sampling.ExpertSchedule;
import dev.wanlet.wan.sampling.FlowSchedule;
import dev.wanlet.wan.sampling.GuidanceRule;
import dev.wanlet.wan.sampling.Guider;
import dev.wanlet.wan.sampling.SamplingMethod;
import java.util.OptionalDouble;

/**
 * How noise becomes a clip. Immutable; checked by {@link GenerationRequest.Builder#build}.
 *
 * @param method solver
 * @param schedule its noise levels
 * @param guidanceScale guidance scale, of the low-noise expert where there are two; 1 is off
 * @param highNoiseGuidanceScale guidance scale of the high-noise expert; the same where there is
 *     only one transformer
 * @param expertBoundary noise level, 0 to 1, at which the low-noise expert takes over; empty for
 *     models of one transformer
 * @param guidance how guidance works beyond its scale
 */
public record SamplingSettings(
    SamplingMethod method,
    FlowSchedule schedule,
    double guidanceScale,
    double highNoiseGuidanceScale,
    OptionalDouble expertBoundary,
    GuidanceSettings guidance) {
  static SamplingSettings of(Decisions d) {
    SamplingSettings settings = decided(d);
    settings.guidance().requireSomeStep(settings.steps());
    return settings;
  }

  private static SamplingSettings decided(Decisions d) {
    return new SamplingSettings(
        d.get(Settings.METHOD),
        schedule(d),
        d.get(Settings.GUIDANCE_SCALE),
        d.find(Settings.HIGH_NOISE_GUIDANCE_SCALE).orElseGet(() -> d.get(Settings.GUIDANCE_SCALE)),
        d.find(Settings.EXPERT_BOUNDARY).map(OptionalDouble::of).orElseGet(OptionalDouble::empty),
        GuidanceSettings.of(d));
  }

  /** A list of levels, else those of the scheduler, else the solver's own. */
  private static FlowSchedule schedule(Decisions d) {
    int steps = d.get(Settings.STEPS);
    double shift = d.get(Settings.FLOW_SHIFT);
    try {
      if (d.find(Settings.SIGMAS).isPresent()) {
        return d.get(Settings.SIGMAS).schedule();
      }
      return d.find(Settings.SCHEDULER).isPresent()
          ? d.get(Settings.SCHEDULER).schedule(steps, shift)
          : d.get(Settings.METHOD).schedule(steps, shift);
    } catch (IllegalArgumentException e) {
      throw new RequestException(e.getMessage(), e);
    }
  }

  /** Sampling steps. */
  public int steps() {
    return schedule.steps();
  }

  /**
   * Which expert runs at each step, and with which guidance; the high one where there is one
   * transformer.
   */
  public ExpertSchedule experts() {
    ExpertSchedule all =
        ExpertSchedule.atBoundary(
            schedule,
            expertBoundary.orElse(0),
            (float) highNoiseGuidanceScale,
            (float) guidanceScale);
    return guidance.interval().map(i -> all.guidedWithin(i, schedule)).orElse(all);
  }

  /** Starts the guidance of a run. */
  public Guider guider() {
    return new Guider(experts(), guidance.rule());
  }

  /** Whether some step needs the negative prompt. */
  public boolean isGuided() {
    return passes().guided() > 0;
  }

  /** The passes of the whole run. */
  public StepPasses passes() {
    Guider guider = guider();
    int guided = 0;
    int none = 0;
    int skipped = 0;
    for (int step = 0; step < steps(); step++) {
      none += guider.isZero(step) ? 1 : 0;
      if (guider.needsUnconditional(step)) {
        guided++;
        skipped += guidance.skippedAt(step, schedule).size();
      }
    }
    boolean keeps = guidance.rule().kind() == GuidanceRule.Kind.APG && guided > 0;
    return new StepPasses(guided, steps() - guided - none, none, skipped, keeps ? 1 : 0);
  }
}
