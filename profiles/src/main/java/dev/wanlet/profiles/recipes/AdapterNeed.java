// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.recipes;

import dev.wanlet.weights.lora.AdapterScope;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.regex.Pattern;

/**
 * An adapter that a sampling recipe belongs to. Immutable.
 *
 * @param file pattern of its file's name; {@code *} is any text, in any case
 * @param strength how strongly it is meant
 * @param expert which transformer it is for
 * @param below noise level from which on it is used; empty: from the start
 */
public record AdapterNeed(
    String file, double strength, AdapterScope.Expert expert, OptionalDouble below) {
  /** Where in a run it is added. */
  public AdapterScope scope() {
    return new AdapterScope(expert, below.orElse(Double.POSITIVE_INFINITY));
  }

  /** Whether a file of this name is meant. */
  public boolean fits(Path path) {
    String name = path.getFileName().toString();
    String[] parts = file.toLowerCase(Locale.ROOT).split("\\*", -1);
    StringBuilder regex = new StringBuilder();
    for (int i = 0; i < parts.length; i++) {
      regex.append(i == 0 ? "" : ".*").append(Pattern.quote(parts[i]));
    }
    return Pattern.matches(regex.toString(), name.toLowerCase(Locale.ROOT));
  }

  /** Such as {@code *lightning*high* (strength 1, high-noise expert)}. */
  @Override
  public String toString() {
    String text = file + " (strength " + strength;
    text +=
        expert == AdapterScope.Expert.BOTH
            ? ""
            : ", " + expert.name().toLowerCase(Locale.ROOT) + "-noise";
    text += expert == AdapterScope.Expert.BOTH ? "" : " expert";
    return text + (below.isPresent() ? ", below noise level " + below.getAsDouble() : "") + ")";
  }
}
