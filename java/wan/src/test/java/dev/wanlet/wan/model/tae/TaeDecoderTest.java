// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.tae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.TaeFile;
import dev.wanlet.wan.memory.TaePlan;
import dev.wanlet.wan.memory.TaePlanner;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.SourceReader;
import dev.wanlet.wan.nn.frames.ConvMethod;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The small decoders: memory as planned, and what a plan chooses changes nothing. */
class TaeDecoderTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden");
  private static final Path WAN21 = GOLDEN.resolve("tae21/weights.safetensors");
  private static final Path WAN22 = GOLDEN.resolve("tae22/weights.safetensors");
  private static final long MIB = 1L << 20;
  private static final int HEIGHT = 5;
  private static final int WIDTH = 7;

  private int liveBefore;

  @BeforeEach
  void count() {
    liveBefore = Ggml.liveObjects();
  }

  @AfterEach
  void nothingLeaks() {
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  private static float[] latents(int channels, int frames) {
    Random random = new Random(5);
    float[] values = new float[channels * frames * HEIGHT * WIDTH];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static TaeSettings settings(ConvMethod method, long bandBytes, int onHost) {
    return new TaeSettings(HEIGHT, WIDTH, Precision.F32, method, bandBytes, onHost);
  }

  /** Decodes, and checks that nothing beyond what was measured is taken. */
  private static List<float[]> decode(Path file, TaeSettings settings, int frames)
      throws IOException {
    List<float[]> rgb = new ArrayList<>();
    try (Backend backend = Backend.open(Device.cpu());
        Checkpoint checkpoint = Checkpoint.open(file)) {
      backend.setThreads(1);
      TaeConfig config = TaeConfig.infer(checkpoint.source());
      try (TaeDecoder decoder =
          TaeDecoder.load(backend, config, settings, new SourceReader(checkpoint.source()))) {
        for (int clip = 0; clip < 2; clip++) { // the second begins anew
          rgb.clear();
          decoder.decode(latents(config.zDim(), frames), frames, (index, frame) -> rgb.add(frame));
        }
        assertThat(rgb).hasSize(config.frames(frames));
        assertThat(rgb.get(0)).hasSize(3 * decoder.width() * decoder.height());
        assertThat(decoder.memory())
            .isEqualTo(TaeDecoder.measure(Device.cpu(), config, settings, 1));
        assertThat(backend.deviceMemory().peakBytes()).isEqualTo(decoder.memory().peakBytes());
      }
    }
    return rgb;
  }

  private static void assertSame(List<float[]> actual, List<float[]> expected, float tolerance) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.size(); i++) {
      for (int k = 0; k < actual.get(i).length; k++) {
        assertThat(actual.get(i)[k])
            .isCloseTo(expected.get(i)[k], org.assertj.core.data.Offset.offset(tolerance));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 20_000, 200_000})
  void bandsAndPastFramesOnTheHostChangeNothing(long bandBytes) throws IOException {
    List<float[]> whole = decode(WAN21, settings(ConvMethod.GATHER, 64 * MIB, 0), 2);
    assertSame(decode(WAN21, settings(ConvMethod.GATHER, bandBytes, 4), 2), whole, 0);
  }

  @ParameterizedTest
  @EnumSource(ConvMethod.class)
  void bothWaysToConvolveAgree(ConvMethod method) throws IOException {
    List<float[]> gathered = decode(WAN22, settings(ConvMethod.GATHER, MIB, 0), 2);
    assertSame(decode(WAN22, settings(method, MIB, 2), 2), gathered, 2e-5f);
  }

  @Test
  void aPartOfAClipIsDecodedAsIfItWereOne() throws IOException {
    TaeSettings settings = settings(ConvMethod.GATHER, MIB, 0);
    try (Backend backend = Backend.open(Device.cpu());
        Checkpoint checkpoint = Checkpoint.open(WAN21)) {
      TaeConfig config = TaeConfig.infer(checkpoint.source());
      float[] clip = latents(config.zDim(), 3);
      int area = HEIGHT * WIDTH;
      float[] last = new float[config.zDim() * area];
      for (int c = 0; c < config.zDim(); c++) {
        System.arraycopy(clip, (c * 3 + 2) * area, last, c * area, area);
      }
      List<float[]> part = new ArrayList<>();
      List<float[]> own = new ArrayList<>();
      try (TaeDecoder decoder =
          TaeDecoder.load(backend, config, settings, new SourceReader(checkpoint.source()))) {
        decoder.decode(clip, 3, 2, 3, (index, frame) -> part.add(frame));
        decoder.decode(last, 1, (index, frame) -> own.add(frame));
        assertThatThrownBy(() -> decoder.decode(clip, 3, 3, 3, (index, frame) -> {}))
            .isInstanceOf(IllegalArgumentException.class);
      }
      assertSame(part, own, 0);
    }
  }

  /** The frames of a clip come one by one, so its length does not matter. */
  @Test
  void aDecoderOfPublishedSizeTakesLessThan300MibAt832x480() {
    for (TaeConfig config : List.of(TaeConfig.wan21(), TaeConfig.wan22())) {
      TaeFile file = new TaeFile(Path.of("taew.safetensors"), config);
      TaePlan plan =
          new TaePlanner(file, Device.cpu(), 2)
              .plan(new FrameSize(832, 480), Precision.AUTO, Long.MAX_VALUE);
      assertThat(plan.peakDeviceBytes()).isLessThan(300 * MIB);
      TaePlan tight =
          new TaePlanner(file, Device.cpu(), 2)
              .plan(new FrameSize(832, 480), Precision.AUTO, plan.peakDeviceBytes() * 7 / 10);
      assertThat(tight.peakDeviceBytes()).isLessThanOrEqualTo(plan.peakDeviceBytes() * 7 / 10);
    }
  }

  @Test
  void thePublishedSizesAreReadOffTheirTensors() {
    assertThat(TaeConfig.wan21().tensors()).hasSize(64);
    assertThat(TaeConfig.wan21().frames(21)).isEqualTo(81);
    assertThat(TaeConfig.wan22().spatialFactor()).isEqualTo(16);
  }

  @Test
  void aFileThatDoesNotFitIsRefused() throws IOException {
    assertThat(TaeFile.read(WAN21, 16).config().patch()).isEqualTo(1);
    assertThatThrownBy(() -> TaeFile.read(WAN21, 48))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("latents of 16 channels, the model makes 48");
    assertThatThrownBy(() -> TaeFile.read(GOLDEN.resolve("vae21/weights.safetensors"), 16))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("no small decoder but a Wan 2.1 VAE");
  }
}
