// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.GraphAllocator;
import dev.wanlet.ggml.ShapeException;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.wan.model.transformer.WanGraphs.Key;
import dev.wanlet.wan.model.transformer.WanGraphs.Kind;
import dev.wanlet.wan.nn.BlockSpec;
import dev.wanlet.wan.nn.NetworkWeights;
import dev.wanlet.wan.nn.RowChunks;
import dev.wanlet.wan.nn.StreamedBlocks;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.TimestepFeatures;
import dev.wanlet.wan.nn.WeightSet;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntConsumer;

/**
 * Owner: a transformer at work on one clip. Its memory is taken when it is made and never grows.
 * Confined to one thread.
 */
public final class WanSession implements AutoCloseable {
  private final Backend backend;
  private final WanConfig config;
  private final WanRun run;
  private final SessionInputs inputs;
  private final WeightSet outer;
  private final StreamedBlocks blocks;
  private final Taps taps;
  private final WanState state;
  private final WanGraphs graphs;
  private GraphAllocator allocator;
  private GraphCache cache;
  private final boolean[][] textReady;
  private final boolean[] picturesReady;
  private final List<RowChunks.Chunk> chunks;
  private final BlockChanges changes; // null unless the run keeps them
  private WanCondition condition;
  private float controlStrength = Float.NaN; // what the device has; nothing yet
  private IntConsumer blockListener = block -> {};
  private Set<Integer> skipped = Set.of();

