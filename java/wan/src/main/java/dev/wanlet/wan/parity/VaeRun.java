// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.ShapeException;
import dev.wanlet.wan.model.vae.VaeConfig;
import dev.wanlet.wan.model.vae.VaeDecoder;
import dev.wanlet.wan.model.vae.VaeEncoder;
import dev.wanlet.wan.model.vae.VaeFamily;
import dev.wanlet.wan.model.vae.VaeSettings;
import dev.wanlet.wan.model.vae.known.ControlFrames;
import dev.wanlet.wan.model.vae.known.KnownFrames;
import dev.wanlet.wan.nn.SourceReader;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.frames.ConvMethod;
import dev.wanlet.weights.WeightSource;
import java.io.IOException;

/**
 * Whole clips through a VAE.
 *
 * @param weights of both halves, with official names
 */
record VaeRun(ParityCase.Engine engine, VaeConfig config, WeightSource weights) {
  private static final int RGB = 3;

  static VaeRun of(ParityCase.Engine engine, VaeFamily family, WeightSource weights)
      throws IOException {
    return new VaeRun(engine, family.infer(weights), weights);
  }

  private VaeSettings settings(long latentHeight, long latentWidth, boolean singleFrame) {
    return new VaeSettings(
        Math.toIntExact(latentHeight),
        Math.toIntExact(latentWidth),
        singleFrame,
        engine.precision(),
        ConvMethod.of(engine.backend().device()),
        engine.bandBytes(),
        engine.hostHistories());
  }

  /**
   * Decodes latents of shape [zDim, T, h, w].
   *
   * @return [3, frames, H, W], not clamped
   */
  float[] decode(float[] latents, Shape shape, Taps taps) throws IOException {
    if (shape.rank() != 4) {
      throw new ShapeException("latents have shape " + shape + ", expected [C, T, h, w]");
    }
    int count = (int) shape.dim(1);
    int frames = config.frames(count);
    VaeSettings settings = settings(shape.dim(2), shape.dim(3), count == 1);
    try (VaeDecoder decoder =
        VaeDecoder.load(engine.backend(), config, settings, new SourceReader(weights))) {
      decoder.collect(taps);
      int area = decoder.height() * decoder.width();
      float[] video = new float[RGB * frames * area];
      decoder.decode(
          latents,
          count,
          (index, rgb) -> {
            for (int c = 0; c < RGB; c++) {
              System.arraycopy(rgb, c * area, video, (c * frames + index) * area, area);
            }
          });
      return video;
    }
  }

  /**
   * Encodes a clip of shape [3, frames, H, W], -1 to 1.
   *
   * @return [zDim, T, h, w], normalised
   */
  float[] encode(float[] video, Shape shape, Taps taps) throws IOException {
    int factor = config.spatialFactor();
    if (shape.rank() != 4 || shape.dim(2) % factor != 0 || shape.dim(3) % factor != 0) {
      throw new ShapeException(
          "video has shape " + shape + ", expected [3, T, H, W] with sides divisible by " + factor);
    }
    int count = (int) shape.dim(1);
    VaeSettings settings = settings(shape.dim(2) / factor, shape.dim(3) / factor, count == 1);
    try (VaeEncoder encoder =
        VaeEncoder.load(engine.backend(), config, settings, new SourceReader(weights))) {
      encoder.collect(taps);
      return encoder.encode(video, count);
    }
  }

  /**
   * Encodes a clip of which some frames are known.
   *
   * @return mask and normalised latents, [4 + zDim, T, h, w]
   */
  float[] encode(KnownFrames clip, int height, int width) throws IOException {
    int factor = config.spatialFactor();
    VaeSettings settings = settings(height / factor, width / factor, clip.frames() == 1);
    try (VaeEncoder encoder =
        VaeEncoder.load(engine.backend(), config, settings, new SourceReader(weights))) {
      return clip.encode(encoder, done -> {});
    }
  }

  /**
   * Encodes a control video.
   *
   * @return latents and mask, [2 * zDim + 64, T, h, w]
   */
  float[] encode(ControlFrames clip, int height, int width) throws IOException {
    int factor = config.spatialFactor();
    VaeSettings settings = settings(height / factor, width / factor, clip.count() == 1);
    try (VaeEncoder encoder =
        VaeEncoder.load(engine.backend(), config, settings, new SourceReader(weights))) {
      return clip.encode(encoder, done -> {});
    }
  }

  /** This run with other statistics of the latents. */
  VaeRun with(VaeConfig other) {
    return new VaeRun(engine, other, weights);
  }
}
