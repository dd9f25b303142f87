// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae.known;

import dev.wanlet.wan.model.vae.VaeConfig;
import dev.wanlet.wan.model.vae.VaeEncoder;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.IntConsumer;

/**
 * A clip of which the first frame is known, or the first and the last, as image-to-video
 * transformers see it: a mask and the latents of the clip with grey in the place of all other
 * frames. Immutable.
 *
 * <p>Source: Wan2.1 wan/image2video.py and wan/first_last_frame2video.py, {@code y}.
 *
 * @param first the first frame, [3, H, W], -1 to 1
 * @param last the last frame, of the same size
 * @param frames of the clip, 4n+1; with a last frame more than one
 */
public record KnownFrames(float[] first, Optional<float[]> last, int frames) {
  public KnownFrames {
    if (frames < 1 || (last.isPresent() && frames < 2)) {
      throw new IllegalArgumentException(
          "a clip of " + frames + " frames, of which " + (last.isPresent() ? 2 : 1) + " are known");
    }
  }

  /** Channels of the mask: a latent frame stands for so many frames. */
  public static int maskChannels(VaeConfig config) {
    return config.temporalFactor();
  }

  /**
   * Which frames are known: 1 where they are. The first latent frame, which stands for one frame,
   * has its value in all channels.
   *
   * @param area latent pixels of a frame
   * @return [{@link #maskChannels}, T, h, w]
   */
  public static float[] mask(VaeConfig config, int frames, boolean withLast, int area) {
    int channels = maskChannels(config);
    int latentFrames = config.latentFrames(frames);
    float[] mask = new float[Math.multiplyExact(channels, latentFrames * area)];
    for (int c = 0; c < channels; c++) {
      fill(mask, (c * latentFrames) * area, area);
    }
    if (withLast) {
      fill(mask, (channels * latentFrames - 1) * area, area);
    }
    return mask;
  }

  private static void fill(float[] mask, int from, int count) {
    Arrays.fill(mask, from, from + count, 1);
  }

  /**
   * Encodes the clip.
   *
   * @param encoder for clips of more than one frame unless this is one frame; begins anew here
   * @param encoded hears how many frames are done
   * @return mask and normalised latents, [{@link #maskChannels} + zDim, T, h, w]
   */
  public float[] encode(VaeEncoder encoder, IntConsumer encoded) {
    VaeConfig config = encoder.config();
    int area = encoder.height() * encoder.width() / square(config.spatialFactor());
    int latentFrames = config.latentFrames(frames);
    float[] mask = mask(config, frames, last.isPresent(), area);
    float[] all = Arrays.copyOf(mask, mask.length + config.zDim() * latentFrames * area);
    float[] grey = new float[first.length];
    int done = 0;
    encoder.start();
    for (int i = 0; i < frames; i++) {
      float[] known = i == 0 ? first : grey;
      Optional<float[]> latent =
          encoder.push(i == frames - 1 && last.isPresent() ? last.get() : known);
      if (latent.isPresent()) {
        put(latent.get(), all, mask.length, area, latentFrames, done++);
      }
      encoded.accept(i + 1);
    }
    return all;
  }

  private static int square(int side) {
    return side * side;
  }

  /** One latent frame, [zDim, h, w], into its place of [zDim, T, h, w]. */
  private static void put(
      float[] latent, float[] all, int start, int area, int latentFrames, int frame) {
    for (int c = 0; c * area < latent.length; c++) {
      System.arraycopy(latent, c * area, all, start + (c * latentFrames + frame) * area, area);
    }
  }
}
