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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ClipMeasuresTest {
  @TempDir static Path folder;
  private static List<List<RgbFrame>> clips;
  private static List<List<RgbFrame>> encoded;

  @BeforeAll
  static void drawAndEncode() throws IOException {
    clips = IntStream.range(0, Damage.CLIPS).mapToObj(Damage::clip).toList();
    encoded = new ArrayList<>();
    for (List<RgbFrame> clip : clips) {
      encoded.add(encoded(clip));
    }
  }

  @ParameterizedTest
  @EnumSource(Damage.class)
  void everyStrengthOfADamageIsWorseThanTheOneBefore(Damage damage) {
    for (int number = 0; number < Damage.CLIPS; number++) {
      List<RgbFrame> clip = clips.get(number);
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
          Map<String, Double> after = worth(damage, encoded.get(number));
          for (String id : damage.measures()) {
            assertThat(Math.abs(after.get(id) - first.get(id)))
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

  /** Values that every damage lowers; motion too, which is no fault in itself. */
  private static Map<String, Double> worth(Damage damage, List<RgbFrame> clip) {
    Map<String, Double> worth = new HashMap<>();
    for (ClipMeasure measure : ClipMeasures.all()) {
      if (damage.measures().contains(measure.info().id())) {
        clip.forEach(f -> measure.accept(Planes.of(f)));
        OptionalDouble value = measure.value();
        worth.put(
            measure.info().id(),
            measure.info().better() == Better.LOWER ? -value.orElseThrow() : value.orElseThrow());
      }
    }
    return worth;
  }

  private static List<RgbFrame> encoded(List<RgbFrame> clip) throws IOException {
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
