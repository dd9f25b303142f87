// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.gguf;

import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.weights.HeaderCursor;
import dev.wanlet.weights.MappedFile;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightTensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads the header of a GGUF file. Trusts nothing in it: every count, length and offset is checked
 * against the bytes that are there before anything is allocated for it. Confined to one thread.
 */
final class GgufParser {
  /** What the header says. */
  record Header(
      int version,
      long alignment,
      Map<String, GgufValue> values,
      Map<String, WeightTensor> tensors,
      Map<String, String> passedOver) {}

  // Far above any model; they bound the memory that a hostile header costs.
  private static final int MAX_TENSORS = 1 << 20;
  private static final int MAX_KEYS = 1 << 20;
  private static final int MAX_NAME_BYTES = 0xffff;

  private final MappedFile file;
  private final Path path;
  private final HeaderCursor cursor;
  private final Map<String, GgufValue> values = new LinkedHashMap<>();
  private final Map<String, String> passedOver = new LinkedHashMap<>();

  /** What a tensor's entry says; {@code type} is null if there is none of that number. */
  private record Info(String name, TensorType type, Shape stored, long relativeOffset) {}

  private GgufParser(MappedFile file) {
    this.file = file;
    this.path = file.path();
    this.cursor = new HeaderCursor(file, 0);
  }

  static Header parse(MappedFile file) throws WeightFormatException {
    return new GgufParser(file).parse();
  }

  private Header parse() throws WeightFormatException {
    if (cursor.u32("the magic") != GgufLayout.MAGIC) {
      throw new WeightFormatException(path, "not a GGUF file: it does not start with 'GGUF'");
    }
    int version = version();
    int tensorCount = (int) cursor.count("the number of tensors", MAX_TENSORS);
    int keyCount = (int) cursor.count("the number of metadata keys", MAX_KEYS);
    for (int i = 0; i < keyCount; i++) {
      readValue(i, keyCount);
    }
    long alignment = alignment();
    Info[] infos = readInfos(tensorCount);
    long dataStart = GgufLayout.align(cursor.position(), alignment);
    Map<String, WeightTensor> tensors = new LinkedHashMap<>();
    for (Info info : infos) {
      if (info.type == null) {
        continue;
      }
      WeightTensor tensor = place(info, dataStart, alignment);
      if (tensors.putIfAbsent(info.name, tensor) != null) {
        throw new WeightFormatException(
            path, "tensor '" + info.name + "' is there twice; the file is damaged");
      }
    }
    checkOverlap(List.copyOf(tensors.values()));
    return new Header(version, alignment, values, tensors, passedOver);
  }

  private int version() throws WeightFormatException {
    long version = cursor.u32("the version");
    if (version == 2 || version == 3) {
      return (int) version;
    }
    if ((version & 0xffff) == 0 && version != 0) {
      throw new WeightFormatException(
          path,
          "the file is big-endian GGUF; convert it to little-endian on the machine it is from");
    }
    throw new WeightFormatException(
        path, "GGUF version " + version + ", expected 2 or 3; convert the model again");
  }

  private void readValue(int index, int keyCount) throws WeightFormatException {
    String key =
        cursor.string(String.format("metadata key %d of %d", index + 1, keyCount), MAX_NAME_BYTES);
    String what = "metadata '" + key + "'";
    GgufType type = GgufLayout.type(cursor, what);
    GgufValue value = GgufLayout.scan(cursor, file, type, 0, what);
    if (values.putIfAbsent(key, value) != null) {
      throw cursor.error("%s is there twice; the file is damaged", what);
    }
  }

  private long alignment() throws WeightFormatException {
    GgufValue value = values.get(GgufLayout.ALIGNMENT_KEY);
    if (value == null) {
      return GgufLayout.DEFAULT_ALIGNMENT;
    }
    long alignment = 0;
    if (value.type() == GgufType.U32) {
      alignment = value.asLong();
    }
    if (Long.bitCount(alignment) != 1) {
      throw new WeightFormatException(
          path,
          String.format(
              "metadata '%s' is %s of type %s, expected a power of two of type U32",
              GgufLayout.ALIGNMENT_KEY, value.describe(), value.type()));
    }
    return alignment;
  }

