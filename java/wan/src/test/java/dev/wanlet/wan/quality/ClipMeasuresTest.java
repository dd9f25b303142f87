// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.read.VideoReader;
import dev.wanlet.wan.media.write.FrameSink;
import dev.wanlet.wan.media.write.FrameSinks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ClipMeasuresTest {
  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(Damage.class)
  void everyStrengthOfADamageIsWorseThanTheOneBefore(Damage damage) throws IOException {
    for (int number = 0; number < Damage.CLIPS; number++) {
      List<RgbFrame> clip = Damage.clip(number);
      Map<String, Double> first = worth(damage, clip);
      Map<String, Double> before = first;
      for (int strength = 1; strength <= Damage.STRENGTHS; strength++) {
        Map<String, Double> now = worth(damage, damage.of(clip, strength));
        for (String id : damage.measures()) {
          assertThat(now.get(id))
              .as("%s of clip %d, %s %d", id, number, damage, strength)
              .isLessThan(before.get(id));
        }
        if (strength == 1) {
          Map<String, Double> encoded = worth(damage, encoded(clip));
          for (String id : damage.measures()) {
            assertThat(Math.abs(encoded.get(id) - first.get(id)))
                .as("%s of clip %d after H.264", id, number)
                .isLessThan(first.get(id) - now.get(id));
          }
        }
        before = now;
      }
    }
  }

  @Test
  void aClipOfOneFrameHasNoMeasuresOfMotion() {
    ClipMeasures measures = new ClipMeasures();
    measures.accept(Damage.clip(0).get(0));
    assertThat(measures.values().get("sharpness")).isPresent();
    assertThat(measures.values().get("flicker")).isEmpty();
    assertThat(measures.values().get("dynamic_degree")).isEmpty();
  }

  @Test
  void allMeasuresAreToldUnderTheirNames() {
    assertThat(new ClipMeasures().values().keySet())
        .containsExactlyElementsOf(ClipMeasures.infos().stream().map(MeasureInfo::id).toList());
  }

  @Test
  void narrowClipsAreMeasuredToo() {
    ClipMeasures measures = new ClipMeasures();
    for (int t = 0; t < 3; t++) {
      measures.accept(new RgbFrame(1, 2, new byte[6]));
    }
    measures
        .values()
        .values()
        .forEach(value -> assertThat(value.orElse(0)).as("%s", measures.values()).isFinite());
  }

  private Map<String, Double> worth(Damage damage, List<RgbFrame> clip) {
    Map<String, Double> worth = new HashMap<>();
    for (ClipMeasure measure : ClipMeasures.all()) {
      if (damage.measures().contains(measure.info().id())) {
        clip.forEach(f -> measure.accept(Planes.of(f)));
        OptionalDouble value = measure.value();
        worth.put(
            measure.info().id(),
            measure.info().higherIsBetter() ? value.orElseThrow() : -value.orElseThrow());
      }
    }
    return worth;
  }

  private List<RgbFrame> encoded(List<RgbFrame> clip) throws IOException {
    Path file = folder.resolve("clip.mp4");
    int width = clip.get(0).width();
    int height = clip.get(0).height();
    try (FrameSink sink = FrameSinks.open(file, width, height, 16, VideoMetadata.empty())) {
      for (RgbFrame frame : clip) {
        sink.accept(frame);
      }
      sink.finish();
    }
    return VideoReader.readAll(file);
  }
}
