// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.ShapeException;
import dev.wanlet.wan.nn.NetworkAdapters;
import dev.wanlet.wan.nn.Placement;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.RowChunks;
import dev.wanlet.wan.nn.SourceTypes;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.checkpoint.WeightFiles;
import dev.wanlet.weights.lora.AdapterFile;
import dev.wanlet.weights.lora.LoraAdapter;
import dev.wanlet.weights.lora.LoraMatch;
import dev.wanlet.weights.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A transformer whose cross-attention sees pictures; parity holds it against the reference. */
class PictureBranchTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden");
  private static final TokenGrid GRID = new TokenGrid(3, 8, 9);
  private static final int PLANE = 3 * 16 * 18;
  private static final float[] TIMESTEP = {700};
  private static final RowChunks WHOLE = RowChunks.whole(GRID.tokens());
  private static final RowChunks CHUNKS = new RowChunks(GRID.tokens(), 64);

  @TempDir private Path temporary;
  private int liveBefore;
  private Backend backend;
  private WeightSource weights;
  private final Random random = new Random(9);
  private final List<float[]> contexts = List.of(randoms(7 * 64), randoms(3 * 64));
  private final float[] noise = randoms(16 * PLANE);
  private final float[] channels = randoms(20 * PLANE);
  private final float[] features = randoms(257 * 320);

  @BeforeEach
  void open() throws IOException {
    liveBefore = Ggml.liveObjects();
    backend = Backend.open(Device.cpu());
    backend.setThreads(1);
    weights =
        WeightSource.overlay(
            SafetensorsFile.open(GOLDEN.resolve("dit-t2v/weights.safetensors")),
            SafetensorsFile.open(GOLDEN.resolve("dit-i2v/weights.safetensors")));
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

  private static WanRun run(RowChunks chunks, boolean layerMajor) {
    List<PromptRows> prompts = List.of(new PromptRows(7), new PromptRows(3));
    return new WanRun(GRID, chunks, prompts, layerMajor, 1, Precision.AUTO);
  }

  private WanCondition condition() {
    return new WanCondition(channels, features);
  }

  @Test
  void isReadOffTheShapesOfACheckpoint() throws IOException {
    WanConfig config = WanConfig.infer(weights);
    assertThat(config)
        .isEqualTo(new WanConfig(WanVariant.I2V, 36, 16, 256, 512, 256, 64, 2, 320, 0));
    assertThat(config.imageTokens()).isEqualTo(257);
    try (WeightSource both =
        WeightSource.overlay(
            SafetensorsFile.open(GOLDEN.resolve("dit-t2v/weights.safetensors")),
            SafetensorsFile.open(GOLDEN.resolve("dit-i2v/weights.safetensors")),
            SafetensorsFile.open(GOLDEN.resolve("dit-flf2v/weights.safetensors")))) {
      assertThat(WanConfig.infer(both).variant()).isEqualTo(WanVariant.FLF2V);
      assertThat(WanConfig.infer(both).imageTokens()).isEqualTo(514);
    }
  }

  @Test
  void streamedChunkedAndPassByPassEqualResidentWholeAndTogether() throws IOException {
    try (WanTransformer resident = load(Placement::allResident);
        WanTransformer streamed = load(n -> Placement.allStreamed(n, 1));
        WanSession together = resident.open(run(WHOLE, true), contexts, condition());
        WanSession chunked = streamed.open(run(CHUNKS, false), contexts, condition())) {
      List<float[]> expected = together.predict(noise, TIMESTEP, 0, 1);
      assertThat(chunked.predict(noise, TIMESTEP, 0).get(0)).isEqualTo(expected.get(0));
      assertThat(chunked.predict(noise, TIMESTEP, 1).get(0)).isEqualTo(expected.get(1));
    }
  }

  @Test
  void keysMadeAnewForEachBlockEqualThoseThatAreKept() throws IOException {
    try (WanTransformer model = load(Placement::allResident);
        WanSession kept = model.open(run(CHUNKS, true), contexts, condition());
        WanSession anew =
            model.open(run(CHUNKS, true).withTextKeys(false), contexts, condition())) {
      List<float[]> expected = kept.predict(noise, TIMESTEP, 0, 1);
      assertThat(anew.predict(noise, TIMESTEP, 0, 1).get(1)).isEqualTo(expected.get(1));
      assertThat(anew.predict(noise, TIMESTEP, 1).get(0)).isEqualTo(expected.get(1));
      assertThat(anew.deviceBytes()).isLessThan(kept.deviceBytes());
    }
  }

  @Test
  void anotherClipSeesItsOwnPictures() throws IOException {
    float[] others = randoms(features.length);
    try (WanTransformer model = load(Placement::allResident);
        WanSession first = model.open(run(CHUNKS, true), contexts, condition());
        WanSession second =
            model.open(run(CHUNKS, true), contexts, new WanCondition(channels, others))) {
      float[] expected = second.predict(noise, TIMESTEP, 0, 1).get(0);
      assertThat(first.predict(noise, TIMESTEP, 0, 1).get(0)).isNotEqualTo(expected);
      first.restart(contexts, new WanCondition(channels, others));
      assertThat(first.predict(noise, TIMESTEP, 0, 1).get(0)).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void keysAndValuesOfPicturesAreInTheMemoryThatWasMeasured(boolean kept) throws IOException {
    WanRun run = run(CHUNKS, true).withTextKeys(kept);
    WanConfig config = WanConfig.infer(weights);
    TypePolicy types = SourceTypes.of(weights, Precision.AUTO, backend.device());
    WanTransformer.Memory memory = WanTransformer.measure(config, run, types, Device.cpu(), 1);
    try (WanTransformer model = load(Placement::allResident)) {
      long before = backend.deviceMemory().currentBytes();
      backend.deviceMemory().resetPeak();
      try (WanSession session = model.open(run, contexts, condition())) {
        session.predict(noise, TIMESTEP, 0, 1);
        assertThat(backend.deviceMemory().peakBytes() - before)
            .isEqualTo(memory.stateBytes() + memory.computeBytes());
      }
    }
    long keys = 2L * (kept ? config.layers() : 1) * 257 * config.dim() * Short.BYTES;
    WanConfig blind = new WanConfig(WanVariant.I2V_LATENT, 36, 16, 256, 512, 256, 64, 2);
    assertThat(memory.stateBytes())
        .isGreaterThanOrEqualTo(
            keys + WanTransformer.measure(blind, run, types, Device.cpu(), 1).stateBytes());
  }

  @Test
  void adaptersStandBesideItsMatrices() throws IOException {
    MadeAdapters made = new MadeAdapters(weights);
    Path file = made.write(temporary.resolve("lora.safetensors"), 4, 3, 0.5, 1, 0.4);
    Path mergedFile = made.writeMerged(temporary.resolve("merged.safetensors"));
    Map<String, Shape> shapes = new LinkedHashMap<>();
    weights.tensors().forEach(t -> shapes.put(t.name(), t.shape()));
    try (LoraAdapter adapter = LoraAdapter.open(new AdapterFile(file, 1));
        WeightSource merged = WeightFiles.open(mergedFile)) {
      LoraMatch match = LoraMatch.of(adapter, shapes);
      assertThat(match.leftOut()).isEmpty();
      float[] beside = exact(weights, new NetworkAdapters(List.of(match)));
      float[] inside = exact(merged, NetworkAdapters.NONE);
      assertThat(maxAbs(beside, inside)).isLessThan(1e-3);
      assertThat(maxAbs(beside, exact(weights, NetworkAdapters.NONE))).isGreaterThan(0.1);
    }
  }

  private float[] exact(WeightSource source, NetworkAdapters adapters) throws IOException {
    WanRun run = new WanRun(GRID, WHOLE, List.of(new PromptRows(7)), false, 1, Precision.F32);
    try (WanTransformer model =
            WanTransformer.open(
                backend,
                source,
                WanConfig.infer(source),
                Precision.F32,
                Placement::allResident,
                adapters);
        WanSession session = model.open(run, contexts.subList(0, 1), condition())) {
      return session.predict(noise, TIMESTEP, 0).get(0);
    }
  }

  @Test
  void aWrongNumberOfFeaturesIsRefused() throws IOException {
    try (WanTransformer model = load(Placement::allResident)) {
      for (int length : new int[] {0, 514 * 320}) {
        WanCondition wrong = new WanCondition(channels, Arrays.copyOf(features, length));
        assertThatThrownBy(() -> model.open(run(WHOLE, true), contexts, wrong))
            .isInstanceOf(ShapeException.class)
            .hasMessageContaining("have " + length + " values, expected [257, 320]");
      }
    }
  }

  private static double maxAbs(float[] a, float[] b) {
    double max = 0;
    for (int i = 0; i < a.length; i++) {
      max = Math.max(max, Math.abs((double) a[i] - b[i]));
    }
    return max;
  }

  private float[] randoms(int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
