// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae.known;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The latents and masks themselves are compared by parity, in the folder {@code conditioning}. */
class ControlFramesTest {
  private static final Path CONFIG = Path.of("src/test/resources/golden/conditioning/config.json");

  @Test
  void aLatentFrameHasTheMaskOfTheFrameThatTheReferenceTakes() throws IOException {
    JsonNode table =
        new ObjectMapper()
            .readTree(CONFIG.toFile())
            .get("vace_mask_source_frame_of_each_latent_frame");
    assertThat(table.size()).isEqualTo(6);
    table
        .properties()
        .forEach(
            clip -> {
              int count = Integer.parseInt(clip.getKey());
              int latentFrames = clip.getValue().size();
              for (int t = 0; t < latentFrames; t++) {
                assertThat(ControlFrames.maskedFrame(count, latentFrames, t))
                    .as("latent frame %d of %d frames", t, count)
                    .isEqualTo(clip.getValue().get(t).asInt());
              }
            });
  }

  @Test
  void aControlVideoHasAFrame() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ControlFrames(i -> new float[3], i -> new float[1], 0, List.of()))
        .withMessageContaining("0 frames");
  }
}
