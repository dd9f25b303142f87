// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.quantize;

import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.model.transformer.PromptRows;
import dev.wanlet.wan.model.transformer.TokenGrid;
import dev.wanlet.wan.model.transformer.WanCondition;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanRun;
import dev.wanlet.wan.model.transformer.WanSession;
import dev.wanlet.wan.model.transformer.WanTransformer;
import dev.wanlet.wan.nn.BlockSpec;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.RowChunks;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.sampling.FlowSchedule;
import dev.wanlet.weights.gguf.GgufValue;
import dev.wanlet.weights.write.GgufWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Gathers the mean square of what flows into each column of a transformer's matrices, over whole
 * denoising runs, and writes it as llama.cpp writes importance matrices: for a matrix NAME the sums
 * in {@code NAME.in_sum2} and the number of rows in {@code NAME.counts}. Confined to one thread.
 */
public final class ActivationGatherer {
  /** Which matrices of a block take a tapped tensor as input. */
  private static final Map<String, List<String>> INPUTS =
      Map.of(
          "self_attn.input", List.of("self_attn.q", "self_attn.k", "self_attn.v"),
          "self_attn.attention", List.of("self_attn.o"),
          "norm3", List.of("cross_attn.q"),
          "cross_attn.attention", List.of("cross_attn.o"),
          "ffn.input", List.of("ffn.0"),
          "ffn.hidden", List.of("ffn.2"),
          "c", List.of("after_proj"));

  private static final List<String> CONTEXT_INPUTS = List.of("cross_attn.k", "cross_attn.v");
  private static final List<String> PICTURE_INPUTS =
      List.of("cross_attn.k_img", "cross_attn.v_img");
  private static final String CONTEXT = "context.";
  private static final String PICTURES = "pictures";

  /** Its output is the input of the projection that the control branch begins with. */
  private static final String CONTROL = "vace_patch_embedding";

  /**
   * Of a block or a control block, whose weights are called {@code blocks} or {@code vace_blocks}.
   */
  private static final Pattern IN_BLOCK = Pattern.compile("((?:vace_)?block)\\.(\\d+)\\.(.+)");

  /** Sums of squares by column. */
  private static final class Sums {
    final double[] squares;
    long rows;

    Sums(int columns) {
      this.squares = new double[columns];
    }
  }

  private final WanTransformer transformer;
  private final TokenGrid grid;
  private final FlowSchedule schedule;
  private final Map<String, Sums> byName = new TreeMap<>();
  private int predictions;

  /**
   * @param grid the clip to denoise, best of the kind the model will make
   * @param schedule the steps of each run
   */
  public ActivationGatherer(WanTransformer transformer, TokenGrid grid, FlowSchedule schedule) {
    this.transformer = transformer;
    this.grid = grid;
    this.schedule = schedule;
  }

  /** The noise that a clip begins with, [C, T, H, W], by its seed. */
  public float[] noise(long seed) {
    return RandomConditions.latents(transformer.config(), grid, new Random(seed));
  }

  /**
   * Denoises one clip by Euler's method, without guidance, and counts what flows.
   *
   * @param context text encoder output of the prompt [tokens, textDim]
   * @param seed of the noise
   * @param latents before the first step; becomes what they are behind the last
   * @param from first step
   * @param to behind the last step
   * @throws dev.wanlet.ggml.GgmlException if it was asked to stop
   */
  public void gather(float[] context, long seed, float[] latents, int from, int to)
      throws IOException {
    WanConfig config = transformer.config();
    int tokens = context.length / config.textDim();
    WanRun run =
        new WanRun(
            grid,
            RowChunks.whole(grid.tokens()),
            List.of(new PromptRows(tokens)),
            false,
            1,
            Precision.AUTO);
    Random random = new Random(seed);
    RandomConditions.latents(config, grid, random); // what the condition follows
    WanCondition condition = RandomConditions.of(config, grid, random);
    Taps taps = new Taps(ActivationGatherer::isWanted);
    try (WanSession session = transformer.open(run, List.of(context), condition, taps)) {
      drain(taps, config);
      // After every block, so that no more than one block's activations are held.
      session.onBlock(done -> drain(taps, config));
      for (int step = from; step < to; step++) {
        float[] velocity =
            session.predict(latents, new float[] {schedule.timestep(step)}, 0).get(0);
        float delta = schedule.sigma(step + 1) - schedule.sigma(step);
        // Conditioning channels behind the noisy ones stay as they are.
        for (int i = 0; i < velocity.length; i++) {
          latents[i] += delta * velocity[i];
        }
        drain(taps, config);
        predictions++;
      }
    }
  }

