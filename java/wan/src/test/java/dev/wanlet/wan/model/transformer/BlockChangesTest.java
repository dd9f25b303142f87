// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.wan.nn.BlockSpec;
import dev.wanlet.wan.nn.Placement;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.RowChunks;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Passes that do without the blocks. */
class BlockChangesTest extends GoldenTransformer {
  private static final TokenGrid GRID = new TokenGrid(3, 8, 9);
  private static final float[] T = {700f};
  private final float[] noise = randoms(16 * 3 * 16 * 18);
  private final List<float[]> contexts = List.of(randoms(7 * 64), randoms(7 * 64));

  BlockChangesTest() {
    super(4);
  }

  private static WanRun run(RowChunks chunks) {
    return new WanRun(
        GRID,
        chunks,
        List.of(new PromptRows(7), new PromptRows(7)),
        true,
        1,
        Precision.AUTO,
        true,
        true);
  }

  private static double error(float[] actual, float[] expected) {
    double error = 0;
    double square = 0;
    for (int i = 0; i < actual.length; i++) {
      error += Math.pow((double) actual[i] - expected[i], 2);
      square += Math.pow(expected[i], 2);
    }
    return error / square;
  }

  @Test
  void addAgainWhatTheBlocksDidToEachToken() throws IOException {
    float[] later = randoms(noise.length);
    try (WanTransformer model = load(Placement::allResident);
        WanSession whole = model.open(run(RowChunks.whole(216)), contexts);
        WanSession chunked = model.open(run(new RowChunks(216, 64)), contexts)) {
      assertThatThrownBy(() -> whole.predictAgain(noise, T, 1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("nothing was kept of pass 1");
      List<float[]> both = whole.predict(noise, T, 0, 1);
      List<float[]> inChunks = chunked.predict(noise, T, 0, 1);
      for (int pass = 0; pass < 2; pass++) {
        assertThat(inChunks.get(pass)).isEqualTo(both.get(pass));
        float[] again = whole.predictAgain(noise, T, pass);
        assertThat(error(again, both.get(pass))).isLessThan(1e-11);
        float[] other = whole.predictAgain(later, new float[] {600f}, pass);
        assertThat(error(other, again)).isGreaterThan(1e-4);
        assertThat(chunked.predictAgain(later, new float[] {600f}, pass)).isEqualTo(other);
      }
      assertThat(whole.predict(noise, T, 0).get(0)).isEqualTo(both.get(0));
      whole.restart(contexts, WanCondition.NONE);
      assertThat(whole.hasChange(0)).isFalse();
    }
  }

  @Test
  void noWeightIsUploadedForIt() throws IOException {
    try (WanTransformer model = load(n -> Placement.allStreamed(n, 1));
        WanSession session = model.open(run(RowChunks.whole(216)), contexts)) {
      long sweep = model.blocks().stream().mapToLong(BlockChangesTest::bytes).sum();
      long ahead = bytes(model.blocks().get(0)); // the slot takes the block that comes next
      session.predict(noise, T, 0, 1);
      assertThat(session.uploadedBytes()).isEqualTo(sweep + ahead);
      for (int i = 0; i < 3; i++) {
        session.predictAgain(noise, T, 0);
        session.predictAgain(noise, T, 1);
      }
      assertThat(session.uploadedBytes()).isEqualTo(sweep + ahead);
      session.predict(noise, T, 0, 1);
      assertThat(session.uploadedBytes()).isEqualTo(2 * sweep + ahead);
    }
  }

  private static long bytes(BlockSpec block) {
    return block.layout().dataBytes();
  }

  @Test
  void measuringComparesTheChangesOfEachToken() throws IOException {
    try (WanTransformer model = load(Placement::allResident);
        WanSession session = model.open(run(new RowChunks(216, 64)), contexts)) {
      BlockChanges changes = session.changes().orElseThrow();
      changes.measure();
      session.predict(noise, T, 0, 1);
      assertThat(changes.ratio(0)).isNaN();
      session.predict(noise, T, 0);
      assertThat(changes.ratio(0)).isEqualTo(1);
      assertThat(changes.ratio(1)).isNaN();
      session.predict(randoms(noise.length), new float[] {20f}, 0);
      assertThat(changes.ratio(0)).isNotEqualTo(1).isBetween(0.1, 10.0);
    }
  }
}
