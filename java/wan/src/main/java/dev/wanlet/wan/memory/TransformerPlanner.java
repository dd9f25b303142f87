// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import dev.wanlet.ggml.BufferType;
import dev.wanlet.ggml.Device;
import dev.wanlet.wan.model.PromptRows;
import dev.wanlet.wan.model.RowChunks;
import dev.wanlet.wan.model.TokenGrid;
import dev.wanlet.wan.model.WanConfig;
import dev.wanlet.wan.model.WanRun;
import dev.wanlet.wan.model.WanTransformer;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.TensorSpec;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.nn.WeightLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/**
 * Fits the transformer into a budget: chooses resident blocks, slots, chunk length and the order of
 * guidance passes so that the predicted time of a step is least. All of these are exact: none
 * changes the result. Works from a configuration alone. Immutable; thread-safe.
 */
public final class TransformerPlanner {
  /**
   * Work on a chunk that does not shrink with it (reading weights into caches, launches), in rows.
   */
  private static final double CHUNK_OVERHEAD_ROWS = 24;

  private final WanConfig config;
  private final TypePolicy types;
  private final Device device;
  private final int threads;
  private final DeviceRates rates;
  private final List<WeightLayout> blocks;
  private final long[] blockBytes;
  private final long outerBytes;

  public TransformerPlanner(
      WanConfig config, TypePolicy types, Device device, int threads, DeviceRates rates) {
    this.config = config;
    this.types = types;
    this.device = device;
    this.threads = threads;
    this.rates = rates;
    BufferType type = device.bufferType();
    this.blocks = WanTransformer.blockLayouts(config, types);
    this.blockBytes = blocks.stream().mapToLong(b -> b.bytes(type)).toArray();
    this.outerBytes = WanTransformer.outerLayout(config, types).bytes(type);
  }

  /**
   * What a clip asks, before it is cut.
   *
   * @param maxResident most blocks that may stay
   */
  public record Job(
      TokenGrid grid,
      List<PromptRows> prompts,
      int timesteps,
      Precision precision,
      int maxResident) {
    public Job {
      prompts = List.copyOf(prompts);
    }
  }

  /**
   * The fastest plan within a budget.
   *
   * @throws MemoryBudgetException if there is none; it names the smallest budget that would do
   */
  public TransformerPlan plan(Job job, long budgetBytes) {
    List<TransformerPlan> fitting = new ArrayList<>();
    long smallest = Long.MAX_VALUE;
    for (boolean layerMajor :
        job.prompts().size() > 1 ? new boolean[] {true, false} : new boolean[1]) {
      for (int rows : chunkRows(job.grid().tokens())) {
        TransformerPlan least = least(job, rows, layerMajor);
        smallest = Math.min(smallest, least.peakDeviceBytes());
        if (least.peakDeviceBytes() <= budgetBytes) {
          fitting.add(fill(job, least, budgetBytes));
        }
      }
    }
    long needed = smallest;
    return fitting.stream()
        .min(
            Comparator.comparingDouble(TransformerPlan::stepSeconds)
                .thenComparingLong(TransformerPlan::peakDeviceBytes))
        .orElseThrow(() -> new MemoryBudgetException("the transformer", needed, budgetBytes, ""));
  }

  /** The plan that takes least memory. */
  public TransformerPlan smallest(Job job) {
    TransformerPlan best = null;
    for (boolean layerMajor :
        job.prompts().size() > 1 ? new boolean[] {true, false} : new boolean[1]) {
      for (int rows : chunkRows(job.grid().tokens())) {
        TransformerPlan plan = least(job, rows, layerMajor);
        if (best == null || plan.peakDeviceBytes() < best.peakDeviceBytes()) {
          best = plan;
        }
      }
    }
    return best;
  }

  private static Iterable<Integer> chunkRows(int tokens) {
    TreeSet<Integer> rows = new TreeSet<>(Comparator.reverseOrder());
    for (int r = RowChunks.GRANULE; r <= 4096; r *= 2) {
      rows.add(Math.min(r, RowChunks.whole(tokens).rows()));
    }
    return rows;
  }

