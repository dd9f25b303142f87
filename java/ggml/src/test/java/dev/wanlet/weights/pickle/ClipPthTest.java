// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.pickle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.checkpoint.Checkpoint;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import dev.wanlet.weights.checkpoint.ClipNames;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** CLIP as Wan's authors publish it: both towers in one file of PyTorch's, of which one is run. */
class ClipPthTest {
  @TempDir private Path folder;

  @Test
  void theVisionTowerIsTakenOutOfTheOfficialFile() throws IOException {
    float[] qkv = new float[6 * 2];
    for (int i = 0; i < qkv.length; i++) {
      qkv[i] = i;
    }
    Path path = folder.resolve("models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth");
    Files.write(
        path,
        PthBytes.stateDict()
            .tensor("log_scale", "FloatStorage", PthBytes.floats(1), 4, 1)
            .tensor("visual.cls_embedding", "FloatStorage", PthBytes.floats(1, 2), 4, 1, 1, 2)
            .tensor(
                "visual.transformer.0.attn.to_qkv.weight",
                "FloatStorage",
                PthBytes.floats(qkv),
                4,
                6,
                2)
            .tensor("textual.pooler.weight", "FloatStorage", PthBytes.floats(3, 4), 4, 2)
            .end()
            .bytes());

    try (Checkpoint checkpoint = Checkpoint.open(path);
        WeightSource vision = ClipNames.apart(checkpoint.source())) {
      assertThat(checkpoint.kind()).isEqualTo(CheckpointKind.IMAGE_ENCODER);
      assertThat(vision.tensors())
          .extracting(WeightTensor::name)
          .containsExactlyInAnyOrder(
              "cls_embedding",
              "transformer.0.attn.q.weight",
              "transformer.0.attn.k.weight",
              "transformer.0.attn.v.weight");
      WeightTensor keys = vision.require("transformer.0.attn.k.weight");
      assertThat(keys.shape()).isEqualTo(Shape.of(2, 2));
      assertThat(keys.buffer().order(ByteOrder.LITTLE_ENDIAN).getFloat(0)).isEqualTo(4f);
    }
  }
}
