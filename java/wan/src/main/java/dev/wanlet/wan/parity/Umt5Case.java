// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.model.umt5.RelativePositionBuckets;
import dev.wanlet.wan.model.umt5.Umt5Config;
import dev.wanlet.wan.model.umt5.Umt5Encoder;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.checkpoint.Umt5Names;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The text encoder: a batch with a mask, a padded and a long prompt, and the distance classes. */
final class Umt5Case implements ParityCase {
  private static final Pattern LONG_ROWS = Pattern.compile("long(\\d+)_rows_(\\d+(?:_\\d+)*)");
  private static final Pattern PADDED_CUT = Pattern.compile("padded(\\d+)_cut(\\d+)");

  @Override
  public void run(ParityFolder folder, Engine engine, Sink sink) throws IOException {
    WeightSource weights = Umt5Names.official(folder.weights());
    Umt5Config config = config(folder, weights);
    distanceClasses(folder, config, sink);
    try (Umt5Encoder encoder = load(engine, config, weights)) {
      batch(folder, encoder, sink);
      for (WeightTensor output : folder.outputs().tensors()) {
        Matcher rows = LONG_ROWS.matcher(output.name());
        if (rows.matches()) {
          int[] ids = folder.inputs().require("long" + rows.group(1) + "_ids").toInts();
          int[] picked =
              Arrays.stream(rows.group(2).split("_")).mapToInt(Integer::parseInt).toArray();
          sink.accept(output.name(), pick(encoder.encode(ids), config.dim(), picked));
        }
        Matcher cut = PADDED_CUT.matcher(output.name());
        if (cut.matches()) {
          int[] ids = folder.inputs().require("padded" + cut.group(1) + "_ids").toInts();
          int real = Integer.parseInt(cut.group(2));
          sink.accept(output.name(), encoder.encode(Arrays.copyOf(ids, real)));
        }
      }
    }
  }

  static Umt5Encoder load(Engine engine, Umt5Config config, WeightSource weights)
      throws IOException {
    return Umt5Encoder.open(
        engine.backend(), weights, config, engine.precision(), engine::placement);
  }

  /** What the shapes say, with the two numbers that they do not. */
  private static Umt5Config config(ParityFolder folder, WeightSource weights) throws IOException {
    Umt5Config c = Umt5Config.infer(weights);
    return new Umt5Config(
        c.vocab(),
        c.dim(),
        c.dimAttn(),
        c.dimFfn(),
        c.numHeads(),
        c.numLayers(),
        c.numBuckets(),
        folder.config().path("max_dist").asInt(c.maxDistance()),
        (float) folder.config().path("norm_eps").asDouble(c.eps()));
  }

  private static void distanceClasses(ParityFolder folder, Umt5Config config, Sink sink)
      throws IOException {
    if (folder.outputs().find("relative_position").isEmpty()) {
      return;
    }
    // The positions are the input of this tap, though they lie among the outputs.
    float[] positions = folder.outputs().require("relative_position").toFloats();
    float[] buckets = new float[positions.length];
    for (int i = 0; i < positions.length; i++) {
      buckets[i] =
          RelativePositionBuckets.bucket(
              (int) positions[i], config.numBuckets(), config.maxDistance());
    }
    sink.accept("relative_position", positions);
    sink.accept("relative_bucket", buckets);
  }

  /** Runs each row of {@code ids} [B, L] with its mask and joins what they give. */
  private static void batch(ParityFolder folder, Umt5Encoder encoder, Sink sink)
      throws IOException {
    WeightTensor ids = folder.inputs().require("ids");
    Shape shape = ids.shape();
    if (shape.rank() != 2 || !folder.inputs().require("mask").shape().equals(shape)) {
      throw folder.bad("inputs 'ids' and 'mask' are not of one shape [B, L]: " + shape);
    }
    int rows = (int) shape.dim(0);
    int length = (int) shape.dim(1);
    int[] allIds = ids.toInts();
    int[] allMasks = folder.inputs().require("mask").toInts();
    Map<String, List<float[]>> byTap = new LinkedHashMap<>();
    for (int row = 0; row < rows; row++) {
      int real = Arrays.stream(allMasks, row * length, (row + 1) * length).sum();
      Taps taps = new Taps(name -> true);
      encoder.encode(Arrays.copyOfRange(allIds, row * length, (row + 1) * length), real, taps);
      taps.collected()
          .forEach(
              (name, tap) -> {
                // The reference's bias is the same for the whole batch, without the mask.
                boolean bias = name.endsWith(".pos_bias");
                if (!bias || (real == length && !byTap.containsKey(name))) {
                  byTap.computeIfAbsent(name, n -> new ArrayList<>()).add(tap.values());
                }
              });
    }
    byTap.forEach((name, parts) -> sink.accept(name, join(parts)));
  }

  private static float[] join(List<float[]> parts) {
    float[] joined = new float[parts.stream().mapToInt(p -> p.length).sum()];
    int at = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, joined, at, part.length);
      at += part.length;
    }
    return joined;
  }

  /** Some rows of [rows, dim]. */
  static float[] pick(float[] values, int dim, int... rows) {
    float[] picked = new float[rows.length * dim];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(values, rows[i] * dim, picked, i * dim, dim);
    }
    return picked;
  }
}
