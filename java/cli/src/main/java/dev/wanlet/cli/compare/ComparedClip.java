// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import dev.wanlet.cli.console.Json;
import dev.wanlet.files.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A finished clip with its measures, kept beside it so that a second call need not make it again.
 * Immutable.
 *
 * @param file the clip; its latents lie beside it
 * @param facts what is told of it
 */
record ComparedClip(Path file, Map<String, Object> facts) {
  /** What it shows against a reference, if there is one. */
  static final String AGAINST = "against_reference";

  private static Path notes(Path clip) {
    return clip.resolveSibling(clip.getFileName() + ".json");
  }

  /**
   * The clip of an earlier call, if it is there unchanged and was asked for in the same way.
   *
   * @throws IOException if a file cannot be read
   */
  static Optional<ComparedClip> kept(Path clip, String key) throws IOException {
    if (!Files.isRegularFile(clip) || !Files.isRegularFile(LatentFile.of(clip))) {
      return Optional.empty();
    }
    return KeptFacts.read(notes(clip), whole(clip, key))
        .map(facts -> new ComparedClip(clip, facts));
  }

  void keep(String key) throws IOException {
    KeptFacts.write(notes(file), whole(file, key), facts);
  }

  /** With what lies there: a file that somebody changed is not the clip that was asked for. */
  private static String whole(Path clip, String key) throws IOException {
    Map<String, Object> whole = new LinkedHashMap<>();
    whole.put("asked", key);
    whole.put("clip_sha256", Sha256.of(clip));
    whole.put("latents_sha256", Sha256.of(LatentFile.of(clip)));
    return Json.line(whole);
  }

  /** The same with further facts, which replace those of their names. */
  ComparedClip with(Map<String, Object> more) {
    Map<String, Object> all = new LinkedHashMap<>(facts);
    all.putAll(more);
    return new ComparedClip(file, all);
  }

  /** The same with one more note. */
  ComparedClip noting(String note) {
    List<Object> notes = new ArrayList<>(notes());
    notes.add(note);
    return with(Map.of("notes", notes));
  }

  /** What was left out of its measures, and why. */
  @SuppressWarnings("unchecked")
  List<Object> notes() {
    return (List<Object>) facts.getOrDefault("notes", List.of());
  }

  String text(String name) {
    return String.valueOf(facts.get(name));
  }

  /** A fact as a number; null if it is none. */
  Double number(String name) {
    return facts.get(name) instanceof Number n ? (Double) n.doubleValue() : null;
  }

  @SuppressWarnings("unchecked")
  Map<String, Object> map(String name) {
    return (Map<String, Object>) facts.getOrDefault(name, Map.of());
  }

  /** A measure, with or without a reference, as a number; null where there is none. */
  Double measure(String name) {
    for (String group : List.of("measures", AGAINST)) {
      if (map(group).get(name) instanceof Number n) {
        return n.doubleValue();
      }
    }
    return number(name);
  }

  /** What people call it. */
  String title() {
    return text("variant") + ", seed " + text("seed");
  }

  /** Whether its times are those of the whole clip: not if an earlier call made a part of it. */
  boolean isTimedWhole() {
    return !facts.containsKey("seconds_note");
  }

  /** Seconds of all stages. */
  double seconds() {
    return map("stage_seconds").values().stream()
        .mapToDouble(v -> ((Number) v).doubleValue())
        .sum();
  }
}
