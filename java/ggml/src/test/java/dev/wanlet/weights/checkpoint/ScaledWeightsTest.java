// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.pickle.PthBytes;
import dev.wanlet.weights.safetensors.SafetensorsBytes;
import org.junit.jupiter.api.Test;

class ScaledWeightsTest {
  // 1, 2, -1, 0.5 in float8_e4m3fn.
  private static final byte[] FOUR = {0x38, 0x40, (byte) 0xb8, 0x30};

  @Test
  void appliesOneScaleOrOneForEachRow() throws Exception {
    SafetensorsBytes file =
        new SafetensorsBytes()
            .tensor("scaled_fp8", "F8_E4M3", new byte[2], 2)
            .tensor("a.weight", "F8_E4M3", FOUR, 2, 2)
            .tensor("a.scale_weight", "F32", PthBytes.floats(0.5f), 1)
            .tensor("a.scale_input", "F32", PthBytes.floats(7), 1)
            .tensor("b.weight", "F8_E4M3", FOUR, 2, 2)
            .tensor("b.weight_scale", "F32", PthBytes.floats(2, 4), 2, 1)
            .tensor("b.comfy_quant", "U8", "{\"format\": \"float8_e4m3fn\"}".getBytes("UTF-8"), 27)
            .tensor("c.bias", "F32", PthBytes.floats(3), 1);
    try (WeightSource source = ScaledWeights.apply(file.open())) {
      assertThat(source.tensors())
          .extracting(WeightTensor::name)
          .containsExactly("a.weight", "b.weight", "c.bias");
      assertThat(source.require("a.weight").toFloats()).containsExactly(0.5f, 1, -0.5f, 0.25f);
      assertThat(source.require("b.weight").toFloats()).containsExactly(2, 4, -4, 2);
      float[] middle = new float[2];
      source.renamed(n -> "x." + n).require("x.b.weight").readFloats(1, middle, 0, 2);
      assertThat(middle).containsExactly(4, -4);
      assertThat(source.require("b.weight").rows(1, 2).toFloats()).containsExactly(-4, 2);
      assertThatThrownBy(() -> source.require("b.weight").rows(1, 3))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void appliesScalesOfInt8AndOfBlocksUnderOtherNames() throws Exception {
    SafetensorsBytes file =
        new SafetensorsBytes()
            .tensor("i.weight", "I8", new byte[] {1, 2, -3, 127}, 2, 2)
            .tensor("i.weight_scale", "F32", PthBytes.floats(0.5f, 2), 2, 1)
            .tensor(
                "i.comfy_quant", "U8", "{\"format\": \"int8_tensorwise\"}".getBytes("UTF-8"), 29)
            .tensor("b.weight", "F8_E4M3", FOUR, 2, 2)
            .tensor("b.weight_scale_inv", "F32", PthBytes.floats(1, 2, 4, 8), 2, 2)
            .tensor("c.weight", "F8_E4M3", FOUR, 2, 2)
            .tensor("c.weight.scale", "F32", PthBytes.floats(3));
    try (WeightSource source = ScaledWeights.apply(file.open())) {
      assertThat(source.require("i.weight").toFloats()).containsExactly(0.5f, 1, -6, 254);
      assertThat(source.require("i.weight").isReal()).isTrue();
      assertThat(source.require("b.weight").toFloats()).containsExactly(1, 4, -4, 4);
      assertThat(source.require("b.weight").rows(1, 2).toFloats()).containsExactly(-4, 4);
      assertThat(source.require("c.weight").toFloats()).containsExactly(3, 6, -3, 1.5f);
      assertThat(source.tensors()).hasSize(3);
    }
  }

  @Test
  void refusesScalesItDoesNotKnowAndMatricesWithoutTheirs() throws Exception {
    for (String name : new String[] {"a.scale", "a.weight_scale_x", "a_scale", "a.zero_point"}) {
      assertRefused(
          new SafetensorsBytes()
              .tensor("a.weight", "F8_E4M3", FOUR, 2, 2)
              .tensor(name, "F32", PthBytes.floats(1), 1),
          "'" + name + "' stands beside");
    }
    assertRefused(
        new SafetensorsBytes()
            .tensor("a.weight", "F8_E4M3", FOUR, 2, 2)
            .tensor("a.weight_scale_e8", "F8_E8M0", new byte[1], 1),
        "(F8_E8M0)");
    assertRefused(
        new SafetensorsBytes()
            .tensor("a.weight", "F8_E4M3", new byte[] {0x7e, 0x60, (byte) 0xf0, 0x50}, 2, 2),
        "need a scale");
    assertRefused(
        new SafetensorsBytes()
            .tensor(
                "a.comfy_quant",
                "U8",
                "{\"format\": \"int8_tensorwise\", \"convrot\": true}".getBytes("UTF-8"),
                46),
        "rotated");
  }

  @Test
  void leavesSourcesWithoutScalesAlone() throws Exception {
    try (WeightSource plain = new SafetensorsBytes().names("a.weight").open()) {
      assertThat(ScaledWeights.apply(plain)).isSameAs(plain);
    }
  }

  @Test
  void refusesScalesThatCannotBeApplied() throws Exception {
    assertRefused(
        new SafetensorsBytes().tensor("a.scale_weight", "F32", PthBytes.floats(1), 1),
        "no tensor 'a.weight'");
    assertRefused(
        new SafetensorsBytes()
            .tensor("a.weight", "F8_E4M3", FOUR, 2, 2)
            .tensor("a.weight_scale", "F32", PthBytes.floats(1, 2, 3), 3),
        "does not fit");
    assertRefused(
        new SafetensorsBytes()
            .tensor("a.weight", "U8", FOUR, 2, 2)
            .tensor("a.weight_scale", "F32", PthBytes.floats(1), 1),
        "8-bit floats and int8 only");
    assertRefused(
        new SafetensorsBytes()
            .tensor("a.weight", "F8_E4M3", FOUR, 2, 2)
            .tensor("a.weight_scale", "F32", PthBytes.floats(Float.NaN), 1),
        "NaN");
    assertRefused(
        new SafetensorsBytes()
            .tensor("a.comfy_quant", "U8", "{\"format\": \"nvfp4\"}".getBytes("UTF-8"), 19),
        "nvfp4");
  }

  private static void assertRefused(SafetensorsBytes file, String part) throws Exception {
    try (WeightSource source = file.open()) {
      assertThatThrownBy(() -> ScaledWeights.apply(source))
          .isInstanceOf(WeightFormatException.class)
          .hasMessageContaining(part);
    }
  }
}
