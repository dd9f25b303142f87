// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What all measures say of one clip. Immutable.
 *
 * @param frames frames of the clip
 * @param fps frames a second, as the file says
 * @param measures value by id; empty where the clip has too few frames
 * @param reference value by id against the reference; no entries without one
 * @param identical whether clip and reference have the same number of frames, and no pixel differs
 * @param caption parts of the prompt that are seen, 0 to 4, if there is a prompt
 * @param notes what was left out, and why
 */
record ClipScore(
    Path file,
    int width,
    int height,
    int frames,
    double fps,
    Map<String, OptionalDouble> measures,
    Map<String, OptionalDouble> reference,
    boolean identical,
    Optional<Integer> caption,
    List<String> notes) {

  /** Under stable names, for scripts. */
  Map<String, Object> facts() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("file", file.toString());
    facts.put("width", width);
    facts.put("height", height);
    facts.put("frames", frames);
    facts.put("fps", fps);
    facts.put("measures", numbers(measures));
    if (!reference.isEmpty()) {
      facts.put(ComparedClip.AGAINST, againstReference());
    }
    caption.ifPresent(parts -> facts.put("caption_accuracy", parts / 4.0));
    facts.put("notes", notes);
    return facts;
  }

  /** What it shows against the reference, under stable names. */
  Map<String, Object> againstReference() {
    Map<String, Object> held = numbers(reference);
    held.put("identical", identical);
    return held;
  }

  /** JSON knows no infinity: the PSNR of frames that do not differ is null, as what is left out. */
  private static Map<String, Object> numbers(Map<String, OptionalDouble> values) {
    Map<String, Object> numbers = new LinkedHashMap<>();
    values.forEach(
        (id, v) ->
            numbers.put(
                id, v.isPresent() && Double.isFinite(v.getAsDouble()) ? v.getAsDouble() : null));
    return numbers;
  }
}
