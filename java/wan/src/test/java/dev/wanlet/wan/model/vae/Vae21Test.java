// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.demo.DemoModel;
import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.DeviceMemoryException;
import dev.wanlet.ggml.ErrorCode;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.ggml.GgmlException;
import dev.wanlet.ggml.HostMemory;
import dev.wanlet.wan.model.GoldenTensors;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.SourceReader;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.TensorSpec;
import dev.wanlet.wan.nn.WeightReader;
import dev.wanlet.wan.nn.frames.ConvMethod;
import dev.wanlet.wan.nn.frames.Planes;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.checkpoint.WeightFiles;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
    config = Vae21.INSTANCE.infer(weights);
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

  private VaeDecoder decoder(VaeConfig c, VaeSettings s) throws IOException {
    return VaeDecoder.load(backend, c, s, new SourceReader(weights));
  }

  private VaeEncoder encoder(VaeConfig c, VaeSettings s) throws IOException {
    return VaeEncoder.load(backend, c, s, new SourceReader(weights));
  }

  private static float[] decode(VaeDecoder decoder, float[] latents, int count) {
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
    try (VaeDecoder decoder = decoder(config, settings(method, false))) {
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
    try (VaeDecoder decoder = decoder(config.withoutStatistics(), settings(method, false))) {
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
    try (VaeDecoder decoder = decoder(config, settings(method, true))) {
      assertNear(decode(decoder, first, 1), "decode_image");
    }
  }

  @ParameterizedTest
  @EnumSource(ConvMethod.class)
  void encodesAsTheReferenceAtEveryLayer(ConvMethod method) throws IOException {
    float[] video = inputs.require("video").toFloats();
    Taps taps = new Taps(name -> outputs.find(name).isPresent());
    try (VaeEncoder encoder = encoder(config, settings(method, false))) {
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
    try (VaeEncoder encoder = encoder(config.withoutStatistics(), settings(method, false))) {
      assertNear(encoder.encode(video, FRAMES), "encode_noscale");
    }
  }

  @ParameterizedTest
  @EnumSource(ConvMethod.class)
  void encodesAnImage(ConvMethod method) throws IOException {
    float[] pixels = Planes.pixels(inputs.require("video").toFloats(), 3, FRAMES, 0);
    float[] rgb = new float[pixels.length];
    Planes.put(pixels, rgb, 3, 1, 0);
    try (VaeEncoder encoder = encoder(config, settings(method, true))) {
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
    try (VaeEncoder encoder = encoder(config, settings(ConvMethod.GATHER, false))) {
      assertThat(encoder.encode(seven, 7)).isEqualTo(encoder.encode(five, 5));
    }
  }

  /** Bands of one row, and of several rows at full resolution with a shorter last one. */
  @ParameterizedTest
  @CsvSource({
    "GATHER, F32, 1",
    "GATHER, F32, 250000",
    "GATHER, AUTO, 150000",
    "DIRECT, F32, 20000",
    "DIRECT, AUTO, 1"
  })
  void bandsAndHistoriesOnTheHostChangeNothing(ConvMethod method, Precision precision, long band)
      throws IOException {
    float[] latents = inputs.require("latent").toFloats();
    float[] video = inputs.require("video").toFloats();
    VaeSettings whole =
        new VaeSettings(LATENT_HEIGHT, LATENT_WIDTH, false, precision, method, 1L << 30, 0);
    float[] frames;
    float[] encoded;
    try (VaeDecoder decoder = decoder(config, whole);
        VaeEncoder encoder = encoder(config, whole)) {
      frames = decode(decoder, latents, LATENT_FRAMES);
      encoded = encoder.encode(video, FRAMES);
    }
    for (int onHost : new int[] {0, 7}) {
      VaeSettings banded = whole.withBandBytes(band).withHostHistories(onHost);
      try (VaeDecoder decoder = decoder(config, banded)) {
        assertThat(decoder.memory().hostHistoryBytes() > 0).isEqualTo(onHost > 0);
        assertThat(Arrays.equals(decode(decoder, latents, LATENT_FRAMES), frames)).isTrue();
      }
      try (VaeEncoder encoder = encoder(config, banded)) {
        assertThat(Arrays.equals(encoder.encode(video, FRAMES), encoded)).isTrue();
      }
    }
  }

  /** Kernels and activations in half precision: 11 bits each, hence about 1e-3 a layer. */
  @ParameterizedTest
  @EnumSource(ConvMethod.class)
  void halfPrecisionStaysClose(ConvMethod method) throws IOException {
    VaeSettings auto =
        new VaeSettings(LATENT_HEIGHT, LATENT_WIDTH, false, Precision.AUTO, method, 1L << 30, 0);
    float[] expected = outputs.require("decode").toFloats();
    try (VaeDecoder decoder = decoder(config, auto)) {
      float[] actual = decode(decoder, inputs.require("latent").toFloats(), LATENT_FRAMES);
      assertThat(GoldenTensors.maxDifference(actual, expected)).isBetween(1e-6, 1e-2);
    }
  }

  @ParameterizedTest
  @CsvSource({"GATHER, 0, false", "GATHER, 9, false", "DIRECT, 9, false", "GATHER, 0, true"})
  void takesExactlyWhatWasMeasured(ConvMethod method, int onHost, boolean single)
      throws IOException {
    float[] latents = inputs.require("latent").toFloats();
    float[] video = inputs.require("video").toFloats();
    VaeSettings settings =
        settings(method, single).withBandBytes(100_000).withHostHistories(onHost);
    int latentFrames = single ? 1 : LATENT_FRAMES;
    int frames = single ? 1 : FRAMES;
    VaeMemory planned = VaeDecoder.measure(backend.device(), config, settings, 1);
    try (VaeDecoder decoder = decoder(config, settings)) {
      decode(
          decoder,
          Arrays.copyOf(latents, latents.length / LATENT_FRAMES * latentFrames),
          latentFrames);
      assertThat(decoder.memory()).isEqualTo(planned);
      assertThat(backend.deviceMemory().peakBytes()).isEqualTo(planned.peakBytes());
      assertThat(backend.hostMemory().peakBytes()).isEqualTo(planned.hostHistoryBytes());
    }
    backend.deviceMemory().resetPeak();
    backend.hostMemory().resetPeak();
    planned = VaeEncoder.measure(backend.device(), config, settings, 1);
    try (VaeEncoder encoder = encoder(config, settings)) {
      encoder.encode(Arrays.copyOf(video, video.length / FRAMES * frames), frames);
      assertThat(backend.deviceMemory().peakBytes()).isEqualTo(planned.peakBytes());
      assertThat(backend.hostMemory().peakBytes()).isEqualTo(planned.hostHistoryBytes());
    }
  }

  @Test
  void aBudgetTooSmallFailsBeforeAnythingLeaks() {
    VaeSettings settings = settings(ConvMethod.GATHER, false);
    long needed = VaeDecoder.measure(backend.device(), config, settings, 1).peakBytes();
    backend.deviceMemory().limit(needed - 1);
    assertThatThrownBy(() -> decoder(config, settings)).isInstanceOf(DeviceMemoryException.class);
    assertThat(backend.deviceMemory().currentBytes()).isZero();
  }

  @Test
  void aStoppedDecoderStartsAnew() throws IOException {
    float[] latents = inputs.require("latent").toFloats();
    try (VaeDecoder decoder = decoder(config, settings(ConvMethod.GATHER, false))) {
      float[] whole = decode(decoder, latents, LATENT_FRAMES);
      assertThatThrownBy(
              () ->
                  decoder.decode(
                      latents,
                      LATENT_FRAMES,
                      (i, rgb) -> {
                        if (i == 2) {
                          backend.requestStop();
                        }
                      }))
          .isInstanceOfSatisfying(
              GgmlException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.ABORTED));
      backend.clearStop();
      assertThat(Arrays.equals(decode(decoder, latents, LATENT_FRAMES), whole)).isTrue();
    }
  }

  @Test
  void aBlackClipOfZerosHasNoNotANumbers() throws IOException {
    // With zero weights every norm sees zeros.
    WeightReader zeros =
        new WeightReader() {
          @Override
          public void read(TensorSpec spec, long address) {
            long bytes = spec.type().bytes(spec.shape());
            try (HostMemory memory = new HostMemory(bytes)) {
              memory.view(0, (int) bytes).put(new byte[(int) bytes]);
              HostMemory.copy(memory.address(), address, bytes);
            }
          }
        };
    try (VaeDecoder decoder =
        VaeDecoder.load(backend, config, settings(ConvMethod.GATHER, true), zeros)) {
      float[] frame = decode(decoder, new float[config.zDim() * LATENT_HEIGHT * LATENT_WIDTH], 1);
      assertThat(frame).containsOnly(0f);
    }
  }

  @Test
  void refusesWhatDoesNotFit() throws IOException {
    try (VaeDecoder decoder = decoder(config, settings(ConvMethod.GATHER, false))) {
      assertThatThrownBy(() -> decoder.decode(new float[7], 1, (i, rgb) -> {}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("[16, 4, 6]");
    }
    WeightSource halved = weights.renamed(n -> n.equals("decoder.conv1.bias") ? "b" : n);
    assertThatThrownBy(
            () ->
                VaeDecoder.load(
                    backend, config, settings(ConvMethod.GATHER, false), new SourceReader(halved)))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("decoder.conv1.bias");
  }

  @Test
  void sizesAreReadOffEitherHalf() throws IOException {
    VaeConfig decoderOnly =
        Vae21.INSTANCE.infer(
            weights.filtered(n -> n.startsWith("decoder.") || n.startsWith("conv2")));
    assertThat(decoderOnly).isEqualTo(config);
    assertThat(config.dim()).isEqualTo(8);
    assertThat(config.dimMult()).containsExactly(1, 2, 4, 4);
    assertThat(config.temporalDownsample()).containsExactly(false, true, true);
    assertThat(config.numResBlocks()).isEqualTo(2);
    assertThat(config.spatialFactor()).isEqualTo(8);
    assertThat(config.frames(3)).isEqualTo(9);
    assertThat(config.latentFrames(9)).isEqualTo(3);
    assertThat(config.latentFrames(8)).isEqualTo(2);
    assertThatThrownBy(() -> Vae21.INSTANCE.infer(weights.filtered(n -> n.startsWith("conv"))))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("decoder.head.2.weight");
  }

  /**
   * The demo model's trained VAE, with the latents of a run and the frames they are known to give.
   */
  @ParameterizedTest
  @EnumSource(Precision.class)
  void decodesTheDemoModelsClip(Precision precision) throws IOException {
    try (WeightSource demo =
            WeightFiles.open(DemoModel.directory().resolve("Wan2.1_VAE.safetensors"));
        WeightSource run = GoldenTensors.open("golden/tiny-wan/check/outputs.safetensors")) {
      VaeConfig demoConfig = Vae21.INSTANCE.infer(demo);
      VaeSettings settings =
          new VaeSettings(8, 8, false, precision, ConvMethod.GATHER, 1L << 24, 0);
      try (VaeDecoder decoder =
          VaeDecoder.load(backend, demoConfig, settings, new SourceReader(demo))) {
        float[] video = decode(decoder, run.require("latents").toFloats(), 5);
        assertThat(GoldenTensors.maxDifference(video, run.require("video").toFloats()))
            .isLessThan(0.02);
      }
    }
  }

  @Test
  void aDecoderIsUsedAgain() throws IOException {
    float[] latents = inputs.require("latent").toFloats();
    for (ConvMethod method : ConvMethod.values()) {
      try (VaeDecoder decoder = decoder(config, settings(method, false))) {
        float[] once = decode(decoder, latents, LATENT_FRAMES);
        float[] twice = decode(decoder, latents, LATENT_FRAMES);
        assertThat(Arrays.equals(once, twice)).isTrue();
      }
    }
  }
}
