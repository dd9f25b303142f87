// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.TaeFile;
import dev.wanlet.wan.media.FrameConversion;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.preview.PictureSheet;
import dev.wanlet.wan.memory.TaePlan;
import dev.wanlet.wan.memory.TaePlanner;
import dev.wanlet.wan.model.tae.TaeDecoder;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.pipeline.preview.LatentPictures;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Owner: pictures by a small decoder on the CPU, so that they take nothing of the device: a few
 * moments of the clip, each decoded with the latent frame before it. Confined to one thread.
 */
final class DecodedPictures implements LatentPictures {
  private static final int MOMENTS = 5;

  private final Backend backend;
  private final TaeDecoder decoder;
  private final Cancellation.Registration stop;
  private final int frames;
  private final List<Integer> moments;
  private final double fps;

  private DecodedPictures(
      Backend backend,
      TaeDecoder decoder,
      Cancellation.Registration stop,
      int frames,
      double clipSeconds) {
    this.backend = backend;
    this.decoder = decoder;
    this.stop = stop;
    this.frames = frames;
    this.moments = moments(frames);
    this.fps = moments.size() / clipSeconds;
  }

  /**
   * Loads the decoder.
   *
   * @param shape of the latents: [C, T, h, w]
   * @param fps of the clip
   * @throws dev.wanlet.wan.memory.MemoryBudgetException if there is too little memory
   */
  static DecodedPictures open(
      TaeFile file, Shape shape, double fps, long hostBytes, RunOptions options)
      throws IOException {
    int frames = (int) shape.dim(1);
    Backend backend = Backend.open(Device.cpu());
    try {
      backend.adaptThreads();
      int factor = file.config().spatialFactor();
      FrameSize size = new FrameSize((int) shape.dim(3) * factor, (int) shape.dim(2) * factor);
      TaePlan plan =
          new TaePlanner(file, Device.cpu(), backend.threads())
              .plan(size, Precision.AUTO, hostBytes);
      TaeDecoder decoder = ClipDecoder.load(backend, plan);
      return new DecodedPictures(
          backend,
          decoder,
          options.cancellation().onCancel(backend::requestStop),
          frames,
          file.config().frames(frames) / fps);
    } catch (IOException | RuntimeException e) {
      backend.close();
      throw e;
    }
  }

  /** Latent frames to show, evenly spread. */
  static List<Integer> moments(int frames) {
    int count = Math.min(MOMENTS, frames);
    List<Integer> moments = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      moments.add(PictureSheet.moment(i, count, frames));
    }
    return moments;
  }

  @Override
  public List<RgbFrame> of(float[] latents) {
    List<RgbFrame> pictures = new ArrayList<>();
    for (int moment : moments) {
      RgbFrame[] last = new RgbFrame[1];
      decoder.decode(
          latents,
          frames,
          Math.max(0, moment - 1),
          moment + 1,
          (index, rgb) ->
              last[0] =
                  new RgbFrame(
                      decoder.width(),
                      decoder.height(),
                      FrameConversion.toRgb24(rgb, decoder.width(), decoder.height())));
      pictures.add(last[0]);
    }
    return pictures;
  }

  @Override
  public double fps() {
    return fps;
  }

  @Override
  public void close() {
    stop.close();
    decoder.close();
    backend.close();
  }
}
