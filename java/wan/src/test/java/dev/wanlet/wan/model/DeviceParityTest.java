// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.ErrorCode;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.ggml.GgmlException;
import dev.wanlet.wan.memory.DeviceRates;
import dev.wanlet.wan.memory.TransformerPlanner;
import dev.wanlet.wan.model.transformer.PromptRows;
import dev.wanlet.wan.model.transformer.TokenGrid;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanRun;
import dev.wanlet.wan.model.transformer.WanSession;
import dev.wanlet.wan.model.transformer.WanTransformer;
import dev.wanlet.wan.model.transformer.WanVariant;
import dev.wanlet.wan.model.umt5.Umt5Config;
import dev.wanlet.wan.model.umt5.Umt5Encoder;
import dev.wanlet.wan.model.vae.Vae21;
import dev.wanlet.wan.model.vae.VaeConfig;
import dev.wanlet.wan.model.vae.VaeDecoder;
import dev.wanlet.wan.model.vae.VaeSettings;
import dev.wanlet.wan.nn.Placement;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.RowChunks;
import dev.wanlet.wan.nn.SourceReader;
import dev.wanlet.wan.nn.SourceTypes;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.nn.frames.ConvMethod;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import dev.wanlet.weights.checkpoint.Umt5Names;
import dev.wanlet.weights.recipe.Recipes;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every network on the requested device against the official code's tensors, within the error that
 * the device's arithmetic leaves: its kernels may take F16 operands even where F32 is stored.
 */
@Tag("device")
class DeviceParityTest {
  private static final TokenGrid GRID = new TokenGrid(3, 4, 6);

  private int liveBefore;
  private Backend backend;

  @BeforeEach
  void open() {
    liveBefore = Ggml.liveObjects();
    backend = Backend.open(Device.byName(System.getProperty("wanlet.test.device", "")));
  }

