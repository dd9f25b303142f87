// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import dev.wanlet.ggml.BufferType;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.ErrorCode;
import dev.wanlet.ggml.GgmlException;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.model.transformer.AttentionGuidance;
import dev.wanlet.wan.model.transformer.PromptRows;
import dev.wanlet.wan.model.transformer.TokenGrid;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanRun;
import dev.wanlet.wan.model.transformer.WanTransformer;
import dev.wanlet.wan.nn.BlockSpec;
import dev.wanlet.wan.nn.NetworkLayout;
import dev.wanlet.wan.nn.Placement;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.RowChunks;
import dev.wanlet.wan.nn.TensorSpec;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.nn.WeightLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Fits the transformer into a budget: chooses resident blocks, slots, chunk length, the order of
 * guidance passes and whether the prompts' keys are kept so that the predicted time of a step is
 * least, and among near equals the least is uploaded: what is read from a file may have to come
 * from a disk. All of these are exact: none changes the result. Works from a configuration alone.
 * Immutable; thread-safe.
 */
public final class TransformerPlanner {
  /** Longer chunks gain less than one percent. */
  private static final int LONGEST_CHUNK = 4096;

  /** Predictions this close say nothing about which plan is faster. */
  private static final double SAME_TIME = 1.02;

  private final WanConfig config;
  private final List<TypePolicy> experts;
  private final Device device;
  private final int threads;
  private final DeviceRates rates;
  private final Map<WanRun, WanTransformer.Memory> measured;
  private final List<BlockSize> blocks;
  private final long outerBytes;
  private final Map<TensorType, Double> flopsPerToken;
  private final Map<TensorType, Double> flopsPerWord;

  /**
   * What a block takes with the larger of two experts.
   *
   * @param bytes in a slot or buffer of its own
   * @param dataBytes that are uploaded
   * @param flopsPerToken multiplications and additions with its weights of each type for one token
   * @param flopsPerWord likewise for one row of a prompt
   */
  private record BlockSize(
      long bytes,
      long dataBytes,
      Map<TensorType, Double> flopsPerToken,
      Map<TensorType, Double> flopsPerWord) {
    static BlockSize of(BlockSpec block, BufferType type) {
      WeightLayout layout = block.layout();
      return new BlockSize(
          layout.bytes(type), layout.dataBytes(), flops(layout, false), flops(layout, true));
    }

    BlockSize max(BlockSize other) {
      return new BlockSize(
          Math.max(bytes, other.bytes),
          Math.max(dataBytes, other.dataBytes),
          flopsPerToken,
          flopsPerWord);
    }

    private static Map<TensorType, Double> flops(WeightLayout layout, boolean ofPrompt) {
      Map<TensorType, Double> flops = new EnumMap<>(TensorType.class);
      for (TensorSpec spec : layout.specs()) {
        boolean textSide =
            spec.name().startsWith("cross_attn.k") || spec.name().startsWith("cross_attn.v");
        // Those of pictures take as much for a row as those of prompts.
        boolean pictureSide = spec.name().contains("_img.");
        if (spec.shape().rank() == 2 && !pictureSide && textSide == ofPrompt) {
          flops.merge(spec.type(), 2.0 * spec.shape().elements(), Double::sum);
        }
      }
      return flops;
    }
  }

  public TransformerPlanner(
      WanConfig config, TypePolicy types, Device device, int threads, DeviceRates rates) {
    this(config, List.of(types), device, threads, rates);
  }

  /**
   * Plans for the larger of two experts, block by block: one plan serves both.
   *
   * @param experts the types of each transformer that takes part in a run
   * @param threads of a CPU device
   */
  public TransformerPlanner(
      WanConfig config, List<TypePolicy> experts, Device device, int threads, DeviceRates rates) {
    this(config, experts, device, threads, rates, new HashMap<>());
  }

  /**
   * As above.
   *
   * @param measured what graphs were found to take, of the same model on the same device; this adds
   *     to it
   */
  TransformerPlanner(
      WanConfig config,
      List<TypePolicy> experts,
      Device device,
      int threads,
      DeviceRates rates,
      Map<WanRun, WanTransformer.Memory> measured) {
    this.measured = measured;
    this.config = config;
    this.experts = List.copyOf(experts);
    this.device = device;
    this.threads = threads;
    this.rates = rates;
    BufferType type = device.bufferType();
    List<BlockSize> sizes = null;
    long outer = 0;
    for (TypePolicy types : experts) {
      NetworkLayout layout = WanTransformer.layout(config, types);
      outer = Math.max(outer, layout.outer().bytes(type));
      List<BlockSize> own = layout.blocks().stream().map(b -> BlockSize.of(b, type)).toList();
      sizes = sizes == null ? own : larger(sizes, own);
    }
    this.blocks = sizes;
    this.outerBytes = outer;
    this.flopsPerToken = sum(blocks, BlockSize::flopsPerToken);
    this.flopsPerWord = sum(blocks, BlockSize::flopsPerWord);
  }

