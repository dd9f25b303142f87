// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.wan.model.transformer.PromptRows;
import dev.wanlet.wan.model.transformer.TokenGrid;
import dev.wanlet.wan.model.transformer.WanCondition;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanRun;
import dev.wanlet.wan.model.transformer.WanSession;
import dev.wanlet.wan.model.transformer.WanTransformer;
import dev.wanlet.wan.model.transformer.WanVariant;
import dev.wanlet.wan.nn.Placement;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.RowChunks;
import dev.wanlet.wan.nn.Taps;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The reference weights of every kind of transformer, with more tokens than the reference ran: in
 * chunks, streamed, pass by pass, with nothing kept, it predicts what it predicts whole, bit for
 * bit.
 */
class EveryKindChunkedTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden");
  private static final TokenGrid GRID = new TokenGrid(3, 8, 9);
  private static final int PLANE = 3 * 16 * 18;
  private static final int TEXT_DIM = 64;

  private final Random random = new Random(11);

  private float[] randoms(int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private WanCondition shown(WanConfig config) {
    return new WanCondition(
        randoms((config.inChannels() - config.outChannels()) * PLANE),
        randoms(config.imageTokens() * config.imageDim()),
        config.controlBlocks() == 0
            ? WanCondition.Control.NONE
            : new WanCondition.Control(randoms(WanCondition.Control.CHANNELS * PLANE), 0.8f));
  }

  /** A first latent frame that is known has no noise. */
  private static float[] timesteps(WanConfig config) {
    if (config.variant() != WanVariant.TI2V) {
      return new float[] {700};
    }
    float[] each = new float[GRID.tokens()];
    Arrays.fill(each, GRID.tokens() / GRID.frames(), each.length, 700);
    return each;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"dit-t2v", "dit-i2v", "dit-flf2v", "dit-vace", "dit-wan22-i2v", "dit-wan22-ti2v"})
  void inTheLeastMemoryItPredictsTheSame(String folder) throws IOException {
    try (ParityFolder files = ParityFolder.open(GOLDEN.resolve(folder));
        Backend backend = Backend.open(Device.cpu())) {
      backend.setThreads(1);
      WanConfig config = WanConfig.infer(files.weights());
      List<float[]> contexts = List.of(randoms(7 * TEXT_DIM), randoms(3 * TEXT_DIM));
      float[] noise = randoms(config.outChannels() * PLANE);
      WanCondition shown = shown(config);
      float[] timesteps = timesteps(config);
      List<PromptRows> prompts = List.of(new PromptRows(7), new PromptRows(3));
      int rows = timesteps.length == 1 ? 1 : 2;
      RowChunks whole = RowChunks.whole(GRID.tokens());
      RowChunks chunks = new RowChunks(GRID.tokens(), RowChunks.GRANULE);
      assertThat(chunks.chunks()).hasSizeGreaterThan(2);
      WanRun together = new WanRun(GRID, whole, prompts, true, rows, Precision.AUTO);
      WanRun least =
          new WanRun(GRID, chunks, prompts, false, rows, Precision.AUTO).withTextKeys(false);
      Taps all = new Taps(name -> true).joiningRows();
      Taps cut = new Taps(name -> true).joiningRows();
      try (WanTransformer resident = load(backend, files, Placement.allResident(config.blocks()));
          WanTransformer streamed =
              load(backend, files, Placement.allStreamed(config.blocks(), 1));
          WanSession expected = resident.open(together, contexts, shown);
          WanSession actual = streamed.open(least, contexts, shown)) {
        List<float[]> velocities = expected.predict(noise, timesteps, 0, 1);
        assertThat(actual.predict(noise, timesteps, 0).get(0)).isEqualTo(velocities.get(0));
        assertThat(actual.predict(noise, timesteps, 1).get(0)).isEqualTo(velocities.get(1));
        // What is tapped on the way is the same too.
        try (WanSession tapped = resident.open(together, contexts, shown, all);
            WanSession tappedChunks = streamed.open(least, contexts, shown, cut)) {
          tapped.predict(noise, timesteps, 0);
          tappedChunks.predict(noise, timesteps, 0);
        }
        assertThat(cut.collected()).hasSameSizeAs(all.collected());
        cut.collected()
            .forEach(
                (name, tap) ->
                    assertThat(tap.values())
                        .as(name)
                        .isEqualTo(all.collected().get(name).values()));
      }
    }
  }

  private static WanTransformer load(Backend backend, ParityFolder files, Placement placement)
      throws IOException {
    return WanTransformer.open(
        backend,
        files.weights(),
        WanConfig.infer(files.weights()),
        Precision.AUTO,
        blocks -> placement);
  }
}
