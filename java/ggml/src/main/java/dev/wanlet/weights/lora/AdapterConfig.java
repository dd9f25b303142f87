// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.lora;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.base.JsonErrors;
import dev.wanlet.weights.JsonLimits;
import dev.wanlet.weights.WeightFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What peft writes of an adapter beside its matrices: rank, alpha, and exceptions for some modules.
 * Immutable.
 *
 * <p>Source: peft config and tuners/lora/config.py, LoraConfig; utils/other.py, get_pattern_key.
 *
 * @param title where it is from, for people: {@code adapter_config.json}
 * @param alpha {@code lora_alpha}
 * @param rank {@code r}
 * @param rootRank whether alpha is divided by the root of the rank ({@code use_rslora})
 * @param alphas of modules whose names the keys match
 * @param ranks of modules whose names the keys match
 */
record AdapterConfig(
    String title,
    OptionalDouble alpha,
    OptionalDouble rank,
    boolean rootRank,
    Map<ModulePattern, Double> alphas,
    Map<ModulePattern, Double> ranks) {
  private static final ObjectMapper JSON = new ObjectMapper();

  AdapterConfig {
    alphas = Collections.unmodifiableMap(new LinkedHashMap<>(alphas));
    ranks = Collections.unmodifiableMap(new LinkedHashMap<>(ranks));
  }

  /**
   * Alpha of a module under the file's name, if anything is said of it.
   *
   * @throws WeightFormatException if a pattern is a trap
   */
  OptionalDouble alphaOf(String module) throws WeightFormatException {
    return of(alphas, alpha, module);
  }

  /** The rank it says a module has; throws as {@link #alphaOf}. */
  OptionalDouble rankOf(String module) throws WeightFormatException {
    return of(ranks, rank, module);
  }

  private static OptionalDouble of(
      Map<ModulePattern, Double> some, OptionalDouble all, String module)
      throws WeightFormatException {
    for (Map.Entry<ModulePattern, Double> one : some.entrySet()) {
      if (one.getKey().matches(module)) {
        return OptionalDouble.of(one.getValue());
      }
    }
    return all;
  }

  /**
   * Reads a JSON object.
   *
   * @param file for messages
   * @return by component ({@code transformer}), under the empty name what is said of all
   * @throws WeightFormatException if it is no JSON object, or holds what cannot be
   */
  static Map<String, AdapterConfig> parse(String title, Path file, byte[] json)
      throws WeightFormatException {
    JsonNode root;
    try (JsonParser parser = JsonLimits.parser(ByteBuffer.wrap(json))) {
      root = JSON.readTree(parser);
    } catch (IOException e) {
      throw new WeightFormatException(file, title + " is damaged: " + JsonErrors.describe(e), e);
    }
    if (root == null || !root.isObject()) {
      throw new WeightFormatException(file, title + " is damaged: expected a JSON object");
    }
    Map<String, Object> values = new LinkedHashMap<>();
    root.properties().forEach(e -> values.put(e.getKey(), e.getValue()));
    return of(title, file, values);
  }

  /**
   * Reads plain metadata, whose values are texts.
   *
   * @throws WeightFormatException if it holds what cannot be
   */
  static Map<String, AdapterConfig> of(String title, Path file, Map<String, ?> values)
      throws WeightFormatException {
    Map<String, Map<String, Object>> components = new LinkedHashMap<>();
    for (Map.Entry<String, ?> value : values.entrySet()) {
      int dot = value.getKey().lastIndexOf('.');
      components
          .computeIfAbsent(dot < 0 ? "" : value.getKey().substring(0, dot), c -> new HashMap<>())
          .put(value.getKey().substring(dot + 1), value.getValue());
    }
    Map<String, AdapterConfig> configs = new LinkedHashMap<>();
    for (Map.Entry<String, Map<String, Object>> component : components.entrySet()) {
      Fields fields = new Fields(title, file, component.getValue());
      fields.component(component.getKey()).ifPresent(c -> configs.put(component.getKey(), c));
    }
    return configs;
  }

  /** The fields of one component. */
  private record Fields(String title, Path file, Map<String, Object> values) {
    Optional<AdapterConfig> component(String name) throws WeightFormatException {
      OptionalDouble alpha = number("lora_alpha");
      if (alpha.isEmpty()) {
        alpha = plainAlpha();
      }
      Map<ModulePattern, Double> alphas = numbers("alpha_pattern");
      requireLora();
      if (alpha.isEmpty() && alphas.isEmpty()) {
        return Optional.empty();
      }
      return Optional.of(
          new AdapterConfig(
              name.isEmpty() ? title : title + " of " + name,
              alpha,
              number("r"),
              flag("use_rslora"),
              alphas,
              numbers("rank_pattern")));
    }

    private void requireLora() throws WeightFormatException {
      if (flag("use_dora")) {
        throw LoraAdapter.dora(file, title + " says");
      }
      String type = text("peft_type");
      if (type != null && !type.equalsIgnoreCase("LORA") && !type.endsWith(".LORA")) {
        throw new WeightFormatException(
            file,
            String.format(
                "%s says that it is an adapter of the kind %s; only LoRA is known here, merge it"
                    + " with the tool it is from",
                title, type));
      }
    }

    private String text(String key) {
      Object value = values.get(key);
      if (value instanceof JsonNode node) {
        return node.isValueNode() && !node.isNull() ? node.asText() : null;
      }
      return value == null ? null : value.toString();
    }

    private boolean flag(String key) {
      String text = text(key);
      return text != null && text.strip().toLowerCase(Locale.ROOT).matches("true|1");
    }

    /** Training tools write "None" where nothing was set. */
    private OptionalDouble number(String key) throws WeightFormatException {
      String text = text(key);
      if (text == null || text.isBlank() || text.equals("None") || text.equals("null")) {
        return OptionalDouble.empty();
      }
      return OptionalDouble.of(number(key, text));
    }

    /** Other programs may call other things alpha. */
    private OptionalDouble plainAlpha() {
      try {
        return number("alpha");
      } catch (WeightFormatException e) {
        return OptionalDouble.empty();
      }
    }

    private double number(String key, String text) throws WeightFormatException {
      double value;
      try {
        value = Double.parseDouble(text.strip());
      } catch (NumberFormatException e) {
        value = Double.NaN;
      }
      if (!Double.isFinite(value)) {
        String shown = text.length() > 40 ? text.substring(0, 40) + "..." : text;
        throw new WeightFormatException(
            file, String.format("%s: '%s' is '%s', expected a number", title, key, shown));
      }
      return value;
    }

    private Map<ModulePattern, Double> numbers(String key) throws WeightFormatException {
      Map<ModulePattern, Double> numbers = new LinkedHashMap<>();
      JsonNode node = object(key);
      if (node != null) {
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
          ModulePattern pattern = ModulePattern.of(title + ", " + key, file, entry.getKey());
          numbers.put(pattern, number(key, entry.getValue().asText()));
        }
      }
      return numbers;
    }

    private JsonNode object(String key) throws WeightFormatException {
      Object value = values.get(key);
      if (value instanceof JsonNode node && !node.isTextual()) {
        if (node.isNull() || node.isObject()) {
          return node.isNull() ? null : node;
        }
        throw notAnObject(key, null);
      }
      String text = text(key);
      if (text == null || text.isBlank() || text.equals("None")) {
        return null;
      }
      try (JsonParser parser =
          JsonLimits.parser(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)))) {
        JsonNode node = JSON.readTree(parser);
        if (node != null && node.isObject()) {
          return node;
        }
      } catch (IOException e) {
        throw notAnObject(key, e);
      }
      throw notAnObject(key, null);
    }

    private WeightFormatException notAnObject(String key, IOException cause) {
      return new WeightFormatException(
          file, String.format("%s: '%s' is no JSON object of numbers", title, key), cause);
    }
  }
}
