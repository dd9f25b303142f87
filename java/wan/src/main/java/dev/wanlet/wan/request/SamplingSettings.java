// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.memory.StepPasses;
import dev.wanlet.wan.memory.StepPasses.CacheUse;
import dev.wanlet.wan.sampling.ExpertSchedule;
import dev.wanlet.wan.sampling.FlowSchedule;
import dev.wanlet.wan.sampling.GuidanceRule;
import dev.wanlet.wan.sampling.Guider;
import dev.wanlet.wan.sampling.SamplingMethod;
import dev.wanlet.wan.sampling.cache.CacheKind;
import dev.wanlet.wan.sampling.cache.CacheNumbers;
import dev.wanlet.wan.sampling.cache.CacheSteps;
import dev.wanlet.wan.sampling.cache.StepCache;
import dev.wanlet.weights.lora.AdapterFile;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;

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
 * @param cache numbers of the step cache; empty: every step is computed
 * @param adapterSteps steps at which other adapters are added than at the step before, beside the
 *     switch of experts
 */
public record SamplingSettings(
    SamplingMethod method,
    FlowSchedule schedule,
    double guidanceScale,
    double highNoiseGuidanceScale,
    OptionalDouble expertBoundary,
    GuidanceSettings guidance,
    Optional<CacheNumbers> cache,
    Set<Integer> adapterSteps) {
  /** With fewer steps each one changes too much for a step cache. */
  public static final int LEAST_STEPS_TO_CACHE = 8;

  private static final float[] NOTHING = {};

  static SamplingSettings of(Decisions d) {
    SamplingSettings settings = decided(d);
    settings.guidance().requireSomeStep(settings.steps());
    return settings;
  }

  private static SamplingSettings decided(Decisions d) {
    FlowSchedule whole = schedule(d);
    FlowSchedule schedule =
        d.find(Settings.STRENGTH).map(s -> StartRules.cut(whole, s)).orElse(whole);
    return new SamplingSettings(
        d.get(Settings.METHOD),
        schedule,
        d.get(Settings.GUIDANCE_SCALE),
        d.find(Settings.HIGH_NOISE_GUIDANCE_SCALE).orElseGet(() -> d.get(Settings.GUIDANCE_SCALE)),
        d.find(Settings.EXPERT_BOUNDARY).map(OptionalDouble::of).orElseGet(OptionalDouble::empty),
        GuidanceSettings.of(d),
        d.find(Settings.CACHE)
            .filter(kind -> schedule.steps() >= LEAST_STEPS_TO_CACHE)
            .map(kind -> RequestRules.cacheNumbers(d, kind)),
        adapterSteps(d, schedule));
  }

  private static Set<Integer> adapterSteps(Decisions d, FlowSchedule schedule) {
    Set<Integer> steps = new TreeSet<>();
    for (AdapterFile adapter : d.find(Settings.LORA).map(AdapterList::files).orElse(List.of())) {
      for (int step = 1; step < schedule.steps(); step++) {
        double below = adapter.scope().below();
        if ((schedule.sigma(step) < below) != (schedule.sigma(step - 1) < below)) {
          steps.add(step);
        }
      }
    }
    return steps;
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

  /** Starts the step cache of a run; empty if it has none. */
  public Optional<StepCache> stepCache() {
    return cache.map(
        numbers -> StepCache.of(numbers, CacheSteps.of(schedule, experts(), adapterSteps)));
  }

  /** Whether some step takes a pass with the negative prompt. */
  public boolean isGuided() {
    return passes().guided() > 0;
  }

  /** Whether the negative prompt has any effect. */
  public boolean needsNegativePrompt() {
    return guidance.attention().isPresent() || isGuided();
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
    return new StepPasses(
        guided,
        steps() - guided - none,
        none,
        skipped,
        keeps ? 1 : 0,
        cacheUse(guided),
        guidance.attention());
  }

  private CacheUse cacheUse(int guidedSteps) {
    if (cache.isEmpty()) {
      return CacheUse.NONE;
    }
    CacheKind kind = cache.get().kind();
    boolean known = kind == CacheKind.MAG;
    // What each branch last ran on; EasyCache also the latents before and each branch's result.
    int branches = guidedSteps > 0 ? 2 : 1;
    int arrays = branches + (kind == CacheKind.EASY ? 1 + branches : 0);
    return new CacheUse(known ? reused() : 0, known, kind.keepsBlocks(), arrays);
  }

  /** Passes that go by the table alone. */
  private int reused() {
    StepCache run = stepCache().orElseThrow();
    Guider guider = guider();
    int reused = 0;
    for (int step = 0; step < steps(); step++) {
      int passes = guider.isZero(step) ? 0 : guider.needsUnconditional(step) ? 2 : 1;
      for (int branch = 0; branch < passes; branch++) {
        if (run.reuses(step, branch, null)) {
          reused++;
        } else {
          run.computed(step, branch, NOTHING, NOTHING);
        }
      }
    }
    return reused;
  }
}
