// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.micro;

import dev.wanlet.bench.models.RandomWeights;
import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.model.transformer.PromptRows;
import dev.wanlet.wan.model.transformer.TokenGrid;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanRun;
import dev.wanlet.wan.model.transformer.WanSession;
import dev.wanlet.wan.model.transformer.WanTransformer;
import dev.wanlet.wan.model.transformer.WanVariant;
import dev.wanlet.wan.nn.NetworkWeights;
import dev.wanlet.wan.nn.Placement;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.RowChunks;
import dev.wanlet.wan.nn.SidePath;
import dev.wanlet.wan.nn.SourceTypes;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import dev.wanlet.weights.recipe.Recipes;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One transformer block of the 1.3B model, both passes: a prediction of a network that has only
 * this block. Patch embedding, timestep embedding and head are in the time too; they are 0.5% of
 * its arithmetic.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime) // one prediction takes long enough to be timed alone
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2) // the first prediction also embeds the prompt and touches fresh memory
@Measurement(iterations = 7)
@Fork(2) // the place of buffers in physical memory differs between processes
public class TransformerBlockBenchmark {
  private static final int PROMPT_TOKENS = 60;

  @Param({"F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_K"})
  public String type;

  @Param({"768", "2048"})
  public int tokens;

  /** Rows of a chunk; 0 is all in one. */
  @Param("0")
  public int chunk;

  /** Worker threads; 0 is one for each processor. */
  @Param("0")
  public int threads;

  /** Rank of an adapter beside every matrix of the block; 0 is none. */
  @Param("0")
  public int adapter;

  /** The type the adapter is computed in. */
  @Param("BF16")
  public String adapterType;

  private Backend backend;
  private WanTransformer transformer;
  private WanSession session;
  private float[] latents;
  private final float[] timestep = {900f};

  /** The 1.3B text-to-video model with one block instead of 30. */
  static WanConfig config() {
    return new WanConfig(WanVariant.T2V, 16, 16, 1536, 8960, 256, 4096, 1);
  }

  @Setup(Level.Trial)
  public void open() throws IOException {
    Device cpu = Device.cpu();
    backend = Backend.open(cpu);
    if (threads > 0) {
      backend.setThreads(threads);
    }
    WanConfig config = config();
    TypePolicy plain =
        SourceTypes.planned(Recipes.parse(type), CheckpointKind.TRANSFORMER, Precision.AUTO, cpu);
    TypePolicy types =
        adapter == 0
            ? plain
            : new AdaptedPolicy(plain, new SidePath(adapter, TensorType.valueOf(adapterType)));
    transformer =
        new WanTransformer(
            backend,
            config,
            NetworkWeights.open(
                backend,
                WanTransformer.layout(config, types),
                new RandomWeights(1),
                Placement.allResident(config.layers())));
    TokenGrid grid = new TokenGrid(tokens / 256, 16, 16);
    RowChunks chunks = chunk == 0 ? RowChunks.whole(tokens) : new RowChunks(tokens, chunk);
    session =
        transformer.open(
            new WanRun(
                grid, chunks, List.of(new PromptRows(PROMPT_TOKENS)), false, 1, Precision.AUTO),
            List.of(RandomWeights.normal(PROMPT_TOKENS * config.textDim(), 2)));
    latents =
        RandomWeights.normal(
            config.inChannels() * grid.frames() * grid.latentHeight() * grid.latentWidth(), 3);
  }

  @TearDown(Level.Trial)
  public void close() {
    session.close();
    transformer.close();
    backend.close();
  }

  @Benchmark
  public float[] predict() throws IOException {
    return Results.plausible(session.predict(latents, timestep, 0).get(0));
  }
}
