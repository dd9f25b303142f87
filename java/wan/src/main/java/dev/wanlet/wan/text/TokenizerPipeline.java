// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Base64;
import java.util.Set;

/**
 * The steps of a {@code tokenizer.json} before its model: normaliser and pre-tokeniser, as JSON.
 *
 * <p>Both ways in end in the few components that T5 tokenizers use, written anew with checked
 * arguments: the Rust library trusts its input (a bad table or pattern panics, which ends the
 * process). Immutable by convention: nobody changes the nodes after construction. Thread-safe.
 *
 * @param normalizer a Sequence
 * @param preTokenizer a Sequence, or null for none
 */
record TokenizerPipeline(ObjectNode normalizer, ObjectNode preTokenizer) {
  /** What SentencePiece writes for a space. */
  static final String SPACE_SYMBOL = "\u2581";

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final int MAX_NESTING = 4;

  /** The patterns T5 tokenizers use. Others could make the pattern engine fail or never end. */
  private static final Set<String> KNOWN_PATTERNS =
      Set.of(" {2,}", " +", "\\s+", "\\s{2,}", "\\A +| +\\z", " +\\z", "\\A +");

  /**
   * SentencePiece's own normalisation. There is no pre-tokeniser, so the best path is searched over
   * the whole text, as SentencePiece does.
   *
   * @throws IllegalArgumentException if the character map is damaged
   */
  static TokenizerPipeline of(SentencePieceNormalization n) {
    ArrayNode steps = JSON.arrayNode();
    if (n.precompiledCharsmap().length > 0) {
      steps.add(precompiled(n.precompiledCharsmap()));
    }
    if (n.removeExtraWhitespaces()) {
      // Only U+0020, and only at the very ends: the Strip component takes tabs and newlines too.
      steps.add(replace("Regex", "\\A +| +\\z", ""));
      steps.add(replace("Regex", " {2,}", " "));
    }
    if (n.addDummyPrefix()) {
      steps.add(component("Prepend").put("prepend", SPACE_SYMBOL));
    }
    steps.add(replace("String", " ", SPACE_SYMBOL));
    return new TokenizerPipeline(sequence("normalizers", steps), null);
  }

  /**
   * The steps a {@code tokenizer.json} names.
   *
   * @throws IllegalArgumentException if one is unknown, damaged, or spaces would reach the model
   */
  static TokenizerPipeline of(JsonNode normalizer, JsonNode preTokenizer) {
    ArrayNode steps = JSON.arrayNode();
    addNormalizers(steps, normalizer, 0);
    ArrayNode splits = JSON.arrayNode();
    addPreTokenizers(splits, preTokenizer, 0);
    boolean spacesReplaced =
        !steps.isEmpty()
            && steps.get(steps.size() - 1).equals(replace("String", " ", SPACE_SYMBOL));
    for (JsonNode split : splits) {
      spacesReplaced |= split.path("type").asText().equals("Metaspace");
    }
    if (!spacesReplaced) {
      throw new IllegalArgumentException(
          "no step writes spaces as U+2581 (Metaspace), which umT5's pieces need");
    }
    return new TokenizerPipeline(
        sequence("normalizers", steps),
        splits.isEmpty() ? null : sequence("pretokenizers", splits));
  }