  private static Map<TensorType, Double> sum(
      List<BlockSize> blocks, Function<BlockSize, Map<TensorType, Double>> part) {
    Map<TensorType, Double> all = new EnumMap<>(TensorType.class);
    blocks.forEach(
        b -> part.apply(b).forEach((type, flops) -> all.merge(type, flops, Double::sum)));
    return all;
  }

  /** The types of the weights that products are made with. */
  Set<TensorType> weightTypes() {
    return Set.copyOf(flopsPerToken.keySet());
  }

  private static List<BlockSize> larger(List<BlockSize> some, List<BlockSize> others) {
    return IntStream.range(0, some.size()).mapToObj(i -> some.get(i).max(others.get(i))).toList();
  }

  /**
   * What a clip asks, before it is cut.
   *
   * @param passes of a step, at most; as are attention and keepsBlocks in {@link WanRun}
   * @param maxResident most blocks that may stay
   */
  public record Job(
      TokenGrid grid,
      List<PromptRows> prompts,
      int passes,
      Optional<AttentionGuidance> attention,
      int timesteps,
      Precision precision,
      int maxResident,
      boolean keepsBlocks) {
    public Job {
      prompts = List.copyOf(prompts);
    }

    /** A clip with a pass for each prompt, each of which goes through the blocks. */
    public Job(
        TokenGrid grid,
        List<PromptRows> prompts,
        int timesteps,
        Precision precision,
        int maxResident) {
      this(
          grid,
          prompts,
          prompts.size(),
          Optional.empty(),
          timesteps,
          precision,
          maxResident,
          false);
    }
  }

  /**
   * The fastest plan within a budget.
   *
   * @throws MemoryBudgetException if there is none; it names the smallest budget that would do
   * @throws GgmlException with {@code UNSUPPORTED} if the device cannot run the job however it is
   *     cut, for a tensor larger than it can address or an operation it lacks
   */
  public TransformerPlan plan(Job job, long budgetBytes) {
    return plan(job, budgetBytes, Long.MAX_VALUE);
  }

  /**
   * The fastest plan within two budgets.
   *
   * @param scratchBytes most host memory the CPU device may take beside its buffers; what it leaves
   *     keeps the weights' files in memory
   * @throws MemoryBudgetException if there is none; it names the smallest budget that would do
   */
  public TransformerPlan plan(Job job, long budgetBytes, long scratchBytes) {
    TransformerPlan smallest = smallest(job);
    if (smallest.peakDeviceBytes() > budgetBytes) {
      throw new MemoryBudgetException(
          "the transformer", smallest.peakDeviceBytes(), budgetBytes, "");
    }
    if (smallest.scratchBytes() > scratchBytes) {
      throw new MemoryBudgetException(
          MemoryBudgetException.Kind.HOST,
          "the transformer",
          smallest.scratchBytes(),
          scratchBytes,
          "");
    }
    List<TransformerPlan> fitting = new ArrayList<>();
    for (boolean layerMajor : guidanceOrders(job)) {
      for (int rows : chunkRows(job.grid().tokens())) {
        for (boolean keepsTextKeys : new boolean[] {true, false}) {
          TransformerPlan least = leastIfSupported(job, rows, layerMajor, keepsTextKeys);
          if (least != null
              && least.peakDeviceBytes() <= budgetBytes
              && least.scratchBytes() <= scratchBytes) {
            fitting.add(fill(job, least, budgetBytes, scratchBytes - least.scratchBytes()));
          }
        }
      }
    }
    double fastest = fitting.stream().mapToDouble(TransformerPlan::stepSeconds).min().orElseThrow();
    return fitting.stream()
        .filter(p -> p.stepSeconds() <= fastest * SAME_TIME)
        .min(
            // One slot makes computing wait if reading turns out slower than predicted.
            Comparator.comparing((TransformerPlan p) -> p.placement().slots() == 1)
                .thenComparingLong(TransformerPlan::uploadBytesPerStep)
                .thenComparingDouble(TransformerPlan::stepSeconds)
                .thenComparingLong(TransformerPlan::peakDeviceBytes))
        .orElseThrow();
  }

