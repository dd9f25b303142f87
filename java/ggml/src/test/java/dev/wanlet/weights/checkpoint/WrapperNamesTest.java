// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.safetensors.SafetensorsBytes;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names of networks that were wrapped, nested or put beside others, in any way. */
class WrapperNamesTest {
  private static final List<String> TRANSFORMER =
      List.of("blocks.0.self_attn.q.weight", "blocks.1.ffn.0.bias", "head.modulation");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "module.",
        "_orig_mod.",
        "module._orig_mod.module.",
        "model.diffusion_model._orig_mod.",
        "generator.model._fsdp_wrapped_module.",
        "pipe.dit.",
        "a_name.nobody-has_thought.of.",
        "model.diffusion_model.model.diffusion_model."
      })
  void takesWhateverStandsBefore(String prefix) throws Exception {
    try (Checkpoint checkpoint = open(TRANSFORMER, prefix)) {
      assertThat(checkpoint.kind()).isEqualTo(CheckpointKind.TRANSFORMER);
      assertThat(names(checkpoint.source())).containsExactlyElementsOf(TRANSFORMER);
    }
    for (List<String> names :
        List.of(
            List.of("encoder.block.0.layer.0.SelfAttention.q.weight"),
            List.of("enc.blk.0.attn_q.weight"),
            List.of("decoder.upsamples.0.residual.2.weight"))) {
      try (Checkpoint plain = open(names, "");
          Checkpoint wrapped = open(names, prefix)) {
        assertThat(plain.kind()).isNotEqualTo(CheckpointKind.UNKNOWN);
        assertThat(wrapped.kind()).isEqualTo(plain.kind());
        assertThat(names(wrapped.source())).isEqualTo(names(plain.source()));
      }
    }
  }

  @Test
  void takesWrappersOfSingleBlocksAway() throws Exception {
    List<String> wrapped =
        List.of(
            "_fsdp_wrapped_module.blocks.0._fsdp_wrapped_module._checkpoint_wrapped_module"
                + ".self_attn.q.weight",
            "_fsdp_wrapped_module.blocks.1._orig_mod.ffn.module.0.bias",
            "_fsdp_wrapped_module.head._modules.x._parameters.modulation");
    try (Checkpoint checkpoint = open(wrapped, "")) {
      assertThat(names(checkpoint.source()))
          .containsExactly(
              "blocks.0.self_attn.q.weight", "blocks.1.ffn.0.bias", "head.x.modulation");
    }
    assertThat(WrapperNames.unwrapped("a._extra_state")).isEqualTo("a._extra_state");
    assertThatThrownBy(() -> open(List.of("a.module.b", "a.b"), ""))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("twice");
  }

  @Test
  void tellsTheNetworksOfOneFileApart() throws Exception {
    SafetensorsBytes file =
        new SafetensorsBytes()
            .names("model.diffusion_model.blocks.0.self_attn.q.weight", "model.diffusion_model.x")
            .names("first_stage_model.decoder.upsamples.0.residual.2.weight")
            .names("te.encoder.block.0.layer.0.SelfAttention.q.weight", "alone");
    try (Checkpoint checkpoint = Checkpoint.of(file.open())) {
      assertThat(checkpoint.kind()).isEqualTo(CheckpointKind.TRANSFORMER);
      assertThat(checkpoint.others())
          .containsExactly(CheckpointKind.TEXT_ENCODER, CheckpointKind.VAE_2_1);
      assertThat(names(checkpoint.source())).containsExactly("blocks.0.self_attn.q.weight", "x");
    }
    // Without a prefix of its own a network does not take those of others along.
    SafetensorsBytes mixed =
        new SafetensorsBytes()
            .names("blocks.0.self_attn.q.weight", "vae.decoder.upsamples.0.residual.2.weight");
    try (Checkpoint checkpoint = Checkpoint.of(mixed.open())) {
      assertThat(names(checkpoint.source())).containsExactly("blocks.0.self_attn.q.weight");
    }
  }

  @Test
  void takesTheMovingAverageAndSaysSo() throws Exception {
    SafetensorsBytes file =
        new SafetensorsBytes()
            .names("generator.blocks.0.self_attn.q.weight", "generator.a")
            .names("generator_ema.blocks.0.self_attn.q.weight", "generator_ema.b");
    try (Checkpoint checkpoint = Checkpoint.of(file.open())) {
      assertThat(names(checkpoint.source())).containsExactly("blocks.0.self_attn.q.weight", "b");
      assertThat(checkpoint.notes())
          .containsExactly("the moving average 'generator_ema.' is taken, not 'generator.'");
    }
    SafetensorsBytes two =
        new SafetensorsBytes()
            .names("transformer.blocks.0.self_attn.q.weight")
            .names("transformer_2.blocks.0.self_attn.q.weight");
    try (WeightSource source = two.open()) {
      assertThatThrownBy(() -> Checkpoint.of(source))
          .isInstanceOf(WeightFormatException.class)
          .hasMessageContaining("'transformer.', 'transformer_2.'");
    }
  }

  private static Checkpoint open(List<String> names, String prefix) throws Exception {
    SafetensorsBytes file = new SafetensorsBytes();
    names.forEach(name -> file.names(prefix + name));
    return Checkpoint.of(file.open());
  }

  private static List<String> names(WeightSource source) {
    return source.tensors().stream().map(WeightTensor::name).toList();
  }
}
