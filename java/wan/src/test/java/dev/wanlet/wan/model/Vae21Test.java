// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.wan.model.VaeSettings.ConvMethod;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.SourceReader;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The Wan 2.1 VAE against reference activations. */
class Vae21Test {
  /** Asked of a float32 run; the reference's own rounding noise is 3e-6. */
  private static final double TOLERANCE = 5e-5;

  private static final int LATENT_FRAMES = 3;
  private static final int FRAMES = 9;
  private static final int LATENT_HEIGHT = 4;
  private static final int LATENT_WIDTH = 6;

  private int liveBefore;
  private Backend backend;
  private WeightSource weights;
  private WeightSource inputs;
  private WeightSource outputs;
  private VaeConfig config;

  @BeforeEach
  void open() throws IOException {
    liveBefore = Ggml.liveObjects();
    backend = Backend.open(Device.cpu());
    backend.setThreads(1); // tiny graphs: a second thread would mostly wait
    weights = GoldenTensors.open("golden/vae21/weights.safetensors");
    inputs = GoldenTensors.open("golden/vae21/inputs.safetensors");
    outputs = GoldenTensors.open("golden/vae21/outputs.safetensors");
    config = VaeConfig.infer(weights);
  }

  @AfterEach
  void nothingLeaks() {
    outputs.close();
    inputs.close();
    weights.close();
    assertThat(backend.deviceMemory().currentBytes()).isZero();
    backend.close();
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  private static VaeSettings settings(ConvMethod method, boolean singleFrame) {
    return new VaeSettings(
        LATENT_HEIGHT, LATENT_WIDTH, singleFrame, Precision.F32, method, 1L << 30, 0);
  }

  private Vae21Decoder decoder(VaeConfig c, VaeSettings s) throws IOException {
    return Vae21Decoder.load(backend, c, s, new SourceReader(weights));
  }

  private Vae21Encoder encoder(VaeConfig c, VaeSettings s) throws IOException {
    return Vae21Encoder.load(backend, c, s, new SourceReader(weights));
  }

  private static float[] decode(Vae21Decoder decoder, float[] latents, int count) {
    int frames = 4 * (count - 1) + 1;
    int area = decoder.height() * decoder.width();
    float[] video = new float[3 * frames * area];
    decoder.decode(
        latents,
        count,
        (i, rgb) -> {
          for (int c = 0; c < 3; c++) {
            System.arraycopy(rgb, c * area, video, (c * frames + i) * area, area);
          }
        });
    return video;
  }

  private void assertNear(float[] actual, String name) throws IOException {
    WeightTensor expected = outputs.require(name);
    assertNear(actual, expected.toFloats(), name);
  }

  private static void assertNear(float[] actual, float[] expected, String name) {
    double largest = 1;
    for (float v : expected) {
      largest = Math.max(largest, Math.abs(v));
    }
    assertThat(GoldenTensors.maxDifference(actual, expected))
        .as(name)
        .isLessThan(TOLERANCE * largest);
  }

  @ParameterizedTest
  @EnumSource(ConvMethod.class)
  void decodesAsTheReferenceAtEveryLayer(ConvMethod method) throws IOException {
    float[] latents = inputs.require("latent").toFloats();
    Taps taps = new Taps(name -> outputs.find(name).isPresent());
    try (Vae21Decoder decoder = decoder(config, settings(method, false))) {
      decoder.collect(taps);
      float[] video = decode(decoder, latents, LATENT_FRAMES);
      for (var tap : taps.collected().entrySet()) {
        assertThat(tap.getValue().shape()).isEqualTo(outputs.require(tap.getKey()).shape());
        assertNear(tap.getValue().values(), tap.getKey());
      }
      assertThat(taps.collected().keySet())
          .containsExactlyInAnyOrderElementsOf(
              outputs.tensors().stream()
                  .map(WeightTensor::name)
                  .filter(n -> n.startsWith("decode.chunk"))
                  .toList());
      assertNear(video, "decode");
    }
    try (Vae21Decoder decoder = decoder(config.withoutStatistics(), settings(method, false))) {
      assertNear(decode(decoder, latents, LATENT_FRAMES), "decode_noscale");
    }
  }

  @ParameterizedTest
  @EnumSource(ConvMethod.class)
  void decodesAnImage(ConvMethod method) throws IOException {
    float[] latents = inputs.require("latent").toFloats();
    float[] first = new float[latents.length / LATENT_FRAMES];
    int area = LATENT_HEIGHT * LATENT_WIDTH;
    for (int c = 0; c < config.zDim(); c++) {
      System.arraycopy(latents, c * LATENT_FRAMES * area, first, c * area, area);
    }
    try (Vae21Decoder decoder = decoder(config, settings(method, true))) {
      assertNear(decode(decoder, first, 1), "decode_image");
    }
  }

  @ParameterizedTest
  @EnumSource(ConvMethod.class)
  void encodesAsTheReferenceAtEveryLayer(ConvMethod method) throws IOException {
    float[] video = inputs.require("video").toFloats();
    Taps taps = new Taps(name -> outputs.find(name).isPresent());
    try (Vae21Encoder encoder = encoder(config, settings(method, false))) {
      encoder.collect(taps);
      float[] latents = encoder.encode(video, FRAMES);
      for (var tap : taps.collected().entrySet()) {
        assertThat(tap.getValue().shape()).isEqualTo(outputs.require(tap.getKey()).shape());
        assertNear(tap.getValue().values(), tap.getKey());
      }
      assertThat(taps.collected().keySet())
          .containsExactlyInAnyOrderElementsOf(
              outputs.tensors().stream()
                  .map(WeightTensor::name)
                  .filter(n -> n.startsWith("encode.chunk"))
                  .toList());
      assertNear(latents, "encode");
    }
    try (Vae21Encoder encoder = encoder(config.withoutStatistics(), settings(method, false))) {
      assertNear(encoder.encode(video, FRAMES), "encode_noscale");
    }
  }

  @ParameterizedTest
  @EnumSource(ConvMethod.class)
  void encodesAnImage(ConvMethod method) throws IOException {
    float[] pixels = Planes.pixels(inputs.require("video").toFloats(), 3, FRAMES, 0);
    float[] rgb = new float[pixels.length];
    Planes.put(pixels, rgb, 3, 1, 0);
    try (Vae21Encoder encoder = encoder(config, settings(method, true))) {
      assertNear(encoder.push(rgb).orElseThrow(), "encode_image");
      assertThatThrownBy(() -> encoder.push(rgb))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("single frame");
    }
  }

  @Test
  void framesThatDoNotFillALatentFrameAreLeftOut() throws IOException {
    float[] video = inputs.require("video").toFloats();
    int area = video.length / 3 / FRAMES;
    float[] seven = new float[3 * 7 * area];
    float[] five = new float[3 * 5 * area];
    for (int c = 0; c < 3; c++) {
      System.arraycopy(video, c * FRAMES * area, seven, c * 7 * area, 7 * area);
      System.arraycopy(video, c * FRAMES * area, five, c * 5 * area, 5 * area);
    }
    try (Vae21Encoder encoder = encoder(config, settings(ConvMethod.GATHER, false))) {
      assertThat(encoder.encode(seven, 7)).isEqualTo(encoder.encode(five, 5));
    }
  }

  @Test
  void aDecoderIsUsedAgain() throws IOException {
    float[] latents = inputs.require("latent").toFloats();
    for (ConvMethod method : ConvMethod.values()) {
      try (Vae21Decoder decoder = decoder(config, settings(method, false))) {
        float[] once = decode(decoder, latents, LATENT_FRAMES);
        float[] twice = decode(decoder, latents, LATENT_FRAMES);
        assertThat(Arrays.equals(once, twice)).isTrue();
      }
    }
  }
}
