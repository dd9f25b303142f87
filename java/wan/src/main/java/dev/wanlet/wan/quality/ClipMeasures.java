// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

import dev.wanlet.wan.media.RgbFrame;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * All measures of a clip that need no reference. They ask what VBench asks, by methods of our own
 * that need no networks; the values are no VBench scores. Give it the frames in order. Confined to
 * one thread.
 */
public final class ClipMeasures {
  private final List<ClipMeasure> measures = all();

  /** Each measure anew. */
  static List<ClipMeasure> all() {
    return List.of(
        ColourConsistency.ofSubject(),
        ColourConsistency.ofBackground(),
        new MotionRoughness(),
        new DynamicDegree(),
        new Flicker(),
        new Sharpness(),
        new Noise());
  }

  /** What is measured, in the order of {@link #values}. */
  public static List<MeasureInfo> infos() {
    return all().stream().map(ClipMeasure::info).toList();
  }

  /** Takes the next frame; all of one size. */
  public void accept(RgbFrame frame) {
    Planes planes = Planes.of(frame);
    measures.forEach(m -> m.accept(planes));
  }

  /** Value by id; empty where the clip has too few frames. */
  public Map<String, OptionalDouble> values() {
    Map<String, OptionalDouble> values = new LinkedHashMap<>();
    measures.forEach(m -> values.put(m.info().id(), m.value()));
    return values;
  }
}
