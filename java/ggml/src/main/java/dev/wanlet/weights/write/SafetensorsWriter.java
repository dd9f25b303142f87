// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.write;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.wanlet.files.AtomicFile;
import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.gguf.GgufLayout;
import dev.wanlet.weights.safetensors.SafetensorsParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a safetensors file. Tensors are placed by element size, the largest first, so that each is
 * aligned to its elements as PyTorch wants it; within a size they keep the order of declaration.
 *
 * <p>Owner; confined to one thread.
 */
public final class SafetensorsWriter extends WeightWriter {
  private static final int ALIGNMENT = 8;

  private final Map<String, String> metadata = new LinkedHashMap<>();

  private SafetensorsWriter(AtomicFile file) {
    super(file);
  }

  /**
   * Starts a file.
   *
   * @param target where it will be after {@link #commit()}; its directory must exist
   */
  public static SafetensorsWriter create(Path target) throws IOException {
    return create(new AtomicFile(target));
  }

  /** Starts a file that was begun; takes ownership of it. */
  public static SafetensorsWriter create(AtomicFile file) {
    return new SafetensorsWriter(file);
  }

  /** Sets a metadata entry, such as {@code format} = {@code pt}. */
  public void put(String key, String value) {
    requireNotStarted();
    metadata.put(key, value);
  }

  @Override
  public void declare(String name, StoredType type, Shape shape) {
    if (type.isQuantized()) {
      throw new IllegalArgumentException(
          "tensor '" + name + "': safetensors has no type " + type + "; dequantise it first");
    }
    if (name.equals(SafetensorsParser.METADATA)) {
      throw new IllegalArgumentException(name + " is not a possible tensor name in safetensors");
    }
    super.declare(name, type, shape);
  }

  @Override
  ByteBuffer layOut(Collection<Entry> declared) {
    List<Entry> placed =
        declared.stream()
            .sorted(Comparator.comparingInt((Entry e) -> e.type.elementBytes()).reversed())
            .toList();
    long end = 0;
    for (Entry entry : placed) {
      entry.offset = end;
      end = Math.addExact(end, entry.bytes);
    }
    byte[] json = json(placed);
    int headerBytes = (int) GgufLayout.align(json.length, ALIGNMENT);
    if (headerBytes > SafetensorsParser.MAX_HEADER_BYTES) {
      throw new IllegalArgumentException(
          String.format(
              "the header takes %,d bytes, readers take at most %,d",
              headerBytes, SafetensorsParser.MAX_HEADER_BYTES));
    }
    int dataStart = SafetensorsParser.LENGTH_BYTES + headerBytes;
    placed.forEach(entry -> entry.offset += dataStart);
    ByteBuffer header = ByteBuffer.allocate(dataStart).order(ByteOrder.LITTLE_ENDIAN);
    header.putLong(headerBytes).put(json);
    while (header.hasRemaining()) {
      header.put((byte) ' ');
    }
    return header.clear();
  }

  private byte[] json(List<Entry> placed) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart(SafetensorsParser.METADATA);
        for (Map.Entry<String, String> entry : metadata.entrySet()) {
          json.writeStringField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
      }
      for (Entry entry : placed) {
        json.writeObjectFieldStart(entry.name);
        json.writeStringField("dtype", entry.type.name());
        json.writeFieldName("shape");
        json.writeArray(entry.shape.dims(), 0, entry.shape.rank());
        json.writeFieldName("data_offsets");
        json.writeArray(new long[] {entry.offset, entry.offset + entry.bytes}, 0, 2);
        json.writeEndObject();
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // writing to memory does not fail
    }
    return out.toByteArray();
  }

  @Override
  long paddedEnd(long end) {
    return end; // the format allows nothing behind the last tensor
  }
}
