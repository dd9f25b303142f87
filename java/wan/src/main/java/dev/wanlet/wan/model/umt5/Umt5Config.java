// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.umt5;

import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;

/**
 * The numbers that define a umT5 encoder. Immutable.
 *
 * <p>Source: Wan2.1 wan/modules/t5.py, T5Encoder.
 *
 * @param vocab number of tokens
 * @param dim width of the residual stream and of the output
 * @param dimAttn width of queries, keys and values, all heads together
 * @param dimFfn width of the feed-forward network
 * @param numHeads attention heads
 * @param numLayers blocks
 * @param numBuckets relative positions are told apart in this many classes, both signs together
 * @param maxDistance from this distance on all positions fall into the last class
 * @param eps of every norm
 */
public record Umt5Config(
    int vocab,
    int dim,
    int dimAttn,
    int dimFfn,
    int numHeads,
    int numLayers,
    int numBuckets,
    int maxDistance,
    float eps) {

  /** What files do not say, because it is the same in all of them. */
  public static final int MAX_DISTANCE = 128;

  /** As {@link #MAX_DISTANCE}. */
  public static final float EPS = 1e-6f;

  /** The text encoder of every published Wan model. */
  public static final Umt5Config XXL =
      new Umt5Config(256384, 4096, 4096, 10240, 64, 24, 32, MAX_DISTANCE, EPS);

  public Umt5Config {
    if (vocab < 1
        || dim < 1
        || dimFfn < 1
        || numHeads < 1
        || dimAttn < 1
        || dimAttn % numHeads != 0
        || numLayers < 1
        || numBuckets < 4
        || numBuckets % 4 != 0
        || maxDistance <= numBuckets / 4) {
      throw new IllegalArgumentException(
          String.format(
              "not a umT5 encoder: vocab %d, dim %d, attention %d in %d heads, ffn %d, layers %d,"
                  + " buckets %d up to distance %d",
              vocab, dim, dimAttn, numHeads, dimFfn, numLayers, numBuckets, maxDistance));
    }
  }

  /** Multiplications and additions for each token in products with weights. */
  public double flopsPerToken() {
    return 2.0 * numLayers * dim * (4.0 * dimAttn + 3.0 * dimFfn);
  }

  public int headDim() {
    return dimAttn / numHeads;
  }

  /**
   * Reads the numbers off the shapes of a checkpoint, and checks that all its tensors fit them.
   *
   * @param source with the {@linkplain dev.wanlet.weights.checkpoint.Umt5Names official names}
   * @throws WeightFormatException if a tensor is missing or has another shape; the message names it
   */
  public static Umt5Config infer(WeightSource source) throws WeightFormatException {
    WeightTensor table = matrix(source, "token_embedding.weight");
    WeightTensor query = matrix(source, "blocks.0.attn.q.weight");
    WeightTensor ffn = matrix(source, "blocks.0.ffn.fc1.weight");
    WeightTensor positions = matrix(source, "blocks.0.pos_embedding.embedding.weight");
    int layers = 0;
    while (source.find("blocks." + layers + ".attn.q.weight").isPresent()) {
      layers++;
    }
    Umt5Config config;
    try {
      config =
          new Umt5Config(
              Math.toIntExact(table.shape().dim(0)),
              Math.toIntExact(table.shape().dim(1)),
              Math.toIntExact(query.shape().dim(0)),
              Math.toIntExact(ffn.shape().dim(0)),
              Math.toIntExact(positions.shape().dim(1)),
              layers,
              Math.toIntExact(positions.shape().dim(0)),
              MAX_DISTANCE,
              EPS);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new WeightFormatException(table.file(), e.getMessage(), e);
    }
    config.check(source);
    return config;
  }

  private void check(WeightSource source) throws WeightFormatException {
    requireShape(source, "norm.weight", dim);
    for (int i = 0; i < numLayers; i++) {
      String block = "blocks." + i + ".";
      requireShape(source, block + "norm1.weight", dim);
      requireShape(source, block + "norm2.weight", dim);
      for (String part : new String[] {"q", "k", "v"}) {
        requireShape(source, block + "attn." + part + ".weight", dimAttn, dim);
      }
      requireShape(source, block + "attn.o.weight", dim, dimAttn);
      requireShape(source, block + "pos_embedding.embedding.weight", numBuckets, numHeads);
      requireShape(source, block + "ffn.gate.0.weight", dimFfn, dim);
      requireShape(source, block + "ffn.fc1.weight", dimFfn, dim);
      requireShape(source, block + "ffn.fc2.weight", dim, dimFfn);
    }
  }

  private static void requireShape(WeightSource source, String name, long... expected)
      throws WeightFormatException {
    WeightTensor tensor = source.require(name);
    Shape shape = Shape.of(expected);
    if (!tensor.shape().equals(shape)) {
      throw new WeightFormatException(
          tensor.file(),
          String.format(
              "tensor '%s' has shape %s, a umT5 encoder of these sizes has %s; the file may mix two"
                  + " models",
              name, tensor.shape(), shape));
    }
  }

  private static WeightTensor matrix(WeightSource source, String name)
      throws WeightFormatException {
    WeightTensor tensor = source.require(name);
    if (tensor.shape().rank() != 2) {
      throw new WeightFormatException(
          tensor.file(),
          "tensor '" + name + "' has shape " + tensor.shape() + ", a umT5 encoder's is a matrix");
    }
    return tensor;
  }
}
