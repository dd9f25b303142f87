// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.wan.nn.NetworkLayout;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.WeightReader;
import dev.wanlet.wan.nn.frames.ConvMethod;
import dev.wanlet.wan.nn.frames.Planes;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Owner: the encoder of a VAE with its memory on a device. RGB frames go in one at a time; the
 * first gives a latent frame, and so does every fourth after it, where 4 frames go to a latent.
 *
 * <p>The result is the mean of the posterior, normalised as the transformer takes it. After a stop,
 * {@link #start()} begins a new clip.
 *
 * <p>Source: Wan2.1 wan/modules/vae.py, {@code WanVAE_.encode}.
 */
public final class VaeEncoder extends VaeNetwork {
  private float[] latent;

  private VaeEncoder(VaeNetwork trial, Backend backend, WeightReader reader) throws IOException {
    super(trial, backend, reader);
  }

  /**
   * What encoding will take, without weights and without taking it.
   *
   * @param threads of a CPU device
   */
  public static VaeMemory measure(
      Device device, VaeConfig config, VaeSettings settings, int threads) {
    return measure(device, config, config.encoder(), settings, threads);
  }

  /** All weights, with the names and shapes that a checkpoint has. */
  public static NetworkLayout layout(VaeConfig config) {
    VaeSettings any = new VaeSettings(1, 1, false, Precision.AUTO, ConvMethod.GATHER, 1, 0);
    return new NetworkLayout(config.encoder().layout(any), List.of());
  }

  /**
   * Takes the memory and loads the weights.
   *
   * @param reader of a checkpoint with official names
   * @throws dev.wanlet.ggml.DeviceMemoryException if the device or the budget has not that much
   * @throws IOException if the checkpoint lacks a weight or holds one of another shape
   */
  public static VaeEncoder load(
      Backend backend, VaeConfig config, VaeSettings settings, WeightReader reader)
      throws IOException {
    return load(
        backend,
        config,
        config.encoder(),
        settings,
        trial -> new VaeEncoder(trial, backend, reader));
  }

  /** Begins a new clip. */
  @Override
  public void start() {
    super.start();
  }

  /**
   * Encodes a clip. Frames at the end that do not fill a latent frame are left out, as the
   * reference does.
   *
   * @param video [3, count, H, W], -1 to 1
   * @return [zDim, T, h, w], normalised
   */
  public float[] encode(float[] video, int count) {
    if (count < 1 || video.length != (long) RGB * count * height() * width()) {
      throw new IllegalArgumentException(
          String.format(
              "encoding %d frames of [%d, %d, %d]: got %d values",
              count, RGB, height(), width(), video.length));
    }
    int latentFrames = config().latentFrames(count);
    int area = settings().latentHeight() * settings().latentWidth();
    float[] latents = new float[config().zDim() * latentFrames * area];
    start();
    int done = 0;
    for (int i = 0; i < config().frames(latentFrames); i++) {
      float[] z = pushPixels(Planes.pixels(video, RGB, count, i));
      if (z != null) {
        Planes.put(z, latents, config().zDim(), latentFrames, done++);
      }
    }
    return latents;
  }

  /**
   * Encodes the next frame of the clip.
   *
   * @param rgb [3, H, W], -1 to 1
   * @return a latent frame [zDim, h, w], normalised, if this frame completes one: the first and
   *     every fourth after it
   */
  public Optional<float[]> push(float[] rgb) {
    if (rgb.length != RGB * height() * width()) {
      throw new IllegalArgumentException(
          String.format(
              "encoding a frame of [%d, %d, %d]: got %d values",
              RGB, height(), width(), rgb.length));
    }
    float[] z = pushPixels(Planes.pixels(rgb, RGB, 1, 0));
    return Optional.ofNullable(z).map(pixels -> Planes.planes(pixels, config().zDim()));
  }

  /** The completed latent frame as pixels [h * w, zDim], normalised, or null. */
  private float[] pushPixels(float[] pixels) {
    latent = null;
    float[] patched = PixelPatches.gathered(pixels, width(), config().family().patch());
    push(patched, mean -> latent = normalised(mean));
    return latent;
  }

  private float[] normalised(float[] mean) {
    int channels = config().zDim();
    for (int c = 0; c < channels; c++) {
      float inverse = 1f / config().latentStd().get(c);
      float shift = config().latentMean().get(c);
      for (int i = c; i < mean.length; i += channels) {
        mean[i] = (mean[i] - shift) * inverse;
      }
    }
    return mean;
  }
}
