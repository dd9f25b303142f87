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

/**
 * Owner: the decoder of a VAE with its memory on a device. Latent frames go in one at a time, RGB
 * frames come out as soon as they exist. After a stop, the next {@link #decode} begins anew.
 *
 * <p>Source: Wan2.1 wan/modules/vae.py, {@code WanVAE_.decode}.
 */
public final class VaeDecoder extends VaeNetwork {
  /** Takes decoded frames in order. */
  public interface FrameConsumer {
    /**
     * Takes a frame.
     *
     * @param index of the frame in the clip
     * @param rgb [3, H, W], about -1 to 1, not clamped; the consumer's to keep
     */
    void accept(int index, float[] rgb);
  }

  private int frames;

  private VaeDecoder(VaeNetwork trial, Backend backend, WeightReader reader) throws IOException {
    super(trial, backend, reader);
  }

  /**
   * What decoding will take, without weights and without taking it.
   *
   * @param threads of a CPU device
   */
  public static VaeMemory measure(
      Device device, VaeConfig config, VaeSettings settings, int threads) {
    return measure(device, config, config.decoder(), settings, threads);
  }

  /** All weights, with the names and shapes that a checkpoint has. */
  public static NetworkLayout layout(VaeConfig config) {
    VaeSettings any = new VaeSettings(1, 1, false, Precision.AUTO, ConvMethod.GATHER, 1, 0);
    return new NetworkLayout(config.decoder().layout(any), List.of());
  }

  /**
   * Takes the memory and loads the weights.
   *
   * @param reader of a checkpoint with official names
   * @throws dev.wanlet.ggml.DeviceMemoryException if the device or the budget has not that much
   * @throws IOException if the checkpoint lacks a weight or holds one of another shape
   */
  public static VaeDecoder load(
      Backend backend, VaeConfig config, VaeSettings settings, WeightReader reader)
      throws IOException {
    return load(
        backend,
        config,
        config.decoder(),
        settings,
        trial -> new VaeDecoder(trial, backend, reader));
  }

  /**
   * Decodes a clip: one RGB frame for the first latent frame, {@link VaeConfig#temporalFactor()}
   * for each other.
   *
   * @param latents [zDim, T, h, w], normalised as the transformer makes them
   * @param count T
   */
  public void decode(float[] latents, int count, FrameConsumer consumer) {
    int zDim = config().zDim();
    int h = settings().latentHeight();
    int w = settings().latentWidth();
    long expected = (long) zDim * count * h * w;
    if (count < 1 || latents.length != expected) {
      throw new IllegalArgumentException(
          String.format(
              "decoding %d latent frames of [%d, %d, %d]: got %d values, expected %d",
              count, zDim, h, w, latents.length, expected));
    }
    start();
    frames = 0;
    for (int i = 0; i < count; i++) {
      push(
          denormalised(Planes.pixels(latents, zDim, count, i)),
          pixels -> consumer.accept(frames++, Planes.planes(unpatched(pixels), RGB)));
    }
  }

  private float[] unpatched(float[] pixels) {
    return PixelPatches.scattered(pixels, width(), config().family().patch());
  }

  /**
   * @param pixels [h * w, zDim], normalised; the channels of a pixel are adjacent
   */
  private float[] denormalised(float[] pixels) {
    int channels = config().zDim();
    for (int c = 0; c < channels; c++) {
      float inverse = 1f / config().latentStd().get(c);
      float mean = config().latentMean().get(c);
      for (int i = c; i < pixels.length; i += channels) {
        pixels[i] = pixels[i] / inverse + mean;
      }
    }
    return pixels;
  }
}
