// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.safetensors;

import dev.wanlet.weights.MappedFile;
import dev.wanlet.weights.WeightFormatException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;

/** Builds a safetensors file in memory. Test helper. */
public final class SafetensorsBytes {
  private final StringBuilder header = new StringBuilder("{");
  private byte[] data = new byte[0];

  public SafetensorsBytes tensor(String name, String dtype, byte[] bytes, long... shape) {
    String dims = Arrays.stream(shape).mapToObj(Long::toString).collect(Collectors.joining(","));
    header.append(header.length() > 1 ? "," : "");
    header.append(
        String.format(
            "\"%s\":{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[%d,%d]}",
            name, dtype, dims, data.length, data.length + bytes.length));
    int end = data.length;
    data = Arrays.copyOf(data, end + bytes.length);
    System.arraycopy(bytes, 0, data, end, bytes.length);
    return this;
  }

  /** Tensors of one 8-bit float each. */
  public SafetensorsBytes names(String... names) {
    for (String name : names) {
      tensor(name, "F8_E4M3", new byte[1], 1);
    }
    return this;
  }

  public SafetensorsFile open() throws WeightFormatException {
    return SafetensorsFile.open(MappedFile.inMemory(Path.of("test.safetensors"), bytes()));
  }

  public byte[] bytes() {
    byte[] json = (header + "}").getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + json.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json)
        .put(data)
        .array();
  }
}
