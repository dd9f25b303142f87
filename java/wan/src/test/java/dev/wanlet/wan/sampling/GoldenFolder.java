// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** A folder of reference tensors among the test resources, and the tolerances that go with it. */
final class GoldenFolder {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String folder;
  private final JsonNode tolerance;

  GoldenFolder(String folder) throws IOException {
    this.folder = folder;
    this.tolerance = json("config.json").get("tolerance");
  }

  JsonNode json(String file) throws IOException {
    return JSON.readTree(bytes(file));
  }

  /** All tensors of a safetensors file, F32 and I32, as floats (the integers here are small). */
  Map<String, float[]> tensors(String file) throws IOException {
    ByteBuffer data = ByteBuffer.wrap(bytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    int headerLength = Math.toIntExact(data.getLong(0));
    int start = Long.BYTES + headerLength;
    JsonNode header = JSON.readTree(data.array(), Long.BYTES, headerLength);
    Map<String, float[]> tensors = new TreeMap<>();
    header
        .properties()
        .forEach(
            entry -> {
              JsonNode tensor = entry.getValue();
              if (!tensor.has("data_offsets")) {
                return;
              }
              int begin = start + tensor.get("data_offsets").get(0).asInt();
              int end = start + tensor.get("data_offsets").get(1).asInt();
              boolean integers = tensor.get("dtype").asText().equals("I32");
              float[] values = new float[(end - begin) / 4];
              for (int i = 0; i < values.length; i++) {
                int at = begin + 4 * i;
                values[i] = integers ? data.getInt(at) : data.getFloat(at);
              }
              tensors.put(entry.getKey(), values);
            });
    return tensors;
  }

  /** Asserts that the largest difference is within tolerance * max(1, largest |expected|). */
  void check(String tap, float[] actual, float[] expected) {
    assertThat(actual).as(tap).isNotNull().hasSameSizeAs(expected);
    double largest = 1.0;
    double worst = 0.0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      worst = Math.max(worst, Math.abs((double) actual[i] - expected[i]));
    }
    assertThat(worst)
        .as("%s: largest difference", tap)
        .isLessThanOrEqualTo(tolerance(tap) * largest);
  }

  /** The last matching glob wins. */
  private double tolerance(String tap) {
    double[] found = {tolerance.get("default").asDouble()};
    tolerance
        .properties()
        .forEach(
            entry -> {
              var glob = FileSystems.getDefault().getPathMatcher("glob:" + entry.getKey());
              if (glob.matches(Path.of(tap))) {
                found[0] = entry.getValue().asDouble();
              }
            });
    return found[0];
  }

  private byte[] bytes(String file) throws IOException {
    String path = "/golden/" + folder + "/" + file;
    try (InputStream in = GoldenFolder.class.getResourceAsStream(path)) {
      assertThat(in).as(path).isNotNull();
      return in.readAllBytes();
    }
  }
}
