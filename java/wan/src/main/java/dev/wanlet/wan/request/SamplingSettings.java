// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import dev.wanlet.wan.sampling.SamplingMethod;
import java.util.OptionalDouble;

/**
 * How noise becomes a clip. Immutable; checked by {@link GenerationRequest.Builder#build}.
 *
 * @param method solver
 * @param steps sampling steps, 1 to 1000
 * @param flowShift flow shift, above 0
 * @param guidanceScale guidance scale, of the low-noise expert where there are two; 1 is off
 * @param highNoiseGuidanceScale guidance scale of the high-noise expert; the same where there is
 *     only one transformer
 * @param expertBoundary noise level, 0 to 1, at which the low-noise expert takes over; empty for
 *     models of one transformer
 */
public record SamplingSettings(
    SamplingMethod method,
    int steps,
    double flowShift,
    double guidanceScale,
    double highNoiseGuidanceScale,
    OptionalDouble expertBoundary) {
  static SamplingSettings of(Decisions d) {
    return new SamplingSettings(
        d.get(Settings.METHOD),
        d.get(Settings.STEPS),
        d.get(Settings.FLOW_SHIFT),
        d.get(Settings.GUIDANCE_SCALE),
        d.find(Settings.HIGH_NOISE_GUIDANCE_SCALE).orElseGet(() -> d.get(Settings.GUIDANCE_SCALE)),
        d.find(Settings.EXPERT_BOUNDARY).map(OptionalDouble::of).orElseGet(OptionalDouble::empty));
  }

  /** Whether some step needs the negative prompt. */
  public boolean isGuided() {
    return guidanceScale != 1 || highNoiseGuidanceScale != 1;
  }
}
