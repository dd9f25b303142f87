// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.safetensors.SafetensorsBytes;
import org.junit.jupiter.api.Test;

class FoldedKernelsTest {
  @Test
  void unfoldsByTheBias() throws Exception {
    SafetensorsBytes file =
        new SafetensorsBytes()
            .tensor("video.weight", "F8_E4M3", new byte[72], 6, 3, 2, 2)
            .tensor("video.bias", "F8_E4M3", new byte[2], 2)
            .tensor("image.weight", "F8_E4M3", new byte[72], 6, 3, 2, 2)
            .tensor("image.bias", "F8_E4M3", new byte[6], 6)
            .tensor("bare.weight", "F8_E4M3", new byte[72], 6, 3, 2, 2)
            .tensor("odd.weight", "F8_E4M3", new byte[72], 6, 3, 2, 2)
            .tensor("odd.bias", "F8_E4M3", new byte[4], 4);
    try (WeightSource source = FoldedKernels.unfold(file.open())) {
      assertThat(source.require("video.weight").shape()).isEqualTo(Shape.of(2, 3, 3, 2, 2));
      assertThat(source.require("video.weight").storedShape()).isEqualTo(Shape.of(6, 3, 2, 2));
      for (String plain : new String[] {"image", "bare", "odd"}) {
        assertThat(source.require(plain + ".weight").shape()).isEqualTo(Shape.of(6, 3, 2, 2));
      }
    }
  }
}