  /** Null where chunks of that length make tensors larger than the device can address. */
  private TransformerPlan leastIfSupported(
      Job job, int rows, boolean layerMajor, boolean keepsTextKeys) {
    try {
      return least(job, rows, layerMajor, keepsTextKeys);
    } catch (GgmlException e) {
      if (e.code() == ErrorCode.UNSUPPORTED) {
        return null;
      }
      throw e;
    }
  }

  /**
   * The plan that takes least memory: the shortest chunks, one residual stream, one slot, one
   * block's keys of a prompt.
   *
   * @throws GgmlException as {@link #plan} does
   */
  public TransformerPlan smallest(Job job) {
    return least(job, chunkRows(job.grid().tokens()).first(), false, false);
  }

  /** With one pass there is no order to choose; two passes may share each block's weights. */
  private static boolean[] guidanceOrders(Job job) {
    return job.passes() > 1 ? new boolean[] {true, false} : new boolean[] {false};
  }

  private static SortedSet<Integer> chunkRows(int tokens) {
    int whole = RowChunks.whole(tokens).rows();
    SortedSet<Integer> rows = new TreeSet<>();
    for (int r = RowChunks.GRANULE; r <= LONGEST_CHUNK; r *= 2) {
      rows.add(Math.min(r, whole));
    }
    return rows;
  }

  /** Everything streamed through one slot. */
  private TransformerPlan least(Job job, int rows, boolean layerMajor, boolean keepsTextKeys) {
    WanRun run = run(job, rows, layerMajor, keepsTextKeys);
    return made(
        run, Placement.allStreamed(blocks.size(), 1), measure(run), hidden(run), Long.MAX_VALUE);
  }

  private static WanRun run(Job job, int rows, boolean layerMajor, boolean keepsTextKeys) {
    return new WanRun(
        job.grid(),
        new RowChunks(job.grid().tokens(), rows),
        job.prompts(),
        job.passes(),
        layerMajor,
        job.timesteps(),
        job.precision(),
        keepsTextKeys,
        job.keepsBlocks(),
        job.attention());
  }

  /** Graphs are the same with the prompts' keys kept or not; the state alone differs. */
  private WanTransformer.Memory measure(WanRun run) {
    WanTransformer.Memory graphs = measureGraphs(run.withTextKeys(true));
    return run.keepsTextKeys()
        ? graphs
        : new WanTransformer.Memory(
            WanTransformer.stateBytes(config, run, device),
            graphs.computeBytes(),
            graphs.scratchBytes());
  }

  private WanTransformer.Memory measureGraphs(WanRun run) {
    // Not computeIfAbsent: measuring takes long, and twice is right as well.
    WanTransformer.Memory known = measured.get(run);
    if (known == null) {
      known = measureNow(run);
      measured.put(run, known);
    }
    return known;
  }

  private WanTransformer.Memory measureNow(WanRun run) {
    WanTransformer.Memory most = new WanTransformer.Memory(0, 0, 0);
    for (TypePolicy types : experts) {
      WanTransformer.Memory one = WanTransformer.measure(config, run, types, device, threads);
      most =
          new WanTransformer.Memory(
              Math.max(most.stateBytes(), one.stateBytes()),
              Math.max(most.computeBytes(), one.computeBytes()),
              Math.max(most.scratchBytes(), one.scratchBytes()));
    }
    return most;
  }

  private long hidden(WanRun run) {
    long widest = Math.max(config.ffnDim(), Math.max(config.dim(), config.textDim()));
    // Prompts and pictures are not cut into chunks.
    int rows = run.chunks().largest();
    for (PromptRows prompt : run.prompts()) {
      rows = Math.max(rows, prompt.embedded());
    }
    rows = Math.max(rows, config.imageTokens());
    long widened =
        experts.stream()
            .mapToLong(types -> HiddenMemory.widenedElements(types, matricesOfManyRows()))
            .max()
            .orElseThrow();
    return HiddenMemory.bytes(device, rows, widest, widest * config.dim(), widened);
  }

  /** The largest ones. Those of the timestep are larger, but see one or two rows. */
  private List<HiddenMemory.Matrix> matricesOfManyRows() {
    return List.of(
        new HiddenMemory.Matrix("blocks.0.ffn.0.weight", config.ffnDim(), config.dim()),
        new HiddenMemory.Matrix("text_embedding.0.weight", config.dim(), config.textDim()),
        new HiddenMemory.Matrix("text_embedding.2.weight", config.dim(), config.dim()));
  }

