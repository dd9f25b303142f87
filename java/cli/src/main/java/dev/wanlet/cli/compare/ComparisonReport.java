// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import dev.wanlet.wan.quality.ClipMeasures;
import dev.wanlet.wan.quality.LatentCosine;
import dev.wanlet.wan.quality.ReferenceMeasures;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a comparison found. Immutable.
 *
 * @param clips of all variants
 * @param references that are no clip of a variant, in the order they were made
 * @param withReferences whether any were wanted
 */
record ComparisonReport(
    List<ComparedClip> clips, List<ComparedClip> references, boolean withReferences) {
  private static final String NO_REFERENCE =
      "No clip is held against one of higher precision; --reference does that, with a further run"
          + " for each variant, prompt and seed.";

  private static final String REFERENCE =
      "Each clip is held against its reference: the same settings in 32-bit floats, without step"
          + " cache, by the VAE, with the weights as their file has them. These values say how near"
          + " to that a clip is, not how good.";

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

  private static final String ENERGY = "energy_joules";
  static final String PARTLY_TIMED = "seconds_note";
  private static final String IDENTICAL = "identical";

  ComparisonReport {
    clips = List.copyOf(clips);
    references = List.copyOf(references);
  }

  /** What is said of references, in a sentence or two. */
  String referenceLine() {
    return withReferences ? REFERENCE : NO_REFERENCE;
  }

  /** What is said of energy, in a sentence. */
  String energyLine() {
    return all()
        .filter(clip -> clip.facts().containsKey("energy_note"))
        .findFirst()
        .map(clip -> "Energy is left out: " + clip.text("energy_note") + ".")
        .orElse("Energy is what the whole card drew, for other programs too.");
  }

  /** What host memory is, in a sentence. */
  static String hostLine() {
    return "Host planned is what a run takes by plan; host peak is the most of its own that the"
        + " whole process held while a clip was made, Java and this report included, and on the"
        + " CPU the device's part too.";
  }

  /** Whether every clip has its energy; else nobody could compare them by it. */
  boolean hasEnergy() {
    return all().allMatch(clip -> clip.number(ENERGY) != null);
  }

  /** Each clip, and behind the first one that is held against it a reference. */
  Stream<ComparedClip> all() {
    Set<ComparedClip> all = new LinkedHashSet<>();
    for (ComparedClip clip : clips) {
      all.add(clip);
      references.stream()
          .filter(reference -> reference.text("output").equals(clip.text("reference")))
          .forEach(all::add);
    }
    return all.stream();
  }

  /** Stages that any clip went through, in order. */
  List<String> stages() {
    return all().flatMap(c -> c.map("stage_seconds").keySet().stream()).distinct().toList();
  }

  /** How each measure of a clip by itself is made. */
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

  /** How each value against a reference is made; none where no clip has one. */
  Map<String, String> referenceMethods() {
    Map<String, String> methods = new LinkedHashMap<>();
    if (clips.stream().anyMatch(clip -> clip.facts().containsKey(ComparedClip.AGAINST))) {
      methods.put(LatentCosine.ID, LatentCosine.method());
      methods.putAll(ReferenceMeasures.methods());
    }
    return methods;
  }

  /** The comparison for scripts. */
  Map<String, Object> facts() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("methods", methods());
    facts.put("reference", referenceLine());
    facts.put("reference_methods", referenceMethods());
    facts.put("host", hostLine());
    facts.put("energy", energyLine());
    facts.put("clips", clips.stream().map(ComparedClip::facts).toList());
    facts.put("references", references.stream().map(ComparedClip::facts).toList());
    return facts;
  }

  /** A line a clip; fields with commas, quotes or line ends in quotes (RFC 4180). */
  String csv() {
    List<String> head = new ArrayList<>(PLAIN);
    head.add("host_bytes");
    head.add("measured_host_bytes");
    head.addAll(methods().keySet());
    List<String> held = new ArrayList<>(referenceMethods().keySet());
    if (!held.isEmpty()) {
      head.add("reference");
      held.add(IDENTICAL);
      head.addAll(held);
    }
    stages().forEach(stage -> head.add(stage + "_seconds"));
    head.add("total_seconds");
    if (clips.stream().anyMatch(clip -> !clip.isTimedWhole())) {
      head.add(PARTLY_TIMED);
    }
    if (hasEnergy()) {
      head.add(ENERGY);
    }
    StringBuilder text = new StringBuilder(line(head));
    clips.forEach(clip -> text.append(line(head.stream().map(n -> field(clip, n)).toList())));
    return text.toString();
  }

  private static String field(ComparedClip clip, String column) {
    if (column.equals("total_seconds")) {
      return String.valueOf(clip.seconds());
    }
    if (column.equals("host_bytes")) {
      return String.valueOf(clip.map("plan").get(column));
    }
    String stage = column.replaceAll("_seconds$", "");
    return Stream.of(
            clip.map("stage_seconds").get(stage),
            clip.facts().get(column),
            clip.map("measures").get(column),
            clip.map(ComparedClip.AGAINST).get(column))
        .filter(value -> value != null)
        .findFirst()
        .map(Object::toString)
        .orElse("");
  }

  private static String line(List<String> fields) {
    return fields.stream()
            .map(f -> f.matches("(?s).*[\",\r\n].*") ? '"' + f.replace("\"", "\"\"") + '"' : f)
            .collect(Collectors.joining(","))
        + "\r\n";
  }
}
