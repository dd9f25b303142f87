// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.synth;

import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import dev.wanlet.weights.recipe.QuantizationRecipe;
import dev.wanlet.weights.write.GgufWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.LongConsumer;
import java.util.function.UnaryOperator;

/**
 * Writes a network of random weights at full size, for planning and benchmarks. The scales keep
 * activations in range: matrices and kernels deviate by 1/sqrt(inputs), norms are about 1. Memory
 * use does not depend on the size. Confined to one thread.
 */
public final class Synthesizer {
  private static final int BUFFER_BYTES = 4 << 20;
  private static final double NORM_DEVIATION = 0.05;
  private static final double BIAS_DEVIATION = 0.02;

  /** How the numbers of a tensor are spread. */
  private record Spread(double mean, double deviation) {}

  private record PoolKey(TensorType type, Spread spread) {}

  private final CheckpointKind kind;
  private final Map<String, Shape> tensors;
  private final QuantizationRecipe recipe;
  private final UnaryOperator<String> names;
  private final long seed;
  private final Map<PoolKey, RandomBlocks> pools = new HashMap<>();

  /**
   * A network.
   *
   * @param kind which one it is
   * @param tensors official names and shapes
   * @param recipe quantisation recipe, which gives each tensor its type
   * @param names from official names to those in the file
   * @param seed of the weights: the same seed gives the same file
   */
  public Synthesizer(
      CheckpointKind kind,
      Map<String, Shape> tensors,
      QuantizationRecipe recipe,
      UnaryOperator<String> names,
      long seed) {
    this.kind = kind;
    this.tensors = tensors;
    this.recipe = recipe;
    this.names = names;
    this.seed = seed;
  }

  /** Size of all weights in bytes, without the file's header. */
  public long dataBytes() {
    return tensors.entrySet().stream()
        .mapToLong(t -> type(t.getKey(), t.getValue()).bytes(t.getValue()))
        .sum();
  }

  /**
   * Declares all tensors and writes them; the caller has put the metadata and commits.
   *
   * @param progress is told the bytes written so far
   * @throws IOException if the disk is full or writing fails
   */
  public void write(GgufWriter writer, LongConsumer progress) throws IOException {
    tensors.forEach((name, shape) -> writer.declare(names.apply(name), type(name, shape), shape));
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    long done = 0;
    for (Map.Entry<String, Shape> tensor : tensors.entrySet()) {
      String name = tensor.getKey();
      Shape shape = tensor.getValue();
      RandomBlocks pool = pool(type(name, shape), spread(name, shape));
      SplittableRandom random = new SplittableRandom(seed ^ ((long) name.hashCode() << 32));
      for (long left = shape.elements(); left > 0; ) {
        left -= pool.fill(buffer.clear(), left, random);
        done += buffer.flip().remaining();
        writer.append(names.apply(name), buffer);
        progress.accept(done);
      }
    }
  }

  private RandomBlocks pool(TensorType type, Spread spread) {
    return pools.computeIfAbsent(
        new PoolKey(type, spread),
        k -> RandomBlocks.draw(type, spread.mean(), spread.deviation(), seed));
  }

  /** The type that the quantise tool gives a tensor of the published checkpoints. */
  private TensorType type(String name, Shape shape) {
    return recipe.storedAs(kind, name, shape, TensorType.F16).type();
  }

  private static Spread spread(String name, Shape shape) {
    if (name.endsWith(".bias")) {
      return new Spread(0, BIAS_DEVIATION);
    }
    if (name.endsWith(".gamma") || shape.rank() == 1) {
      return new Spread(1, NORM_DEVIATION);
    }
    if (name.equals("token_embedding.weight")) {
      return new Spread(0, 1);
    }
    if (name.contains("pos_embedding")) {
      return new Spread(0, 0.5);
    }
    if (name.endsWith("modulation") || name.endsWith("emb_pos")) {
      return new Spread(0, 1 / Math.sqrt((double) shape.columns()));
    }
    double inputs = shape.elements() / (double) shape.dim(0);
    // umT5 does not scale its scores, so that its queries must be small.
    boolean unscaledQuery = name.endsWith(".attn.q.weight") && !name.contains("_attn");
    return new Spread(0, (unscaledQuery ? 0.125 : 1) / Math.sqrt(inputs));
  }
}
