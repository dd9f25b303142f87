// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.lora;

import dev.wanlet.weights.checkpoint.Checkpoint;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the module of a model that an adapter file means: under its official or its diffusers name,
 * with dots, with kohya's underscores or with both, behind whatever wrappers have put in front.
 * What stands there may be anything, but no other network: a text encoder's module is not the
 * transformer's of the same name. Immutable, thread-safe.
 */
final class ModuleNames {
  /**
   * A module that was found.
   *
   * @param name its official name
   * @param secondExpert whether the file says that it is meant for the second transformer of a
   *     pipeline
   */
  record Found(String name, boolean secondExpert) {}

  private static final Set<String> OTHER_NETWORKS =
      Set.of(
          "te",
          "te1",
          "te2",
          "te3",
          "text",
          "encoder",
          "t5",
          "umt5",
          "t5xxl",
          "umt5xxl",
          "clip",
          "cond",
          "vae",
          "vace",
          "controlnet",
          "control",
          "audio",
          "motion",
          "face",
          "refer",
          "reference");

  /** Words that kohya's way of writing puts before a module; behind a dot anything may stand. */
  private static final Set<String> UNDERSCORED =
      Set.of(
          "",
          "lora",
          "lycoris",
          "unet",
          "transformer",
          "model",
          "diffusion",
          "dit",
          "wan",
          "net",
          "module",
          "orig",
          "mod",
          "base",
          "pipe",
          "generator",
          "2");

  private static final String OUT = "to_out.0";

  private final Map<String, String> byFlatName = new HashMap<>();

  /**
   * @param modules official names of all modules of the model
   */
  ModuleNames(Collection<String> modules) {
    for (String module : modules) {
      byFlatName.putIfAbsent(flat(module), module);
    }
    for (String module : modules) {
      String diffusers = Checkpoint.diffusersTransformerName(module);
      byFlatName.putIfAbsent(flat(diffusers), module);
      if (diffusers.endsWith(OUT)) {
        byFlatName.putIfAbsent(flat(diffusers.substring(0, diffusers.length() - 2)), module);
      }
    }
  }

  private static String flat(String name) {
    return name.replace('.', '_').toLowerCase(Locale.ROOT);
  }

  /** The module that a file calls {@code key}. */
  Optional<Found> find(String key) {
    String name = unwrapped(key.toLowerCase(Locale.ROOT));
    String flat = flat(name);
    for (int start = 0; start < flat.length(); start++) {
      if (start > 0 && flat.charAt(start - 1) != '_') {
        continue;
      }
      String module = byFlatName.get(flat.substring(start));
      if (module != null) {
        String before = name.substring(0, start);
        return isWrapper(before)
            ? Optional.of(new Found(module, before.contains("transformer_2")))
            : Optional.empty();
      }
    }
    return Optional.empty();
  }

  /** Whether the name says that the module is one of a text encoder. */
  static boolean isTextEncoder(String key) {
    return words(key.toLowerCase(Locale.ROOT))
        .anyMatch(w -> w.matches("te[123]?|t5|umt5|t5xxl|umt5xxl|encoder|clip"));
  }

  private static java.util.stream.Stream<String> words(String text) {
    return Arrays.stream(text.split("[._]"));
  }

  private static boolean isWrapper(String prefix) {
    if (words(prefix).anyMatch(OTHER_NETWORKS::contains)) {
      return false;
    }
    String behindDot = prefix.substring(prefix.lastIndexOf('.') + 1);
    return words(behindDot).allMatch(UNDERSCORED::contains);
  }

  /** Without what wrappers of single modules put in. */
  private static String unwrapped(String key) {
    StringBuilder kept = new StringBuilder();
    for (String part : key.split("\\.", -1)) {
      boolean wrapper =
          part.startsWith("_")
              || part.equals("module")
              || part.equals("base_layer")
              || part.equals("processor");
      if (!wrapper) {
        kept.append(kept.length() == 0 ? "" : ".").append(part);
      }
    }
    return kept.toString();
  }
}
