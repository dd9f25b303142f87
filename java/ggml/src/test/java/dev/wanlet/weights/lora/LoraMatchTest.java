// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.lora.LoraMatch.LeftOut;
import dev.wanlet.weights.lora.LoraMatch.Reason;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every form of a name does to a model of two outputs and three inputs, worked out by hand.
 */
class LoraMatchTest {
  private static final String Q = "blocks.0.self_attn.q";
  private static final float[] DOWN = {1, 2, 3};
  private static final float[] UP = {10, 20};

  /** up * down at scale 1. */
  private static final float[] PRODUCT = {10, 20, 30, 20, 40, 60};

  @TempDir Path directory;
  private final AdapterBuilder file = new AdapterBuilder();
  private final Map<String, Shape> model = new LinkedHashMap<>();
  private LoraAdapter adapter;

  LoraMatchTest() {
    model.put("patch_embedding.weight", Shape.of(2, 3, 1, 2, 2));
    model.put("patch_embedding.bias", Shape.of(2));
    for (String module :
        List.of(
            Q,
            "blocks.0.self_attn.o",
            "blocks.0.cross_attn.k",
            "blocks.0.ffn.0",
            "blocks.0.ffn.2",
            "blocks.16.cross_attn.o",
            "time_embedding.0",
            "time_projection.1",
            "text_embedding.2",
            "head.head")) {
      model.put(module + ".weight", Shape.of(2, 3));
      model.put(module + ".bias", Shape.of(2));
    }
    model.put("blocks.0.norm3.weight", Shape.of(3));
    model.put("blocks.0.norm3.bias", Shape.of(3));
    model.put("blocks.0.modulation", Shape.of(1, 6, 3));
    model.put("head.modulation", Shape.of(1, 2, 3));
  }

  @AfterEach
  void close() {
    if (adapter != null) {
      adapter.close();
    }
  }

  @ParameterizedTest
  @CsvSource({
    // peft, with and without its own names
    "blocks.0.self_attn.q.lora_A.weight, blocks.0.self_attn.q.lora_B.weight",
    "diffusion_model.blocks.0.self_attn.q.lora_A.weight,"
        + " diffusion_model.blocks.0.self_attn.q.lora_B.weight",
    "base_model.model.blocks.0.self_attn.q.lora_A.weight,"
        + " base_model.model.blocks.0.self_attn.q.lora_B.weight",
    "base_model.model.transformer.blocks.0.self_attn.q.lora_A.default.weight,"
        + " base_model.model.transformer.blocks.0.self_attn.q.lora_B.default.weight",
    "transformer.blocks.0.self_attn.q.lora_A.default_0.weight,"
        + " transformer.blocks.0.self_attn.q.lora_B.default_0.weight",
    "blocks.0.self_attn.q.lora_A.mystyle.weight, blocks.0.self_attn.q.lora_B.mystyle.weight",
    "blocks.0.self_attn.q.lora_A, blocks.0.self_attn.q.lora_B",
    "blocks.0.self_attn.q.base_layer.lora_A.weight, blocks.0.self_attn.q.base_layer.lora_B.weight",
    "blocks.0.self_attn.q.lora_a.weight, blocks.0.self_attn.q.lora_b.weight",
    "Diffusion_Model.Blocks.0.Self_Attn.Q.lora_A.weight,"
        + " Diffusion_Model.Blocks.0.Self_Attn.Q.lora_B.weight",
    // wrappers in front
    "diffusion_model._orig_mod.blocks.0.self_attn.q.lora_A.weight,"
        + " diffusion_model._orig_mod.blocks.0.self_attn.q.lora_B.weight",
    "diffusion_model.module.blocks.0.self_attn.q.lora_A.weight,"
        + " diffusion_model.module.blocks.0.self_attn.q.lora_B.weight",
    "_fsdp_wrapped_module.blocks.0._fsdp_wrapped_module.self_attn.q.lora_A.weight,"
        + " _fsdp_wrapped_module.blocks.0._fsdp_wrapped_module.self_attn.q.lora_B.weight",
    "dit.blocks.0.self_attn.q.lora_A.weight, dit.blocks.0.self_attn.q.lora_B.weight",
    "net.blocks.0.self_attn.q.lora_A.weight, net.blocks.0.self_attn.q.lora_B.weight",
    "unet.blocks.0.self_attn.q.lora_A.weight, unet.blocks.0.self_attn.q.lora_B.weight",
    "pipe.dit.blocks.0.self_attn.q.lora_A.weight, pipe.dit.blocks.0.self_attn.q.lora_B.weight",
    "transformer_2.blocks.0.self_attn.q.lora_A.weight,"
        + " transformer_2.blocks.0.self_attn.q.lora_B.weight",
    "some.trainer.blocks.0.self_attn.q.lora_A.weight,"
        + " some.trainer.blocks.0.self_attn.q.lora_B.weight",
    // kohya
    "lora_unet_blocks_0_self_attn_q.lora_down.weight,"
        + " lora_unet_blocks_0_self_attn_q.lora_up.weight",
    "lora_unet__blocks_0_self_attn_q.lora_down.weight,"
        + " lora_unet__blocks_0_self_attn_q.lora_up.weight",
    "lora_unet_blocks_0.self_attn.q.lora_down.weight,"
        + " lora_unet_blocks_0.self_attn.q.lora_up.weight",
    "lora_unet__orig_mod_blocks_0_self_attn_q.lora_down.weight,"
        + " lora_unet__orig_mod_blocks_0_self_attn_q.lora_up.weight",
    "lycoris_blocks_0_self_attn_q.lora_down.weight, lycoris_blocks_0_self_attn_q.lora_up.weight",
    "lora_transformer_blocks_0_attn1_to_q.lora_down.weight,"
        + " lora_transformer_blocks_0_attn1_to_q.lora_up.weight",
    // diffusers, newer and older
    "transformer.blocks.0.attn1.to_q.lora_A.weight, transformer.blocks.0.attn1.to_q.lora_B.weight",
    "blocks.0.attn1.to_q.lora_A.weight, blocks.0.attn1.to_q.lora_B.weight",
    "transformer.blocks.0.attn1.to_q.lora.down.weight,"
        + " transformer.blocks.0.attn1.to_q.lora.up.weight",
    "transformer.blocks.0.attn1.to_q.lora_linear_layer.down.weight,"
        + " transformer.blocks.0.attn1.to_q.lora_linear_layer.up.weight",
    "transformer.blocks.0.attn1.processor.to_q_lora.down.weight,"
        + " transformer.blocks.0.attn1.processor.to_q_lora.up.weight"
  })
  void knowsTheNamesOfTrainingTools(String down, String up) throws Exception {
    file.put(down, DOWN, 1, 3).put(up, UP, 2, 1);
    LoraMatch match = match(1);
    assertThat(match.modules()).isEqualTo(1);
    assertThat(match.leftOut()).isEmpty();
    assertThat(match.lowRank())
        .singleElement()
        .extracting(LoraMatch.LowRank::tensor)
        .isEqualTo(Q + ".weight");
    assertThat(delta(match)).containsExactly(PRODUCT);
  }