  private static boolean isWanted(String name) {
    Matcher inBlock = IN_BLOCK.matcher(name);
    return inBlock.matches()
        ? INPUTS.containsKey(inBlock.group(3))
        : name.startsWith(CONTEXT) || name.equals(PICTURES) || name.equals(CONTROL);
  }

  private void drain(Taps taps, WanConfig config) {
    taps.collected().forEach((name, tap) -> count(name, tap.values(), config));
    taps.collected().clear();
  }

  private void count(String name, float[] values, WanConfig config) {
    Matcher inBlock = IN_BLOCK.matcher(name);
    if (inBlock.matches()) {
      String part = inBlock.group(3);
      int columns = part.equals("ffn.hidden") ? config.ffnDim() : config.dim();
      String prefix = inBlock.group(1) + "s." + inBlock.group(2) + ".";
      add(prefix, INPUTS.get(part), columns, values);
    } else if (name.equals(CONTROL)) {
      add("vace_blocks.0.", List.of("before_proj"), config.dim(), values);
    } else {
      List<String> inputs = name.equals(PICTURES) ? PICTURE_INPUTS : CONTEXT_INPUTS;
      for (BlockSpec block : transformer.blocks()) {
        add(block.prefix(), inputs, config.dim(), values);
      }
    }
  }

  private void add(String prefix, List<String> matrices, int columns, float[] values) {
    Sums first = null;
    for (String matrix : matrices) {
      Sums sums = byName.computeIfAbsent(prefix + matrix + ".weight", n -> new Sums(columns));
      if (first == null) {
        first = sums;
        for (int i = 0; i < values.length; i++) {
          sums.squares[i % columns] += (double) values[i] * values[i];
        }
        sums.rows += values.length / columns;
      } else {
        System.arraycopy(first.squares, 0, sums.squares, 0, columns);
        sums.rows = first.rows;
      }
    }
  }

  /** How many matrices have been seen. */
  public int matrices() {
    return byName.size();
  }

  /**
   * Writes what was gathered so far.
   *
   * @param prompts what it was gathered on, for the file's metadata
   * @throws IOException if the file cannot be written
   */
  public void write(Path output, List<String> prompts) throws IOException {
    Map<String, float[]> tensors = new LinkedHashMap<>();
    byName.forEach(
        (name, sums) -> {
          float[] squares = new float[sums.squares.length];
          for (int i = 0; i < squares.length; i++) {
            squares[i] = (float) sums.squares[i];
          }
          tensors.put(name + ".in_sum2", squares);
          tensors.put(name + ".counts", new float[] {sums.rows});
        });
    try (GgufWriter writer = GgufWriter.create(output)) {
      writer.put("general.type", GgufValue.of("imatrix"));
      writer.put("imatrix.datasets", GgufValue.stringArray(prompts));
      writer.put("imatrix.chunk_count", GgufValue.u32(predictions));
      writer.put("imatrix.chunk_size", GgufValue.u32(grid.tokens()));
      tensors.forEach(
          (name, values) -> writer.declare(name, TensorType.F32, Shape.of(1, values.length)));
      for (Map.Entry<String, float[]> tensor : tensors.entrySet()) {
        ByteBuffer bytes =
            ByteBuffer.allocate(4 * tensor.getValue().length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(tensor.getValue());
        writer.append(tensor.getKey(), bytes);
      }
      writer.commit();
    }
  }
}
