// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.quantize;

import dev.wanlet.ggml.Backend;
import dev.wanlet.quantize.ErrorStatistics;
import dev.wanlet.wan.model.transformer.PromptRows;
import dev.wanlet.wan.model.transformer.TokenGrid;
import dev.wanlet.wan.model.transformer.WanCondition;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanRun;
import dev.wanlet.wan.model.transformer.WanSession;
import dev.wanlet.wan.model.transformer.WanTransformer;
import dev.wanlet.wan.model.umt5.Umt5Encoder;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.RowChunks;
import dev.wanlet.weights.checkpoint.Checkpoint;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/**
 * Runs a network from two files on the same inputs: transformers and text encoders, on the CPU in
 * F32, blocks streamed, so that what differs is the weights alone and a 14B model needs little
 * memory. Stateless.
 */
final class ForwardComparison {
  private static final TokenGrid GRID = new TokenGrid(2, 8, 8);
  private static final float TIMESTEP = 500;
  private static final int PROMPT_TOKENS = 16;
  private static final long SEED = 2_026;

  /**
   * What came out.
   *
   * @param inputs the inputs in words, such as {@code seeded noise [16, 2, 16, 16], t = 500}
   * @param error of the second file's output against the first's
   */
  record Result(String inputs, ErrorStatistics error) {}

  private ForwardComparison() {}

  /**
   * Compares outputs on fixed inputs.
   *
   * @param kind of a network that {@linkplain #runs can be run} here
   * @param reference the file or folder that was converted
   * @param converted the file that was written
   * @throws IOException if a file cannot be read or is not a whole network
   */
  static Result compare(CheckpointKind kind, Path reference, Path converted) throws IOException {
    return switch (kind) {
      case TRANSFORMER -> transformers(reference, converted);
      case TEXT_ENCODER -> textEncoders(reference, converted);
      default -> throw new IllegalArgumentException("a " + kind.title() + " is not run");
    };
  }

  /** Whether networks of a kind can be compared. */
  static boolean runs(CheckpointKind kind) {
    return kind == CheckpointKind.TRANSFORMER || kind == CheckpointKind.TEXT_ENCODER;
  }

  private static Result transformers(Path reference, Path converted) throws IOException {
    WanConfig config;
    try (Checkpoint checkpoint = Checkpoint.open(reference)) {
      config = WanConfig.infer(checkpoint.source());
    }
    Random random = new Random(SEED);
    float[] latents = RandomConditions.latents(config, GRID, random);
    float[] context = RandomConditions.gaussian(random, PROMPT_TOKENS * config.textDim());
    WanCondition condition = RandomConditions.of(config, GRID, random);
    float[] expected = velocity(reference, config, latents, context, condition);
    float[] actual = velocity(converted, config, latents, context, condition);
    return new Result(
        String.format(
            "seeded noise [%d, %d, %d, %d], t = %.0f, %d seeded prompt rows",
            config.inChannels(),
            GRID.frames(),
            GRID.latentHeight(),
            GRID.latentWidth(),
            TIMESTEP,
            PROMPT_TOKENS),
        statistics(expected, actual));
  }

  private static float[] velocity(
      Path path, WanConfig config, float[] latents, float[] context, WanCondition condition)
      throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(path);
        Backend backend = backend()) {
      WanRun run =
          new WanRun(
              GRID,
              RowChunks.whole(GRID.tokens()),
              List.of(new PromptRows(PROMPT_TOKENS)),
              false,
              1,
              Precision.F32);
      try (WanTransformer model =
              CpuNetworks.transformer(backend, checkpoint.source(), config, Precision.F32);
          WanSession session = model.open(run, List.of(context), condition)) {
        return session.predict(latents, new float[] {TIMESTEP}, 0).get(0);
      }
    }
  }

  private static Result textEncoders(Path reference, Path converted) throws IOException {
    float[] expected = encoding(reference);
    float[] actual = encoding(converted);
    return new Result(PROMPT_TOKENS + " seeded tokens", statistics(expected, actual));
  }

  private static float[] encoding(Path path) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(path);
        Backend backend = backend();
        Umt5Encoder encoder =
            CpuNetworks.textEncoder(backend, checkpoint.source(), Precision.F32)) {
      int vocabulary = encoder.config().vocab();
      return encoder.encode(new Random(SEED).ints(PROMPT_TOKENS, 0, vocabulary).toArray());
    }
  }

  private static Backend backend() {
    return CpuNetworks.backend(Backend.availableThreads());
  }

  private static ErrorStatistics statistics(float[] expected, float[] actual) {
    double error = 0;
    double first = 0;
    double second = 0;
    double product = 0;
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      double difference = (double) expected[i] - actual[i];
      error += difference * difference;
      first += (double) expected[i] * expected[i];
      second += (double) actual[i] * actual[i];
      product += (double) expected[i] * actual[i];
      largest = Math.max(largest, Math.abs(difference));
    }
    return new ErrorStatistics(expected.length, error, first, second, product, largest);
  }
}
