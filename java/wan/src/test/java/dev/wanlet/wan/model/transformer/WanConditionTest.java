// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.ggml.ShapeException;
import dev.wanlet.wan.nn.Placement;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.RowChunks;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A transformer of 36 input channels, of which 20 are those of pictures. */
class WanConditionTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden");
  private static final TokenGrid GRID = new TokenGrid(3, 8, 9);
  private static final int PLANE = 3 * 16 * 18;
  private static final float[] TIMESTEP = {700};

  private int liveBefore;
  private Backend backend;
  private WeightSource weights;
  private final Random random = new Random(9);
  private final List<float[]> context = List.of(randoms(7 * 64));
  private final float[] noise = randoms(16 * PLANE);
  private final WanCondition pictures = new WanCondition(randoms(20 * PLANE));

  @BeforeEach
  void open() throws IOException {
    liveBefore = Ggml.liveObjects();
    backend = Backend.open(Device.cpu());
    backend.setThreads(1);
    weights =
        WeightSource.overlay(
            SafetensorsFile.open(GOLDEN.resolve("dit-t2v/weights.safetensors")),
            SafetensorsFile.open(GOLDEN.resolve("dit-wan22-i2v/weights.safetensors")));
  }

  @AfterEach
  void nothingLeaks() {
    weights.close();
    backend.close();
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  private WanTransformer load(IntFunction<Placement> placement) throws IOException {
    return WanTransformer.open(
        backend, weights, WanConfig.infer(weights), Precision.AUTO, placement);
  }

  private static WanRun run(RowChunks chunks) {
    return new WanRun(GRID, chunks, List.of(new PromptRows(7)), false, 1, Precision.AUTO);
  }

  private float[] predict(IntFunction<Placement> placement, RowChunks chunks, WanCondition shown)
      throws IOException {
    try (WanTransformer model = load(placement);
        WanSession session = model.open(run(chunks), context, shown)) {
      return session.predict(noise, TIMESTEP, 0).get(0);
    }
  }

  @Test
  void isReadOffTheShapesOfACheckpoint() throws IOException {
    assertThat(WanConfig.infer(weights))
        .isEqualTo(new WanConfig(WanVariant.I2V_LATENT, 36, 16, 256, 512, 256, 64, 2));
  }

  @Test
  void streamedAndChunkedEqualResidentAndWhole() throws IOException {
    RowChunks whole = RowChunks.whole(GRID.tokens());
    RowChunks chunks = new RowChunks(GRID.tokens(), 64);
    assertThat(chunks.chunks()).hasSize(3);
    float[] expected = predict(Placement::allResident, whole, pictures);
    assertThat(expected).hasSize(16 * PLANE);
    assertThat(predict(Placement::allResident, chunks, pictures)).isEqualTo(expected);
    assertThat(predict(n -> Placement.allStreamed(n, 1), chunks, pictures)).isEqualTo(expected);
  }

  @Test
  void standsBehindTheNoisyChannels() throws IOException {
    RowChunks whole = RowChunks.whole(GRID.tokens());
    float[] joined = new float[36 * PLANE];
    System.arraycopy(noise, 0, joined, 0, noise.length);
    System.arraycopy(pictures.channels(), 0, joined, noise.length, pictures.channels().length);
    try (WanTransformer model = load(Placement::allResident);
        WanSession all = model.open(run(whole), context);
        WanSession session =
            model.open(run(whole), context, new WanCondition(randoms(20 * PLANE)))) {
      float[] expected = all.predict(joined, TIMESTEP, 0).get(0);
      assertThat(session.predict(noise, TIMESTEP, 0).get(0)).isNotEqualTo(expected);
      session.restart(context, pictures);
      assertThat(session.predict(noise, TIMESTEP, 0).get(0)).isEqualTo(expected);
    }
  }

  @Test
  void aWrongNumberOfValuesIsRefused() throws IOException {
    RowChunks whole = RowChunks.whole(GRID.tokens());
    try (WanTransformer model = load(Placement::allResident)) {
      assertThatThrownBy(() -> model.open(run(whole), context, new WanCondition(new float[7])))
          .isInstanceOf(ShapeException.class)
          .hasMessageContaining("has 7 values, expected at most [35, 3, 16, 18]");
      try (WanSession session = model.open(run(whole), context, pictures)) {
        assertThatThrownBy(() -> session.predict(new float[36 * PLANE], TIMESTEP, 0))
            .isInstanceOf(ShapeException.class)
            .hasMessageContaining("expected [16, 3, 16, 18]");
      }
    }
  }

  private float[] randoms(int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
