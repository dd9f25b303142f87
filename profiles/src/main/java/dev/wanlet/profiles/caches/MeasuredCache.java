// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.caches;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.wanlet.wan.sampling.cache.CacheNumbers;
import dev.wanlet.weights.WeightFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A table of a step cache with what it was measured on. Immutable.
 *
 * @param model id of the model
 * @param type what most of the transformer's weights are stored as
 * @param recipe name of the sampling recipe; empty for none
 * @param steps of the run
 * @param numbers the table, as {@link CacheNumbers#parse} reads it
 */
public record MeasuredCache(String model, String type, String recipe, int steps, String numbers) {
  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /** The table. */
  public CacheNumbers table() {
    return CacheNumbers.parse(numbers);
  }

  /** Name of its file, the same for whatever replaces it. */
  String fileName() {
    String name = String.join("_", table().kind().id(), model, type, recipe, steps + "");
    return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9._-]", "-") + ".json";
  }

  String text() throws IOException {
    return JSON.writeValueAsString(this) + "\n";
  }

  static MeasuredCache read(Path file, String text) throws WeightFormatException {
    try {
      MeasuredCache read = JSON.readValue(text, MeasuredCache.class);
      if (read.model() == null
          || read.type() == null
          || read.recipe() == null
          || read.steps() < 1) {
        throw new WeightFormatException(
            file, "not a table of a step cache: expected model, type, recipe and steps");
      }
      read.table();
      return read;
    } catch (JacksonException | IllegalArgumentException | NullPointerException e) {
      String why = e instanceof JacksonException j ? j.getOriginalMessage() : e.getMessage();
      throw new WeightFormatException(
          file, "not a table of a step cache: " + why + "; measure it anew, or delete it", e);
    }
  }
}