  /** Everything streamed through one slot. */
  private TransformerPlan least(Job job, int rows, boolean layerMajor) {
    WanRun run =
        new WanRun(
            job.grid(),
            new RowChunks(job.grid().tokens(), rows),
            job.prompts(),
            layerMajor,
            job.timesteps(),
            job.precision());
    WanTransformer.Memory memory = WanTransformer.measure(config, run, types, device, threads);
    Placement placement =
        config.layers() == 1 ? Placement.allResident(1) : new Placement(config.layers(), 0, 1);
    return made(run, placement, memory, hidden(run));
  }

  private long hidden(WanRun run) {
    long widest = Math.max(config.ffnDim(), config.dim());
    return HiddenMemory.bytes(device, run.chunks().largest(), widest, widest * config.dim());
  }

  /** Uses what the budget leaves: a second slot first, then resident blocks. */
  private TransformerPlan fill(Job job, TransformerPlan least, long budgetBytes) {
    WanTransformer.Memory memory =
        new WanTransformer.Memory(least.stateBytes(), least.computeBytes(), least.scratchBytes());
    return placements(job.maxResident())
        .map(p -> made(least.run(), p, memory, least.hiddenBytes()))
        .filter(p -> p.peakDeviceBytes() <= budgetBytes)
        .min(Comparator.comparingDouble(TransformerPlan::stepSeconds))
        .orElse(least);
  }

  private java.util.stream.Stream<Placement> placements(int maxResident) {
    List<Placement> all = new ArrayList<>();
    int n = config.layers();
    for (int resident = Math.min(n, maxResident); resident >= 0; resident--) {
      if (resident == n) {
        all.add(Placement.allResident(n));
      } else {
        for (int slots = 2; slots >= 1; slots--) {
          if (slots < n - resident) {
            all.add(new Placement(n, resident, slots));
          }
        }
      }
    }
    if (all.isEmpty()) {
      all.add(new Placement(n, 0, 1));
    }
    return all.stream();
  }

  private TransformerPlan made(
      WanRun run, Placement placement, WanTransformer.Memory memory, long hidden) {
    List<Integer> streamed = placement.streamed();
    long resident = 0;
    for (int i = 0; i < blockBytes.length; i++) {
      resident += streamed.contains(i) ? 0 : blockBytes[i];
    }
    long slot = streamed.stream().mapToLong(i -> blockBytes[i]).max().orElse(0);
    long sweep = streamed.stream().mapToLong(i -> blocks.get(i).dataBytes()).sum();
    int sweeps = run.layerMajor() ? 1 : run.prompts().size();
    return new TransformerPlan(
        run,
        placement,
        outerBytes,
        resident,
        slot * placement.slots(),
        memory.stateBytes(),
        memory.computeBytes(),
        hidden,
        memory.scratchBytes(),
        sweep * sweeps,
        seconds(run, placement.slots(), sweep * sweeps));
  }

  private double seconds(WanRun run, int slots, long uploadBytes) {
    double passes = run.prompts().size();
    double overhead =
        1 + CHUNK_OVERHEAD_ROWS / Math.min(run.chunks().rows(), run.chunks().tokens());
    double compute = passes * flops(run) / rates.flops() * overhead;
    double upload = uploadBytes / rates.uploadBytesPerSecond();
    // Two slots overlap loading with computing, one cannot.
    return slots == 1 ? compute + upload : Math.max(compute, upload);
  }

  /** Multiplications and additions of one pass. */
  private double flops(WanRun run) {
    double tokens = run.grid().tokens();
    double perToken = 0;
    for (TensorSpec spec : blocks.get(0).specs()) {
      boolean textSide =
          spec.name().startsWith("cross_attn.k") || spec.name().startsWith("cross_attn.v");
      if (spec.shape().rank() == 2 && !textSide) {
        perToken += 2.0 * spec.shape().elements();
      }
    }
    double keys = run.prompts().get(0).keys();
    double attention = 4.0 * config.dim() * (tokens + keys);
    return config.layers() * tokens * (perToken + attention);
  }
}
