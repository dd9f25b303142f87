// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.clip;

import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;

/**
 * The numbers that define a vision tower. Immutable.
 *
 * <p>Source: Wan2.1 wan/modules/clip.py, VisionTransformer.
 *
 * @param patch side of a patch in pixels
 * @param grid patches across a picture, as many down
 * @param dim width of the residual stream and of the features
 * @param mlpDim width of the hidden layer
 * @param heads attention heads
 * @param blocks how many are run: all but the last of a checkpoint
 */
public record ClipConfig(int patch, int grid, int dim, int mlpDim, int heads, int blocks) {
  /** Of every norm. */
  public static final float EPS = 1e-5f;

  /** Channels of one attention head, which files do not say. */
  public static final int HEAD_DIM = 80;

  /** The tower of every published Wan model: open-clip's XLM-R ViT-H/14. */
  public static final ClipConfig VIT_H_14 = new ClipConfig(14, 16, 1280, 5120, 16, 31);

  static final int RGB = 3;

  public ClipConfig {
    if (patch < 1 || grid < 1 || dim < 1 || mlpDim < 1 || heads < 1 || dim % heads != 0) {
      throw new IllegalArgumentException(
          String.format(
              "not a vision tower: %d patches of %d pixels across, dim %d in %d heads, hidden %d",
              grid, patch, dim, heads, mlpDim));
    }
    if (blocks < 1) {
      throw new IllegalArgumentException(
          "a vision tower of " + (blocks + 1) + " blocks, of which the last is not run");
    }
  }

  /** The published tower made narrower or wider, for plans of models that nobody published. */
  public static ClipConfig ofWidth(int dim) {
    int heads = dim % HEAD_DIM == 0 ? dim / HEAD_DIM : 1;
    return new ClipConfig(VIT_H_14.patch, VIT_H_14.grid, dim, 4 * dim, heads, VIT_H_14.blocks);
  }

  /** Side of a picture in pixels. */
  public int imageSize() {
    return patch * grid;
  }

  /** Rows of a picture's features: its patches, and one for the whole. */
  public int tokens() {
    return grid * grid + 1;
  }

  public int headDim() {
    return dim / heads;
  }

  /** Multiplications and additions for each token in products with weights. */
  public double flopsPerToken() {
    return 2.0 * blocks * dim * (4.0 * dim + 2.0 * mlpDim);
  }

  /** The same with another number of heads, or with all blocks: what a file does not say. */
  public ClipConfig with(int otherHeads, int otherBlocks) {
    return new ClipConfig(patch, grid, dim, mlpDim, otherHeads, otherBlocks);
  }

  /**
   * Reads the numbers off the shapes of a checkpoint; heads are {@value #HEAD_DIM} wide if that is
   * possible, else there is one.
   *
   * @param source in the form of {@link dev.wanlet.weights.checkpoint.ClipNames#apart}
   * @throws WeightFormatException if a tensor is missing or has a shape no vision tower has
   */
  public static ClipConfig infer(WeightSource source) throws WeightFormatException {
    WeightTensor kernel = source.require("patch_embedding.weight");
    WeightTensor positions = source.require("pos_embedding");
    WeightTensor hidden = source.require("transformer.0.mlp.0.weight");
    int blocks = 0;
    while (source.find("transformer." + blocks + ".attn.q.weight").isPresent()) {
      blocks++;
    }
    try {
      int dim = Math.toIntExact(dim(kernel, 0));
      long area = kernel.elements() / dim / RGB;
      long patches = positions.elements() / dim - 1;
      int patch = root(area);
      int grid = root(patches);
      if (kernel.elements() != (long) dim * RGB * area
          || positions.elements() != (patches + 1) * dim) {
        throw new IllegalArgumentException(
            "not a vision tower: " + kernel + " and " + positions + " do not fit");
      }
      int heads = ofWidth(dim).heads();
      return new ClipConfig(
          patch, grid, dim, Math.toIntExact(dim(hidden, 0)), heads, Math.max(0, blocks - 1));
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new WeightFormatException(kernel.file(), e.getMessage(), e);
    }
  }

  private static long dim(WeightTensor tensor, int index) {
    Shape shape = tensor.shape();
    if (shape.rank() < 2 || shape.dim(index) < 1) {
      throw new IllegalArgumentException("not a vision tower: " + tensor);
    }
    return shape.dim(index);
  }

  private static int root(long square) {
    int root = (int) Math.round(Math.sqrt((double) square));
    if (root < 1 || (long) root * root != square) {
      throw new IllegalArgumentException("not a vision tower: " + square + " is not a square");
    }
    return root;
  }
}
