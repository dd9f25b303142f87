// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.synth;

import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanTransformer;
import dev.wanlet.wan.nn.NetworkLayout;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import dev.wanlet.weights.recipe.Recipes;
import dev.wanlet.weights.write.GgufWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Writes small networks of random weights. Stateless. */
public final class SmallModels {
  private SmallModels() {}

  private static final long SEED = 3;

  /** A network in Q8_0 where that is possible. */
  public static Path write(Path file, CheckpointKind kind, Map<String, Shape> tensors)
      throws IOException {
    return write(file, kind, tensors, SEED);
  }

  private static Path write(Path file, CheckpointKind kind, Map<String, Shape> tensors, long seed)
      throws IOException {
    try (GgufWriter writer = GgufWriter.create(file)) {
      new Synthesizer(kind, tensors, Recipes.parse("Q8_0"), UnaryOperator.identity(), seed)
          .write(writer, done -> {});
      writer.commit();
    }
    return file;
  }

  /** A transformer. */
  public static Path transformer(Path file, WanConfig config) throws IOException {
    return transformer(file, config, SEED);
  }

  /** A transformer with the weights of this seed. */
  public static Path transformer(Path file, WanConfig config, long seed) throws IOException {
    Map<String, Shape> tensors = new LinkedHashMap<>();
    NetworkLayout layout = WanTransformer.layout(config, TypePolicy.ALL_F32);
    layout.outer().specs().forEach(s -> tensors.put(s.name(), s.sourceShape()));
    layout
        .blocks()
        .forEach(
            b ->
                b.layout()
                    .specs()
                    .forEach(s -> tensors.put(b.prefix() + s.name(), s.sourceShape())));
    return write(file, CheckpointKind.TRANSFORMER, tensors, seed);
  }
}
