// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.recipe;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.wanlet.ggml.TensorType;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Which type the tensors of some names get. Immutable.
 *
 * @param pattern found anywhere in the official tensor name
 * @param type the type to store it in
 */
public record TensorRule(Pattern pattern, TensorType type) {
  public TensorRule {
    Objects.requireNonNull(pattern);
    Objects.requireNonNull(type);
  }

  @JsonCreator
  static TensorRule of(
      @JsonProperty(value = "pattern", required = true) String pattern,
      @JsonProperty(value = "type", required = true) String type) {
    return new TensorRule(Pattern.compile(pattern), OutputTypes.parse(type));
  }

  /**
   * Reads {@code PATTERN=TYPE} as given on a command line.
   *
   * @throws IllegalArgumentException if it is not of that form; the message says why
   */
  public static TensorRule parse(String text) {
    int split = text.lastIndexOf('=');
    if (split <= 0) {
      throw new IllegalArgumentException(
          "'" + text + "' is not PATTERN=TYPE, such as 'ffn\\.2\\.weight=Q6_K'");
    }
    try {
      return of(text.substring(0, split), text.substring(split + 1));
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "'" + e.getPattern() + "' is not a regular expression: " + e.getDescription(), e);
    }
  }

  public boolean matches(String tensorName) {
    return pattern.matcher(tensorName).find();
  }

  @Override
  public String toString() {
    return pattern + "=" + type;
  }
}
