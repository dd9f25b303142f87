// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import dev.wanlet.ggml.Graph;
import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorArena;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.RowChunks;
import dev.wanlet.wan.nn.SidePath;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.WeightSet;
import java.util.ArrayList;
import java.util.List;

/**
 * Builds the graphs a clip runs: each is small, works on one chunk, and reads and writes the
 * tensors of a {@link WanState}. The same graphs are measured for planning and run. Confined to one
 * thread.
 */
final class WanGraphs {
  // The largest graph, pass B with several timesteps and attention guidance, has about 110 nodes.
  private static final int MAX_NODES = 160;

  /** What a graph does. */
  enum Kind {
    TIMESTEPS,
    PROMPT,
    PICTURES,
    PATCHES,
    CONTROL,
    TEXT_KEYS,
    PICTURE_KEYS,
    PASS_A,
    PASS_B,
    CHANGE,
    AGAIN,
    HEAD
  }

  /**
   * Which graph: its kind, the weights it reads, and the block (its place among all blocks), pass
   * (or prompt, where it works on one), stream and chunk it works on (0 where that means nothing).
   */
  record Key(
      Kind kind, WeightSet weights, int block, int pass, int stream, RowChunks.Chunk chunk) {}

  /** A graph with the tensors the host fills before it and reads after it. */
  record Built(TensorArena arena, Graph graph, Tensor input, Tensor output)
      implements AutoCloseable {
    @Override
    public void close() {
      arena.close();
    }
  }

  private final WanConfig config;
  private final WanRun run;
  private final WanState state;
  private final Taps taps;

  WanGraphs(WanConfig config, WanRun run, WanState state, Taps taps) {
    this.config = config;
    this.run = run;
    this.state = state;
    this.taps = taps;
  }

