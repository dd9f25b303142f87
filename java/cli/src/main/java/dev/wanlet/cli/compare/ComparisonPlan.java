// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The clips of a comparison and what each is held against: the clip with the same settings at the
 * highest precision, which several may share and which may be a clip of a variant itself.
 * Immutable.
 *
 * @param clips of all variants, in the order of the report
 * @param references by the clip that is held against them; empty where none are wanted
 */
record ComparisonPlan(List<Wanted> clips, Map<Wanted, Wanted> references) {
  ComparisonPlan {
    clips = List.copyOf(clips);
    references = Map.copyOf(references);
  }

  /**
   * A plan with references.
   *
   * @param own the reference that each clip would have by itself, clip by clip
   */
  static ComparisonPlan with(List<Wanted> clips, List<Wanted> own) {
    Map<Map<String, String>, Wanted> bySettings = new LinkedHashMap<>();
    clips.forEach(clip -> bySettings.putIfAbsent(clip.maker().decided(), clip));
    Map<Wanted, Wanted> references = new LinkedHashMap<>();
    for (int i = 0; i < clips.size(); i++) {
      Wanted clip = clips.get(i);
      Wanted reference = own.get(i);
      Map<String, String> settings = reference.maker().decided();
      boolean isItsOwn = settings.equals(clip.maker().decided());
      bySettings.putIfAbsent(settings, reference);
      references.put(clip, isItsOwn ? clip : bySettings.get(settings));
    }
    return new ComparisonPlan(clips, references);
  }

  /** What a clip is held against; the clip itself where nothing is more precise. */
  Optional<Wanted> reference(Wanted clip) {
    return Optional.ofNullable(references.get(clip));
  }

  /** How many clips there are to make. */
  int total() {
    return (int) Stream.concat(clips.stream(), references.values().stream()).distinct().count();
  }
}
