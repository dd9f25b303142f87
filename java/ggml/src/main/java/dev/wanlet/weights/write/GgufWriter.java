// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.write;

import dev.wanlet.files.AtomicFile;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.gguf.GgufLayout;
import dev.wanlet.weights.gguf.GgufType;
import dev.wanlet.weights.gguf.GgufValue;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Writes GGUF version 3. No tensor has more than four dimensions in the file, as ggml and gguf's
 * Python package demand: of a longer shape, such as a video convolution's kernel, the outer
 * dimensions become one, as stable-diffusion.cpp has them, and the whole shape is kept under {@code
 * comfy.gguf.orig_shape.NAME}, where ComfyUI-GGUF finds it. The bytes are the same.
 *
 * <p>Owner; confined to one thread.
 */
public final class GgufWriter extends WeightWriter {
  private final Map<String, GgufValue> values = new LinkedHashMap<>();
  private int alignment = GgufLayout.DEFAULT_ALIGNMENT;

  private GgufWriter(Path target) throws IOException {
    super(new AtomicFile(target));
  }

  /**
   * Starts a file.
   *
   * @param target where it will be after {@link #commit()}; its directory must exist
   */
  public static GgufWriter create(Path target) throws IOException {
    return new GgufWriter(target);
  }

  /**
   * Sets a metadata value; a key set twice keeps its first place and its last value. A value read
   * from another file needs that file open until the first {@link #append}. {@code
   * general.alignment} sets the alignment of this file.
   */
  public void put(String key, GgufValue value) {
    requireNotStarted();
    if (key.equals(GgufLayout.ALIGNMENT_KEY)) {
      long bytes = value.type() == GgufType.U32 ? value.asLong() : 0;
      if (Long.bitCount(bytes) != 1 || bytes > 1 << 30) {
        throw new IllegalArgumentException(
            key + " = " + value + ", expected a power of two of type U32");
      }
      alignment = (int) bytes;
    }
    values.put(key, value);
  }

  /**
   * Replaces a metadata value after tensors were written, for what is known only then, such as
   * their check sums. The new value has the type and length of the one that {@link #put} reserved.
   *
   * @throws IllegalArgumentException if nothing of that type and length is under the key
   */
  public void replace(String key, GgufValue value) throws IOException {
    GgufValue old = values.get(key);
    if (old == null
        || old.type() != value.type()
        || !old.elementType().equals(value.elementType())
        || old.count() != value.count()
        || old.encodedBytes() != value.encodedBytes()
        || key.equals(GgufLayout.ALIGNMENT_KEY)) {
      throw new IllegalArgumentException(
          "metadata '" + key + "' cannot be replaced by " + value + ": reserved is " + old);
    }
    values.put(key, value);
    rewriteHeader();
  }

  /** As {@link #declare(String, StoredType, Shape)}. */
  public void declare(String name, TensorType type, Shape shape) {
    declare(name, StoredType.of(type), shape);
  }

  @Override
  public void declare(String name, StoredType type, Shape shape) {
    if (type.tensorType().isEmpty()) {
      throw new IllegalArgumentException(
          "tensor '" + name + "': GGUF has no type " + type + "; widen it first");
    }
    super.declare(name, type, GgufLayout.folded(shape));
    if (shape.rank() > Shape.MAX_GGML_DIMS) {
      put(GgufLayout.ORIGINAL_SHAPE_PREFIX + name, GgufLayout.originalShape(shape));
    }
  }

  /**
   * Bytes of a file before its tensor data.
   *
   * @param values all metadata, as for {@link #put}
   * @param tensors shapes by name, as for {@link #declare(String, TensorType, Shape)}
   */
  public static long headerBytes(Map<String, GgufValue> values, Map<String, Shape> tensors) {
    long bytes = 4 + 4 + 8 + 8;
    for (Map.Entry<String, GgufValue> value : values.entrySet()) {
      bytes += 8 + utf8(value.getKey()).length + 4 + value.getValue().encodedLength();
    }
    for (Map.Entry<String, Shape> tensor : tensors.entrySet()) {
      String name = tensor.getKey();
      Shape shape = tensor.getValue();
      bytes += 8 + utf8(name).length + 4 + 8L * GgufLayout.folded(shape).rank() + 4 + 8;
      String key = GgufLayout.ORIGINAL_SHAPE_PREFIX + name;
      if (shape.rank() > Shape.MAX_GGML_DIMS && !values.containsKey(key)) {
        bytes += 8 + utf8(key).length + 4 + GgufLayout.originalShape(shape).encodedLength();
      }
    }
    GgufValue alignment = values.get(GgufLayout.ALIGNMENT_KEY);
    return GgufLayout.align(
        bytes, alignment == null ? GgufLayout.DEFAULT_ALIGNMENT : alignment.asLong());
  }

  @Override
  ByteBuffer layOut(Collection<Entry> declared) {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    declared.forEach(entry -> shapes.put(entry.name, entry.shape));
    long dataStart = headerBytes(values, shapes);
    ByteBuffer header =
        ByteBuffer.allocate(Math.toIntExact(dataStart)).order(ByteOrder.LITTLE_ENDIAN);
    header.putInt(GgufLayout.MAGIC).putInt(GgufLayout.VERSION);
    header.putLong(declared.size()).putLong(values.size());
    values.forEach(
        (key, value) -> {
          putString(header, key);
          header.putInt(value.type().id());
          value.putArrayHead(header);
          header.put(value.encoded());
        });
    long offset = dataStart;
    for (Entry entry : declared) {
      entry.offset = offset;
      putInfo(header, entry, offset - dataStart);
      offset = GgufLayout.align(Math.addExact(offset, entry.bytes), alignment);
    }
    return header.clear();
  }

  private static void putInfo(ByteBuffer header, Entry entry, long offset) {
    putString(header, entry.name);
    int rank = entry.shape.rank();
    header.putInt(rank);
    for (int i = rank - 1; i >= 0; i--) {
      header.putLong(entry.shape.dim(i)); // the file has the contiguous one first
    }
    header.putInt(entry.type.tensorType().orElseThrow().id());
    header.putLong(offset);
  }

  @Override
  long paddedEnd(long end) {
    return GgufLayout.align(end, alignment); // ggml expects the last tensor to be padded too
  }

  private static void putString(ByteBuffer header, String text) {
    byte[] bytes = utf8(text);
    header.putLong(bytes.length).put(bytes);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