  /** Uses what the budget leaves: a second slot, resident blocks, or both. */
  private TransformerPlan fill(Job job, TransformerPlan least, long budgetBytes, long cacheBytes) {
    WanTransformer.Memory memory =
        new WanTransformer.Memory(least.stateBytes(), least.computeBytes(), least.scratchBytes());
    return placements(job.maxResident()).stream()
        .map(p -> made(least.run(), p, memory, least.hiddenBytes(), cacheBytes))
        .filter(p -> p.peakDeviceBytes() <= budgetBytes)
        .min(
            Comparator.comparingDouble(TransformerPlan::stepSeconds)
                .thenComparingLong(TransformerPlan::uploadBytesPerStep))
        .orElse(least);
  }

  private List<Placement> placements(int maxResident) {
    List<Placement> all = new ArrayList<>();
    int n = blocks.size();
    for (int resident = Math.min(n, maxResident); resident >= 0; resident--) {
      if (resident == n) {
        all.add(Placement.allResident(n));
      }
      // As many slots as streamed blocks would take the memory of keeping them all.
      for (int slots = Math.min(2, n - resident - 1); slots >= 1; slots--) {
        all.add(new Placement(n, resident, slots));
      }
    }
    return all;
  }

  private TransformerPlan made(
      WanRun run, Placement placement, WanTransformer.Memory memory, long hidden, long cacheBytes) {
    long resident = blocks.stream().mapToLong(BlockSize::bytes).sum();
    long slot = 0;
    long sweep = 0;
    for (BlockSize block : placement.streamed(blocks)) {
      resident -= block.bytes();
      slot = Math.max(slot, block.bytes());
      sweep += block.dataBytes();
    }
    int sweeps = run.layerMajor() ? 1 : run.passes();
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
        seconds(
            run,
            placement.slots(),
            run.passes(),
            sweep * sweeps / rates.streamedBytesPerSecond(sweep, cacheBytes)),
        seconds(run, placement.slots(), 1, sweep / rates.streamedBytesPerSecond(sweep, cacheBytes)),
        guidedAttentionSeconds(run));
  }

  /** The least time that so many passes can take: everything resident, in the longest chunks. */
  double leastStepSeconds(Job job, int passes) {
    int longest = chunkRows(job.grid().tokens()).last();
    return computeSeconds(run(job, longest, false, true), passes);
  }

  /** Keys of cross-attention. */
  private int seenKeys(WanRun run) {
    return run.prompts().get(0).keys() + config.imageTokens();
  }

  private double computeSeconds(WanRun run, int passes) {
    double tokens = run.grid().tokens();
    double rows = Math.min(run.chunks().rows(), tokens);
    double products = tokens / rows * rates.productSeconds(rows, flopsPerToken);
    double all = passes * (products + attentionSeconds(run, tokens + seenKeys(run)));
    all += guidedAttentionSeconds(run);
    return run.keepsTextKeys() ? all : all + textKeySeconds(run, passes);
  }

  /** What the negative prompt takes within the first pass; its keys, made anew, come on top. */
  private double guidedAttentionSeconds(WanRun run) {
    return run.attention().isPresent() ? attentionSeconds(run, run.prompts().get(1).keys()) : 0;
  }

  private double attentionSeconds(WanRun run, double keys) {
    double tokens = run.grid().tokens();
    double flops = 4.0 * config.dim() * keys * blocks.size() * tokens;
    return flops / rates.attentionFlops(tokens);
  }

  private double textKeySeconds(WanRun run, int passes) {
    int seen = config.imageTokens();
    double ofPictures = seen > 0 ? rates.productSeconds(seen, flopsPerWord) : 0;
    double all = passes * ofPictures;
    for (int pass = 0; pass < passes; pass++) {
      all += rates.productSeconds(run.prompts().get(pass).embedded(), flopsPerWord);
    }
    if (run.attention().isPresent()) {
      all += rates.productSeconds(run.prompts().get(1).embedded(), flopsPerWord);
    }
    return all;
  }

  private double seconds(WanRun run, int slots, int passes, double upload) {
    double compute = computeSeconds(run, passes);
    // Two slots overlap loading with computing, one cannot.
    return slots == 1 ? compute + upload : Math.max(compute, upload);
  }
}
