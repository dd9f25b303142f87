// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.read.VideoReader;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.memory.TaePlan;
import dev.wanlet.wan.request.Decoder;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Clips whose frames a small decoder makes. */
class SmallDecoderTest extends DemoRuns {
  static final Path TAE = Path.of("src/test/resources/golden/tae21/weights.safetensors");

  private GenerationRequest.Builder clip(String output) {
    return GenerationRequest.builder()
        .prompt("a red circle moving left on a black background")
        .seed(3)
        .steps(2)
        .frames(9)
        .output(folder.resolve(output))
        .compute(ONE_THREAD);
  }

  @Test
  void theSmallDecoderMakesTheFramesWithinItsPlan() throws IOException {
    GenerationRequest request =
        clip("small.gif")
            .set(Settings.TAE, TAE)
            .set(Settings.DECODER, Decoder.TAE)
            .build(files.model());
    TaePlan plan = pipeline.plan(request).stage(Stage.DECODE).details(TaePlan.class).orElseThrow();
    assertThat(plan.peakDeviceBytes()).isPositive();
    GenerationResult result = pipeline.generate(request);
    assertThat(result.measuredPeakBytes()).isLessThanOrEqualTo(result.plannedPeakBytes());
    List<RgbFrame> frames = VideoReader.readAll(result.output());
    assertThat(frames).hasSize(9);

    // Without a wish to decode with it, the file has no part in the clip.
    GenerationRequest byVae = clip("vae.gif").set(Settings.TAE, TAE).build(files.model());
    List<RgbFrame> usual = VideoReader.readAll(pipeline.generate(byVae).output());
    assertThat(usual.get(4).rgb24()).isNotEqualTo(frames.get(4).rgb24());
    List<RgbFrame> plain =
        VideoReader.readAll(pipeline.generate(clip("plain.gif").build(files.model())).output());
    assertThat(usual.get(4).rgb24()).isEqualTo(plain.get(4).rgb24());
    assertThat(filesNoted(byVae)).isEqualTo(3);
    assertThat(filesNoted(request)).isEqualTo(4);
  }

  private static int filesNoted(GenerationRequest made) throws IOException {
    Object sums = VideoMetadata.read(made.output()).provenance().get("model-samples-sha256");
    return ((List<?>) sums).size();
  }

  @Test
  void decodingWithoutTheFileIsRefused() {
    assertThatThrownBy(() -> clip("a.png").set(Settings.DECODER, Decoder.TAE).build(files.model()))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("needs its file");
  }

  @Test
  void aMissingFileIsToldBeforeAnyWork() {
    GenerationRequest request =
        clip("a.png")
            .set(Settings.TAE, folder.resolve("gone.safetensors"))
            .set(Settings.DECODER, Decoder.TAE)
            .build(files.model());
    assertThatThrownBy(() -> pipeline.generate(request)).isInstanceOf(NoSuchFileException.class);
  }
}
