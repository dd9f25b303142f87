// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.MappedFile;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightTensor;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GgufFileTest {
  private static final int F32 = 0;
  private static final int F16 = 1;
  private static final int Q4_K = 12;
  private static final int STRING = 8;
  private static final int ARRAY = 9;

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void readsTensorsInPyTorchOrder(int version) throws Exception {
    GgufBytes file =
        GgufBytes.header(version, 2, 1)
            .string("general.architecture")
            .u32(STRING)
            .string("wan")
            .tensor("a", F32, 0, 3, 2)
            .tensor("b", F32, 32)
            .padTo(32)
            .floats(1, 2, 3, 4, 5, 6)
            .padTo(32)
            .floats(7);
    try (GgufFile gguf = file.open()) {
      assertThat(gguf.version()).isEqualTo(version);
      assertThat(gguf.metadata()).containsEntry("general.architecture", "wan");
      assertThat(gguf.require("a").shape()).isEqualTo(Shape.of(2, 3));
      assertThat(gguf.require("a").toFloats()).containsExactly(1, 2, 3, 4, 5, 6);
      assertThat(gguf.require("b").shape()).isEqualTo(Shape.of());
      assertThat(gguf.require("b").toFloats()).containsExactly(7);
    }
  }

  @Test
  void takesFiveDimensions() throws Exception {
    GgufBytes file =
        GgufBytes.header(3, 1, 0).tensor("patch_embedding.weight", F32, 0, 2, 2, 1, 4, 3).padTo(32);
    float[] values = new float[48];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    try (GgufFile gguf = file.floats(values).open()) {
      WeightTensor tensor = gguf.require("patch_embedding.weight");
      assertThat(tensor.shape()).isEqualTo(Shape.of(3, 4, 1, 2, 2));
      assertThat(tensor.toFloats()).isEqualTo(values);
    }
  }

  @Test
  void givesBackTheShapeOfAFoldedTensor() throws Exception {
    GgufBytes file =
        GgufBytes.header(3, 1, 1)
            .string("comfy.gguf.orig_shape.w")
            .u32(ARRAY)
            .u32(5)
            .u64(3)
            .u32(2)
            .u32(32)
            .u32(4)
            .tensor("w", Q4_K, 0, 256, 1)
            .padTo(32)
            .text("x".repeat(144));
    try (GgufFile gguf = file.open()) {
      assertThat(gguf.require("w").shape()).isEqualTo(Shape.of(2, 32, 4));
      assertThat(gguf.require("w").storedShape()).isEqualTo(Shape.of(1, 256));
      assertThat(gguf.require("w").byteLength()).isEqualTo(144);
    }
  }

  @Test
  void refusesAnOriginalShapeOfAnotherSize() {
    GgufBytes file =
        GgufBytes.header(3, 1, 1)
            .string("comfy.gguf.orig_shape.w")
            .u32(ARRAY)
            .u32(5)
            .u64(1)
            .u32(5)
            .tensor("w", F32, 0, 4)
            .padTo(32)
            .floats(1, 2, 3, 4);
    assertRefused(file, "orig_shape.w", "[5]", "[4]");
  }

  @Test
  void decodesEveryValueTypeAndNestedArrays() throws Exception {
    GgufBytes file =
        GgufBytes.header(3, 0, 6)
            .string("u8")
            .u32(0)
            .u8(200)
            .string("i8")
            .u32(1)
            .u8(200)
            .string("bool")
            .u32(7)
            .u8(1)
            .string("u64")
            .u32(10)
            .u64(-1)
            .string("strings")
            .u32(ARRAY)
            .u32(STRING)
            .u64(2)
            .string("\u5149")
            .string("")
            .string("nested")
            .u32(ARRAY)
            .u32(ARRAY)
            .u64(2)
            .u32(0)
            .u64(3)
            .u8(1)
            .u8(2)
            .u8(3)
            .u32(STRING)
            .u64(1)
            .string("x");
    try (GgufFile gguf = file.open()) {
      assertThat(gguf.integer("u8")).hasValue(200);
      assertThat(gguf.integer("i8")).hasValue(-56);
      assertThat(gguf.bool("bool")).contains(true);
      assertThat(gguf.metadata()).containsEntry("u64", "18446744073709551615");
      assertThatThrownBy(() -> gguf.integer("u64"))
          .isInstanceOf(WeightFormatException.class)
          .hasMessageContaining("'u64'")
          .hasMessageContaining("too large");
      assertThat(gguf.strings("strings").orElseThrow()).containsExactly("\u5149", "");
      assertThat(gguf.string("none")).isEmpty();
      var nested = gguf.value("nested").orElseThrow().asList();
      assertThat(nested.get(0).asLongs()).containsExactly(1, 2, 3);
      assertThat(nested.get(1).asStrings()).containsExactly("x");
      assertThatThrownBy(() -> gguf.string("u8")).hasMessageContaining("expected a string");
    }
  }

  @Test
  void everyTruncationIsOneClearError() {
    byte[] whole =
        GgufBytes.header(3, 2, 2)
            .string("text")
            .u32(STRING)
            .string("value")
            .string("list")
            .u32(ARRAY)
            .u32(STRING)
            .u64(2)
            .string("a")
            .string("bc")
            .tensor("first", F16, 0, 4, 2)
            .tensor("second", F32, 32, 2)
            .padTo(32)
            .floats(1, 2, 3, 4)
            .padTo(32)
            .floats(5, 6)
            .bytes();
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatExceptionOfType(WeightFormatException.class)
          .as("cut to %d of %d bytes", length, whole.length)
          .isThrownBy(() -> GgufFile.open(MappedFile.inMemory(Path.of("cut.gguf"), cut)))
          .withMessageStartingWith("cut.gguf: ");
    }
  }

  @Test
  void namesWhatIsWrongInTheHeader() {
    assertRefused(new GgufBytes().text("GGML").u32(3), "not a GGUF file");
    assertRefused(GgufBytes.header(1, 0, 0), "version 1", "expected 2 or 3");
    assertRefused(GgufBytes.header(0x03000000, 0, 0), "big-endian");
    assertRefused(GgufBytes.header(3, -1, 0), "number of tensors", "18446744073709551615");
    assertRefused(GgufBytes.header(3, 0, Long.MAX_VALUE), "number of metadata keys");
    assertRefused(GgufBytes.header(3, 1 << 20, 0), "truncated", "1,048,576 tensors");
    assertRefused(GgufBytes.header(3, 0, 1).u64(Long.MAX_VALUE), "metadata key 1 of 1");
    assertRefused(
        GgufBytes.header(3, 0, 1).string("k").u32(13).u64(0), "'k'", "unknown value type 13");
    assertRefused(
        GgufBytes.header(3, 0, 1).string("k").u32(ARRAY).u32(10).u64(1L << 61).u64(0),
        "'k'",
        "truncated",
        "2305843009213693952 elements");
    assertRefused(
        GgufBytes.header(3, 0, 1).string("k").u32(STRING).u64(1L << 40).u64(0), "'k'", "truncated");
    assertRefused(
        GgufBytes.header(3, 0, 2).string("k").u32(7).u8(1).string("k").u32(7).u8(0), "twice");
    assertRefused(
        GgufBytes.header(3, 0, 1).string("general.alignment").u32(4).u32(33), "power of two");
    assertRefused(
        GgufBytes.header(3, 0, 1).string("general.alignment").u32(4).u32(0), "power of two");
  }

  @Test
  void passesOverTypesOfOtherVersionsOfGgml() throws Exception {
    GgufBytes file =
        GgufBytes.header(3, 2, 0).tensor("old", 4, 0, 32).tensor("w", F32, 0, 1).padTo(32);
    try (GgufFile gguf = file.floats(5).open()) {
      assertThat(gguf.tensors()).hasSize(1);
      assertThat(gguf.require("w").toFloats()).containsExactly(5);
      assertThatThrownBy(() -> gguf.require("old")).hasMessageContaining("type 4");
    }
  }

  @Test
  void namesTheTensorThatIsWrong() {
    assertRefused(one("w", Q4_K, 0, 255), "'w'", "Q4_K", "255");
    assertRefused(one("w", F32, 0, 1L << 40, 1L << 40), "'w'", "impossible shape");
    assertRefused(one("w", F32, 0, 1L << 62), "'w'", "impossible shape");
    assertRefused(one("w", F32, 0, -1), "'w'", "impossible shape");
    assertRefused(one("w", F32, 0, new long[33]), "'w'", "33 dimensions");
    assertRefused(one("w", F32, 1, 1), "'w'", "multiple of 32");
    assertRefused(one("w", F32, -32, 1), "'w'", "multiple of 32");
    assertRefused(one("w", F32, 1L << 40, 1), "'w'", "incomplete");
    assertRefused(one("w", F32, 0, 1000), "'w'", "4,000 bytes", "incomplete");
    assertRefused(
        GgufBytes.header(3, 2, 0)
            .tensor("w", F32, 0, 1)
            .tensor("w", F32, 32, 1)
            .padTo(32)
            .text("x".repeat(64)),
        "'w'",
        "twice");
    assertRefused(
        GgufBytes.header(3, 2, 0)
            .tensor("v", F32, 0, 16)
            .tensor("w", F32, 32, 1)
            .padTo(32)
            .text("x".repeat(64)),
        "'v'",
        "'w'",
        "overlap");
  }

  @Test
  void refusesArraysNestedTooDeep() {
    GgufBytes file = GgufBytes.header(3, 0, 1).string("k").u32(ARRAY);
    for (int i = 0; i < 100; i++) {
      file.u32(ARRAY).u64(1);
    }
    assertRefused(file.text("x".repeat(64)), "'k'", "nests arrays");
  }

  @Test
  void honoursTheAlignmentKey() throws Exception {
    GgufBytes file =
        GgufBytes.header(3, 2, 1)
            .string("general.alignment")
            .u32(4)
            .u32(8)
            .tensor("a", F32, 0, 1)
            .tensor("b", F32, 8, 1)
            .padTo(8)
            .floats(1, 0, 2);
    try (GgufFile gguf = file.open()) {
      assertThat(gguf.alignment()).isEqualTo(8);
      assertThat(gguf.require("b").toFloats()).containsExactly(2);
    }
  }

  private static GgufBytes one(String name, int type, long offset, long... ne) {
    return GgufBytes.header(3, 1, 0).tensor(name, type, offset, ne).padTo(32).text("x".repeat(128));
  }

  private static void assertRefused(GgufBytes file, String... parts) {
    assertThatExceptionOfType(WeightFormatException.class)
        .isThrownBy(file::open)
        .withMessageStartingWith("test.gguf: ")
        .satisfies(e -> assertThat(e.getMessage()).contains(parts));
  }
}