  Built build(Key key) {
    int paths = SidePath.count(key.weights().layout());
    TensorArena arena = TensorArena.forGraph(MAX_NODES + SidePath.NODES * paths);
    try {
      return build(key, arena, new GraphBuilder(arena));
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  private Built build(Key key, TensorArena arena, GraphBuilder g) {
    Tensor input = null;
    Tensor output = null;
    switch (key.kind()) {
      case TIMESTEPS -> {
        input = g.input("features", TensorType.F32, run.timesteps(), config.freqDim());
        outer(key).embedTimesteps(g, input, state.timeEmbedding, state.timeProjection);
      }
      case PROMPT -> {
        int rows = run.prompts().get(key.pass()).embedded();
        input = g.input("text", TensorType.F32, rows, config.textDim());
        g.run(g.copy(outer(key).embedText(g, input), state.context[key.pass()]));
      }
      case PICTURES -> {
        input = g.input("features", TensorType.F32, config.imageTokens(), config.imageDim());
        g.run(g.copy(outer(key).embedPictures(g, input), state.pictures));
      }
      case PATCHES -> {
        input = g.input("patches", TensorType.F32, key.chunk().size(), patchSize());
        g.run(g.copy(outer(key).embedPatches(g, input), rows(g, state.x[key.stream()], key)));
      }
      case CONTROL -> {
        int patch = WanControl.CHANNELS * WanConfig.PATCH_AREA;
        input = g.input("control", TensorType.F32, key.chunk().size(), patch);
        Tensor c = control(key).begin(g, input, rows(g, state.x[key.stream()], key));
        g.run(g.copy(c, rows(g, state.control[key.stream()], key)));
      }
      case TEXT_KEYS ->
          block(key)
              .textKeysAndValues(
                  g,
                  state.context[key.pass()],
                  state.textKeys(key.pass(), key.block()),
                  state.textValues(key.pass(), key.block()),
                  run.prompts().get(key.pass()).copies());
      case PICTURE_KEYS ->
          block(key)
              .pictureKeysAndValues(
                  g,
                  state.pictures,
                  state.pictureKeys(key.block()),
                  state.pictureValues(key.block()));
      case PASS_A -> {
        WanBlock block = block(key);
        Tensor x = rows(g, stream(key), key);
        block.keysAndValues(
            g,
            x,
            block.modulation(g, state.timeProjection, rowTimesteps(g, key)),
            positions(g, key),
            g.slice(state.keys, 1, key.chunk().start(), key.chunk().end()),
            g.slice(state.values, 1, key.chunk().start(), key.chunk().end()));
      }
      case PASS_B -> {
        WanBlock block = block(key);
        Tensor x = rows(g, stream(key), key);
        Tensor y =
            block.rest(
                g,
                x,
                block.modulation(g, state.timeProjection, rowTimesteps(g, key)),
                positions(g, key),
                state.keys,
                state.values,
                text(g, key, key.pass()),
                negative(g, key),
                pictures(key.block()));
        g.run(g.copy(y, x));
        if (WanControl.isControl(key.weights())) {
          Tensor hinted = rows(g, state.x[key.stream()], key);
          g.run(g.copy(control(key).addHint(g, y, hinted, state.controlStrength), hinted));
        }
      }
      case CHANGE -> {
        input = g.input("patches", TensorType.F32, key.chunk().size(), patchSize());
        Tensor x = rows(g, state.x[key.stream()], key);
        output = g.output(g.sub(x, outer(key).embedPatches(g, input)));
      }
      case AGAIN -> {
        input = g.input("change", TensorType.F32, key.chunk().size(), config.dim());
        Tensor x = rows(g, state.x[key.stream()], key);
        g.run(g.copy(g.add(x, input), x));
      }
      case HEAD -> {
        Tensor x = rows(g, state.x[key.stream()], key);
        output = g.output(outer(key).head(g, x, state.timeEmbedding, rowTimesteps(g, key)));
      }
    }
    return new Built(arena, g.graph(), input, output);
  }

  private int patchSize() {
    return config.inChannels() * WanConfig.PATCH_AREA;
  }

  private WanOuter outer(Key key) {
    return new WanOuter(key.weights(), run.precision(), taps);
  }

  private WanControl control(Key key) {
    return new WanControl(key.weights(), taps);
  }

  /** The stream that a block takes further. */
  private Tensor stream(Key key) {
    Tensor[] streams = WanControl.isControl(key.weights()) ? state.control : state.x;
    return streams[key.stream()];
  }

  private WanBlock block(Key key) {
    return new WanBlock(key.weights(), run.precision(), taps);
  }

  private WanBlock.TextKeys text(GraphBuilder g, Key key, int prompt) {
    Tensor mask = state.mask[prompt];
    return new WanBlock.TextKeys(
        state.textKeys(prompt, key.block()),
        state.textValues(prompt, key.block()),
        mask == null ? null : g.slice(mask, 0, 0, key.chunk().size()));
  }

  private WanBlock.Negative negative(GraphBuilder g, Key key) {
    return run.promptsOf(key.pass()) > 1
        ? new WanBlock.Negative(text(g, key, 1), run.attention().orElseThrow())
        : null;
  }

  private WanBlock.TextKeys pictures(int block) {
    return state.pictures == null
        ? null
        : new WanBlock.TextKeys(state.pictureKeys(block), state.pictureValues(block), null);
  }

  private static Tensor rows(GraphBuilder g, Tensor whole, Key key) {
    return g.slice(whole, 0, key.chunk().start(), key.chunk().end());
  }

  private Tensor rowTimesteps(GraphBuilder g, Key key) {
    return state.rowTimesteps == null ? null : rows(g, state.rowTimesteps, key);
  }

  private WanBlock.Positions positions(GraphBuilder g, Key key) {
    return new WanBlock.Positions(
        rows(g, state.positions[0], key),
        rows(g, state.positions[1], key),
        rows(g, state.positions[2], key));
  }

  /**
   * One key of every shape of graph that the clip runs, so that measuring these bounds them all.
   *
   * @param outer weights around the blocks
   * @param blocks one weight set of every layout among the blocks
   */
  List<Key> shapes(WeightSet outer, List<WeightSet> blocks) {
    List<RowChunks.Chunk> chunks = run.chunks().distinct();
    RowChunks.Chunk none = chunks.get(0);
    List<Key> keys = new ArrayList<>();
    keys.add(new Key(Kind.TIMESTEPS, outer, 0, 0, 0, none));
    for (int prompt = 0; prompt < run.prompts().size(); prompt++) {
      keys.add(new Key(Kind.PROMPT, outer, 0, prompt, 0, none));
      for (WeightSet block : blocks) {
        keys.add(new Key(Kind.TEXT_KEYS, block, 0, prompt, 0, none));
      }
    }
    if (state.pictures != null) {
      keys.add(new Key(Kind.PICTURES, outer, 0, 0, 0, none));
      for (WeightSet block : blocks) {
        keys.add(new Key(Kind.PICTURE_KEYS, block, 0, 0, 0, none));
      }
    }
    for (RowChunks.Chunk chunk : chunks) {
      keys.add(new Key(Kind.PATCHES, outer, 0, 0, 0, chunk));
      keys.add(new Key(Kind.HEAD, outer, 0, 0, 0, chunk));
      if (run.keepsBlocks()) {
        keys.add(new Key(Kind.CHANGE, outer, 0, 0, 0, chunk));
        keys.add(new Key(Kind.AGAIN, outer, 0, 0, 0, chunk));
      }
      if (config.controlBlocks() > 0) {
        keys.add(new Key(Kind.CONTROL, outer, 0, 0, 0, chunk));
      }
      for (WeightSet block : blocks) {
        keys.add(new Key(Kind.PASS_A, block, 0, 0, 0, chunk));
        for (int pass = 0; pass < run.passes(); pass++) {
          keys.add(new Key(Kind.PASS_B, block, 0, pass, 0, chunk));
        }
      }
    }
    return keys;
  }
}
