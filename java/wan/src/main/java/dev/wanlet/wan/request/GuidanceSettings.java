// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.model.transformer.AttentionGuidance;
import dev.wanlet.wan.sampling.FlowSchedule;
import dev.wanlet.wan.sampling.GuidanceInterval;
import dev.wanlet.wan.sampling.GuidanceRule;
import dev.wanlet.wan.sampling.SkippedBlocks;
import java.util.Optional;
import java.util.Set;

/**
 * How guidance works beyond its scale. Immutable.
 *
 * @param interval where it is on; empty: everywhere
 * @param rule how two velocities become one
 * @param skipped blocks that the pass without the prompt leaves out
 * @param skippedWithin where it leaves them out
 * @param attention what the negative prompt does within the pass of the prompt; empty for nothing
 */
public record GuidanceSettings(
    Optional<GuidanceInterval> interval,
    GuidanceRule rule,
    Optional<SkippedBlocks> skipped,
    GuidanceInterval skippedWithin,
    Optional<AttentionGuidance> attention) {
  /** Plain guidance everywhere. */
  public static final GuidanceSettings PLAIN =
      new GuidanceSettings(
          Optional.empty(),
          GuidanceRule.CFG,
          Optional.empty(),
          Settings.USUAL_SLG_INTERVAL,
          Optional.empty());

  static GuidanceSettings of(Decisions d) {
    GuidanceRule.Kind kind = d.find(Settings.GUIDANCE_RULE).orElse(GuidanceRule.Kind.CFG);
    boolean zero = kind == GuidanceRule.Kind.CFG_ZERO_STAR;
    GuidanceRule.Apg usual = GuidanceRule.Apg.USUAL;
    return new GuidanceSettings(
        d.find(Settings.GUIDANCE_INTERVAL),
        new GuidanceRule(
            kind,
            d.find(Settings.ZERO_INIT_STEPS).orElse(zero ? Settings.USUAL_ZERO_INIT_STEPS : 0),
            new GuidanceRule.Apg(
                d.find(Settings.APG_MOMENTUM).orElse(usual.momentum()),
                d.find(Settings.APG_NORM).orElse(usual.norm()),
                d.find(Settings.APG_ETA).orElse(usual.eta()))),
        d.find(Settings.SLG_BLOCKS),
        d.find(Settings.SLG_INTERVAL).orElse(Settings.USUAL_SLG_INTERVAL),
        d.find(Settings.NAG_SCALE).filter(scale -> scale != 1).map(scale -> attention(d, scale)));
  }

  private static AttentionGuidance attention(Decisions d, double scale) {
    AttentionGuidance usual = AttentionGuidance.USUAL;
    return new AttentionGuidance(
        (float) scale,
        d.find(Settings.NAG_TAU).map(Double::floatValue).orElse(usual.tau()),
        d.find(Settings.NAG_ALPHA).map(Double::floatValue).orElse(usual.alpha()));
  }

  /** Refuses steps without prediction that leave none with one. */
  void requireSomeStep(int steps) {
    if (rule.zeroInitSteps() >= steps) {
      throw new RequestException(
          rule.zeroInitSteps()
              + " steps without prediction of "
              + steps
              + " steps; expected fewer, such as "
              + Settings.USUAL_ZERO_INIT_STEPS);
    }
  }

  /** The blocks that the pass without the prompt leaves out at a step; often none. */
  public Set<Integer> skippedAt(int step, FlowSchedule schedule) {
    return skippedWithin.contains(step, schedule)
        ? skipped.map(SkippedBlocks::blocks).orElse(Set.of())
        : Set.of();
  }
}
