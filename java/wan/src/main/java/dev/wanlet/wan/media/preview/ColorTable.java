// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.preview;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Fits of {@link LatentColors} as data: those that come along, for VAEs that were at hand, and the
 * form in which others are kept. Stateless.
 */
public final class ColorTable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String RESOURCE = "latent-colors.json";

  private ColorTable() {}

  /**
   * The fit that comes along for a VAE.
   *
   * @param vae the print of its weights
   */
  public static Optional<LatentColors> known(String vae) {
    try (InputStream in = ColorTable.class.getResourceAsStream(RESOURCE)) {
      for (JsonNode entry : JSON.readTree(in)) {
        if (entry.path("vae").asText().equals(vae)) {
          return Optional.of(read(entry));
        }
      }
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads a fit.
   *
   * @throws IOException if the bytes are none for this VAE
   */
  public static LatentColors read(byte[] json, String vae) throws IOException {
    JsonNode entry = JSON.readTree(json);
    if (!entry.path("vae").asText().equals(vae)) {
      throw new IOException("these colours are of another VAE");
    }
    return read(entry);
  }

  private static LatentColors read(JsonNode entry) throws IOException {
    List<List<Float>> weights = new ArrayList<>();
    for (JsonNode row : entry.path("weights")) {
      weights.add(floats(row));
    }
    try {
      return new LatentColors(weights, floats(entry.path("bias")));
    } catch (IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static List<Float> floats(JsonNode list) throws IOException {
    List<Float> floats = new ArrayList<>();
    for (JsonNode value : list) {
      if (!value.isNumber() || !Float.isFinite(value.floatValue())) {
        throw new IOException("'" + value + "' is no number");
      }
      floats.add(value.floatValue());
    }
    return floats;
  }

  /**
   * A fit in the form that {@link #read} takes.
   *
   * @param source which clips it was made from
   */
  public static String write(LatentColors colors, String vae, String source) {
    ObjectNode entry = JSON.createObjectNode();
    entry.put("vae", vae);
    entry.put("source", source);
    ArrayNode weights = entry.putArray("weights");
    for (List<Float> row : colors.weights()) {
      ArrayNode values = weights.addArray();
      row.forEach(values::add);
    }
    ArrayNode bias = entry.putArray("bias");
    colors.bias().forEach(bias::add);
    return entry.toString();
  }
}