  @AfterEach
  void nothingLeaks() {
    assertThat(backend.deviceMemory().currentBytes()).isZero();
    backend.close();
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  private WanTransformer transformer(WeightSource weights, Precision precision, boolean streamed)
      throws IOException {
    return WanTransformer.open(
        backend,
        weights,
        WanConfig.infer(weights),
        precision,
        streamed ? blocks -> Placement.allStreamed(blocks, 1) : Placement::allResident);
  }

  private static WanRun run(int chunkRows, Precision precision) {
    return new WanRun(
        GRID,
        new RowChunks(GRID.tokens(), chunkRows),
        List.of(new PromptRows(7)),
        false,
        1,
        precision);
  }

  @ParameterizedTest
  @CsvSource({"F32, 1e-5", "AUTO, 1e-4"})
  void transformerPredictsTheReferenceVelocity(Precision precision, double nmse)
      throws IOException {
    try (WeightSource weights = GoldenTensors.open("golden/dit-t2v/weights.safetensors");
        WeightSource inputs = GoldenTensors.open("golden/dit-t2v/inputs.safetensors");
        WeightSource outputs = GoldenTensors.open("golden/dit-t2v/outputs.safetensors");
        WanTransformer model = transformer(weights, precision, false);
        WanSession session =
            model.open(run(128, precision), List.of(inputs.require("context").toFloats()))) {
      for (String name : List.of("t999", "t500", "t312_25")) {
        float[] velocity =
            session
                .predict(inputs.require("x").toFloats(), inputs.require(name + ".t").toFloats(), 0)
                .get(0);
        assertNmse(velocity, outputs.require(name + ".output").toFloats(), nmse, name);
      }
    }
  }

  @Test
  void streamedThroughPinnedMemoryEqualsResident() throws IOException {
    try (WeightSource weights = GoldenTensors.open("golden/dit-t2v/weights.safetensors");
        WeightSource inputs = GoldenTensors.open("golden/dit-t2v/inputs.safetensors");
        WanTransformer resident = transformer(weights, Precision.AUTO, false);
        WanTransformer streamed = transformer(weights, Precision.AUTO, true)) {
      List<float[]> context = List.of(inputs.require("context").toFloats());
      float[] x = inputs.require("x").toFloats();
      try (WanSession a = resident.open(run(128, Precision.AUTO), context);
          WanSession b = streamed.open(run(128, Precision.AUTO), context)) {
        for (float t : new float[] {999f, 500f}) {
          assertThat(b.predict(x, new float[] {t}, 0).get(0))
              .isEqualTo(a.predict(x, new float[] {t}, 0).get(0));
        }
      }
      assertThat(backend.hostMemory().peakBytes()).isPositive();
    }
  }

  @Test
  void transformerTakesTheMemoryThatWasMeasured() throws IOException {
    try (WeightSource weights = GoldenTensors.open("golden/dit-t2v/weights.safetensors");
        WanTransformer model = transformer(weights, Precision.AUTO, false)) {
      WanRun run = run(64, Precision.AUTO);
      TypePolicy types = SourceTypes.of(weights, Precision.AUTO, backend.device());
      WanTransformer.Memory memory =
          WanTransformer.measure(WanConfig.infer(weights), run, types, backend.device(), 1);
      long before = backend.deviceMemory().currentBytes();
      backend.deviceMemory().resetPeak();
      try (WanSession session = model.open(run, List.of(new float[7 * 64]))) {
        session.predict(new float[16 * 3 * 8 * 12], new float[] {1f}, 0);
      }
      assertThat(backend.deviceMemory().peakBytes() - before)
          .isEqualTo(memory.stateBytes() + memory.computeBytes());
      assertThat(memory.scratchBytes()).isZero();
    }
  }

  @Test
  void textEncoderGivesTheReferenceEmbedding() throws IOException {
    try (WeightSource weights =
            Umt5Names.official(GoldenTensors.open("golden/umt5/weights.safetensors"));
        WeightSource inputs = GoldenTensors.open("golden/umt5/inputs.safetensors");
        WeightSource outputs = GoldenTensors.open("golden/umt5/outputs.safetensors");
        Umt5Encoder encoder =
            Umt5Encoder.open(
                backend,
                weights,
                Umt5Config.infer(weights),
                Precision.F32,
                Placement::allResident)) {
      float[] expected = outputs.require("padded512_cut9").toFloats();
      int[] ids = Arrays.copyOf(inputs.require("padded512_ids").toInts(), 9);
      assertNmse(encoder.encode(ids), expected, 1e-5, "umT5");
    }
  }

  @Test
  void vaeDecodesTheReferenceImage() throws IOException {
    assertDecodes(Precision.F32, 1, 0, "decode_image");
  }

  /** Every convolution's past frames in pinned host memory; minutes on a software device. */
  @Test
  void vaeDecodesTheReferenceClip() throws IOException {
    assertDecodes(Precision.AUTO, 3, Integer.MAX_VALUE, "decode");
  }

  private void assertDecodes(Precision precision, int latentFrames, int onHost, String reference)
      throws IOException {
    try (WeightSource weights = GoldenTensors.open("golden/vae21/weights.safetensors");
        WeightSource inputs = GoldenTensors.open("golden/vae21/inputs.safetensors");
        WeightSource outputs = GoldenTensors.open("golden/vae21/outputs.safetensors")) {
      VaeConfig config = Vae21.INSTANCE.infer(weights);
      VaeSettings settings =
          new VaeSettings(
              4,
              6,
              latentFrames == 1,
              precision,
              ConvMethod.of(backend.device()),
              64 << 20,
              onHost);
      float[] all = inputs.require("latent").toFloats();
      float[] latents = new float[config.zDim() * latentFrames * 24];
      for (int c = 0; c < config.zDim(); c++) {
        System.arraycopy(all, c * 3 * 24, latents, c * latentFrames * 24, latentFrames * 24);
      }
      try (VaeDecoder decoder =
          VaeDecoder.load(backend, config, settings, new SourceReader(weights))) {
        int frames = 4 * (latentFrames - 1) + 1;
        int area = decoder.height() * decoder.width();
        float[] video = new float[3 * frames * area];
        decoder.decode(
            latents,
            latentFrames,
            (frame, rgb) -> {
              for (int c = 0; c < 3; c++) {
                System.arraycopy(rgb, c * area, video, (c * frames + frame) * area, area);
              }
            });
        assertNmse(video, outputs.require(reference).toFloats(), 1e-5, reference);
      }
    }
  }

  @Test
  void aClipWhoseKeysTheDeviceCannotAddressIsRefusedWhenPlanned() {
    WanConfig config = new WanConfig(WanVariant.T2V, 16, 16, 5120, 13824, 256, 4096, 40);
    long keyBytes = 2L * config.dim();
    long tokens = backend.device().maxTensorBytes() / keyBytes + 1;
    int side = (int) Math.ceil(Math.sqrt(tokens));
    TransformerPlanner planner =
        new TransformerPlanner(
            config,
            SourceTypes.planned(
                Recipes.parse("Q4_K"),
                CheckpointKind.TRANSFORMER,
                Precision.AUTO,
                backend.device()),
            backend.device(),
            1,
            DeviceRates.assumed(backend.device()));
    TransformerPlanner.Job job =
        new TransformerPlanner.Job(
            new TokenGrid(1, side, side),
            List.of(new PromptRows(512)),
            1,
            Precision.AUTO,
            Integer.MAX_VALUE);
    assertThatThrownBy(() -> planner.plan(job, Long.MAX_VALUE))
        .isInstanceOfSatisfying(
            GgmlException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNSUPPORTED))
        .hasMessageContaining("smaller size")
        .hasMessageContaining(Long.toString(backend.device().maxTensorBytes()));
  }

  private static void assertNmse(float[] actual, float[] expected, double bound, String name) {
    assertThat(actual).as(name).hasSameSizeAs(expected);
    double error = 0;
    double power = 0;
    for (int i = 0; i < actual.length; i++) {
      error += Math.pow((double) actual[i] - expected[i], 2);
      power += Math.pow(expected[i], 2);
    }
    System.getLogger(DeviceParityTest.class.getName())
        .log(System.Logger.Level.INFO, String.format("%s: NMSE %.1e", name, error / power));
    assertThat(error / power).as("NMSE of " + name).isLessThanOrEqualTo(bound);
  }
}
