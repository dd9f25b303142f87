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
import dev.wanlet.wan.nn.SourceTypes;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The transformer against the official code's tensors, and against itself where it may cut the work
 * in other ways.
 */
class WanTransformerTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden/dit-t2v");

  /** The tolerance of the golden folder: float32 noise is 3e-5. */
  private static final double TOLERANCE = 2e-4;

  private int liveBefore;
  private Backend backend;
  private WeightSource weights;
  private WeightSource inputs;
  private WeightSource outputs;

  @BeforeEach
  void open() throws IOException {
    liveBefore = Ggml.liveObjects();
    backend = Backend.open(Device.cpu());
    backend.setThreads(1);
    weights = SafetensorsFile.open(GOLDEN.resolve("weights.safetensors"));
    inputs = SafetensorsFile.open(GOLDEN.resolve("inputs.safetensors"));
    outputs = SafetensorsFile.open(GOLDEN.resolve("outputs.safetensors"));
  }

  @AfterEach
  void nothingLeaks() {
    inputs.close();
    outputs.close();
    weights.close();
    backend.close();
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  private WanTransformer load(Precision precision) throws IOException {
    return WanTransformer.open(
        backend, weights, WanConfig.infer(weights), precision, Placement::allResident);
  }

  private static WanRun run(TokenGrid grid, int chunkRows, Precision precision, int... tokens) {
    List<PromptRows> prompts = Arrays.stream(tokens).mapToObj(PromptRows::new).toList();
    RowChunks chunks =
        chunkRows == 0 ? RowChunks.whole(grid.tokens()) : new RowChunks(grid.tokens(), chunkRows);
    return new WanRun(grid, chunks, prompts, tokens.length > 1, 1, precision);
  }

  @Test
  void infersItsConfiguration() throws IOException {
    assertThat(WanConfig.infer(weights))
        .isEqualTo(new WanConfig(WanVariant.T2V, 16, 16, 256, 512, 256, 64, 2));
  }

  @Test
  void agreesWithTheOfficialCodeAtEveryTap() throws IOException {
    float[] context = floats(inputs, "context");
    for (String name : List.of("t999", "t500", "t312_25")) {
      Taps taps = new Taps(tap -> outputs.find(name + "." + tap).isPresent());
      try (WanTransformer model = load(Precision.F32);
          WanSession session =
              model.open(
                  run(new TokenGrid(3, 4, 6), 0, Precision.F32, 7), List.of(context), taps)) {
        float[] velocity =
            session.predict(floats(inputs, "x"), floats(inputs, name + ".t"), 0).get(0);
        close(velocity, name + ".output");
        taps.collected().forEach((tap, t) -> close(t.values(), name + "." + tap));
        long expected =
            outputs.tensors().stream()
                .filter(t -> t.name().startsWith(name + "."))
                .filter(t -> !t.name().endsWith(".output") || t.name().contains("block"))
                .filter(t -> !t.name().endsWith("text_embedding_rows0_9"))
                .count();
        assertThat(taps.collected()).hasSize((int) expected);
      }
    }
  }

  @Test
  void chunkedEqualsWholeBitForBit() throws IOException {
    TokenGrid grid = new TokenGrid(3, 8, 9);
    Random random = new Random(5);
    float[] latents = randoms(random, 16 * 3 * 16 * 18);
    float[] context = floats(inputs, "context");
    float[] timestep = {700f};
    for (Precision precision : Precision.values()) {
      try (WanTransformer model = load(precision);
          WanSession whole = model.open(run(grid, 0, precision, 7), List.of(context));
          WanSession chunked = model.open(run(grid, 64, precision, 7), List.of(context))) {
        assertThat(run(grid, 64, precision, 7).chunks().chunks()).hasSize(3);
        float[] expected = whole.predict(latents, timestep, 0).get(0);
        assertThat(chunked.predict(latents, timestep, 0).get(0)).isEqualTo(expected);
        assertThat(chunked.predict(latents, timestep, 0).get(0)).isEqualTo(expected);
      }
    }
  }

  @Test
  void layerMajorGuidanceEqualsOnePassAfterTheOther() throws IOException {
    TokenGrid grid = new TokenGrid(2, 6, 6);
    float[] latents = randoms(new Random(6), 16 * 2 * 12 * 12);
    float[] prompt = floats(inputs, "context");
    float[] negative = Arrays.copyOf(prompt, 3 * 64);
    float[] timestep = {400f};
    WanRun both = run(grid, 64, Precision.AUTO, 7, 3);
    WanRun single = new WanRun(grid, both.chunks(), both.prompts(), false, 1, Precision.AUTO);
    try (WanTransformer model = load(Precision.AUTO);
        WanSession layerMajor = model.open(both, List.of(prompt, negative));
        WanSession sequential = model.open(single, List.of(prompt, negative))) {
      List<float[]> together = layerMajor.predict(latents, timestep, 0, 1);
      assertThat(sequential.predict(latents, timestep, 0).get(0)).isEqualTo(together.get(0));
      assertThat(sequential.predict(latents, timestep, 1).get(0)).isEqualTo(together.get(1));
      assertThat(together.get(0)).isNotEqualTo(together.get(1));
      assertThatThrownBy(() -> sequential.predict(latents, timestep, 0, 1))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void promptKeysMadeAnewInEachBlockChangeNothing() throws IOException {
    TokenGrid grid = new TokenGrid(2, 6, 6);
    float[] latents = randoms(new Random(6), 16 * 2 * 12 * 12);
    float[] prompt = floats(inputs, "context");
    float[] negative = Arrays.copyOf(prompt, 3 * 64);
    float[] timestep = {400f};
    WanRun kept = run(grid, 64, Precision.AUTO, 7, 3);
    try (WanTransformer model = load(Precision.AUTO);
        WanSession keeps = model.open(kept, List.of(prompt, negative));
        WanSession remakes = model.open(kept.withTextKeys(false), List.of(prompt, negative))) {
      List<float[]> expected = keeps.predict(latents, timestep, 0, 1);
      for (int step = 0; step < 2; step++) {
        List<float[]> again = remakes.predict(latents, timestep, 0, 1);
        assertThat(again.get(0)).isEqualTo(expected.get(0));
        assertThat(again.get(1)).isEqualTo(expected.get(1));
      }
      assertThat(remakes.deviceBytes()).isLessThan(keeps.deviceBytes());
      float[] other = randoms(new Random(7), 3 * 64);
      keeps.restart(List.of(prompt, other), WanCondition.NONE);
      remakes.restart(List.of(prompt, other), WanCondition.NONE);
      assertThat(remakes.predict(latents, timestep, 0, 1).get(1))
          .isEqualTo(keeps.predict(latents, timestep, 0, 1).get(1))
          .isNotEqualTo(expected.get(1));
    }
  }

  @Test
  void skippedBlocksLeaveTheNetworkOutOfEveryPassButTheFirst() throws IOException {
    TokenGrid grid = new TokenGrid(2, 6, 6);
    float[] latents = randoms(new Random(6), 16 * 2 * 12 * 12);
    float[] prompt = floats(inputs, "context");
    float[] negative = Arrays.copyOf(prompt, 3 * 64);
    float[] other = randoms(new Random(7), 3 * 64);
    float[] timestep = {400f};
    WanRun both = run(grid, 64, Precision.AUTO, 7, 3);
    WanRun single = new WanRun(grid, both.chunks(), both.prompts(), false, 1, Precision.AUTO);
    try (WanTransformer model = load(Precision.AUTO);
        WanSession layerMajor = model.open(both, List.of(prompt, negative));
        WanSession sequential = model.open(single, List.of(prompt, other))) {
      List<float[]> whole = layerMajor.predict(latents, timestep, 0, 1);
      layerMajor.skipBlocksWithoutPrompt(Set.of(1));
      List<float[]> less = layerMajor.predict(latents, timestep, 0, 1);
      assertThat(less.get(0)).isEqualTo(whole.get(0));
      assertThat(maxAbs(less.get(1), whole.get(1))).isGreaterThan(0.01);
      // Without any block the prompt does not matter, whatever the order of passes.
      layerMajor.skipBlocksWithoutPrompt(Set.of(0, 1));
      sequential.skipBlocksWithoutPrompt(Set.of(0, 1));
      float[] none = layerMajor.predict(latents, timestep, 0, 1).get(1);
      assertThat(sequential.predict(latents, timestep, 1).get(0)).isEqualTo(none);
      assertThat(sequential.predict(latents, timestep, 0).get(0)).isEqualTo(whole.get(0));
      layerMajor.skipBlocksWithoutPrompt(Set.of());
      assertThat(layerMajor.predict(latents, timestep, 0, 1).get(1)).isEqualTo(whole.get(1));
    }
  }

  @Test
  void perTokenTimestepsOfOneValueEqualASingleTimestep() throws IOException {
    TokenGrid grid = new TokenGrid(3, 4, 6);
    float[] context = floats(inputs, "context");
    float[] each = new float[72];
    Arrays.fill(each, 999f);
    WanRun two =
        new WanRun(grid, RowChunks.whole(72), List.of(new PromptRows(7)), false, 2, Precision.F32);
    try (WanTransformer model = load(Precision.F32);
        WanSession session = model.open(two, List.of(context))) {
      close(session.predict(floats(inputs, "x"), each, 0).get(0), "t999.output");
      Arrays.fill(each, 0, 24, 0f);
      float[] mixed = session.predict(floats(inputs, "x"), each, 0).get(0);
      assertThat(maxAbs(mixed, floats(outputs, "t999.output"))).isGreaterThan(0.01);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void memoryIsWhatWasMeasuredWithoutWeights(boolean keepsTextKeys) throws IOException {
    TokenGrid grid = new TokenGrid(3, 8, 9);
    WanRun run = run(grid, 64, Precision.AUTO, 7, 4).withTextKeys(keepsTextKeys);
    TypePolicy types = SourceTypes.of(weights, Precision.AUTO, backend.device());
    WanConfig config = WanConfig.infer(weights);
    WanTransformer.Memory memory = WanTransformer.measure(config, run, types, Device.cpu(), 1);
    assertThat(WanTransformer.stateBytes(config, run, Device.cpu())).isEqualTo(memory.stateBytes());
    assertThat(WanTransformer.measure(config, run.withTextKeys(true), types, Device.cpu(), 1))
        .returns(memory.computeBytes(), WanTransformer.Memory::computeBytes)
        .returns(memory.scratchBytes(), WanTransformer.Memory::scratchBytes);
    try (WanTransformer model = load(Precision.AUTO)) {
      long before = backend.deviceMemory().currentBytes();
      backend.deviceMemory().resetPeak();
      try (WanSession session = model.open(run, List.of(new float[7 * 64], new float[4 * 64]))) {
        session.predict(new float[16 * 3 * 16 * 18], new float[] {1f}, 0, 1);
        assertThat(backend.deviceMemory().peakBytes() - before)
            .isEqualTo(memory.stateBytes() + memory.computeBytes())
            .isEqualTo(session.deviceBytes());
      }
      assertThat(backend.deviceMemory().currentBytes()).isEqualTo(before);
    }
    assertThat(memory.scratchBytes()).isPositive();
  }

  @Test
  void refusesInputsOfTheWrongSize() throws IOException {
    TokenGrid grid = new TokenGrid(3, 4, 6);
    WanRun run = run(grid, 0, Precision.F32, 7);
    try (WanTransformer model = load(Precision.F32)) {
      assertThatThrownBy(() -> model.open(run, List.of(new float[3])))
          .isInstanceOf(ShapeException.class)
          .hasMessageContaining("[7, 64]");
      try (WanSession session = model.open(run, List.of(new float[7 * 64]))) {
        assertThatThrownBy(() -> session.predict(new float[5], new float[] {1f}, 0))
            .isInstanceOf(ShapeException.class)
            .hasMessageContaining("[16, 3, 8, 12]");
        assertThatThrownBy(
                () -> session.predict(new float[16 * 3 * 8 * 12], new float[] {1f, 2f}, 0))
            .isInstanceOf(ShapeException.class);
      }
    }
  }

  private void close(float[] actual, String name) {
    float[] expected = floats(outputs, name);
    double largest = 0;
    for (float v : expected) {
      largest = Math.max(largest, Math.abs(v));
    }
    assertThat(actual).as(name).hasSameSizeAs(expected);
    assertThat(maxAbs(actual, expected))
        .as(name)
        .isLessThanOrEqualTo(TOLERANCE * Math.max(1, largest));
  }

  private static double maxAbs(float[] a, float[] b) {
    double max = 0;
    for (int i = 0; i < a.length; i++) {
      max = Math.max(max, Math.abs((double) a[i] - b[i]));
    }
    return max;
  }

  private static float[] floats(WeightSource source, String name) {
    WeightTensor tensor = source.find(name).orElseThrow();
    return tensor.toFloats();
  }

  private static float[] randoms(Random random, int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
