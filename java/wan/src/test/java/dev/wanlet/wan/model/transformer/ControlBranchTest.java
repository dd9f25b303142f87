// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.ShapeException;
import dev.wanlet.wan.nn.BlockSpec;
import dev.wanlet.wan.nn.NetworkAdapters;
import dev.wanlet.wan.nn.Placement;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.RowChunks;
import dev.wanlet.wan.nn.SourceTypes;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.checkpoint.WeightFiles;
import dev.wanlet.weights.lora.AdapterFile;
import dev.wanlet.weights.lora.LoraAdapter;
import dev.wanlet.weights.lora.LoraMatch;
import dev.wanlet.weights.safetensors.SafetensorsFile;
import dev.wanlet.weights.write.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A transformer with a control branch: two control blocks beside four blocks. Parity holds it
 * against the reference.
 */
class ControlBranchTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden/dit-vace");
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
  private final float[] control = randoms(96 * PLANE);

  @BeforeEach
  void open() throws IOException {
    liveBefore = Ggml.liveObjects();
    backend = Backend.open(Device.cpu());
    backend.setThreads(1);
    weights = SafetensorsFile.open(GOLDEN.resolve("weights.safetensors"));
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

  private WanCondition shown(double strength) {
    return new WanCondition(new WanCondition.Control(control, (float) strength));
  }

  @Test
  void isReadOffTheNamesAndShapesOfACheckpoint() throws IOException {
    WanConfig config = WanConfig.infer(weights);
    assertThat(config)
        .isEqualTo(new WanConfig(WanVariant.VACE, 16, 16, 128, 128, 256, 64, 4, 0, 2));
    assertThat(config.blocks()).isEqualTo(6);
  }

  @Test
  void controlBlocksRunBehindTheBlocksThatTheirHintsAreFor() throws IOException {
    assertThat(
            WanTransformer.layout(WanConfig.infer(weights), TypePolicy.ALL_F32).blocks().stream()
                .map(BlockSpec::prefix))
        .containsExactly(
            "blocks.0.", "vace_blocks.0.", "blocks.1.", "blocks.2.", "vace_blocks.1.", "blocks.3.");
  }

  @Test
  void blocksThatCannotBeSpreadEvenlyAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new WanConfig(WanVariant.VACE, 16, 16, 128, 128, 256, 64, 4, 0, 3))
        .withMessageContaining("3 control blocks cannot be spread evenly over 4 blocks");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new WanConfig(WanVariant.T2V, 16, 16, 128, 128, 256, 64, 4, 0, 2))
        .withMessageContaining("T2V with 2 control blocks");
  }

  @Test
  void aBranchOfOtherChannelsIsRefused() throws IOException {
    Path file = temporary.resolve("other.safetensors");
    try (SafetensorsWriter writer = SafetensorsWriter.create(file)) {
      writer.declare("vace_patch_embedding.weight", StoredType.F32, Shape.of(128, 16, 1, 2, 2));
      writer.append("vace_patch_embedding.weight", ByteBuffer.allocate(4 * 128 * 16 * 4));
      writer.commit();
    }
    try (WeightSource other = SafetensorsFile.open(file);
        WeightSource both =
            WeightSource.overlay(
                SafetensorsFile.open(GOLDEN.resolve("weights.safetensors")),
                SafetensorsFile.open(file))) {
      assertThatThrownBy(() -> WanConfig.infer(both))
          .isInstanceOf(WeightFormatException.class)
          .hasMessageContaining("2 blocks")
          .hasMessageContaining("[128, 16, 1, 2, 2]")
          .hasMessageContaining("96 channels");
      assertThatThrownBy(() -> WanControl.countBlocks(other)).hasMessageContaining("has 0 blocks");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void streamedChunkedAndPassByPassEqualResidentWholeAndTogether(boolean keepsTextKeys)
      throws IOException {
    try (WanTransformer resident = load(Placement::allResident);
        WanTransformer streamed = load(n -> Placement.allStreamed(n, 1));
        WanTransformer mixed = load(n -> new Placement(n, 2, 2));
        WanSession together = resident.open(run(WHOLE, true), contexts, shown(0.7));
        WanSession chunked =
            streamed.open(run(CHUNKS, false).withTextKeys(keepsTextKeys), contexts, shown(0.7));
        WanSession both =
            mixed.open(run(CHUNKS, true).withTextKeys(keepsTextKeys), contexts, shown(0.7))) {
      List<float[]> expected = together.predict(noise, TIMESTEP, 0, 1);
      for (int step = 0; step < 2; step++) {
        assertThat(chunked.predict(noise, TIMESTEP, 0).get(0)).isEqualTo(expected.get(0));
        assertThat(chunked.predict(noise, TIMESTEP, 1).get(0)).isEqualTo(expected.get(1));
        List<float[]> again = both.predict(noise, TIMESTEP, 0, 1);
        assertThat(again.get(0)).isEqualTo(expected.get(0));
        assertThat(again.get(1)).isEqualTo(expected.get(1));
      }
    }
  }

  @Test
  void withoutStrengthItIsTheTransformerWithoutABranch() throws IOException {
    WanConfig plain = new WanConfig(WanVariant.T2V, 16, 16, 128, 128, 256, 64, 4);
    try (WanTransformer model = load(Placement::allResident);
        WanTransformer without =
            WanTransformer.open(backend, weights, plain, Precision.AUTO, Placement::allResident);
        WanSession session = model.open(run(CHUNKS, true), contexts, shown(0));
        WanSession other = without.open(run(CHUNKS, true), contexts)) {
      List<float[]> expected = other.predict(noise, TIMESTEP, 0, 1);
      assertThat(session.predict(noise, TIMESTEP, 0, 1).get(1)).isEqualTo(expected.get(1));
      session.restart(contexts, shown(1));
      assertThat(maxAbs(session.predict(noise, TIMESTEP, 0, 1).get(1), expected.get(1)))
          .isGreaterThan(0.1);
    }
  }

  @Test
  void anotherClipIsShownItsOwnControlVideo() throws IOException {
    WanCondition others = new WanCondition(new WanCondition.Control(randoms(96 * PLANE), 0.5f));
    try (WanTransformer model = load(Placement::allResident);
        WanSession first = model.open(run(CHUNKS, true), contexts, shown(1));
        WanSession second = model.open(run(CHUNKS, true), contexts, others)) {
      float[] expected = second.predict(noise, TIMESTEP, 0, 1).get(0);
      assertThat(first.predict(noise, TIMESTEP, 0, 1).get(0)).isNotEqualTo(expected);
      first.restart(contexts, others);
      assertThat(first.predict(noise, TIMESTEP, 0, 1).get(0)).isEqualTo(expected);
    }
  }

  @Test
  void aSkippedBlockTakesItsHintWithItAndTheBranchGoesOn() throws IOException {
    try (WanTransformer model = load(Placement::allResident);
        WanSession session = model.open(run(CHUNKS, true), contexts, shown(1));
        WanSession single = model.open(run(CHUNKS, false), contexts, shown(1))) {
      List<float[]> whole = session.predict(noise, TIMESTEP, 0, 1);
      session.skipBlocksWithoutPrompt(Set.of(0, 2));
      List<float[]> withoutHints = session.predict(noise, TIMESTEP, 0, 1);
      assertThat(withoutHints.get(0)).isEqualTo(whole.get(0));
      single.skipBlocksWithoutPrompt(Set.of(0, 2));
      assertThat(single.predict(noise, TIMESTEP, 1).get(0)).isEqualTo(withoutHints.get(1));
      assertThat(single.predict(noise, TIMESTEP, 0).get(0)).isEqualTo(whole.get(0));
      session.skipBlocksWithoutPrompt(Set.of(0));
      float[] withSecond = session.predict(noise, TIMESTEP, 0, 1).get(1);

      // Skipped blocks leave nothing for the strength to act on; the second hint does not depend
      // on whether the first was added.
      session.restart(contexts, shown(0));
      float[] withoutSecond = session.predict(noise, TIMESTEP, 0, 1).get(1);
      assertThat(maxAbs(withSecond, withoutSecond)).isGreaterThan(0.1);
      session.skipBlocksWithoutPrompt(Set.of(0, 2));
      assertThat(session.predict(noise, TIMESTEP, 0, 1).get(1)).isEqualTo(withoutHints.get(1));
    }
  }

  @Test
  void aStepWithoutTheBlocksAddsAgainWhatTheHintsDidToo() throws IOException {
    WanRun run = run(CHUNKS, true);
    WanRun keeps = new WanRun(GRID, CHUNKS, run.prompts(), true, 1, Precision.AUTO, true, true);
    try (WanTransformer model = load(Placement::allResident);
        WanSession session = model.open(keeps, contexts, shown(1))) {
      List<float[]> both = session.predict(noise, TIMESTEP, 0, 1);
      for (int pass = 0; pass < 2; pass++) {
        assertThat(maxAbs(session.predictAgain(noise, TIMESTEP, pass), both.get(pass)))
            .isLessThan(1e-3);
      }
      assertThat(session.predict(noise, TIMESTEP, 0, 1).get(1)).isEqualTo(both.get(1));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theBranchIsInTheMemoryThatWasMeasured(boolean layerMajor) throws IOException {
    for (boolean kept : new boolean[] {true, false}) {
      WanRun run = run(CHUNKS, layerMajor).withTextKeys(kept);
      WanConfig config = WanConfig.infer(weights);
      TypePolicy types = SourceTypes.of(weights, Precision.AUTO, backend.device());
      WanTransformer.Memory memory = WanTransformer.measure(config, run, types, Device.cpu(), 1);
      assertThat(WanTransformer.stateBytes(config, run, Device.cpu()))
          .isEqualTo(memory.stateBytes());
      try (WanTransformer model = load(Placement::allResident)) {
        long before = backend.deviceMemory().currentBytes();
        backend.deviceMemory().resetPeak();
        try (WanSession session = model.open(run, contexts, shown(1))) {
          session.predict(noise, TIMESTEP, layerMajor ? new int[] {0, 1} : new int[] {1});
          assertThat(backend.deviceMemory().peakBytes() - before)
              .isEqualTo(memory.stateBytes() + memory.computeBytes())
              .isEqualTo(session.deviceBytes());
        }
      }
      // One tensor of the size of the tokens for each stream, however many hints there are.
      WanConfig plain = new WanConfig(WanVariant.T2V, 16, 16, 128, 128, 256, 64, 6);
      long without = WanTransformer.stateBytes(plain, run, Device.cpu());
      long stream = 4L * GRID.tokens() * config.dim();
      assertThat(memory.stateBytes() - without)
          .isBetween(run.streams() * stream, run.streams() * stream + 64);
    }
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
      assertThat(match.lowRank().stream().map(LoraMatch.LowRank::tensor))
          .contains(
              "vace_patch_embedding.weight",
              "vace_blocks.0.before_proj.weight",
              "vace_blocks.1.after_proj.weight",
              "vace_blocks.1.self_attn.q.weight");
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
        WanSession session = model.open(run, contexts.subList(0, 1), shown(1))) {
      return session.predict(noise, TIMESTEP, 0).get(0);
    }
  }

  @Test
  void aWrongNumberOfValuesIsRefused() throws IOException {
    try (WanTransformer model = load(Placement::allResident)) {
      for (int length : new int[] {0, 95 * PLANE}) {
        WanCondition wrong = new WanCondition(new WanCondition.Control(new float[length], 1));
        assertThatThrownBy(() -> model.open(run(WHOLE, true), contexts, wrong))
            .isInstanceOf(ShapeException.class)
            .hasMessageContaining("shown " + length + " values, expected [96, 3, 16, 18]");
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
