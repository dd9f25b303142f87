// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.checkpoint.WeightFiles;
import dev.wanlet.weights.lora.AdapterFile;
import dev.wanlet.weights.recipe.Recipes;
import dev.wanlet.weights.write.SafetensorsWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoraMergeTest {
  private static final String Q = "blocks.0.self_attn.q";
  private static final int OUT = 4;
  private static final int IN = 6;
  private static final int RANK = 2;

  /** Tensors by name in order, each with its shape. */
  private record Data(float[] values, long... shape) {}

  @TempDir Path directory;
  private final Random random = new Random(11);
  private final Map<String, Data> model = new LinkedHashMap<>();
  private final Map<String, Data> lora = new LinkedHashMap<>();
  private final Data down = random(RANK, IN);
  private final Data up = random(OUT, RANK);

  @BeforeEach
  void makeModel() {
    model.put("patch_embedding.weight", random(OUT, 3, 1, 2, 2));
    model.put(Q + ".weight", random(OUT, IN));
    model.put(Q + ".bias", random(OUT));
    model.put("blocks.0.norm3.weight", random(IN));
    model.put("blocks.0.modulation", random(1, 6, IN));
    model.put("blocks.0.ffn.0.weight", random(OUT, IN));
    model.put("head.head.weight", random(OUT, IN));
    WholeModel.names().forEach(name -> model.putIfAbsent(name, random(1)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "diffusion_model.blocks.0.self_attn.q.lora_%s.weight A B",
        "blocks.0.self_attn.q.lora_%s.default.weight A B",
        "base_model.model.blocks.0.self_attn.q.lora_%s.weight A B",
        "transformer.blocks.0.attn1.to_q.lora_%s.weight A B",
        "lora_unet_blocks_0_self_attn_q.lora_%s.weight down up",
        "lora_unet__blocks_0_self_attn_q.lora_%s.weight down up",
        "lora_transformer_blocks_0_attn1_to_q.lora_%s.weight down up",
        "transformer.blocks.0.attn1.to_q.lora.%s.weight down up"
      })
  void knowsTheNamesOfTrainingTools(String form) throws Exception {
    String[] parts = form.split(" ");
    lora.put(String.format(parts[0], parts[1]), down);
    lora.put(String.format(parts[0], parts[2]), up);
    QuantizeReport report = merge(1);
    assertThat(report.loras())
        .singleElement()
        .satisfies(
            r -> {
              assertThat(r.matched()).isEqualTo(1);
              assertThat(r.unmatched()).isEmpty();
            });
    assertMerged(Q + ".weight", 1);
    assertThat(written("head.head.weight")).isEqualTo(model.get("head.head.weight").values);
  }

  @Test
  void alphaAndStrengthScaleTheProduct() throws Exception {
    lora.put("lora_unet_blocks_0_self_attn_q.lora_down.weight", down);
    lora.put("lora_unet_blocks_0_self_attn_q.lora_up.weight", up);
    lora.put("lora_unet_blocks_0_self_attn_q.alpha", new Data(new float[] {0.5f}));
    merge(-1.5);
    assertMerged(Q + ".weight", -1.5 * 0.5 / RANK);
  }

  @Test
  void addsWholeDifferencesAndConvolutions() throws Exception {
    Data norm = random(IN);
    Data bias = random(OUT);
    Data modulation = random(1, 6, IN);
    lora.put("diffusion_model.blocks.0.norm3.diff", norm);
    lora.put("diffusion_model.blocks.0.self_attn.q.diff_b", bias);
    lora.put("diffusion_model.blocks.0.diff_m", modulation);
    lora.put("diffusion_model.patch_embedding.lora_down.weight", random(RANK, 3, 1, 2, 2));
    lora.put("diffusion_model.patch_embedding.lora_up.weight", random(OUT, RANK, 1, 1, 1));
    assertThat(merge(2).loras().get(0).matched()).isEqualTo(4);
    assertSum("blocks.0.norm3.weight", norm, 2);
    assertSum(Q + ".bias", bias, 2);
    assertSum("blocks.0.modulation", modulation, 2);
    Data kernel = model.get("patch_embedding.weight");
    float[] expected =
        product(
            kernel.values,
            lora.get("diffusion_model.patch_embedding.lora_up.weight").values,
            lora.get("diffusion_model.patch_embedding.lora_down.weight").values,
            12,
            2);
    assertThat(written("patch_embedding.weight")).containsExactly(expected, within(1e-5f));
  }

  /** Diffusers calls the affine norm norm2; the official code norm3. */
  @Test
  void knowsThatDiffusersSwapsTheNorms() throws Exception {
    Data norm = random(IN);
    lora.put("transformer.blocks.0.norm2.diff", norm);
    lora.put("transformer.blocks.0.ffn.net.0.proj.lora_A.weight", down);
    lora.put("transformer.blocks.0.ffn.net.0.proj.lora_B.weight", up);
    assertThat(merge(1).loras().get(0).unmatched()).isEmpty();
    assertSum("blocks.0.norm3.weight", norm, 1);
    assertMerged("blocks.0.ffn.0.weight", 1);
  }

  @Test
  void countsWhatDoesNotMatchAndRefusesWhenNothingDoes() throws Exception {
    lora.put("diffusion_model.blocks.0.self_attn.q.lora_A.weight", down);
    lora.put("diffusion_model.blocks.0.self_attn.q.lora_B.weight", up);
    lora.put("diffusion_model.blocks.77.self_attn.q.lora_A.weight", down);
    lora.put("diffusion_model.blocks.77.self_attn.q.lora_B.weight", up);
    lora.put("something.else", up);
    QuantizeReport.Lora report = merge(1).loras().get(0);
    assertThat(report.matched()).isEqualTo(1);
    assertThat(report.unmatched())
        .containsExactlyInAnyOrder("something.else", "diffusion_model.blocks.77.self_attn.q");
    lora.keySet().removeIf(name -> name.contains("blocks.0."));
    assertRefused("none of its 1 modules");
  }

  @Test
  void refusesWhatCannotBeMerged() throws Exception {
    lora.put("x.lora_A.weight", down);
    assertRefused("only one of its two");
    lora.clear();
    lora.put(Q + ".lora_A.weight", random(RANK, IN + 1));
    lora.put(Q + ".lora_B.weight", up);
    assertRefused("another size of the model");
    lora.clear();
    lora.put(Q + ".dora_scale", up);
    assertRefused("no plain LoRA");
    lora.clear();
    lora.put("conv.weight", up);
    assertRefused("no LoRA tensors");
    lora.clear();
    lora.put("blocks.0.norm3.diff", random(IN + 1));
    assertRefused("does not fit the model's");
  }

  private void assertRefused(String part) {
    assertThatThrownBy(() -> merge(1))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("lora.safetensors")
        .hasMessageContaining(part);
  }

  private void assertMerged(String name, double scale) throws Exception {
    float[] expected = product(model.get(name).values, up.values, down.values, IN, scale);
    assertThat(written(name)).containsExactly(expected, within(1e-5f));
  }

  private void assertSum(String name, Data difference, float scale) throws Exception {
    float[] expected = model.get(name).values.clone();
    for (int i = 0; i < expected.length; i++) {
      expected[i] += scale * difference.values[i];
    }
    assertThat(written(name)).containsExactly(expected, within(1e-6f));
  }

  private static float[] product(float[] weight, float[] up, float[] down, int in, double scale) {
    float[] result = weight.clone();
    for (int i = 0; i < result.length; i++) {
      double sum = 0;
      for (int r = 0; r < RANK; r++) {
        sum += (double) up[i / in * RANK + r] * down[r * in + i % in];
      }
      result[i] += (float) (scale * sum);
    }
    return result;
  }

  private QuantizeReport merge(double strength) throws Exception {
    Path modelFile = write("model.safetensors", model);
    Path loraFile = write("lora.safetensors", lora);
    return QuantizerTest.run(
        new QuantizeRequest(
            modelFile,
            directory.resolve("out.gguf"),
            Recipes.parse("F32"),
            List.of(),
            OptionalLong.empty(),
            OptionalDouble.empty(),
            Optional.empty(),
            List.of(new AdapterFile(loraFile, strength)),
            2,
            "test"));
  }

  private float[] written(String name) throws Exception {
    try (WeightSource source = WeightFiles.open(directory.resolve("out.gguf"))) {
      return source.require(name).toFloats();
    }
  }

  private Path write(String file, Map<String, Data> tensors) throws Exception {
    Path path = directory.resolve(file);
    try (SafetensorsWriter writer = SafetensorsWriter.create(path)) {
      tensors.forEach((name, d) -> writer.declare(name, StoredType.F32, Shape.of(d.shape)));
      for (Map.Entry<String, Data> tensor : new ArrayList<>(tensors.entrySet())) {
        float[] values = tensor.getValue().values;
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        writer.append(tensor.getKey(), bytes);
      }
      writer.commit();
    }
    return path;
  }

  private Data random(long... shape) {
    float[] values = new float[(int) Shape.of(shape).elements()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return new Data(values, shape);
  }

  private static org.assertj.core.data.Offset<Float> within(float offset) {
    return org.assertj.core.data.Offset.offset(offset);
  }
}
