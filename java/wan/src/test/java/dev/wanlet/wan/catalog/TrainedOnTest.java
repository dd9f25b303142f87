// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TrainedOnTest {
  private static final FrameSize SIZE = new FrameSize(64, 64);

  private final TrainedOn demo =
      ModelCatalog.standard().require(ModelCatalog.DEMO).trainedOn().orElseThrow();

  @Test
  void nothingIsSaidOfWhatTheModelKnows() {
    assertThat(demo.beyond("m", SIZE, 17, "A yellow star moving up, on a navy background."))
        .isEmpty();
    assertThat(demo.beyond("m", new FrameSize(48, 80), 9, "a video of an orange circle")).isEmpty();
  }

  @Test
  void everyKindOfSettingBeyondItHasItsLine() {
    assertThat(demo.beyond("m", new FrameSize(256, 256), 33, "a red fox in fresh snow, a fox"))
        .satisfiesExactly(
            size -> assertThat(size).contains("64x64, 80x48, 48x80", "at 256x256"),
            frames -> assertThat(frames).contains("9, 17", "with 33"),
            words -> assertThat(words).contains("does not know fox, in, fresh, snow;", "circle"));
  }

  @Test
  void onlyTheDemoModelsAreLimited() {
    assertThat(ModelCatalog.standard().models())
        .filteredOn(m -> m.trainedOn().isPresent())
        .extracting(ModelDefaults::id)
        .isEqualTo(List.of(ModelCatalog.DEMO, ModelCatalog.DEMO_PICTURES));
  }
}