  @ParameterizedTest
  @CsvSource({
    "blocks.0.attn1.to_out.0, blocks.0.self_attn.o",
    "blocks.0.attn1.to_out, blocks.0.self_attn.o",
    "lora_unet_blocks_0_attn1_to_out_0, blocks.0.self_attn.o",
    "lora_unet_blocks_0_attn1_to_out, blocks.0.self_attn.o",
    "transformer.blocks.0.attn2.to_k, blocks.0.cross_attn.k",
    "lora_unet_blocks_16.cross_attn.o, blocks.16.cross_attn.o",
    "transformer.blocks.0.ffn.net.0.proj, blocks.0.ffn.0",
    "lora_unet_blocks_0_ffn_net_2, blocks.0.ffn.2",
    "lora_unet_blocks_0_ffn_0, blocks.0.ffn.0",
    "transformer.condition_embedder.time_embedder.linear_1, time_embedding.0",
    "condition_embedder.text_embedder.linear_2, text_embedding.2",
    "lora_unet_condition_embedder_time_proj, time_projection.1",
    "diffusion_model.time_projection.1, time_projection.1",
    "transformer.proj_out, head.head",
    "lora_unet_head_head, head.head"
  })
  void findsModules(String module, String official) throws Exception {
    file.put(module + ".lora_A.weight", DOWN, 1, 3).put(module + ".lora_B.weight", UP, 2, 1);
    assertThat(match(1).lowRank().get(0).tensor()).isEqualTo(official + ".weight");
  }

