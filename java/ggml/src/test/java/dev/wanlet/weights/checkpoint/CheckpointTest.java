// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.safetensors.SafetensorsBytes;
import java.util.List;
import org.junit.jupiter.api.Test;

class CheckpointTest {
  @Test
  void recognisesNetworksByTheirNames() throws Exception {
    assertKind(
        CheckpointKind.TRANSFORMER, CheckpointLayout.OFFICIAL, "blocks.0.self_attn.q.weight");
    assertKind(
        CheckpointKind.TRANSFORMER,
        CheckpointLayout.OFFICIAL,
        "model.diffusion_model.blocks.0.self_attn.q.weight");
    assertKind(
        CheckpointKind.TEXT_ENCODER,
        CheckpointLayout.OFFICIAL,
        "token_embedding.weight",
        "blocks.0.attn.q.weight");
    assertKind(CheckpointKind.TEXT_ENCODER, CheckpointLayout.LLAMA_CPP, "enc.blk.0.attn_q.weight");
    assertKind(
        CheckpointKind.IMAGE_ENCODER,
        CheckpointLayout.OFFICIAL,
        "visual.transformer.0.attn.to_qkv.weight");
    assertKind(
        CheckpointKind.IMAGE_ENCODER,
        CheckpointLayout.HUGGING_FACE,
        "vision_model.encoder.layers.0.self_attn.q_proj.weight");
    assertKind(
        CheckpointKind.VAE_2_1, CheckpointLayout.OFFICIAL, "decoder.upsamples.0.residual.2.weight");
    assertKind(
        CheckpointKind.VAE_2_2,
        CheckpointLayout.OFFICIAL,
        "decoder.upsamples.0.upsamples.0.residual.2.weight");
    assertKind(CheckpointKind.LORA, CheckpointLayout.OFFICIAL, "x.blocks.0.ffn.0.lora_A.weight");
    assertKind(CheckpointKind.UNKNOWN, CheckpointLayout.OFFICIAL, "conv.weight");
  }

  @Test
  void namesDiffusersTransformersOfficially() throws Exception {
    assertRenamed(
        "blocks.0.attn1.to_q.weight", "blocks.0.self_attn.q.weight",
        "blocks.0.attn1.to_out.0.bias", "blocks.0.self_attn.o.bias",
        "blocks.0.attn1.norm_q.weight", "blocks.0.self_attn.norm_q.weight",
        "blocks.11.attn2.norm_k.weight", "blocks.11.cross_attn.norm_k.weight",
        "blocks.0.attn2.add_k_proj.weight", "blocks.0.cross_attn.k_img.weight",
        "blocks.0.attn2.norm_added_k.weight", "blocks.0.cross_attn.norm_k_img.weight",
        "blocks.0.norm2.weight", "blocks.0.norm3.weight",
        "blocks.0.ffn.net.0.proj.weight", "blocks.0.ffn.0.weight",
        "blocks.0.ffn.net.2.bias", "blocks.0.ffn.2.bias",
        "blocks.0.scale_shift_table", "blocks.0.modulation",
        "scale_shift_table", "head.modulation",
        "proj_out.weight", "head.head.weight",
        "patch_embedding.weight", "patch_embedding.weight",
        "condition_embedder.time_embedder.linear_1.weight", "time_embedding.0.weight",
        "condition_embedder.time_embedder.linear_2.bias", "time_embedding.2.bias",
        "condition_embedder.text_embedder.linear_2.weight", "text_embedding.2.weight",
        "condition_embedder.time_proj.weight", "time_projection.1.weight",
        "condition_embedder.image_embedder.norm1.weight", "img_emb.proj.0.weight",
        "condition_embedder.image_embedder.ff.net.0.proj.weight", "img_emb.proj.1.weight",
        "condition_embedder.image_embedder.ff.net.2.weight", "img_emb.proj.3.weight",
        "condition_embedder.image_embedder.norm2.bias", "img_emb.proj.4.bias",
        "condition_embedder.image_embedder.pos_embed", "img_emb.emb_pos",
        "vace_blocks.0.proj_in.weight", "vace_blocks.0.before_proj.weight",
        "vace_blocks.0.proj_out.weight", "vace_blocks.0.after_proj.weight",
        "vace_patch_embedding.weight", "vace_patch_embedding.weight");
  }

