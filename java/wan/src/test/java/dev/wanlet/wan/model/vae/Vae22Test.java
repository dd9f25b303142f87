// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.wan.model.GoldenTensors;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.SourceReader;
import dev.wanlet.wan.nn.frames.ConvMethod;
import dev.wanlet.weights.WeightSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The Wan 2.2 VAE against itself; parity holds it against the reference. */
class Vae22Test {
  private int liveBefore;
  private Backend backend;
  private WeightSource weights;
  private VaeConfig config;
  private float[] latents;
  private float[] video;

  @BeforeEach
  void open() throws IOException {
    liveBefore = Ggml.liveObjects();
    backend = Backend.open(Device.cpu());
    backend.setThreads(1); // tiny graphs: a second thread would mostly wait
    weights = GoldenTensors.open("golden/vae22/weights.safetensors");
    config = Vae22.INSTANCE.infer(weights);
    try (WeightSource inputs = GoldenTensors.open("golden/vae22/inputs.safetensors")) {
      latents = inputs.require("latent").toFloats();
      video = inputs.require("video").toFloats();
    }
  }

  @AfterEach
  void nothingLeaks() {
    weights.close();
    assertThat(backend.deviceMemory().currentBytes()).isZero();
    backend.close();
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  /** Everything on the device in one band. */
  private static VaeSettings whole(ConvMethod method) {
    return new VaeSettings(2, 3, false, Precision.F32, method, 1L << 30, 0);
  }

  private List<float[]> decode(VaeSettings settings) throws IOException {
    List<float[]> frames = new ArrayList<>();
    backend.deviceMemory().resetPeak();
    try (VaeDecoder decoder =
        VaeDecoder.load(backend, config, settings, new SourceReader(weights))) {
      // A second clip begins as the first did.
      decoder.decode(latents, 3, (index, rgb) -> {});
      decoder.decode(latents, 3, (index, rgb) -> frames.add(rgb));
      assertThat(backend.deviceMemory().peakBytes()).isEqualTo(decoder.memory().peakBytes());
    }
    return frames;
  }

  private float[] encode(VaeSettings settings) throws IOException {
    backend.deviceMemory().resetPeak();
    try (VaeEncoder encoder =
        VaeEncoder.load(backend, config, settings, new SourceReader(weights))) {
      encoder.encode(video, 9);
      float[] encoded = encoder.encode(video, 9);
      assertThat(backend.deviceMemory().peakBytes()).isEqualTo(encoder.memory().peakBytes());
      return encoded;
    }
  }

  @ParameterizedTest
  @EnumSource(ConvMethod.class)
  void rowByRowWithHistoryOnTheHostEqualsWhole(ConvMethod method) throws IOException {
    VaeSettings banded = whole(method).withBandBytes(1).withHostHistories(4);
    List<float[]> expected = decode(whole(method));
    List<float[]> actual = decode(banded);
    assertThat(actual).hasSize(9);
    for (int i = 0; i < actual.size(); i++) {
      assertThat(GoldenTensors.maxDifference(actual.get(i), expected.get(i)))
          .as("frame %d", i)
          .isLessThan(1e-5);
    }
    assertThat(GoldenTensors.maxDifference(encode(banded), encode(whole(method)))).isLessThan(1e-5);
  }

  @Test
  void squaresOfPixelsComeApartAsTheyWereJoined() {
    float[] pixels = new float[4 * 6 * 3];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = i;
    }
    float[] patches = PixelPatches.gathered(pixels, 6, 2);
    // Red of the first square: the pixel, the one below it, then the column to the right.
    assertThat(Arrays.copyOf(patches, 4)).containsExactly(0, 18, 3, 21);
    assertThat(PixelPatches.scattered(patches, 6, 2)).isEqualTo(pixels);
    assertThat(PixelPatches.gathered(pixels, 6, 1)).isSameAs(pixels);
  }
}
