// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.synth;

import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.model.clip.ClipConfig;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.vae.VaeConfig;
import dev.wanlet.wan.model.vae.VaeFamily;
import java.util.OptionalInt;

/**
 * How much smaller than published a network is made, its kind kept. One of another width goes with
 * the demo model's text encoder, and sees features of {@value #IMAGE_DIM} channels. Immutable.
 *
 * @param layers blocks; empty for as many as published
 * @param width channels; empty for as many as published
 */
record SmallSizes(OptionalInt layers, OptionalInt width) {
  /** Features of pictures in a transformer of another width: a vision tower of two heads. */
  static final int IMAGE_DIM = 2 * ClipConfig.HEAD_DIM;

  /** What the demo model's text encoder gives. */
  static final int TEXT_DIM = 256;

  /** Feed-forward networks are twice as wide as the stream. */
  private static final int FFN_FACTOR = 2;

  boolean isEmpty() {
    return layers.isEmpty() && width.isEmpty();
  }

  /**
   * A transformer of the same kind.
   *
   * @throws RequestException if there is none of these sizes
   */
  WanConfig transformer(WanConfig published) {
    int blocks = layers.orElse(published.layers());
    int dim = width.orElse(published.dim());
    try {
      return new WanConfig(
          published.variant(),
          published.inChannels(),
          published.outChannels(),
          dim,
          width.isPresent() ? FFN_FACTOR * dim : published.ffnDim(),
          published.freqDim(),
          width.isPresent() ? TEXT_DIM : published.textDim(),
          blocks,
          width.isPresent() && published.imageDim() > 0 ? IMAGE_DIM : published.imageDim(),
          controlBlocks(published, blocks));
    } catch (IllegalArgumentException e) {
      throw new RequestException(e.getMessage(), e);
    }
  }

  /** After every so many blocks as published, or else one for all. */
  private static int controlBlocks(WanConfig published, int blocks) {
    if (published.controlBlocks() == 0) {
      return 0;
    }
    int every = published.layers() / published.controlBlocks();
    return blocks % every == 0 ? blocks / every : 1;
  }

  /**
   * A vision tower.
   *
   * @throws RequestException if there is none of these sizes
   */
  ClipConfig clip(ClipConfig published) {
    try {
      ClipConfig wide = width.isPresent() ? ClipConfig.ofWidth(width.getAsInt()) : published;
      return wide.with(wide.heads(), layers.orElse(wide.blocks()));
    } catch (IllegalArgumentException e) {
      throw new RequestException(e.getMessage(), e);
    }
  }

  /**
   * A VAE whose first stage has so many channels.
   *
   * @throws RequestException if a number of blocks is wanted, which VAEs do not have
   */
  VaeConfig vae(VaeConfig published) {
    if (layers.isPresent()) {
      throw new RequestException("a VAE has no number of layers to choose");
    }
    VaeFamily family = published.family();
    int dim = width.orElse(published.dim());
    if (dim < 1) {
      throw new RequestException("a VAE of width " + dim + " cannot be");
    }
    return family.config(dim, width.orElse(published.decoderDim()), published.zDim());
  }
}