  @ParameterizedTest
  @CsvSource({
    "text_encoder.encoder.block.0.layer.0.SelfAttention.q, TEXT_ENCODER",
    "lora_te_blocks_0_self_attn_q, TEXT_ENCODER",
    "lora_te1_blocks_0_self_attn_q, TEXT_ENCODER",
    "t5.blocks.0.self_attn.q, TEXT_ENCODER",
    "vace_blocks.0.self_attn.q, NOT_IN_MODEL",
    "lora_unet_vace_blocks_0_self_attn_q, NOT_IN_MODEL",
    "vace.blocks.0.self_attn.q, NOT_IN_MODEL",
    "controlnet.blocks.0.self_attn.q, NOT_IN_MODEL",
    "diffusion_model.blocks.77.self_attn.q, NOT_IN_MODEL",
    "diffusion_model.blocks.0.cross_attn.k_img, NOT_IN_MODEL",
    "vace_patch_embedding, NOT_IN_MODEL"
  })
  void leavesOutWhatIsOfAnotherNetwork(String module, Reason reason) throws Exception {
    file.put(module + ".lora_A.weight", DOWN, 1, 3).put(module + ".lora_B.weight", UP, 2, 1);
    putQ("");
    LoraMatch match = match(1);
    assertThat(match.leftOut()).containsExactly(new LeftOut(module, reason));
    assertThat(delta(match)).containsExactly(PRODUCT);
  }

