// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline.preview;

import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.preview.LatentColors;
import java.util.ArrayList;
import java.util.List;

/** Owner: makes quick pictures of latents. Confined to one thread. */
public interface LatentPictures extends AutoCloseable {
  /** Pictures of some moments of a clip, in time; latents [C, T, h, w]. */
  List<RgbFrame> of(float[] latents);

  /** At which rate they show the clip at its own speed. */
  double fps();

  @Override
  void close();

  /**
   * Colours read off the latents: a picture for each latent frame, a pixel for each cell.
   *
   * @param shape [C, T, h, w]
   * @param fps of latent frames
   */
  static LatentPictures of(LatentColors colors, Shape shape, double fps) {
    int frames = (int) shape.dim(1);
    int height = (int) shape.dim(2);
    int width = (int) shape.dim(3);
    return new LatentPictures() {
      @Override
      public List<RgbFrame> of(float[] latents) {
        List<RgbFrame> pictures = new ArrayList<>();
        for (int t = 0; t < frames; t++) {
          pictures.add(colors.picture(latents, frames, t, height, width));
        }
        return pictures;
      }

      @Override
      public double fps() {
        return fps;
      }

      @Override
      public void close() {
        // holds nothing
      }
    };
  }
}
