// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.recipes;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import dev.wanlet.wan.request.Setting;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.weights.lora.AdapterScope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Reads one sampling recipe; its form is that of {@code recipe.schema.json}. What is not understood
 * is an error. Confined to one thread.
 */
final class RecipeReader {
  private static final ObjectMapper YAML =
      new ObjectMapper(
              YAMLFactory.builder().enable(YAMLParser.Feature.EMPTY_STRING_AS_NULL).build())
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9.-]*");

  private final String file;

  private RecipeReader(String file) {
    this.file = file;
  }

  /**
   * Reads a file's text.
   *
   * @param file for messages
   * @param name what the recipe must be called
   */
  static SamplingRecipe read(String file, String name, String text) throws RecipeException {
    return new RecipeReader(file).recipe(name, text);
  }

  private SamplingRecipe recipe(String name, String text) throws RecipeException {
    JsonNode root;
    try {
      root = YAML.readTree(text);
    } catch (JacksonException e) {
      throw problem("it is not YAML: " + e.getOriginalMessage(), e);
    }
    known(
        root,
        "the file",
        "name",
        "title",
        "source",
        "notes",
        "models",
        "settings",
        "adapters",
        "refused",
        "signs");
    String own = string(root, "name");
    if (!NAME.matcher(own).matches() || !own.equals(name)) {
      throw problem(
          "name is '"
              + own
              + "'; expected that of the file, '"
              + name
              + "', in lower case with - between words",
          null);
    }
    boolean refused = root.has("refused");
    if (refused == root.has("settings") || refused == root.has("models")) {
      throw problem("expected either models and settings, or refused with the reason", null);
    }
    if (refused && !root.has("signs")) {
      throw problem("signs are missing; expected how a refused model is known", null);
    }
    return new SamplingRecipe(
        own,
        string(root, "title"),
        string(root, "source"),
        root.has("notes") ? string(root, "notes") : "",
        refused ? List.of() : strings(root, "models"),
        refused ? SettingValues.NONE : settings(root.path("settings")),
        adapters(root.path("adapters")),
        refused ? Optional.of(string(root, "refused")) : Optional.empty(),
        signs(root.path("signs")));
  }

  private SettingValues settings(JsonNode node) throws RecipeException {
    Map<String, Setting<?>> allowed = new LinkedHashMap<>();
    Settings.TABLE.listed(Setting.Section.SAMPLING).forEach(s -> allowed.put(s.name(), s));
    allowed.remove(Settings.RECIPE.name());
    known(node, "settings", allowed.keySet().toArray(String[]::new));
    if (node.isEmpty()) {
      throw problem("settings are empty", null);
    }
    SettingValues values = SettingValues.NONE;
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      values = with(values, allowed.get(entry.getKey()), entry.getValue());
    }
    return values;
  }

  private <T> SettingValues with(SettingValues values, Setting<T> setting, JsonNode node)
      throws RecipeException {
    try {
      return values.with(setting, setting.type().parser().apply(text(node)));
    } catch (IllegalArgumentException e) {
      throw problem(setting.name() + ": " + e.getMessage(), e);
    }
  }

  /** A list is written as on the command line, with commas. */
  private static String text(JsonNode node) {
    if (!node.isArray()) {
      return node.isContainerNode() ? node.toString() : node.asText();
    }
    List<String> items = new ArrayList<>();
    node.forEach(item -> items.add(item.asText()));
    return String.join(",", items);
  }

  private List<AdapterNeed> adapters(JsonNode list) throws RecipeException {
    List<AdapterNeed> adapters = new ArrayList<>();
    for (JsonNode node : list) {
      known(node, "an adapter", "file", "strength", "expert", "below");
      adapters.add(
          new AdapterNeed(
              string(node, "file"),
              number(node, "strength", -10, 10).orElse(1),
              expert(node),
              number(node, "below", 0, 1)));
    }
    return adapters;
  }

  private AdapterScope.Expert expert(JsonNode node) throws RecipeException {
    if (!node.has("expert")) {
      return AdapterScope.Expert.BOTH;
    }
    String text = string(node, "expert");
    for (AdapterScope.Expert expert : AdapterScope.Expert.values()) {
      if (expert.id().equals(text)) {
        return expert;
      }
    }
    throw problem("expert '" + text + "'; expected both, high or low", null);
  }

  private RecipeSigns signs(JsonNode node) throws RecipeException {
    if (node.isMissingNode()) {
      return RecipeSigns.NONE;
    }
    known(node, "signs", "files", "metadata", "tensors");
    Map<String, Pattern> metadata = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : node.path("metadata").properties()) {
      metadata.put(entry.getKey(), pattern(entry.getValue().asText()));
    }
    return new RecipeSigns(patterns(node, "files"), metadata, patterns(node, "tensors"));
  }

  private List<Pattern> patterns(JsonNode node, String key) throws RecipeException {
    List<Pattern> patterns = new ArrayList<>();
    for (String text : node.has(key) ? strings(node, key) : List.<String>of()) {
      patterns.add(pattern(text));
    }
    return patterns;
  }

  private Pattern pattern(String text) throws RecipeException {
    try {
      return Pattern.compile(text);
    } catch (PatternSyntaxException e) {
      throw problem("'" + text + "' is no regular expression: " + e.getDescription(), e);
    }
  }

  private void known(JsonNode node, String what, String... keys) throws RecipeException {
    if (node == null || !node.isObject()) {
      throw problem(what + " is no list of entries", null);
    }
    Set<String> others = new TreeSet<>();
    node.fieldNames().forEachRemaining(others::add);
    others.removeAll(Set.of(keys));
    if (!others.isEmpty()) {
      throw problem(
          what
              + " has the unknown entry '"
              + others.iterator().next()
              + "'; expected "
              + String.join(", ", keys),
          null);
    }
  }

  private String string(JsonNode node, String key) throws RecipeException {
    JsonNode value = node.path(key);
    if (!value.isTextual() || value.asText().isBlank()) {
      throw problem("'" + key + "' is missing, or no text", null);
    }
    return value.asText();
  }

  private List<String> strings(JsonNode node, String key) throws RecipeException {
    List<String> strings = new ArrayList<>();
    for (JsonNode item : node.path(key)) {
      if (!item.isTextual()) {
        throw problem("'" + key + "' holds " + item + "; expected texts", null);
      }
      strings.add(item.asText());
    }
    if (!node.path(key).isArray() || strings.isEmpty()) {
      throw problem("'" + key + "' is no list of texts", null);
    }
    return strings;
  }

  private OptionalDouble number(JsonNode node, String key, double least, double most)
      throws RecipeException {
    JsonNode value = node.path(key);
    if (value.isMissingNode()) {
      return OptionalDouble.empty();
    }
    if (!value.isNumber() || !(value.asDouble() >= least && value.asDouble() <= most)) {
      throw problem(
          String.format(
              Locale.ROOT, "%s is %s; expected a number from %s to %s", key, value, least, most),
          null);
    }
    return OptionalDouble.of(value.asDouble());
  }

  private RecipeException problem(String text, Throwable cause) {
    return new RecipeException(file, text, cause);
  }
}
