// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;

/**
 * The numbers that define a Wan transformer. Immutable.
 *
 * <p>Source: Wan2.1 wan/modules/model.py, WanModel.
 *
 * @param inChannels latent channels in, conditioning channels included
 * @param outChannels latent channels out
 * @param dim width of the residual stream; a multiple of {@link #HEAD_DIM}
 * @param ffnDim width of the feed-forward network
 * @param freqDim width of the sinusoidal timestep features
 * @param textDim width of the text encoder's output
 * @param layers number of blocks
 * @param imageDim width of the features of pictures; 0 for a model that does not see pictures
 * @param controlBlocks blocks of the control branch; 0 for a model without one
 */
public record WanConfig(
    WanVariant variant,
    int inChannels,
    int outChannels,
    int dim,
    int ffnDim,
    int freqDim,
    int textDim,
    int layers,
    int imageDim,
    int controlBlocks) {

  /** Channels of one attention head, the same in all Wan models. */
  public static final int HEAD_DIM = 128;

  /** Rows the prompt is padded to. */
  public static final int TEXT_LENGTH = 512;

  /** Latent pixels of one token: patches are 1x2x2. */
  public static final int PATCH_AREA = 4;

  /** Of every norm in the blocks and the head. */
  public static final float EPS = 1e-6f;

  /** Rows of the features of one picture: 16x16 patches, and the whole. */
  public static final int PICTURE_TOKENS = 257;

  /** Of the norms of the features of pictures. */
  static final float IMAGE_EPS = 1e-5f;

  public WanConfig {
    if (dim % HEAD_DIM != 0
        || dim < HEAD_DIM
        || layers < 1
        || ffnDim < 1
        || textDim < 1
        || freqDim < 2
        || freqDim % 2 != 0
        || inChannels < 1
        || outChannels < 1) {
      throw new IllegalArgumentException(
          String.format(
              "not a Wan transformer: dim %d, ffn %d, freq %d, text %d, layers %d, channels %d -> %d",
              dim, ffnDim, freqDim, textDim, layers, inChannels, outChannels));
    }
    if (imageDim < 0 || (imageDim > 0) != variant.seesPictures()) {
      throw new IllegalArgumentException(
          "a Wan transformer of variant " + variant + " with picture features of " + imageDim);
    }
    if (controlBlocks < 0 || (controlBlocks > 0) != (variant == WanVariant.VACE)) {
      throw new IllegalArgumentException(
          "a Wan transformer of variant " + variant + " with " + controlBlocks + " control blocks");
    }
    if (controlBlocks > 0 && layers % controlBlocks != 0) {
      throw new IllegalArgumentException(
          controlBlocks
              + " control blocks cannot be spread evenly over "
              + layers
              + " blocks, as those of every known VACE model are");
    }
  }

  /** A model that sees neither pictures nor control videos. */
  public WanConfig(
      WanVariant variant,
      int inChannels,
      int outChannels,
      int dim,
      int ffnDim,
      int freqDim,
      int textDim,
      int layers) {
    this(variant, inChannels, outChannels, dim, ffnDim, freqDim, textDim, layers, 0, 0);
  }

  /** All blocks, those of the control branch too. */
  public int blocks() {
    return layers + controlBlocks;
  }

  /** Rows of the features of all pictures that the model sees. */
  public int imageTokens() {
    return variant.pictures() * PICTURE_TOKENS;
  }

  public int heads() {
    return dim / HEAD_DIM;
  }

  /**
   * Reads the numbers off the shapes of a checkpoint with the official names.
   *
   * @throws WeightFormatException if a tensor is missing or has a shape no Wan transformer has
   */
  public static WanConfig infer(WeightSource source) throws WeightFormatException {
    Shape patch = shape(source, "patch_embedding.weight", -1);
    Shape text = shape(source, "text_embedding.0.weight", 2);
    Shape time = shape(source, "time_embedding.0.weight", 2);
    Shape ffn = shape(source, "blocks.0.ffn.0.weight", 2);
    Shape head = shape(source, "head.head.weight", 2);
    int layers = 0;
    while (source.find("blocks." + layers + ".self_attn.q.weight").isPresent()) {
      layers++;
    }
    int controlBlocks = WanControl.countBlocks(source);
    long dim = patch.dim(0);
    long inChannels = patch.elements() / Math.max(1, dim) / PATCH_AREA;
    long outChannels = head.dim(0) / PATCH_AREA;
    WanVariant variant = WanVariant.of(source, inChannels, outChannels);
    long imageDim = variant.seesPictures() ? shape(source, "img_emb.proj.1.weight", 2).dim(1) : 0;
    try {
      return new WanConfig(
          variant,
          Math.toIntExact(inChannels),
          Math.toIntExact(outChannels),
          Math.toIntExact(dim),
          Math.toIntExact(ffn.dim(0)),
          Math.toIntExact(time.dim(1)),
          Math.toIntExact(text.dim(1)),
          layers,
          Math.toIntExact(imageDim),
          controlBlocks);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new WeightFormatException(source.files().get(0), e.getMessage(), e);
    }
  }

  static Shape shape(WeightSource source, String name, int rank) throws WeightFormatException {
    WeightTensor tensor = source.require(name);
    if ((rank > 0 && tensor.shape().rank() != rank) || tensor.shape().rank() < 2) {
      throw new WeightFormatException(
          source.files().get(0),
          "tensor '" + name + "' has shape " + tensor.shape() + ", not that of a Wan transformer");
    }
    return tensor.shape();
  }
}
