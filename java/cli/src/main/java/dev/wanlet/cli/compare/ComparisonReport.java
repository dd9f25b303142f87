// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import dev.wanlet.wan.quality.ClipMeasures;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The comparison for scripts. Immutable. */
record ComparisonReport(List<ComparedClip> clips) {
  /** Why clips are not held against one of higher precision. */
  static final String NO_REFERENCE =
      "No clip is held against one of higher precision: that would take a further run for each"
          + " variant. Clips of equal size and length can be: wanlet score CLIP --reference CLIP.";

  private static final List<String> PLAIN =
      List.of(
          "variant",
          "prompt",
          "seed",
          "output",
          "width",
          "height",
          "frames",
          "fps",
          "steps",
          "planned_peak_bytes",
          "measured_peak_bytes");

  /** How each measure is made. */
  static Map<String, String> methods() {
    Map<String, String> methods = new LinkedHashMap<>();
    ClipMeasures.infos()
        .forEach(
            m ->
                methods.put(
                    m.id(),
                    m.method()
                        + switch (m.better()) {
                          case HIGHER -> "; higher is better";
                          case LOWER -> "; lower is better";
                          case NEITHER -> "; neither way is better by itself";
                        }));
    methods.put(
        "caption_accuracy",
        "share of colour, shape, motion and background of a demo prompt that are seen; higher is"
            + " better");
    return methods;
  }

  Map<String, Object> facts() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("methods", methods());
    facts.put("reference", NO_REFERENCE);
    facts.put("clips", clips.stream().map(ComparedClip::facts).toList());
    return facts;
  }

  /** A line a clip; fields with commas, quotes or line ends in quotes (RFC 4180). */
  String csv() {
    List<String> measures = List.copyOf(methods().keySet());
    List<String> stages =
        clips.stream().flatMap(c -> c.map("stage_seconds").keySet().stream()).distinct().toList();
    List<String> head = new ArrayList<>(PLAIN);
    head.add("host_bytes");
    head.addAll(measures);
    stages.forEach(stage -> head.add(stage + "_seconds"));
    head.add("total_seconds");
    StringBuilder text = new StringBuilder(line(head));
    for (ComparedClip clip : clips) {
      List<String> row = new ArrayList<>();
      PLAIN.forEach(name -> row.add(clip.text(name)));
      row.add(String.valueOf(clip.map("plan").get("host_bytes")));
      measures.forEach(name -> row.add(field(measure(clip, name))));
      stages.forEach(stage -> row.add(field(clip.map("stage_seconds").get(stage))));
      row.add(String.valueOf(clip.seconds()));
      text.append(line(row));
    }
    return text.toString();
  }

  /** A measure of a clip; null where there is none. */
  static Object measure(ComparedClip clip, String name) {
    return clip.facts().containsKey(name) ? clip.facts().get(name) : clip.map("measures").get(name);
  }

  private static String field(Object value) {
    return value == null ? "" : value.toString();
  }

  private static String line(List<String> fields) {
    return fields.stream()
            .map(f -> f.matches("(?s).*[\",\r\n].*") ? '"' + f.replace("\"", "\"\"") + '"' : f)
            .collect(Collectors.joining(","))
        + "\r\n";
  }
}