  private static void addNormalizers(ArrayNode steps, JsonNode node, int depth) {
    if (isAbsent(node)) {
      return;
    }
    String type = node.path("type").asText();
    switch (type) {
      case "Sequence" -> {
        for (JsonNode child : children(node, "normalizers", depth)) {
          addNormalizers(steps, child, depth + 1);
        }
      }
      case "Precompiled" -> {
        byte[] charsmap = base64(text(node, "precompiled_charsmap"));
        if (charsmap.length > 0) {
          steps.add(precompiled(charsmap));
        }
      }
      case "Replace" -> {
        JsonNode pattern = node.path("pattern");
        String kind = pattern.has("Regex") ? "Regex" : "String";
        String value = text(pattern, kind);
        boolean known = kind.equals("Regex") ? KNOWN_PATTERNS.contains(value) : !value.isEmpty();
        if (!known) {
          throw new IllegalArgumentException(
              "the normalizer replaces '%s', which no T5 tokenizer does".formatted(value));
        }
        steps.add(replace(kind, value, text(node, "content")));
      }
      case "Strip" ->
          steps.add(
              component("Strip")
                  .put("strip_left", node.path("strip_left").asBoolean())
                  .put("strip_right", node.path("strip_right").asBoolean()));
      case "Prepend" -> steps.add(component("Prepend").put("prepend", text(node, "prepend")));
      case "NFC", "NFD", "NFKC", "NFKD", "Nmt", "Lowercase" -> steps.add(component(type));
      default -> throw new IllegalArgumentException("unknown normalizer '" + type + "'");
    }
  }

  private static void addPreTokenizers(ArrayNode splits, JsonNode node, int depth) {
    if (isAbsent(node)) {
      return;
    }
    String type = node.path("type").asText();
    switch (type) {
      case "Sequence" -> {
        for (JsonNode child : children(node, "pretokenizers", depth)) {
          addPreTokenizers(splits, child, depth + 1);
        }
      }
      case "WhitespaceSplit" -> splits.add(component(type));
      case "Metaspace" -> splits.add(metaspace(node));
      default -> throw new IllegalArgumentException("unknown pre-tokenizer '" + type + "'");
    }
  }

  private static ObjectNode metaspace(JsonNode node) {
    if (!node.path("replacement").asText(SPACE_SYMBOL).equals(SPACE_SYMBOL)) {
      throw new IllegalArgumentException("Metaspace writes spaces otherwise than as U+2581");
    }
    // Files written before tokenizers 0.15 have add_prefix_space in place of prepend_scheme.
    String older = node.path("add_prefix_space").asBoolean(true) ? "always" : "never";
    String scheme = node.path("prepend_scheme").asText(older);
    if (!Set.of("always", "never", "first").contains(scheme)) {
      throw new IllegalArgumentException(
          "Metaspace has the unknown prepend_scheme '" + scheme + "'");
    }
    return component("Metaspace")
        .put("replacement", SPACE_SYMBOL)
        .put("prepend_scheme", scheme)
        .put("split", node.path("split").asBoolean(true));
  }

  private static ObjectNode precompiled(byte[] charsmap) {
    String problem = PrecompiledCharsmap.problem(charsmap);
    if (problem != null) {
      throw new IllegalArgumentException("the character map is damaged: " + problem);
    }
    return component("Precompiled")
        .put("precompiled_charsmap", Base64.getEncoder().encodeToString(charsmap));
  }

  private static ObjectNode replace(String kind, String pattern, String content) {
    ObjectNode node = component("Replace");
    node.putObject("pattern").put(kind, pattern);
    return node.put("content", content);
  }

  private static ObjectNode component(String type) {
    return JSON.objectNode().put("type", type);
  }

  private static ObjectNode sequence(String field, ArrayNode steps) {
    ObjectNode node = component("Sequence");
    node.set(field, steps);
    return node;
  }

  private static boolean isAbsent(JsonNode node) {
    return node == null || node.isNull() || node.isMissingNode();
  }

  private static JsonNode children(JsonNode node, String field, int depth) {
    JsonNode children = node.path(field);
    if (depth >= MAX_NESTING || !children.isArray()) {
      throw new IllegalArgumentException(
          "a Sequence %s"
              .formatted(depth >= MAX_NESTING ? "is nested too deep" : "has no " + field));
    }
    return children;
  }

  private static String text(JsonNode node, String field) {
    JsonNode value = node.path(field);
    if (!value.isTextual()) {
      throw new IllegalArgumentException("a component has no text '" + field + "'");
    }
    return value.asText();
  }

  private static byte[] base64(String text) {
    try {
      return Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("the character map is not base64: " + e.getMessage(), e);
    }
  }
}
