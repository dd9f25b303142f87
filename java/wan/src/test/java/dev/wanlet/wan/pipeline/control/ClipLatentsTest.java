// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.ggml.Shape;
import org.junit.jupiter.api.Test;

class ClipLatentsTest {
  @Test
  void picturesInFrontAreCutOffEveryChannel() {
    // Two channels of three frames of 1x2; the value says channel, frame and column.
    float[] all = {0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121};
    ClipLatents one = new ClipLatents(Shape.of(2, 3, 1, 2), 1);
    assertThat(one.frames()).isEqualTo(2);
    assertThat(one.own()).isEqualTo(Shape.of(2, 2, 1, 2));
    assertThat(one.of(all)).containsExactly(10, 11, 20, 21, 110, 111, 120, 121);
    ClipLatents none = new ClipLatents(Shape.of(2, 3, 1, 2), 0);
    assertThat(none.of(all)).isSameAs(all);
  }
}
