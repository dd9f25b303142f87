// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.safetensors.SafetensorsBytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Half a model, or something that is none of ours, is an error that says so. */
class HalfModelTest {
  @Test
  void requiresEveryTensorOfEveryBlock() throws Exception {
    for (CheckpointKind kind : List.of(CheckpointKind.TRANSFORMER, CheckpointKind.TEXT_ENCODER)) {
      List<String> whole = names(kind, 3);
      try (Checkpoint checkpoint = of(whole)) {
        assertThatCode(checkpoint::requireWhole).doesNotThrowAnyException();
      }
      for (String missing : whole) {
        List<String> half = new ArrayList<>(whole);
        half.remove(missing);
        try (Checkpoint checkpoint = of(half)) {
          if (checkpoint.kind() == kind) {
            assertThatThrownBy(checkpoint::requireWhole)
                .isInstanceOf(WeightFormatException.class)
                .hasMessageContaining("only a part")
                .hasMessageContaining("'" + missing + "'");
          }
        } catch (WeightFormatException e) {
          assertThat(e).hasMessageContaining("T5"); // the position bias of the second block
        }
      }
    }
  }

  @Test
  void requiresTheBlocksBetween() throws Exception {
    List<String> gap = new ArrayList<>(names(CheckpointKind.TRANSFORMER, 4));
    gap.removeIf(name -> name.startsWith("blocks.2."));
    try (Checkpoint checkpoint = of(gap)) {
      assertThatThrownBy(checkpoint::requireWhole).hasMessageContaining("'blocks.2'");
    }
  }

  @Test
  void refusesWeightsInFormsThatNobodyReads() {
    assertRefused(
        new SafetensorsBytes()
            .tensor("blocks.0.self_attn.q.weight", "F4", new byte[8], 4, 4)
            .names("head.modulation"),
        "stored as F4");
    assertRefused(
        new SafetensorsBytes().tensor("blocks.0.self_attn.q.weight", "I8", new byte[4], 2, 2),
        "integers without a scale");
    for (String name :
        new String[] {
          "blocks.0.self_attn.q.weight_scale_2", "x.q.weight._data", "x.qweight", "x.weight.absmax"
        }) {
      assertRefused(new SafetensorsBytes().names("blocks.0.self_attn.q.weight", name), name);
      assertRefused(new SafetensorsBytes().names("other", name), name);
    }
  }

  @Test
  void saysWhatIsPassedOver() throws Exception {
    SafetensorsBytes file =
        new SafetensorsBytes()
            .names("model.blocks.0.self_attn.q.weight")
            .tensor("model.freqs", "C64", new byte[8], 1)
            .tensor("other.freqs", "C64", new byte[8], 1);
    try (Checkpoint checkpoint = Checkpoint.of(file.open())) {
      assertThat(checkpoint.notes()).containsExactly("'freqs' is passed over: it is stored as C64");
    }
  }

  @Test
  void tellsT5FromUmt5() throws Exception {
    List<String> t5 = new ArrayList<>(names(CheckpointKind.TEXT_ENCODER, 3));
    t5.removeIf(name -> name.matches("blocks\\.[12]\\.pos_.*"));
    SafetensorsBytes file = new SafetensorsBytes().names(t5.toArray(String[]::new));
    assertRefused(file, "this is T5");
  }

  @Test
  void namesTheNearestNetworkOfAnUnknownOne() throws Exception {
    try (Checkpoint checkpoint =
        of(List.of("net.blocks.0.self_attn.k.weight", "net.blocks.0.ffn.0.bias", "y.weight"))) {
      assertThat(checkpoint.kind()).isEqualTo(CheckpointKind.UNKNOWN);
      assertThatThrownBy(checkpoint::requireNetwork)
          .isInstanceOf(WeightFormatException.class)
          .hasMessageContaining("expected is one of these: Wan transformer, umT5 text encoder")
          .hasMessageContaining("Nearest is the Wan transformer")
          .hasMessageContaining("it has 2, such as 'blocks.*.ffn.*.bias'")
          .hasMessageContaining("lacks 'blocks.*.cross_attn.k.bias'");
    }
    try (Checkpoint checkpoint = of(List.of("encoder.block.3.layer.0.SelfAttention.k.weight"))) {
      assertThatThrownBy(checkpoint::requireNetwork).hasMessageContaining("umT5 text encoder, of");
    }
    try (Checkpoint checkpoint = of(List.of("down.conv"))) {
      assertThatThrownBy(checkpoint::requireNetwork).hasMessageContaining("Nothing in it");
    }
  }

  private static List<String> names(CheckpointKind kind, int blocks) {
    List<String> names = new ArrayList<>();
    Set<String> patterns = NetworkNames.of(kind).patterns();
    for (String pattern : patterns) {
      for (int i = 0; i < (pattern.contains("*") ? blocks : 1); i++) {
        names.add(pattern.replace("*", String.valueOf(i)));
      }
    }
    return names;
  }

  private static Checkpoint of(List<String> names) throws WeightFormatException {
    return Checkpoint.of(new SafetensorsBytes().names(names.toArray(String[]::new)).open());
  }

  private static void assertRefused(SafetensorsBytes file, String part) {
    assertThatThrownBy(
            () -> {
              try (WeightSource source = file.open()) {
                Checkpoint.of(source);
              }
            })
        .as(part)
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining(part);
  }
}
