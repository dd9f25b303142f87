// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.MappedFile;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SafetensorsFileTest {
  private static final String W = "\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}";

  @Test
  void readsTensorsAndMetadata() throws Exception {
    String header =
        "{\"b\":{\"data_offsets\":[8,12],\"shape\":[1,2],\"dtype\":\"F16\"},"
            + W
            + ",\"__metadata__\":{\"format\":\"pt\"},"
            + "\"s\":{\"dtype\":\"I32\",\"shape\":[],\"data_offsets\":[12,16]}}   ";
    ByteBuffer data = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    data.putFloat(1.5f).putFloat(-2).putShort((short) 0x3c00).putShort((short) 0xc000).putInt(-7);
    try (SafetensorsFile file = open(header, data.array())) {
      assertThat(file.metadata()).containsEntry("format", "pt").hasSize(1);
      assertThat(file.tensors()).extracting(WeightTensor::name).containsExactly("w", "b", "s");
      assertThat(file.require("w").toFloats()).containsExactly(1.5f, -2);
      assertThat(file.require("b").shape()).isEqualTo(Shape.of(1, 2));
      assertThat(file.require("b").toFloats()).containsExactly(1, -2);
      assertThat(file.require("s").toInts()).containsExactly(-7);
      assertThat(file.require("s").shape().rank()).isZero();
    }
  }

  @Test
  void takesEmptyTensorsAndEmptyFiles() throws Exception {
    String header = "{\"e\":{\"dtype\":\"F32\",\"shape\":[0,3],\"data_offsets\":[0,0]}," + W + "}";
    try (SafetensorsFile file = open(header, new byte[8])) {
      assertThat(file.require("e").toFloats()).isEmpty();
      assertThat(file.require("w").toFloats()).containsExactly(0, 0);
    }
    try (SafetensorsFile file = open("{}", new byte[0])) {
      assertThat(file.tensors()).isEmpty();
    }
  }

  @Test
  void everyTruncationIsOneClearError() {
    byte[] whole = bytes("{" + W + "}", new byte[8]);
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatExceptionOfType(WeightFormatException.class)
          .as("cut to %d of %d bytes", length, whole.length)
          .isThrownBy(
              () -> SafetensorsFile.open(MappedFile.inMemory(Path.of("cut.safetensors"), cut)))
          .withMessageStartingWith("cut.safetensors: ");
    }
  }

  @Test
  void namesWhatIsWrongInTheHeader() {
    assertRefused("[]", 0, "not a JSON object");
    assertRefused("{\"w\":", 0, "not valid JSON");
    assertRefused("{" + W + "}x", 8, "JSON");
    assertRefused("{" + W + "}{}", 8, "behind the header");
    assertRefused("{\"w\":3}", 0, "'w'", "expected an object");
    assertRefused("{" + W + "," + W + "}", 8, "'w'", "twice");
    assertRefused("{\"__metadata__\":{},\"__metadata__\":{}}", 0, "__metadata__", "twice");
    assertRefused("{\"w\":{}}", 0, "'w'", "expected dtype, shape");
    assertRefused("{\"w\":" + "[".repeat(10_000), 0, "'w'");
    assertRefused("{\"w\":{\"x\":" + "[".repeat(10_000), 0, "nests deeper");
  }

  /** Files made by hand have what the format does not allow, and nothing depends on it. */
  @Test
  void takesMetadataThatIsNotText() throws Exception {
    String odd =
        "{\"__metadata__\":{\"epoch\":3,\"a\":null,\"b\":{\"c\":[1]},\"d\":\"x\"}," + W + "}";
    for (String json : new String[] {odd, "{\"__metadata__\":null," + W + "}"}) {
      try (SafetensorsFile file = open(json, new byte[8])) {
        assertThat(file.require("w").shape().rank()).isEqualTo(1);
      }
    }
    try (SafetensorsFile file = open(odd, new byte[8])) {
      assertThat(file.metadata()).containsOnly(Map.entry("epoch", "3"), Map.entry("d", "x"));
    }
  }

  @Test
  void passesOverTypesThatNobodyReads() throws Exception {
    String json =
        "{\"freqs\":{\"dtype\":\"C64\",\"shape\":[2],\"data_offsets\":[8,24]},"
            + "\"packed\":{\"dtype\":\"F4\",\"shape\":[4],\"data_offsets\":[24,26]},"
            + W
            + "}";
    try (SafetensorsFile file = open(json, new byte[26])) {
      assertThat(file.tensors()).hasSize(1);
      assertThat(file.passedOver())
          .containsOnly(Map.entry("freqs", "C64"), Map.entry("packed", "F4"));
      assertThatThrownBy(() -> file.require("freqs")).hasMessageContaining("stored as C64");
    }
    assertRefused(json, 25, "'packed'", "24 to 26");
  }

  @Test
  void namesTheTensorThatIsWrong() {
    assertRefused(w("f32", "2", "0,8"), 8, "'w'", "no name");
    assertRefused(w("\u001b[2J", "2", "0,8"), 8, "JSON");
    assertRefused(w("F32", "2", "8,0"), 8, "'w'", "8 to 0");
    assertRefused(w("F32", "2", "0,9"), 8, "'w'", "0 to 9", "incomplete");
    assertRefused(w("F32", "3", "0,8"), 8, "'w'", "12 bytes", "span 8");
    assertRefused(w("F32", "-2", "0,8"), 8, "'w'", "-2");
    assertRefused(w("F32", "2.0", "0,8"), 8, "'w'", "shape holds");
    assertRefused(w("F32", "2", "0,99999999999999999999"), 8, "'w'", "data_offsets holds");
    assertRefused(w("F32", "2", "0,8,8"), 8, "'w'", "two data_offsets");
    assertRefused(w("F32", "4294967296,4294967296", "0,8"), 8, "'w'", "impossible shape");
    assertRefused(w("F64", "4611686018427387904", "0,8"), 8, "'w'", "impossible shape");
    String manyOnes = "1" + ",1".repeat(32);
    assertRefused(w("F32", manyOnes, "0,4"), 4, "'w'", "more than 32");
  }

  @Test
  void refusesOverlapsAndHoles() {
    String second = ",\"v\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[%d,%d]}}";
    assertRefused("{" + W + String.format(second, 4, 8), 8, "'v'", "overlap");
    assertRefused("{" + W + String.format(second, 12, 16), 16, "'v'", "hole");
    assertRefused("{" + W + "}", 9, "goes on");
  }

  @Test
  void refusesImpossibleHeaderLengths() {
    for (long length : new long[] {-1, Long.MIN_VALUE, 100_000_001, Long.MAX_VALUE}) {
      byte[] file = bytes("{}", new byte[0]);
      ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
      assertThatThrownBy(() -> SafetensorsFile.open(MappedFile.inMemory(Path.of("x"), file)))
          .isInstanceOf(WeightFormatException.class)
          .hasMessageContaining(Long.toUnsignedString(length));
    }
  }

  @Test
  void suggestsTheNamesNearestToAMissingOne() throws Exception {
    StringBuilder header = new StringBuilder("{");
    for (int i : IntStream.range(0, 30).toArray()) {
      header.append(
          String.format(
              "\"model.blocks.%d.ffn.weight\":"
                  + "{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[%d,%d]},",
              i, i, i + 1));
    }
    header.setCharAt(header.length() - 1, '}');
    try (SafetensorsFile file = open(header.toString(), new byte[30])) {
      assertThatThrownBy(() -> file.require("blocks.7.ffn.weight"))
          .isInstanceOf(WeightFormatException.class)
          .hasMessageContaining("no tensor 'blocks.7.ffn.weight' among 30")
          .hasMessageContaining("nearest: 'model.blocks.7.ffn.weight'");
    }
  }

  private static String w(String dtype, String shape, String offsets) {
    return String.format(
        "{\"w\":{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[%s]}}", dtype, shape, offsets);
  }

  private static SafetensorsFile open(String header, byte[] data) throws WeightFormatException {
    return SafetensorsFile.open(
        MappedFile.inMemory(Path.of("test.safetensors"), bytes(header, data)));
  }

  private static byte[] bytes(String header, byte[] data) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + json.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json)
        .put(data)
        .array();
  }

  private static void assertRefused(String header, int dataBytes, String... parts) {
    assertThatExceptionOfType(WeightFormatException.class)
        .as(header.substring(0, Math.min(header.length(), 100)))
        .isThrownBy(() -> open(header, new byte[dataBytes]))
        .withMessageStartingWith("test.safetensors: ")
        .satisfies(e -> assertThat(e.getMessage()).contains(parts));
  }
}
