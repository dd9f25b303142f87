// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.micro;

import com.sun.management.OperatingSystemMXBean;
import dev.wanlet.bench.models.RandomWeights;
import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.model.transformer.PromptRows;
import dev.wanlet.wan.model.transformer.TokenGrid;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanRun;
import dev.wanlet.wan.model.transformer.WanSession;
import dev.wanlet.wan.model.transformer.WanTransformer;
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
import java.lang.management.ManagementFactory;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What an adapter beside every matrix costs: processor time of the process for predictions of a few
 * blocks with and without it, by turns, so that other work on the machine meets both. One thread.
 * Arguments: model id, recipe of the weights, blocks, tokens (a multiple of 256), rank, rounds.
 * Prints a line of CSV for each type that adapters are computed in.
 */
public final class AdapterCost {
  private static final int PROMPT_TOKENS = 60;
  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  private final Backend backend = Backend.open(Device.cpu());
  private final WanConfig config;
  private final TypePolicy plain;
  private final int tokens;

  private AdapterCost(WanConfig config, String recipe, int tokens) {
    this.config = config;
    this.tokens = tokens;
    backend.setThreads(1);
    plain =
        SourceTypes.planned(
            Recipes.parse(recipe), CheckpointKind.TRANSFORMER, Precision.AUTO, backend.device());
  }

  public static void main(String[] args) throws IOException {
    WanConfig whole = ModelCatalog.standard().require(args[0]).transformer();
    int blocks = Integer.parseInt(args[2]);
    int tokens = Integer.parseInt(args[3]);
    int rank = Integer.parseInt(args[4]);
    int rounds = Integer.parseInt(args[5]);
    AdapterCost cost = new AdapterCost(few(whole, blocks), args[1], tokens);
    Machine machine = Machine.here();
    System.out.println(
        "date,commit,model,weights,blocks,tokens,adapter_rank,adapter_type,rounds,"
            + "plain_cpu_s_median,adapted_cpu_s_median,ratio_of_medians,plain_cpu_s_min,"
            + "adapted_cpu_s_min,ratio_of_minima,threads,device,load_1min");
    for (TensorType type : List.of(TensorType.F16, TensorType.BF16)) {
      double[][] seconds = cost.measure(new SidePath(rank, type), rounds);
      System.out.printf(
          Locale.ROOT,
          "%s,%s,%s,%s,%d,%d,%d,%s,%d,%.3f,%.3f,%.3f,%.3f,%.3f,%.3f,1,%s,%.1f%n",
          LocalDate.now(ZoneOffset.UTC),
          machine.commit(),
          args[0],
          args[1],
          blocks,
          tokens,
          rank,
          type,
          rounds,
          median(seconds[0]),
          median(seconds[1]),
          median(seconds[1]) / median(seconds[0]),
          seconds[0][0],
          seconds[1][0],
          seconds[1][0] / seconds[0][0],
          machine.device().replace(',', ' '),
          machine.load());
    }
    cost.backend.close();
  }

  private static WanConfig few(WanConfig c, int blocks) {
    return new WanConfig(
        c.variant(),
        c.inChannels(),
        c.outChannels(),
        c.dim(),
        c.ffnDim(),
        c.freqDim(),
        c.textDim(),
        blocks);
  }

  /** Sorted processor seconds of each round, without the adapter and with it. */
  private double[][] measure(SidePath path, int rounds) throws IOException {
    double[][] seconds = new double[2][rounds];
    try (WanTransformer bare = load(plain);
        WanTransformer adapted = load(new AdaptedPolicy(plain, path));
        WanSession without = open(bare);
        WanSession with = open(adapted)) {
      predict(without);
      predict(with);
      for (int round = 0; round < rounds; round++) {
        seconds[0][round] = predict(without);
        seconds[1][round] = predict(with);
      }
    }
    Arrays.sort(seconds[0]);
    Arrays.sort(seconds[1]);
    return seconds;
  }

  private WanTransformer load(TypePolicy types) throws IOException {
    return new WanTransformer(
        backend,
        config,
        NetworkWeights.open(
            backend,
            WanTransformer.layout(config, types),
            new RandomWeights(1),
            Placement.allResident(config.layers())));
  }

  private TokenGrid grid() {
    return new TokenGrid(tokens / 256, 16, 16);
  }

  private WanSession open(WanTransformer transformer) {
    return transformer.open(
        new WanRun(
            grid(),
            RowChunks.whole(tokens),
            List.of(new PromptRows(PROMPT_TOKENS)),
            false,
            1,
            Precision.AUTO),
        List.of(RandomWeights.normal(PROMPT_TOKENS * config.textDim(), 2)));
  }

  private double predict(WanSession session) throws IOException {
    TokenGrid grid = grid();
    float[] latents =
        RandomWeights.normal(
            config.inChannels() * grid.frames() * grid.latentHeight() * grid.latentWidth(), 3);
    long start = SYSTEM.getProcessCpuTime();
    Results.plausible(session.predict(latents, new float[] {900}, 0).get(0));
    return (SYSTEM.getProcessCpuTime() - start) / 1e9;
  }

  private static double median(double[] sorted) {
    int half = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }
}