  WanSession(
      Backend backend,
      WanConfig config,
      NetworkWeights weights,
      WanRun run,
      List<float[]> contexts,
      WanCondition condition,
      Taps taps) {
    this.backend = backend;
    this.config = config;
    this.outer = weights.outer();
    this.blocks = weights.blocks();
    this.run = run;
    this.taps = taps;
    this.chunks = run.chunks().chunks();
    this.textReady = new boolean[run.prompts().size()][blocks.specs().size()];
    this.picturesReady = new boolean[blocks.specs().size()];
    this.inputs = new SessionInputs(config, run);
    inputs.requireContexts(contexts);
    inputs.requireCondition(condition);
    this.condition = condition;
    this.changes = run.keepsBlocks() ? new BlockChanges(config, run) : null;
    this.state = new WanState(config, run, blocks.specs().size());
    this.allocator = new GraphAllocator(backend);
    this.graphs = new WanGraphs(config, run, state, taps);
    this.cache = new GraphCache(graphs, allocator);
    try {
      state.place(backend);
      reserveLargestGraph();
      embedPrompts(contexts);
      embedPictures();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Begins another clip of the same run with other prompts and pictures; nothing is allocated.
   *
   * @param contexts as {@link WanTransformer#open} takes them, with as many tokens as before
   */
  public void restart(List<float[]> contexts, WanCondition other) {
    inputs.requireContexts(contexts);
    inputs.requireCondition(other);
    condition = other;
    if (changes != null) {
      changes.forget();
    }
    for (boolean[] ready : textReady) {
      Arrays.fill(ready, false);
    }
    Arrays.fill(picturesReady, false);
    embedPrompts(contexts);
    embedPictures();
  }

  private void embedPrompts(List<float[]> contexts) {
    for (int prompt = 0; prompt < contexts.size(); prompt++) {
      embedPrompt(prompt, contexts.get(prompt));
    }
  }

  // All graphs share one compute buffer, which must not grow under those allocated before.
  private void reserveLargestGraph() {
    if (taps.isActive()) {
      return;
    }
    Key largest =
        graphs.shapes(outer, blocks.places()).stream()
            .max(Comparator.comparingLong(this::measure))
            .orElseThrow();
    try (WanGraphs.Built built = graphs.build(largest)) {
      allocator.allocate(built.graph());
    }
  }

  private long measure(Key key) {
    try (WanGraphs.Built built = graphs.build(key)) {
      return GraphAllocator.measure(backend.device(), built.graph());
    }
  }

  /** Calls back after each block, with the number of blocks done in this prediction. */
  public void onBlock(IntConsumer listener) {
    blockListener = listener;
  }

  /**
   * Leaves blocks out of every pass but the first, in all predictions until it is called again, and
   * with them the hints that a control branch has for them.
   *
   * @param blocks their places among the blocks that are not of the control branch; empty for none
   */
  public void skipBlocksWithoutPrompt(Set<Integer> blocks) {
    skipped = Set.copyOf(blocks);
  }

  /**
   * Predicts the flow-matching velocity (noise minus clean latents).
   *
   * @param latents noisy latents [C, T, H, W]: all channels of the input but those of the condition
   * @param timesteps sigma * 1000: one for all tokens, or one for each
   * @param passes which passes to run; with layer-major guidance all of them, else one
   * @return the velocity of each pass, [C_out, T, H, W]
   * @throws IOException if streamed weights cannot be read
   * @throws dev.wanlet.ggml.GgmlException with {@code ABORTED} if the backend was asked to stop
   */
  public List<float[]> predict(float[] latents, float[] timesteps, int... passes)
      throws IOException {
    inputs.requireLatents(latents, condition);
    if (passes.length < 1 || passes.length > run.streams()) {
      throw new IllegalArgumentException(
          passes.length + " passes at a time, but memory for " + run.streams());
    }
    embedTimesteps(timesteps);
    for (int stream = 0; stream < passes.length; stream++) {
      embedPatches(latents, stream);
      beginControl(stream);
    }
    blocks.forEach(
        (block, position, weights) -> {
          boolean ofControl = WanControl.isControl(block);
          int place = ofControl ? WanControl.hinted(config, block.index()) : block.index();
          for (int stream = 0; stream < passes.length; stream++) {
            boolean skips = passes[stream] != 0 && skipped.contains(place);
            if (ofControl) {
              setControlStrength(skips ? 0 : condition.control().strength());
            }
            if (ofControl || !skips) {
              runBlock(block, position, weights, passes[stream], stream);
            }
          }
          blockListener.accept(position + 1);
        });
    List<float[]> velocities = new ArrayList<>();
    for (int stream = 0; stream < passes.length; stream++) {
      if (changes != null) {
        keepChange(latents, passes[stream], stream);
      }
      velocities.add(head(stream, new float[config.outChannels() * inputs.plane()]));
    }
    return velocities;
  }

  /** Whether a pass ran through the blocks since this clip began, and what they did was kept. */
  public boolean hasChange(int pass) {
    return changes != null && changes.has(pass);
  }

  /** What was kept of the blocks' work; empty if the run keeps nothing. */
  public Optional<BlockChanges> changes() {
    return Optional.ofNullable(changes);
  }

  /**
   * Predicts without the blocks: what they added to the tokens when the pass last ran is added
   * again. No weight of a block is looked at.
   *
   * @param latents as in {@link #predict}, as are the timesteps and the result
   * @throws IllegalStateException unless {@link #hasChange}
   */
  public float[] predictAgain(float[] latents, float[] timesteps, int pass) {
    if (!hasChange(pass)) {
      throw new IllegalStateException("nothing was kept of pass " + pass);
    }
    inputs.requireLatents(latents, condition);
    embedTimesteps(timesteps);
    embedPatches(latents, 0);
    for (RowChunks.Chunk chunk : chunks) {
      WanGraphs.Built built = graph(new Key(Kind.AGAIN, outer, 0, 0, 0, chunk));
      changes.upload(pass, chunk, built.input());
      compute(built);
    }
    return head(0, new float[config.outChannels() * inputs.plane()]);
  }

  private void keepChange(float[] latents, int pass, int stream) {
    for (RowChunks.Chunk chunk : chunks) {
      WanGraphs.Built built = graph(new Key(Kind.CHANGE, outer, 0, 0, stream, chunk));
      built.input().set(patches(latents, chunk));
      compute(built);
      changes.download(pass, chunk, built.output());
    }
    changes.kept(pass);
  }

  /** The timestep's embedding as it modulates the blocks, [6, 1, D]. */
  public float[] timeSignal(float timestep) {
    embedTimesteps(new float[] {timestep});
    float[] all = state.timeProjection.toFloats();
    if (run.timesteps() == 1) {
      return all;
    }
    float[] first = new float[6 * config.dim()]; // the row of the only timestep there is now
    for (int i = 0; i < 6; i++) {
      System.arraycopy(
          all, i * run.timesteps() * config.dim(), first, i * config.dim(), config.dim());
    }
    return first;
  }

  /** Bytes of block weights that were streamed to the device since the transformer was opened. */
  public long uploadedBytes() {
    return blocks.uploadedBytes();
  }

  private void embedPrompt(int prompt, float[] context) {
    int rows = run.prompts().get(prompt).embedded();
    WanGraphs.Built built = graph(new Key(Kind.PROMPT, outer, 0, prompt, 0, chunks.get(0)));
    // the padding row, if there is one, is zero before the embedding
    float[] padded = Arrays.copyOf(context, rows * config.textDim());
    if (rows > 0) {
      built.input().set(padded);
      compute(built);
    }
    tap("context." + prompt, state.context[prompt]);
  }

  private void embedPictures() {
    if (state.pictures == null) {
      return;
    }
    WanGraphs.Built built = graph(new Key(Kind.PICTURES, outer, 0, 0, 0, chunks.get(0)));
    built.input().set(condition.features());
    compute(built);
    tap("pictures", state.pictures);
  }

  private void embedTimesteps(float[] timesteps) {
    TokenGrid grid = run.grid();
    if (timesteps.length != 1 && timesteps.length != grid.tokens()) {
      throw new ShapeException(
          timesteps.length + " timesteps for " + grid.tokens() + " tokens; give one, or one each");
    }
    Map<Float, Integer> distinct = new TreeMap<>();
    for (float t : timesteps) {
      distinct.putIfAbsent(t, distinct.size());
    }
    if (distinct.size() > run.timesteps()) {
      throw new IllegalArgumentException(
          distinct.size() + " different timesteps, but memory for " + run.timesteps());
    }
    float[] features = new float[run.timesteps() * config.freqDim()];
    distinct.forEach(
        (t, row) ->
            System.arraycopy(
                TimestepFeatures.of(t, config.freqDim()),
                0,
                features,
                row * config.freqDim(),
                config.freqDim()));
    WanGraphs.Built built = graph(new Key(Kind.TIMESTEPS, outer, 0, 0, 0, chunks.get(0)));
    built.input().set(features);
    compute(built);
    if (state.rowTimesteps != null) {
      int[] rows = new int[grid.tokens()];
      for (int i = 0; i < rows.length; i++) {
        rows[i] = distinct.get(timesteps[timesteps.length == 1 ? 0 : i]);
      }
      state.rowTimesteps.set(rows);
    }
    tap("time_embedding_e", state.timeEmbedding);
    tap("time_projection_e0", state.timeProjection);
  }

  private void embedPatches(float[] latents, int stream) {
    for (RowChunks.Chunk chunk : chunks) {
      WanGraphs.Built built = graph(new Key(Kind.PATCHES, outer, 0, 0, stream, chunk));
      built.input().set(patches(latents, chunk));
      compute(built);
    }
    tapStream("patch_embedding", stream);
  }

  private float[] patches(float[] latents, RowChunks.Chunk chunk) {
    float[] rows = new float[chunk.size() * config.inChannels() * WanConfig.PATCH_AREA];
    Patches.gather(latents, condition.channels(), run.grid(), chunk.start(), chunk.end(), rows);
    return rows;
  }

  // After the patches of the stream: the branch begins with them.
  private void beginControl(int stream) {
    if (config.controlBlocks() == 0) {
      return;
    }
    taps.under("");
    float[] nothing = {};
    for (RowChunks.Chunk chunk : chunks) {
      WanGraphs.Built built = graph(new Key(Kind.CONTROL, outer, 0, 0, stream, chunk));
      float[] rows = new float[chunk.size() * WanControl.CHANNELS * WanConfig.PATCH_AREA];
      Patches.gather(
          condition.control().channels(), nothing, run.grid(), chunk.start(), chunk.end(), rows);
      built.input().set(rows);
      compute(built);
    }
  }

  private void setControlStrength(float strength) {
    if (strength != controlStrength) {
      state.controlStrength.set(new float[] {strength});
      controlStrength = strength;
    }
  }

  private void runBlock(BlockSpec block, int position, WeightSet weights, int pass, int stream) {
    taps.under((WanControl.isControl(block) ? "vace_block." : "block.") + block.index() + ".");
    // Where blocks share the prompt's keys, they share the graphs that read them too.
    int keysOf = run.keepsTextKeys() ? position : 0;
    for (int prompt = pass; prompt < pass + run.promptsOf(pass); prompt++) {
      if (!run.keepsTextKeys() || !textReady[prompt][position]) {
        compute(graph(new Key(Kind.TEXT_KEYS, weights, keysOf, prompt, 0, chunks.get(0))));
        textReady[prompt][position] = true;
      }
    }
    if (state.pictures != null && !picturesReady[position]) {
      compute(graph(new Key(Kind.PICTURE_KEYS, weights, keysOf, 0, 0, chunks.get(0))));
      if (!run.keepsTextKeys()) {
        Arrays.fill(picturesReady, false);
      }
      picturesReady[position] = true;
    }
    for (RowChunks.Chunk chunk : chunks) {
      compute(graph(new Key(Kind.PASS_A, weights, keysOf, pass, stream, chunk)));
    }
    for (RowChunks.Chunk chunk : chunks) {
      compute(graph(new Key(Kind.PASS_B, weights, keysOf, pass, stream, chunk)));
    }
    if (WanControl.isControl(block)) {
      tap("vace_block." + block.index() + ".c", state.control[stream]);
      // With the hint, which is part of the block it is for.
      tapStream("block." + WanControl.hinted(config, block.index()), stream);
    } else {
      tapStream("block." + block.index(), stream);
    }
  }

  private float[] head(int stream, float[] velocity) {
    taps.under("");
    for (RowChunks.Chunk chunk : chunks) {
      WanGraphs.Built built = graph(new Key(Kind.HEAD, outer, 0, 0, stream, chunk));
      compute(built);
      Patches.scatter(
          built.output().toFloats(),
          config.outChannels(),
          run.grid(),
          chunk.start(),
          chunk.end(),
          velocity);
    }
    return velocity;
  }

  // Taps enlarge a graph beyond what was measured, so each gets a compute buffer of its own.
  private WanGraphs.Built graph(Key key) {
    if (taps.isActive()) {
      cache.close();
      allocator.close();
      allocator = new GraphAllocator(backend);
      cache = new GraphCache(graphs, allocator);
    }
    return cache.get(key);
  }

  private void compute(WanGraphs.Built built) {
    backend.compute(built.graph());
    taps.collect();
  }

  private void tapStream(String name, int stream) {
    tap(name, state.x[stream]);
  }

  private void tap(String name, Tensor tensor) {
    if (taps.isActive()) {
      taps.under("").accept(name, tensor.shape(), tensor.toFloats());
    }
  }

  /** Device bytes this clip holds beside the weights. */
  public long deviceBytes() {
    return state.bytes(backend.device().bufferType()) + allocator.bytes();
  }

  @Override
  public void close() {
    cache.close();
    allocator.close();
    state.close();
    if (changes != null) {
      changes.close();
    }
  }
}
