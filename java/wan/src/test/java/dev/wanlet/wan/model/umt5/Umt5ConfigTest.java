// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.umt5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.wan.model.GoldenTensors;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.checkpoint.Umt5Names;
import java.io.IOException;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** The layouts in which umT5 encoders are published, and what is wrong with some files. */
class Umt5ConfigTest {
  private static final Map<String, String> HUGGING_FACE =
      Map.ofEntries(
          Map.entry("token_embedding", "shared"),
          Map.entry("norm1", "layer.0.layer_norm"),
          Map.entry("norm2", "layer.1.layer_norm"),
          Map.entry("attn.q", "layer.0.SelfAttention.q"),
          Map.entry("attn.k", "layer.0.SelfAttention.k"),
          Map.entry("attn.v", "layer.0.SelfAttention.v"),
          Map.entry("attn.o", "layer.0.SelfAttention.o"),
          Map.entry("pos_embedding.embedding", "layer.0.SelfAttention.relative_attention_bias"),
          Map.entry("ffn.gate.0", "layer.1.DenseReluDense.wi_0"),
          Map.entry("ffn.fc1", "layer.1.DenseReluDense.wi_1"),
          Map.entry("ffn.fc2", "layer.1.DenseReluDense.wo"),
          Map.entry("norm", "encoder.final_layer_norm"));
  private static final Map<String, String> LLAMA_CPP =
      Map.ofEntries(
          Map.entry("token_embedding", "token_embd"),
          Map.entry("norm1", "attn_norm"),
          Map.entry("norm2", "ffn_norm"),
          Map.entry("attn.q", "attn_q"),
          Map.entry("attn.k", "attn_k"),
          Map.entry("attn.v", "attn_v"),
          Map.entry("attn.o", "attn_o"),
          Map.entry("pos_embedding.embedding", "attn_rel_b"),
          Map.entry("ffn.gate.0", "ffn_gate"),
          Map.entry("ffn.fc1", "ffn_up"),
          Map.entry("ffn.fc2", "ffn_down"),
          Map.entry("norm", "enc.output_norm"));

  private static WeightSource golden() throws IOException {
    return GoldenTensors.open("golden/umt5/weights.safetensors");
  }

  private static UnaryOperator<String> layout(String blockPrefix, Map<String, String> modules) {
    return name -> {
      String module = name.substring(0, name.lastIndexOf('.'));
      if (!module.startsWith("blocks.")) {
        return modules.get(module) + ".weight";
      }
      String[] parts = module.split("\\.", 3);
      return blockPrefix + parts[1] + "." + modules.get(parts[2]) + ".weight";
    };
  }

  @Test
  void readsTheThreePublishedLayouts() throws IOException {
    Umt5Config expected;
    try (WeightSource official = Umt5Names.official(golden())) {
      expected = Umt5Config.infer(official);
    }
    try (WeightSource source =
        Umt5Names.official(golden().renamed(layout("encoder.block.", HUGGING_FACE)))) {
      assertThat(Umt5Config.infer(source)).isEqualTo(expected);
    }
    try (WeightSource source =
        Umt5Names.official(golden().renamed(layout("enc.blk.", LLAMA_CPP)))) {
      assertThat(Umt5Config.infer(source)).isEqualTo(expected);
    }
  }

  @Test
  void leavesTheDecoderOut() throws IOException {
    UnaryOperator<String> decoder =
        name -> name.equals("norm.weight") ? "decoder.final_layer_norm.weight" : name;
    try (WeightSource source = Umt5Names.official(golden().renamed(decoder))) {
      assertThat(source.find("decoder.final_layer_norm.weight")).isEmpty();
      assertThatThrownBy(() -> Umt5Config.infer(source))
          .isInstanceOf(WeightFormatException.class)
          .hasMessageContaining("norm.weight");
    }
  }

  @Test
  void aMixedUpFileIsNamed() throws IOException {
    UnaryOperator<String> swapped =
        name ->
            switch (name) {
              case "blocks.1.ffn.fc1.weight" -> "blocks.1.ffn.fc2.weight";
              case "blocks.1.ffn.fc2.weight" -> "blocks.1.ffn.fc1.weight";
              default -> name;
            };
    try (WeightSource source = Umt5Names.official(golden().renamed(swapped))) {
      assertThatThrownBy(() -> Umt5Config.infer(source))
          .isInstanceOf(WeightFormatException.class)
          .hasMessageContaining("blocks.1.ffn.fc1.weight")
          .hasMessageContaining("[64, 128]")
          .hasMessageContaining("[128, 64]");
    }
  }
}
