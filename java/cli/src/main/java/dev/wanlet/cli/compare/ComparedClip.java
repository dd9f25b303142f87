// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.cli.console.Json;
import dev.wanlet.files.AtomicFile;
import dev.wanlet.files.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A finished clip with its measures, kept beside it so that a second call need not make it again.
 * Immutable.
 *
 * @param file the clip
 * @param facts what is told of it
 */
record ComparedClip(Path file, Map<String, Object> facts) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String KEY = "made_from";
  private static final String HASH = "sha256";

  private static Path notes(Path clip) {
    return clip.resolveSibling(clip.getFileName() + ".json");
  }

  /**
   * The clip of an earlier call, if it is there unchanged and was asked for in the same way.
   *
   * @throws IOException if a file cannot be read
   */
  static Optional<ComparedClip> kept(Path clip, String key) throws IOException {
    if (!Files.isRegularFile(clip) || !Files.isRegularFile(notes(clip))) {
      return Optional.empty();
    }
    Map<String, Object> stored;
    try {
      stored = JSON.readValue(notes(clip).toFile(), new TypeReference<>() {});
    } catch (JsonProcessingException e) {
      // Half a file or another's: the clip is made and measured again.
      return Optional.empty();
    }
    boolean same = key.equals(stored.remove(KEY)) && Sha256.of(clip).equals(stored.remove(HASH));
    return same ? Optional.of(new ComparedClip(clip, stored)) : Optional.empty();
  }

  void keep(String key) throws IOException {
    Map<String, Object> stored = new LinkedHashMap<>();
    stored.put(KEY, key);
    stored.put(HASH, Sha256.of(file));
    stored.putAll(facts);
    write(notes(file), Json.text(stored) + "\n");
  }

  /** Writes a text that appears whole or not at all. */
  static void write(Path target, String text) throws IOException {
    try (AtomicFile out = new AtomicFile(target)) {
      out.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), 0);
      out.commit();
    }
  }

  String text(String name) {
    return String.valueOf(facts.get(name));
  }

  double number(String name) {
    return ((Number) facts.get(name)).doubleValue();
  }

  @SuppressWarnings("unchecked")
  Map<String, Object> map(String name) {
    return (Map<String, Object>) facts.getOrDefault(name, Map.of());
  }

  /** Seconds of all stages. */
  double seconds() {
    return map("stage_seconds").values().stream()
        .mapToDouble(v -> ((Number) v).doubleValue())
        .sum();
  }
}
