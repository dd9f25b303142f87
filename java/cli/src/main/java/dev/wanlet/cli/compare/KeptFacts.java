// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.cli.console.Json;
import dev.wanlet.files.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Facts in a file of their own, with what they were made from. Stateless. */
final class KeptFacts {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String KEY = "made_from";

  private KeptFacts() {}

  /**
   * The facts of an earlier call.
   *
   * @param key what they must have been made from; else they are not taken
   * @throws IOException if the file is there and cannot be read
   */
  static Optional<Map<String, Object>> read(Path file, String key) throws IOException {
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try {
      Map<String, Object> stored = JSON.readValue(file.toFile(), new TypeReference<>() {});
      return key.equals(stored.remove(KEY)) ? Optional.of(stored) : Optional.empty();
    } catch (JsonProcessingException e) {
      return Optional.empty(); // half a file or another's: what it told is found out again
    }
  }

  static void write(Path file, String key, Map<String, Object> facts) throws IOException {
    Map<String, Object> stored = new LinkedHashMap<>();
    stored.put(KEY, key);
    stored.putAll(facts);
    write(file, Json.text(stored) + "\n");
  }

  /** Writes a text that appears whole or not at all. */
  static void write(Path target, String text) throws IOException {
    AtomicFile.write(target, text.getBytes(StandardCharsets.UTF_8));
  }
}
