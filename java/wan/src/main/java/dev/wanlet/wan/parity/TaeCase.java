// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.ShapeException;
import dev.wanlet.wan.model.tae.TaeConfig;
import dev.wanlet.wan.model.tae.TaeDecoder;
import dev.wanlet.wan.model.tae.TaeSettings;
import dev.wanlet.wan.nn.SourceReader;
import dev.wanlet.wan.nn.frames.ConvMethod;
import dev.wanlet.weights.WeightTensor;
import java.io.IOException;

/**
 * A small decoder: a clip against what the reference makes of it at once and frame by frame, and a
 * single latent frame. Ours is streamed in every case.
 */
final class TaeCase implements ParityCase {
  private static final int RGB = 3;

  @Override
  public void run(ParityFolder folder, Engine engine, Sink sink) throws IOException {
    WeightTensor latent = folder.inputs().require("latent");
    Shape shape = latent.shape();
    if (shape.rank() != 4) {
      throw new ShapeException("latents have shape " + shape + ", expected [C, T, h, w]");
    }
    TaeConfig config = TaeConfig.infer(folder.weights());
    TaeSettings settings =
        new TaeSettings(
            (int) shape.dim(2),
            (int) shape.dim(3),
            engine.precision(),
            ConvMethod.of(engine.backend().device()),
            Engine.NARROW_BAND_BYTES,
            1);
    int count = (int) shape.dim(1);
    try (TaeDecoder decoder =
        TaeDecoder.load(engine.backend(), config, settings, new SourceReader(folder.weights()))) {
      float[] clip = decode(decoder, config, latent.toFloats(), count, count);
      sink.accept("decode", clip);
      sink.accept("streamed", clip);
      sink.accept("image", decode(decoder, config, latent.toFloats(), count, 1));
    }
  }

  /** The first latent frames of a clip, as [3, frames, H, W]. */
  private static float[] decode(
      TaeDecoder decoder, TaeConfig config, float[] latents, int count, int until) {
    int frames = config.frames(until);
    int area = decoder.height() * decoder.width();
    float[] video = new float[RGB * frames * area];
    decoder.decode(
        latents,
        count,
        0,
        until,
        (index, rgb) -> {
          for (int c = 0; c < RGB; c++) {
            System.arraycopy(rgb, c * area, video, (c * frames + index) * area, area);
          }
        });
    return video;
  }
}
