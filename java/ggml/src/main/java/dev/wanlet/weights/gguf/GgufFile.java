// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.gguf;

import dev.wanlet.weights.FileSource;
import dev.wanlet.weights.MappedFile;
import dev.wanlet.weights.WeightFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.Function;

/**
 * A GGUF file (version 2 or 3, little-endian), memory-mapped. Owner: close it when its tensors are
 * no longer used.
 *
 * <p>Unlike ggml's own reader it takes tensors of more than four dimensions, as files of Wan have
 * them ({@code patch_embedding.weight}), and gives tensors that a converter folded their original
 * shape ({@code comfy.gguf.orig_shape.NAME}).
 *
 * <p>Thread-safe for reading; close only when no other thread reads.
 */
public final class GgufFile extends FileSource {
  private final GgufParser.Header header;

  private GgufFile(MappedFile file, GgufParser.Header header) {
    super(file, header.tensors());
    this.header = header;
  }

  /**
   * Opens a file and checks its whole header; tensor data is not read.
   *
   * @throws WeightFormatException if it is not GGUF, damaged or truncated
   * @throws IOException if it cannot be opened
   */
  public static GgufFile open(Path path) throws IOException {
    return open(MappedFile.open(path));
  }

  /** Takes over {@code file}; closes it on failure. */
  static GgufFile open(MappedFile file) throws WeightFormatException {
    try {
      return new GgufFile(file, GgufParser.parse(file));
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  public int version() {
    return header.version();
  }

  /** Tensor data starts at multiples of this many bytes. */
  public long alignment() {
    return header.alignment();
  }

  /** All metadata in file order. Unmodifiable. */
  public Map<String, GgufValue> values() {
    return Collections.unmodifiableMap(header.values());
  }

  public Optional<GgufValue> value(String key) {
    return Optional.ofNullable(header.values().get(key));
  }

  /** The string under that key, if the key is there; another type is a format error. */
  public Optional<String> string(String key) throws WeightFormatException {
    return typed(key, GgufValue::asString);
  }

  /** The integer of any width under that key, if the key is there. */
  public OptionalLong integer(String key) throws WeightFormatException {
    Optional<Long> value = typed(key, GgufValue::asLong);
    return value.isPresent() ? OptionalLong.of(value.get()) : OptionalLong.empty();
  }

  /** The number under that key, if the key is there. */
  public OptionalDouble number(String key) throws WeightFormatException {
    Optional<Double> value = typed(key, GgufValue::asDouble);
    return value.isPresent() ? OptionalDouble.of(value.get()) : OptionalDouble.empty();
  }

  public Optional<Boolean> bool(String key) throws WeightFormatException {
    return typed(key, GgufValue::asBoolean);
  }

  /** The array of strings under that key, decoded by this call. */
  public Optional<List<String>> strings(String key) throws WeightFormatException {
    return typed(key, GgufValue::asStrings);
  }

  /** The array of numbers under that key, decoded by this call. */
  public Optional<float[]> floats(String key) throws WeightFormatException {
    return typed(key, GgufValue::asFloats);
  }

  /** The array of integers under that key, decoded by this call. */
  public Optional<long[]> integers(String key) throws WeightFormatException {
    return typed(key, GgufValue::asLongs);
  }

  private <T> Optional<T> typed(String key, Function<GgufValue, T> decode)
      throws WeightFormatException {
    GgufValue value = header.values().get(key);
    if (value == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(decode.apply(value));
    } catch (IllegalArgumentException e) {
      throw new WeightFormatException(path(), "metadata '" + key + "': " + e.getMessage(), e);
    }
  }

  @Override
  public Map<String, String> metadata() {
    Map<String, String> text = new LinkedHashMap<>();
    header.values().forEach((key, value) -> text.put(key, value.toString()));
    return Collections.unmodifiableMap(text);
  }

  @Override
  public Map<String, String> passedOver() {
    return Collections.unmodifiableMap(header.passedOver());
  }
}
