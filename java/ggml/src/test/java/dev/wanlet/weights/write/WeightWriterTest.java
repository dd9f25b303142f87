// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.files.WriteException;
import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.ggml.internal.NativeHandle;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.gguf.GgufFile;
import dev.wanlet.weights.gguf.GgufLayout;
import dev.wanlet.weights.gguf.GgufValue;
import dev.wanlet.weights.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class WeightWriterTest {
  @TempDir Path dir;
  private int liveBefore;

  @BeforeEach
  void countHandles() {
    liveBefore = NativeHandle.liveCount();
  }

  @AfterEach
  void nothingLeaks() {
    assertThat(NativeHandle.liveCount()).isEqualTo(liveBefore);
  }

  /** Random names, types, shapes, append sizes and orders come back as they were written. */
  @ParameterizedTest
  @MethodSource("seeds")
  void ggufRoundTrip(long seed) throws Exception {
    Random random = new Random(seed);
    Path path = dir.resolve("model.gguf");
    Map<String, GgufValue> values = randomValues(random);
    TensorType[] types = TensorType.values();
    Map<String, byte[]> data = new LinkedHashMap<>();
    Map<String, Shape> shapes = new LinkedHashMap<>();
    try (GgufWriter writer = GgufWriter.create(path)) {
      values.forEach(writer::put);
      for (int i = random.nextInt(12); i >= 0; i--) {
        TensorType type = types[random.nextInt(types.length)];
        Shape shape = randomShape(random, type.blockElements());
        String name = "blocks." + i + ".\u00e9\u5149";
        writer.declare(name, type, shape);
        shapes.put(name, shape);
        data.put(name, randomBytes(random, type.bytes(shape)));
      }
      writeInParts(writer, data, random);
      long announced = writer.fileBytes();
      writer.commit();
      assertThat(path).hasSize(announced);
    }
    try (GgufFile file = GgufFile.open(path)) {
      Map<String, GgufValue> read = new LinkedHashMap<>(file.values());
      read.keySet().removeIf(key -> key.startsWith(GgufLayout.ORIGINAL_SHAPE_PREFIX));
      assertThat(read).isEqualTo(values);
      assertThat(file.tensors())
          .extracting(WeightTensor::name)
          .containsExactlyElementsOf(shapes.keySet());
      for (WeightTensor tensor : file.tensors()) {
        assertThat(tensor.shape()).isEqualTo(shapes.get(tensor.name()));
        assertThat(tensor.storedShape().rank()).isLessThanOrEqualTo(Shape.MAX_GGML_DIMS);
        assertThat(tensor.buffer()).isEqualTo(ByteBuffer.wrap(data.get(tensor.name())));
        assertThat(tensor.byteLength() == 0 || tensor.offset() % file.alignment() == 0).isTrue();
      }
      assertThat(Files.size(path) % file.alignment()).isZero();
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void safetensorsRoundTrip(long seed) throws Exception {
    Random random = new Random(seed);
    Path path = dir.resolve("model.safetensors");
    StoredType[] types =
        Stream.of(StoredType.values()).filter(t -> !t.isQuantized()).toArray(StoredType[]::new);
    Map<String, byte[]> data = new LinkedHashMap<>();
    Map<String, Shape> shapes = new LinkedHashMap<>();
    try (SafetensorsWriter writer = SafetensorsWriter.create(path)) {
      writer.put("format", "pt");
      writer.put("\"quoted\"\n", "\u5149");
      for (int i = random.nextInt(12); i >= 0; i--) {
        StoredType type = types[random.nextInt(types.length)];
        Shape shape = randomShape(random, 1);
        String name = "t\"" + i + "\\\u5149";
        writer.declare(name, type, shape);
        shapes.put(name, shape);
        data.put(name, randomBytes(random, type.bytes(shape)));
      }
      writeInParts(writer, data, random);
      writer.commit();
    }
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertThat(file.metadata())
          .containsExactly(Map.entry("format", "pt"), Map.entry("\"quoted\"\n", "\u5149"));
      assertThat(file.tensors()).hasSameSizeAs(shapes.keySet());
      for (WeightTensor tensor : file.tensors()) {
        assertThat(tensor.shape()).isEqualTo(shapes.get(tensor.name()));
        assertThat(tensor.buffer()).isEqualTo(ByteBuffer.wrap(data.get(tensor.name())));
        assertThat(tensor.offset() % tensor.type().elementBytes()).isZero();
      }
    }
  }

  static IntStream seeds() {
    return IntStream.range(0, 25);
  }

  @Test
  void copiesFromAnotherFileAndFromNativeMemory() throws Exception {
    Path first = dir.resolve("first.safetensors");
    Path second = dir.resolve("second.gguf");
    float[] values = {1, 2, 3, 4, 5, 6};
    try (SafetensorsWriter writer = SafetensorsWriter.create(first)) {
      writer.declare("a", StoredType.F32, Shape.of(2, 3));
      writer.append("a", bytes(values));
      writer.commit();
    }
    try (WeightSource source = SafetensorsFile.open(first);
        HostMemory memory = new HostMemory(4L * values.length);
        GgufWriter writer = GgufWriter.create(second)) {
      WeightTensor a = source.require("a");
      a.read(0, a.byteLength(), memory.address());
      writer.declare("a", a.type(), a.shape());
      writer.declare("b", a.type(), a.shape());
      writer.append("b", memory.address(), a.byteLength());
      writer.append(a);
      writer.commit();
    }
    try (GgufFile file = GgufFile.open(second)) {
      assertThat(file.require("a").toFloats()).isEqualTo(values);
      assertThat(file.require("b").toFloats()).isEqualTo(values);
    }
  }

  @Test
  void foldsOuterDimensionsBeyondFour() throws Exception {
    Path path = dir.resolve("folded.gguf");
    Shape shape = Shape.of(6, 4, 1, 2, 2);
    try (GgufWriter writer = GgufWriter.create(path)) {
      writer.declare("folded", TensorType.F32, shape);
      writer.declare("plain", TensorType.F32, Shape.of(6, 4, 2, 2));
      long header =
          GgufWriter.headerBytes(Map.of(), Map.of("folded", shape, "plain", Shape.of(6, 4, 2, 2)));
      assertThat(writer.fileBytes()).isEqualTo(header + 2 * 96 * 4);
      writer.append("folded", ByteBuffer.allocate(96 * 4));
      writer.append("plain", ByteBuffer.allocate(96 * 4));
      writer.commit();
    }
    try (GgufFile file = GgufFile.open(path)) {
      assertThat(file.require("folded").shape()).isEqualTo(shape);
      assertThat(file.require("folded").storedShape()).isEqualTo(Shape.of(24, 1, 2, 2));
      assertThat(file.require("plain").storedShape()).isEqualTo(Shape.of(6, 4, 2, 2));
      assertThat(file.integers("comfy.gguf.orig_shape.folded").orElseThrow())
          .containsExactly(6, 4, 1, 2, 2);
      assertThat(file.value("comfy.gguf.orig_shape.plain")).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void leavesNothingWithoutCommitAndKeepsTheOldFile(boolean written) throws Exception {
    Path path = Files.writeString(dir.resolve("model.gguf"), "old");
    try (GgufWriter writer = GgufWriter.create(path)) {
      writer.declare("a", TensorType.F32, Shape.of(4));
      if (written) {
        writer.append("a", ByteBuffer.allocate(8));
        assertThatThrownBy(writer::commit)
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("'a' has 8 of its 16 bytes");
      }
    }
    assertThat(path).hasContent("old");
    assertThat(dir).isDirectoryContaining(path::equals);
    try (Stream<Path> left = Files.list(dir)) {
      assertThat(left).containsExactly(path);
    }
  }

  @Test
  void replacesTheOldFileOnCommit() throws Exception {
    Path path = Files.writeString(dir.resolve("model.gguf"), "old");
    GgufWriter writer = GgufWriter.create(path);
    writer.put("general.architecture", GgufValue.of("wan"));
    writer.commit();
    writer.close();
    writer.close();
    try (GgufFile file = GgufFile.open(path);
        Stream<Path> left = Files.list(dir)) {
      assertThat(file.string("general.architecture")).contains("wan");
      assertThat(left).containsExactly(path);
    }
    assertThatThrownBy(writer::fileBytes)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void refusesAFileTheDiskHasNoRoomFor() throws Exception {
    Path path = dir.resolve("huge.gguf");
    try (GgufWriter writer = GgufWriter.create(path)) {
      writer.declare("huge", TensorType.F32, Shape.of(1L << 50));
      assertThatThrownBy(() -> writer.append("huge", ByteBuffer.allocate(4)))
          .isInstanceOf(WriteException.class)
          .hasMessageContaining("needs 4096.0 TiB of disk space")
          .hasMessageContaining("are free");
    }
    assertThat(dir).isEmptyDirectory();
  }

  @Test
  void refusesWhatCannotBeWritten() throws Exception {
    assertThatThrownBy(() -> GgufWriter.create(dir.resolve("none").resolve("x.gguf")))
        .isInstanceOf(WriteException.class)
        .hasMessageContaining("its folder does not exist");
    assertThatThrownBy(() -> GgufWriter.create(dir))
        .isInstanceOf(WriteException.class)
        .hasMessageContaining("is a folder");
    try (GgufWriter writer = GgufWriter.create(dir.resolve("x.gguf"))) {
      assertThatThrownBy(() -> writer.declare("w", StoredType.F8_E4M3, Shape.of(2)))
          .hasMessageContaining("GGUF has no type F8_E4M3");
      assertThatThrownBy(() -> writer.declare("w", TensorType.Q4_K, Shape.of(2, 100)))
          .hasMessageContaining("tensor 'w' of shape [2, 100]")
          .hasMessageContaining("Q4_K");
      writer.declare("a", TensorType.F32, Shape.of(2));
      assertThatThrownBy(() -> writer.declare("a", TensorType.F32, Shape.of(2)))
          .hasMessageContaining("declared twice");
      assertThatThrownBy(() -> writer.append("b", ByteBuffer.allocate(1)))
          .hasMessageContaining("'b' was not declared");
      assertThatThrownBy(() -> writer.append("a", ByteBuffer.allocate(9)))
          .hasMessageContaining("9 more are too many");
      assertThatThrownBy(() -> writer.declare("c", TensorType.F32, Shape.of(2)))
          .isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> writer.put("key", GgufValue.u32(1)))
          .isInstanceOf(IllegalStateException.class);
    }
    try (SafetensorsWriter writer = SafetensorsWriter.create(dir.resolve("x.safetensors"))) {
      assertThatThrownBy(() -> writer.declare("w", StoredType.Q4_0, Shape.of(32)))
          .hasMessageContaining("no type Q4_0");
      assertThatThrownBy(() -> writer.declare("__metadata__", StoredType.F32, Shape.of(2)))
          .hasMessageContaining("__metadata__");
    }
  }

  private static void writeInParts(WeightWriter writer, Map<String, byte[]> data, Random random)
      throws IOException {
    List<String> open = new ArrayList<>(data.keySet());
    Map<String, ByteBuffer> rest = new LinkedHashMap<>();
    data.forEach((name, bytes) -> rest.put(name, ByteBuffer.wrap(bytes)));
    while (!open.isEmpty()) {
      String name = open.get(random.nextInt(open.size()));
      ByteBuffer all = rest.get(name);
      int n = Math.min(all.remaining(), 1 + random.nextInt(5000));
      writer.append(name, all.slice(all.position(), n));
      all.position(all.position() + n);
      if (!all.hasRemaining()) {
        open.remove(name);
      }
    }
  }

  private static Shape randomShape(Random random, int block) {
    long[] dims = random.longs(random.nextInt(6), 0, 5).toArray();
    if (block > 1) {
      dims = dims.length == 0 ? new long[] {1} : dims;
      dims[dims.length - 1] *= block;
    }
    return Shape.of(dims);
  }

  private static byte[] randomBytes(Random random, long n) {
    byte[] bytes = new byte[Math.toIntExact(n)];
    random.nextBytes(bytes);
    return bytes;
  }

  private static Map<String, GgufValue> randomValues(Random random) {
    Map<String, GgufValue> values = new LinkedHashMap<>();
    values.put("general.architecture", GgufValue.of("wan \ud83c\udfa5"));
    values.put("bool", GgufValue.of(random.nextBoolean()));
    values.put("u32", GgufValue.u32(random.nextInt() & 0xffffffffL));
    values.put("i32", GgufValue.i32(random.nextInt()));
    values.put("u64", GgufValue.u64(random.nextLong()));
    values.put("i64", GgufValue.i64(random.nextLong()));
    values.put("f32", GgufValue.f32(random.nextFloat()));
    values.put("f64", GgufValue.f64(random.nextDouble()));
    values.put("i32s", GgufValue.i32Array(random.ints(random.nextInt(40)).toArray()));
    values.put("f32s", GgufValue.f32Array(1.5f, Float.NaN));
    List<String> words = random.ints(random.nextInt(50)).mapToObj(Integer::toHexString).toList();
    values.put("words", GgufValue.stringArray(words));
    values.put(
        "nested",
        GgufValue.arrayOf(List.of(GgufValue.i32Array(1, 2), GgufValue.stringArray(words))));
    if (random.nextBoolean()) {
      values.put("general.alignment", GgufValue.u32(1L << random.nextInt(8)));
    }
    return values;
  }

  private static ByteBuffer bytes(float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes;
  }
}
