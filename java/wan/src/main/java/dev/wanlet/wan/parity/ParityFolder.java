// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.base.JsonErrors;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.checkpoint.Checkpoint;
import dev.wanlet.weights.checkpoint.WeightFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Owner: a folder of reference tensors, with every file that was opened through it. Confined to one
 * thread.
 */
final class ParityFolder implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CONFIG = "config.json";

  private record Tolerance(Pattern names, double value) {}

  private final Path directory;
  private final JsonNode config;
  private final List<Tolerance> tolerances = new ArrayList<>();
  private final double defaultTolerance;
  private final Map<Path, WeightSource> opened = new LinkedHashMap<>();
  private final Deque<AutoCloseable> owned = new ArrayDeque<>();

  private ParityFolder(Path directory, JsonNode config) throws ParityException {
    this.directory = directory;
    this.config = config;
    this.defaultTolerance = readTolerances();
  }

  static ParityFolder open(Path directory) throws IOException {
    Path file = directory.resolve(CONFIG);
    if (!Files.isRegularFile(file)) {
      throw new NoSuchFileException(
          file.toString(), null, "no such file; give a folder of reference tensors");
    }
    return new ParityFolder(directory.toAbsolutePath().normalize(), parse(file));
  }

  private double readTolerances() throws ParityException {
    JsonNode tolerance = required("tolerance");
    double fallback = Double.NaN;
    for (Map.Entry<String, JsonNode> entry : tolerance.properties()) {
      double value = entry.getValue().asDouble(Double.NaN);
      if (!(value >= 0)) {
        throw bad("tolerance '" + entry.getKey() + "' is " + entry.getValue() + ", not a number");
      }
      if (entry.getKey().equals("default")) {
        fallback = value;
      } else {
        tolerances.add(new Tolerance(glob(entry.getKey()), value));
      }
    }
    if (Double.isNaN(fallback)) {
      throw bad("tolerance has no 'default'");
    }
    return fallback;
  }

  private static Pattern glob(String glob) {
    StringBuilder regex = new StringBuilder();
    for (char c : glob.toCharArray()) {
      regex.append(c == '*' ? ".*" : c == '?' ? "." : Pattern.quote(String.valueOf(c)));
    }
    return Pattern.compile(regex.toString(), Pattern.DOTALL);
  }

  Path directory() {
    return directory;
  }

  /** A sibling folder, such as the one an end-to-end run takes its transformer from. */
  ParityFolder sibling(String name) throws IOException {
    ParityFolder folder = open(directory.resolveSibling(name));
    owned.push(folder);
    return folder;
  }

  JsonNode config() {
    return config;
  }

  /** A value of config.json that must be there. */
  JsonNode required(String key) throws ParityException {
    JsonNode value = config.get(key);
    if (value == null || value.isNull()) {
      throw bad("'" + key + "' is missing");
    }
    return value;
  }

  String kind() throws ParityException {
    return required("kind").asText();
  }

  /** The tolerance of a tap: that of the last glob that fits, else the default. */
  double tolerance(String tap) {
    double found = defaultTolerance;
    for (Tolerance tolerance : tolerances) {
      if (tolerance.names.matcher(tap).matches()) {
        found = tolerance.value;
      }
    }
    return found;
  }

  JsonNode json(String file) throws IOException {
    return parse(directory.resolve(file));
  }

  private static JsonNode parse(Path file) throws IOException {
    try {
      return JSON.readTree(Files.readAllBytes(file));
    } catch (JsonProcessingException e) {
      throw new ParityException(file, JsonErrors.describe(e), e);
    }
  }

  WeightSource inputs() throws IOException {
    return tensors(directory.resolve("inputs.safetensors"));
  }

  WeightSource outputs() throws IOException {
    return tensors(directory.resolve("outputs.safetensors"));
  }

  /** A file of tensors, opened once and closed with this. */
  WeightSource tensors(Path file) throws IOException {
    WeightSource known = opened.get(file);
    if (known == null) {
      known = WeightFiles.open(file);
      opened.put(file, known);
      owned.push(known);
    }
    return known;
  }

  /**
   * A network under official names, from a file of any format; opened once and closed with this.
   */
  WeightSource network(Path file) throws IOException {
    Checkpoint checkpoint = Checkpoint.open(file);
    owned.push(checkpoint);
    return checkpoint.source();
  }

  /** The weight files of config.json, later ones replacing tensors of earlier ones. */
  WeightSource weights() throws IOException {
    JsonNode list = required("weights");
    if (!list.isArray() || list.isEmpty()) {
      throw bad("'weights' is not a list of files");
    }
    WeightSource all = null;
    for (JsonNode file : list) {
      WeightSource next = tensors(directory.resolveSibling(file.asText()));
      all = all == null ? next : WeightSource.overlay(all, next);
    }
    return all;
  }

  Optional<float[]> input(String name) throws IOException {
    return inputs().find(name).map(WeightTensor::toFloats);
  }

  float[] requiredInput(String name) throws IOException {
    return inputs().require(name).toFloats();
  }

  /** Every output tensor as floats, by name, in file order. */
  Map<String, float[]> outputValues() throws IOException {
    return values("", outputs());
  }

  static Map<String, float[]> values(String prefix, WeightSource source) {
    Map<String, float[]> values = new LinkedHashMap<>();
    for (WeightTensor tensor : source.tensors()) {
      values.put(prefix + tensor.name(), tensor.toFloats());
    }
    return values;
  }

  ParityException bad(String message) {
    return new ParityException(directory.resolve(CONFIG), message);
  }

  @Override
  public void close() {
    while (!owned.isEmpty()) {
      try {
        owned.pop().close();
      } catch (Exception e) {
        throw new IllegalStateException("a reference file could not be closed", e);
      }
    }
  }
}