  @Test
  void namesDiffusersVaesOfficially() throws Exception {
    assertRenamed(
        "decoder.up_blocks.0.resnets.0.norm1.gamma", "decoder.upsamples.0.residual.0.gamma",
        "decoder.up_blocks.0.resnets.0.conv1.weight", "decoder.upsamples.0.residual.2.weight",
        "decoder.up_blocks.1.resnets.0.conv_shortcut.weight", "decoder.upsamples.4.shortcut.weight",
        "decoder.up_blocks.3.resnets.2.norm2.gamma", "decoder.upsamples.14.residual.3.gamma",
        "decoder.up_blocks.1.upsamplers.0.time_conv.bias", "decoder.upsamples.7.time_conv.bias",
        "decoder.up_blocks.2.upsamplers.0.resample.1.bias", "decoder.upsamples.11.resample.1.bias",
        "encoder.down_blocks.3.conv_shortcut.weight", "encoder.downsamples.3.shortcut.weight",
        "encoder.down_blocks.5.time_conv.weight", "encoder.downsamples.5.time_conv.weight",
        "encoder.down_blocks.10.norm1.gamma", "encoder.downsamples.10.residual.0.gamma",
        "encoder.mid_block.resnets.1.conv2.weight", "encoder.middle.2.residual.6.weight",
        "decoder.mid_block.attentions.0.to_qkv.weight", "decoder.middle.1.to_qkv.weight",
        "decoder.mid_block.attentions.0.norm.gamma", "decoder.middle.1.norm.gamma",
        "decoder.conv_in.weight", "decoder.conv1.weight",
        "decoder.norm_out.gamma", "decoder.head.0.gamma",
        "decoder.conv_out.weight", "decoder.head.2.weight",
        "quant_conv.weight", "conv1.weight",
        "post_quant_conv.bias", "conv2.bias");
    assertRenamed(
        "decoder.up_blocks.0.resnets.0.norm1.gamma",
            "decoder.upsamples.0.upsamples.0.residual.0.gamma",
        "decoder.up_blocks.0.resnets.0.conv1.weight",
            "decoder.upsamples.0.upsamples.0.residual.2.weight",
        "decoder.up_blocks.0.upsampler.resample.1.weight",
            "decoder.upsamples.0.upsamples.3.resample.1.weight",
        "decoder.up_blocks.2.resnets.0.conv_shortcut.weight",
            "decoder.upsamples.2.upsamples.0.shortcut.weight",
        "encoder.down_blocks.1.resnets.1.norm1.gamma",
            "encoder.downsamples.1.downsamples.1.residual.0.gamma",
        "encoder.down_blocks.1.downsampler.time_conv.weight",
            "encoder.downsamples.1.downsamples.2.time_conv.weight");
  }

  @Test
  void namesTextEncodersOfficiallyAndBack() throws Exception {
    assertRenamed(
        "shared.weight", "token_embedding.weight",
        "encoder.final_layer_norm.weight", "norm.weight",
        "encoder.block.0.layer.0.SelfAttention.q.weight", "blocks.0.attn.q.weight",
        "encoder.block.3.layer.0.SelfAttention.relative_attention_bias.weight",
            "blocks.3.pos_embedding.embedding.weight",
        "encoder.block.3.layer.0.layer_norm.weight", "blocks.3.norm1.weight",
        "encoder.block.3.layer.1.layer_norm.weight", "blocks.3.norm2.weight",
        "encoder.block.3.layer.1.DenseReluDense.wi_0.weight", "blocks.3.ffn.gate.0.weight",
        "encoder.block.3.layer.1.DenseReluDense.wi_1.weight", "blocks.3.ffn.fc1.weight",
        "encoder.block.3.layer.1.DenseReluDense.wo.weight", "blocks.3.ffn.fc2.weight");
    List<String> official =
        List.of(
            "token_embedding.weight",
            "norm.weight",
            "blocks.2.attn.o.weight",
            "blocks.2.pos_embedding.embedding.weight",
            "blocks.2.norm1.weight",
            "blocks.2.norm2.weight",
            "blocks.2.ffn.gate.0.weight",
            "blocks.2.ffn.fc1.weight",
            "blocks.2.ffn.fc2.weight");
    String[] llama = official.stream().map(Umt5Names::llamaCpp).toArray(String[]::new);
    assertThat(llama)
        .contains("token_embd.weight", "enc.output_norm.weight", "enc.blk.2.attn_rel_b.weight")
        .doesNotContainAnyElementsOf(official);
    try (WeightSource back = Umt5Names.official(new SafetensorsBytes().names(llama).open())) {
      assertThat(back.tensors()).extracting(WeightTensor::name).containsExactlyElementsOf(official);
    }
  }

  @Test
  void leavesOutOtherNetworksAndSecondCopies() throws Exception {
    String q = "encoder.block.0.layer.0.SelfAttention.q.weight";
    SafetensorsBytes file =
        new SafetensorsBytes()
            .names("shared.weight", "encoder.embed_tokens.weight", q, "decoder.x.weight");
    try (Checkpoint checkpoint = Checkpoint.of(file.open())) {
      assertThat(checkpoint.source().tensors())
          .extracting(WeightTensor::name)
          .containsExactly("token_embedding.weight", "blocks.0.attn.q.weight");
    }
    SafetensorsBytes both =
        new SafetensorsBytes()
            .names("model.diffusion_model.blocks.0.self_attn.q.weight", "vae.conv1.weight");
    try (Checkpoint checkpoint = Checkpoint.of(both.open())) {
      assertThat(checkpoint.prefix()).isEqualTo("model.diffusion_model.");
      assertThat(checkpoint.source().tensors())
          .extracting(WeightTensor::name)
          .containsExactly("blocks.0.self_attn.q.weight");
    }
  }

  private static void assertKind(CheckpointKind kind, CheckpointLayout layout, String... names)
      throws Exception {
    try (Checkpoint checkpoint = Checkpoint.of(new SafetensorsBytes().names(names).open())) {
      assertThat(checkpoint.kind()).as(names[0]).isEqualTo(kind);
      assertThat(checkpoint.layout()).as(names[0]).isEqualTo(layout);
    }
  }

  /** Pairs of a name in the file and the official one. */
  private static void assertRenamed(String... pairs) throws Exception {
    SafetensorsBytes file = new SafetensorsBytes();
    for (int i = 0; i < pairs.length; i += 2) {
      file.names(pairs[i]);
    }
    try (Checkpoint checkpoint = Checkpoint.of(file.open())) {
      for (int i = 0; i < pairs.length; i += 2) {
        assertThat(checkpoint.source().find(pairs[i + 1])).as(pairs[i]).isPresent();
      }
      assertThat(checkpoint.source().tensors()).hasSize(pairs.length / 2);
    }
  }
}
