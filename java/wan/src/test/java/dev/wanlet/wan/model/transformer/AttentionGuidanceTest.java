// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Graph;
import dev.wanlet.ggml.GraphAllocator;
import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorArena;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.Placement;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.RowChunks;
import dev.wanlet.wan.nn.SourceTypes;
import dev.wanlet.wan.nn.TypePolicy;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A negative prompt at work within the pass of the prompt; the formula is held by a golden. */
class AttentionGuidanceTest extends GoldenTransformer {
  private static final TokenGrid GRID = new TokenGrid(3, 8, 9);
  private static final float[] TIMESTEP = {700};
  private static final RowChunks WHOLE = RowChunks.whole(GRID.tokens());
  private static final RowChunks CHUNKS = new RowChunks(GRID.tokens(), 64);

  private final List<float[]> contexts = List.of(randoms(7 * 64), randoms(3 * 64));
  private final float[] noise = randoms(16 * 3 * 16 * 18);

  AttentionGuidanceTest() {
    super(9);
  }

  /** A run of one pass or, with guidance as well, of two. */
  private static WanRun run(RowChunks chunks, int passes) {
    return plain(chunks, passes > 1).withAttention(AttentionGuidance.USUAL, passes);
  }

  private static WanRun plain(RowChunks chunks, boolean layerMajor) {
    List<PromptRows> prompts = List.of(new PromptRows(7), new PromptRows(3));
    return new WanRun(GRID, chunks, prompts, layerMajor, 1, Precision.AUTO);
  }

  @Test
  void streamedAndChunkedEqualResidentAndWhole() throws IOException {
    try (WanTransformer resident = load(Placement::allResident);
        WanTransformer streamed = load(n -> Placement.allStreamed(n, 1));
        WanSession whole = resident.open(run(WHOLE, 1), contexts);
        WanSession chunked = streamed.open(run(CHUNKS, 1), contexts)) {
      float[] expected = whole.predict(noise, TIMESTEP, 0).get(0);
      assertThat(chunked.predict(noise, TIMESTEP, 0).get(0)).isEqualTo(expected);
      assertThat(chunked.predict(noise, TIMESTEP, 0).get(0)).isEqualTo(expected);
    }
  }

  @Test
  void thePassOfTheNegativePromptStaysAsItIs() throws IOException {
    try (WanTransformer model = load(Placement::allResident);
        WanSession alone = model.open(run(CHUNKS, 1), contexts);
        WanSession both = model.open(run(CHUNKS, 2), contexts);
        WanSession without = model.open(plain(CHUNKS, true), contexts)) {
      List<float[]> guided = both.predict(noise, TIMESTEP, 0, 1);
      List<float[]> plain = without.predict(noise, TIMESTEP, 0, 1);
      assertThat(guided.get(0)).isEqualTo(alone.predict(noise, TIMESTEP, 0).get(0));
      assertThat(guided.get(0)).isNotEqualTo(plain.get(0));
      assertThat(guided.get(1)).isEqualTo(plain.get(1));
    }
  }

  @Test
  void keysMadeAnewForEachBlockEqualThoseThatAreKept() throws IOException {
    try (WanTransformer model = load(Placement::allResident);
        WanSession kept = model.open(run(CHUNKS, 2), contexts);
        WanSession anew = model.open(run(CHUNKS, 2).withTextKeys(false), contexts)) {
      List<float[]> expected = kept.predict(noise, TIMESTEP, 0, 1);
      List<float[]> made = anew.predict(noise, TIMESTEP, 0, 1);
      assertThat(made.get(0)).isEqualTo(expected.get(0));
      assertThat(made.get(1)).isEqualTo(expected.get(1));
      assertThat(anew.deviceBytes()).isLessThan(kept.deviceBytes());
    }
  }

  @ParameterizedTest
  @CsvSource({"1, true", "1, false", "2, true", "2, false"})
  void itsMemoryIsTheMeasuredOne(int passes, boolean kept) throws IOException {
    WanRun run = run(CHUNKS, passes).withTextKeys(kept);
    WanConfig config = WanConfig.infer(weights);
    TypePolicy types = SourceTypes.of(weights, Precision.AUTO, backend.device());
    WanTransformer.Memory memory = WanTransformer.measure(config, run, types, Device.cpu(), 1);
    try (WanTransformer model = load(Placement::allResident)) {
      long before = backend.deviceMemory().currentBytes();
      backend.deviceMemory().resetPeak();
      try (WanSession session = model.open(run, contexts)) {
        session.predict(noise, TIMESTEP, passes == 1 ? new int[] {0} : new int[] {0, 1});
        assertThat(backend.deviceMemory().peakBytes() - before)
            .isEqualTo(memory.stateBytes() + memory.computeBytes());
      }
    }
  }

  @Test
  void rowsOfZerosStayZeros() {
    try (TensorArena arena = TensorArena.forGraph(64);
        GraphAllocator allocator = new GraphAllocator(backend)) {
      GraphBuilder g = new GraphBuilder(arena);
      Tensor with = g.input("with", TensorType.F32, 2, 4);
      Tensor negative = g.input("negative", TensorType.F32, 2, 4);
      Tensor made = g.output(AttentionGuidance.USUAL.apply(g, with, negative));
      Graph graph = g.graph();
      allocator.allocate(graph);
      with.set(new float[8]);
      negative.set(new float[] {0, 0, 0, 0, 1, 1, 1, 1});
      backend.compute(graph);
      float[] values = made.toFloats();
      assertThat(Arrays.copyOf(values, 4)).containsOnly(0f);
      // Away from the negative prompt, but no farther than 2.5 times the shortest length.
      for (float value : Arrays.copyOfRange(values, 4, 8)) {
        assertThat(value).isBetween(-2e-7f, -1e-7f);
      }
    }
  }

  @Test
  void numbersThatCannotBeAreRefused() {
    float[][] wrong = {
      {0.5f, 2, 1}, {11, 0.9f, 1}, {11, 2, 0}, {11, 2, 1.1f}, {Float.NaN, 2, 1}, {11, 2000, 1}
    };
    for (float[] n : wrong) {
      assertThatThrownBy(() -> new AttentionGuidance(n[0], n[1], n[2]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("expected a scale from 1 to 1000");
    }
  }
}