  private Info[] readInfos(int tensorCount) throws WeightFormatException {
    // Name length, dimensions, type and offset of a scalar with an empty name.
    int smallestInfo = 8 + 4 + 4 + 8;
    if (tensorCount > cursor.remaining() / smallestInfo) {
      throw cursor.error(
          "truncated: the file announces %,d tensors and has %,d bytes left for them",
          tensorCount, cursor.remaining());
    }
    Info[] infos = new Info[tensorCount];
    for (int i = 0; i < tensorCount; i++) {
      infos[i] = readInfo(i, tensorCount);
    }
    return infos;
  }

  private Info readInfo(int index, int tensorCount) throws WeightFormatException {
    String name =
        cursor.string(
            String.format("the name of tensor %d of %d", index + 1, tensorCount), MAX_NAME_BYTES);
    String what = "tensor '" + name + "'";
    long rank = cursor.u32("the rank of " + what);
    if (rank > WeightTensor.MAX_RANK) {
      throw cursor.error(
          "%s has %d dimensions, expected at most %d", what, rank, WeightTensor.MAX_RANK);
    }
    long[] dims = new long[(int) rank];
    for (int i = dims.length - 1; i >= 0; i--) {
      dims[i] = cursor.u64("the shape of " + what); // the file has the contiguous one first
    }
    long typeId = cursor.u32("the type of " + what);
    TensorType type = TensorType.byId((int) Math.min(typeId, Integer.MAX_VALUE)).orElse(null);
    if (type == null) {
      passedOver.put(name, "type " + typeId + " of ggml");
      return new Info(name, null, null, cursor.u64("the offset of " + what));
    }
    Shape shape;
    try {
      shape = Shape.of(dims);
      type.bytes(shape);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw cursor.error(
          "%s of type %s has the impossible shape %s: %s",
          what, type, Arrays.toString(dims), e.getMessage());
    }
    return new Info(name, type, shape, cursor.u64("the offset of " + what));
  }

  private WeightTensor place(Info info, long dataStart, long alignment)
      throws WeightFormatException {
    long bytes = info.type.bytes(info.stored);
    long offset = info.relativeOffset;
    if (offset < 0 || offset % alignment != 0) {
      throw new WeightFormatException(
          path,
          String.format(
              "tensor '%s' is at offset %s of the data, expected a multiple of %d",
              info.name, Long.toUnsignedString(offset), alignment));
    }
    long room = file.length() - dataStart;
    // An empty tensor at the end may point behind the last byte when that is not padded.
    if (bytes > 0 && (bytes > room || offset > room - bytes)) {
      throw new WeightFormatException(
          path,
          String.format(
              "tensor '%s' needs %,d bytes at offset %,d of the data, which has %,d; the file is"
                  + " incomplete, download it again",
              info.name, bytes, offset, Math.max(0, room)));
    }
    return new WeightTensor(
        info.name,
        StoredType.of(info.type),
        originalShape(info).orElse(info.stored),
        info.stored,
        file,
        bytes == 0 ? 0 : dataStart + offset);
  }

  private Optional<Shape> originalShape(Info info) throws WeightFormatException {
    GgufValue value = values.get(GgufLayout.ORIGINAL_SHAPE_PREFIX + info.name);
    if (value == null) {
      return Optional.empty();
    }
    String problem;
    try {
      if (value.count() > WeightTensor.MAX_RANK) {
        throw new IllegalArgumentException("it has " + value.count() + " dimensions");
      }
      Shape shape = Shape.of(value.asLongs());
      if (shape.elements() == info.stored.elements()) {
        return Optional.of(shape);
      }
      problem = "the tensor is stored with shape " + info.stored;
    } catch (IllegalArgumentException e) {
      problem = e.getMessage();
    }
    throw new WeightFormatException(
        path,
        String.format(
            "metadata '%s%s' = %s is not a shape of that tensor: %s",
            GgufLayout.ORIGINAL_SHAPE_PREFIX, info.name, value.describe(), problem));
  }

  private void checkOverlap(List<WeightTensor> tensors) throws WeightFormatException {
    WeightTensor previous = null;
    for (WeightTensor tensor :
        tensors.stream()
            .filter(t -> t.byteLength() > 0)
            .sorted(Comparator.comparingLong(WeightTensor::offset))
            .toList()) {
      if (previous != null && tensor.offset() < previous.offset() + previous.byteLength()) {
        throw new WeightFormatException(
            path,
            String.format(
                "tensors '%s' and '%s' overlap in the file; it is damaged",
                previous.name(), tensor.name()));
      }
      previous = tensor;
    }
  }
}