  @Test
  void addsDifferences() throws Exception {
    file.put("diffusion_model.blocks.0.norm3.diff", new float[] {1, 2, 3}, 3);
    file.put("diffusion_model.blocks.0.norm3.diff_b", new float[] {4, 5, 6}, 3);
    file.put("blocks.0.ffn.0.w_norm", PRODUCT, 2, 3);
    file.put("blocks.0.ffn.0.b_norm", UP, 2);
    file.put("blocks.0.diff_m", new float[18], 1, 6, 3);
    file.put("head.diff_m", new float[6], 1, 2, 3);
    LoraMatch match = match(0.5);
    assertThat(match.differences())
        .extracting(LoraMatch.Difference::tensor, LoraMatch.Difference::scale)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("blocks.0.norm3.weight", 0.5),
            org.assertj.core.groups.Tuple.tuple("blocks.0.norm3.bias", 0.5),
            org.assertj.core.groups.Tuple.tuple("blocks.0.ffn.0.weight", 0.5),
            org.assertj.core.groups.Tuple.tuple("blocks.0.ffn.0.bias", 0.5),
            org.assertj.core.groups.Tuple.tuple("blocks.0.modulation", 0.5),
            org.assertj.core.groups.Tuple.tuple("head.modulation", 0.5));
    assertThat(match.differences().get(1).difference().toFloats()).containsExactly(4, 5, 6);
    assertThat(match.modules()).isEqualTo(4);
  }

  /** Diffusers calls the affine norm norm2; the official code norm3. */
  @Test
  void knowsThatDiffusersSwapsTheNorms() throws Exception {
    file.put("transformer.blocks.0.norm2.diff", new float[3], 3);
    assertThat(match(1).differences().get(0).tensor()).isEqualTo("blocks.0.norm3.weight");
  }

  /** Peft adds the bias of the second matrix at the adapter's scale. */
  @Test
  void addsTheBiasOfTheSecondMatrix() throws Exception {
    putQ("");
    file.put(Q + ".lora_B.bias", new float[] {7, 8}, 2).put(Q + ".alpha", new float[] {0.5f});
    LoraMatch match = match(3);
    assertThat(match.differences())
        .singleElement()
        .satisfies(
            d -> {
              assertThat(d.tensor()).isEqualTo(Q + ".bias");
              assertThat(d.scale()).isEqualTo(1.5);
              assertThat(d.difference().toFloats()).containsExactly(7, 8);
            });
    assertThat(match.leftOut()).isEmpty();
  }

  @Test
  void takesAlphaUnderAnotherNamingOfTheModule() throws Exception {
    putQ("diffusion_model.");
    file.put("lora_unet_blocks_0_self_attn_q.alpha", new float[] {0.5f});
    LoraMatch match = match(1);
    assertThat(delta(match)).containsExactly(5, 10, 15, 10, 20, 30);
    assertThat(match.leftOut()).isEmpty();
  }

  @Test
  void saysWhichAlphasAndBiasesFindNoMatrices() throws Exception {
    putQ("");
    file.put("blocks.0.ffn.0.alpha", new float[] {2});
    file.put("blocks.0.ffn.2.lora_B.bias", UP, 2);
    file.put("blocks.99.ffn.2.alpha", new float[] {2});
    assertThat(match(1).leftOut())
        .containsExactlyInAnyOrder(
            new LeftOut("blocks.0.ffn.0.alpha", Reason.ALONE),
            new LeftOut("blocks.0.ffn.2.lora_B.bias", Reason.ALONE),
            new LeftOut("blocks.99.ffn.2", Reason.NOT_IN_MODEL));
  }

  @Test
  void addsAModuleOnceThatIsThereUnderTwoNames() throws Exception {
    putQ("diffusion_model.");
    file.put("transformer.blocks.0.attn1.to_q.lora_A.weight", DOWN, 1, 3);
    file.put("transformer.blocks.0.attn1.to_q.lora_B.weight", UP, 2, 1);
    file.put("lora_unet_blocks_0_self_attn_q.diff_b", UP, 2);
    file.put("blocks.0.self_attn.q.diff_b", UP, 2);
    LoraMatch match = match(1);
    assertThat(delta(match)).containsExactly(PRODUCT);
    assertThat(match.differences()).hasSize(1);
    assertThat(match.leftOut())
        .containsExactly(
            new LeftOut("transformer.blocks.0.attn1.to_q", Reason.SECOND_TIME),
            new LeftOut("blocks.0.self_attn.q.diff_b", Reason.SECOND_TIME));
  }

  @Test
  void addsAModuleOnceThatIsThereUnderTwoEndings() throws Exception {
    putQ("");
    file.put(Q + ".lora_down.weight", DOWN, 1, 3).put(Q + ".lora_up.weight", UP, 2, 1);
    LoraMatch match = match(1);
    assertThat(delta(match)).containsExactly(PRODUCT);
    assertThat(match.leftOut())
        .containsExactly(
            new LeftOut(Q + ".lora_down.weight", Reason.SECOND_TIME),
            new LeftOut(Q + ".lora_up.weight", Reason.SECOND_TIME));
  }

  @Test
  void ofTwoExpertsInOneFileTheFirstIsTaken() throws Exception {
    putQ("transformer_2.");
    file.put("transformer." + Q + ".lora_A.weight", new float[] {1, 0, 0}, 1, 3);
    file.put("transformer." + Q + ".lora_B.weight", new float[] {1, 1}, 2, 1);
    LoraMatch match = match(1);
    assertThat(delta(match)).containsExactly(1, 0, 0, 1, 0, 0);
    assertThat(match.leftOut())
        .containsExactly(new LeftOut("transformer_2." + Q, Reason.OTHER_EXPERT));
  }

  @Test
  void layersMayDifferInRank() throws Exception {
    putQ("");
    file.put("blocks.0.ffn.0.lora_A.weight", new float[] {1, 0, 0, 0, 1, 0}, 2, 3);
    file.put("blocks.0.ffn.0.lora_B.weight", new float[] {1, 2, 3, 4}, 2, 2);
    LoraMatch match = match(1);
    assertThat(match.lowRank()).extracting(LoraMatch.LowRank::rank).containsExactly(1, 2);
    assertThat(delta(match.lowRank().get(1))).containsExactly(1, 2, 0, 3, 4, 0);
  }

  @Test
  void multipliesKernelsAsMatrices() throws Exception {
    float[] down = new float[12];
    down[11] = 2;
    file.put("patch_embedding.lora_down.weight", down, 1, 3, 1, 2, 2);
    file.put("patch_embedding.lora_up.weight", new float[] {3, 5}, 2, 1, 1, 1, 1);
    float[] delta = delta(match(1).lowRank().get(0));
    assertThat(delta).hasSize(24);
    assertThat(delta[11]).isEqualTo(6);
    assertThat(delta[23]).isEqualTo(10);
  }

  @Test
  void leavesOutKernelsForOtherChannels() throws Exception {
    putQ("");
    file.put("patch_embedding.lora_A.weight", new float[36 * 4], 1, 36, 1, 2, 2);
    file.put("patch_embedding.lora_B.weight", UP, 2, 1, 1, 1, 1);
    file.put("patch_embedding.diff_b", UP, 2);
    file.put("head.head.lora_A.weight", DOWN, 1, 3);
    file.put("head.head.lora_B.weight", new float[5], 5, 1);
    LoraMatch match = match(1);
    assertThat(match.lowRank()).hasSize(1);
    assertThat(match.differences())
        .extracting(LoraMatch.Difference::tensor)
        .containsExactly("patch_embedding.bias");
    assertThat(match.leftOut())
        .containsExactly(
            new LeftOut("patch_embedding", Reason.OTHER_CHANNELS),
            new LeftOut("head.head", Reason.OTHER_CHANNELS));
    assertThat(match.summary())
        .contains("2 for another number of channels (such as 'patch_embedding')");
  }

  @Test
  void leavesOutDifferencesForOtherChannels() throws Exception {
    putQ("");
    file.put("diffusion_model.patch_embedding.diff", new float[2 * 36 * 4], 2, 36, 1, 2, 2);
    assertThat(match(1).leftOut())
        .containsExactly(
            new LeftOut("diffusion_model.patch_embedding.diff", Reason.OTHER_CHANNELS));
  }

  @Test
  void namesWhatIsNoPartOfAnAdapter() throws Exception {
    putQ("");
    file.put("something.else", UP, 2);
    LoraMatch match = match(1);
    assertThat(match.leftOut()).containsExactly(new LeftOut("something.else", Reason.UNKNOWN));
    assertThat(match.summary())
        .contains(
            "strength 1.0: 1 module matched; left out: 1 of a form that is not known"
                + " ('something.else')");
  }

  @Test
  void refusesAnAdapterOfWhichNothingMatches() {
    file.put("blocks.77.ffn.0.lora_A.weight", DOWN, 1, 3);
    file.put("blocks.77.ffn.0.lora_B.weight", UP, 2, 1);
    assertRefused("none of its 1 modules is in this model, such as 'blocks.77.ffn.0'");
  }

  @Test
  void refusesWhatDoesNotFit() {
    file.put(Q + ".lora_A.weight", new float[4], 1, 4).put(Q + ".lora_B.weight", UP, 2, 1);
    assertRefused("another size of the model");
  }

  @Test
  void refusesMatricesThatAreSwapped() {
    file.put(Q + ".lora_A.weight", DOWN, 3, 1).put(Q + ".lora_B.weight", UP, 1, 2);
    assertRefused("another size of the model");
  }

  @Test
  void refusesDifferencesThatDoNotFit() {
    file.put("blocks.0.norm3.diff", new float[4], 4);
    assertRefused("does not fit the model's 'blocks.0.norm3.weight'");
  }

  @Test
  void refusesHalfAModule() {
    file.put(Q + ".lora_A.weight", DOWN, 1, 3);
    assertRefused("has only one of its two low-rank matrices");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dora_scale",
        "lora_magnitude_vector.weight",
        "lora_magnitude_vector.default.weight"
      })
  void refusesDora(String ending) {
    putQ("");
    file.put(Q + "." + ending, UP, 2);
    assertRefused("DoRA");
  }

  @ParameterizedTest
  @ValueSource(strings = {"lokr_w1", "hada_w1_a", "lora_mid.weight", "oft_blocks"})
  void refusesOtherKinds(String ending) {
    file.put(Q + "." + ending, UP, 2);
    assertRefused("no plain LoRA");
  }

  @Test
  void refusesACheckpoint() {
    file.put("conv.weight", UP, 2);
    assertRefused("no LoRA tensors");
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
  void namesTheTensorThatIsNotFinite(float bad) throws Exception {
    putQ("");
    file.put("blocks.0.norm3.diff", new float[] {0, bad, 1}, 3);
    LoraMatch match = match(1);
    assertThatThrownBy(match::requireFinite)
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("adapter.safetensors")
        .hasMessageContaining("'blocks.0.norm3.diff' of this adapter holds infinities or NaN");
  }

  @Test
  void passesLargeFiniteValues() throws Exception {
    file.put(Q + ".lora_A.weight", new float[] {Float.MAX_VALUE, 1, -Float.MAX_VALUE}, 1, 3);
    file.put(Q + ".lora_B.weight", new float[] {0, -0f}, 2, 1);
    LoraMatch match = match(1);
    match.requireFinite();
    assertThat(match.lowRank()).hasSize(1);
  }

  private void putQ(String prefix) {
    file.put(prefix + Q + ".lora_A.weight", DOWN, 1, 3);
    file.put(prefix + Q + ".lora_B.weight", UP, 2, 1);
  }

  private LoraMatch match(double strength) throws Exception {
    adapter = file.open(directory.resolve("adapter.safetensors"), strength);
    return LoraMatch.of(adapter, model);
  }

  private void assertRefused(String part) {
    assertThatThrownBy(() -> match(1))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("adapter.safetensors")
        .hasMessageContaining(part);
  }

  private static float[] delta(LoraMatch match) {
    assertThat(match.lowRank()).hasSize(1);
    return delta(match.lowRank().get(0));
  }

  private static float[] delta(LoraMatch.LowRank change) {
    float[] down = floats(change.down());
    float[] up = floats(change.up());
    int rank = change.rank();
    int in = down.length / rank;
    float[] delta = new float[up.length / rank * in];
    for (int i = 0; i < delta.length; i++) {
      for (int r = 0; r < rank; r++) {
        delta[i] += (float) change.scale() * up[i / in * rank + r] * down[r * in + i % in];
      }
    }
    return delta;
  }

  private static float[] floats(WeightTensor tensor) {
    return tensor.toFloats();
  }
}
