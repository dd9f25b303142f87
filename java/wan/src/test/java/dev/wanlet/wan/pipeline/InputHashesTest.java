// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.request.Settings;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The sums of a clip, told apart by the settings that name their files. */
class InputHashesTest {
  @Test
  void eachFileHasItsOwnSum() {
    VideoMetadata clip =
        VideoMetadata.builder()
            .put("control-video", "poses.mp4")
            .put("control-mask", "mask.png")
            .put("ref-image", List.of("a.png", "b.png"))
            .put("init-img", "first.png")
            .put("end-img", "last.png")
            .put("lora", List.of("x.safetensors:1", "y.safetensors:1"))
            .put("vae", "vae.pth")
            .putProvenance("control-sha256", List.of("c0", "c1", "c2", "c3"))
            .putProvenance("picture-sha256", List.of("p0", "p1"))
            .putProvenance("lora-sha256", List.of("l0", "l1"))
            .build();
    assertThat(InputHashes.find(clip, Settings.CONTROL_VIDEO, 0)).contains("c0");
    assertThat(InputHashes.find(clip, Settings.CONTROL_MASK, 0)).contains("c1");
    assertThat(InputHashes.find(clip, Settings.REF_IMAGE, 0)).contains("c2");
    assertThat(InputHashes.find(clip, Settings.REF_IMAGE, 1)).contains("c3");
    assertThat(InputHashes.find(clip, Settings.REF_IMAGE, 2)).isEmpty();
    assertThat(InputHashes.find(clip, Settings.INIT_IMG, 0)).contains("p0");
    assertThat(InputHashes.find(clip, Settings.END_IMG, 0)).contains("p1");
    assertThat(InputHashes.find(clip, Settings.LORA, 1)).contains("l1");
    assertThat(InputHashes.find(clip, Settings.VAE, 0)).isEmpty();
    VideoMetadata over =
        VideoMetadata.builder()
            .put("init-video", "draft.mp4")
            .putProvenance("picture-sha256", List.of("v0"))
            .build();
    assertThat(InputHashes.find(over, Settings.INIT_VIDEO, 0)).contains("v0");
    assertThat(InputHashes.find(VideoMetadata.empty(), Settings.INIT_VIDEO, 0)).isEmpty();
  }
}
