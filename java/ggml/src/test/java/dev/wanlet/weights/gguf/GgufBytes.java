// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.gguf;

import dev.wanlet.weights.MappedFile;
import dev.wanlet.weights.WeightFormatException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Builds GGUF files by hand, byte by byte and as wrong as a test wants them. */
public final class GgufBytes {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** Magic, version and counts. */
  public static GgufBytes header(int version, long tensors, long keys) {
    return new GgufBytes().text("GGUF").u32(version).u64(tensors).u64(keys);
  }

  GgufBytes text(String raw) {
    out.writeBytes(raw.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  GgufBytes u8(int value) {
    out.write(value);
    return this;
  }

  GgufBytes u32(long value) {
    out.writeBytes(little(4).putInt((int) value).array());
    return this;
  }

  GgufBytes u64(long value) {
    out.writeBytes(little(8).putLong(value).array());
    return this;
  }

  GgufBytes string(String value) {
    return u64(value.getBytes(StandardCharsets.UTF_8).length).text(value);
  }

  /**
   * @param ne dimensions as GGUF has them, the contiguous one first
   */
  public GgufBytes tensor(String name, int type, long offset, long... ne) {
    string(name).u32(ne.length);
    for (long n : ne) {
      u64(n);
    }
    return u32(type).u64(offset);
  }

  public GgufBytes padTo(int alignment) {
    while (out.size() % alignment != 0) {
      out.write(0);
    }
    return this;
  }

  public GgufBytes floats(float... values) {
    ByteBuffer bytes = little(4 * values.length);
    bytes.asFloatBuffer().put(values);
    out.writeBytes(bytes.array());
    return this;
  }

  public byte[] bytes() {
    return out.toByteArray();
  }

  GgufFile open() throws WeightFormatException {
    return GgufFile.open(MappedFile.inMemory(Path.of("test.gguf"), bytes()));
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
