// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class FrameSizeTest {
  private static final Path CONFIG = Path.of("src/test/resources/golden/conditioning/config.json");

  @Test
  void aPicturesAspectGivesTheSizesOfTheReference() throws IOException {
    JsonNode cases =
        new ObjectMapper()
            .readTree(Files.readString(CONFIG))
            .get("i2v_sizes_in_width_height_area_out_width_height");
    assertThat(cases).hasSize(12);
    for (JsonNode c : cases) {
      FrameSize picture = new FrameSize(c.get(0).asInt(), c.get(1).asInt());
      assertThat(FrameSize.ofAspect(picture, c.get(2).asLong(), 16))
          .as(c.toString())
          .isEqualTo(new FrameSize(c.get(3).asInt(), c.get(4).asInt()));
    }
  }

  @Test
  void theNearestAspectGivesTheSizesOfTheReference() throws IOException {
    JsonNode cases =
        new ObjectMapper()
            .readTree(Files.readString(CONFIG))
            .get("ti2v_sizes_in_width_height_out_width_height_for_area_704x1280");
    assertThat(cases).hasSize(7);
    for (JsonNode c : cases) {
      FrameSize picture = new FrameSize(c.get(0).asInt(), c.get(1).asInt());
      assertThat(FrameSize.nearest(picture, 704 * 1280, 32))
          .as(c.toString())
          .isEqualTo(new FrameSize(c.get(2).asInt(), c.get(3).asInt()));
    }
    assertThat(FrameSize.nearest(new FrameSize(10_000, 1), 4096, 32).height()).isEqualTo(32);
  }

  @Test
  void noSideIsNothing() {
    assertThat(FrameSize.ofAspect(new FrameSize(10_000, 1), 4096, 16).height()).isEqualTo(16);
    assertThat(FrameSize.ofAspect(new FrameSize(1, 1), 4096, 16)).isEqualTo(new FrameSize(64, 64));
  }
}
