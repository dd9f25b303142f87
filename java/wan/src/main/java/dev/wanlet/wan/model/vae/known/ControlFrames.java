// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae.known;

import dev.wanlet.wan.model.vae.VaeConfig;
import dev.wanlet.wan.model.vae.VaeEncoder;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;

/**
 * A control video with a mask, and pictures to refer to, as the control branch of VACE sees them:
 * latents of what is kept, latents of what is made anew, and the mask. Immutable.
 *
 * <p>Source: Wan2.1 wan/vace.py, WanVace.vace_encode_frames, vace_encode_masks and vace_latent.
 *
 * @param frames each frame of the control video, [3, H, W], -1 to 1; asked for twice, in order
 * @param mask each frame of the mask, [H, W], 0 to 1: 1 where the frame is made anew; asked for
 *     three times
 * @param count frames of the clip, 4n+1
 * @param references pictures to refer to, of the size of the frames; often none
 */
public record ControlFrames(
    IntFunction<float[]> frames, IntFunction<float[]> mask, int count, List<float[]> references) {
  /** A mask of more is one of what is made anew. */
  private static final float THRESHOLD = 0.5f;

  public ControlFrames {
    references = List.copyOf(references);
    if (count < 1) {
      throw new IllegalArgumentException("a control video of " + count + " frames");
    }
  }

  /** Channels of the mask: the pixels that a latent pixel stands for. */
  public static int maskChannels(VaeConfig config) {
    return config.spatialFactor() * config.spatialFactor();
  }

  /**
   * The frame whose mask a latent frame has: the nearest one to its middle, so not always one of
   * those that it stands for.
   *
   * @param count frames of the clip, 4n+1
   * @param latentFrames latent frames of the clip
   */
  public static int maskedFrame(int count, int latentFrames, int latentFrame) {
    // Never halfway: an odd number over an even one.
    return Math.toIntExact((2L * latentFrame + 1) * count / (2L * latentFrames));
  }

  /** Latent frames of the clip, and one in front for each reference. */
  public int latentFrames(VaeConfig config) {
    return references.size() + config.latentFrames(count);
  }

  /**
   * Encodes the control video.
   *
   * @param encoder for clips of more than one frame unless all this is one frame; begins anew here
   * @param encoded hears how many frames are done, of all references and twice the clip
   * @return normalised latents and the mask, [2 * zDim + {@link #maskChannels}, {@link
   *     #latentFrames}, h, w]
   */
  public float[] encode(VaeEncoder encoder, IntConsumer encoded) {
    VaeConfig config = encoder.config();
    int area = encoder.height() * encoder.width() / maskChannels(config);
    int channels = 2 * config.zDim() + maskChannels(config);
    float[] all = new float[Math.multiplyExact(channels, latentFrames(config) * area)];
    int done = 0;
    for (int i = 0; i < references.size(); i++) {
      encoder.start();
      // Of what is made anew there is nothing in a reference, not even grey: its latents are zero.
      put(encoder.push(references.get(i)).orElseThrow(), all, area, i, latentFrames(config));
      encoded.accept(++done);
    }
    for (boolean anew : new boolean[] {false, true}) {
      encoder.start();
      int latent = references.size();
      for (int i = 0; i < count; i++) {
        Optional<float[]> completed = encoder.push(part(i, anew));
        if (completed.isPresent()) {
          int place = (anew ? config.zDim() * latentFrames(config) : 0) + latent++;
          put(completed.get(), all, area, place, latentFrames(config));
        }
        encoded.accept(++done);
      }
    }
    putMask(config, encoder.width(), area, all);
    return all;
  }

  /** What is kept of a frame, or what is made anew, with mid grey in the place of the other. */
  private float[] part(int frame, boolean anew) {
    float[] rgb = frames.apply(frame);
    float[] masked = mask.apply(frame);
    float[] part = new float[rgb.length];
    for (int i = 0; i < rgb.length; i++) {
      part[i] = masked[i % masked.length] > THRESHOLD == anew ? rgb[i] : 0;
    }
    return part;
  }

  /** One latent frame, [C, h, w], into [.., T, h, w], its first channel at a place of those T. */
  private static void put(float[] latent, float[] all, int area, int place, int latentFrames) {
    for (int c = 0; c * area < latent.length; c++) {
      System.arraycopy(latent, c * area, all, (c * latentFrames + place) * area, area);
    }
  }

  // References keep a mask of zeros. Values between 0 and 1 stay as they are, as in the reference.
  private void putMask(VaeConfig config, int width, int area, float[] all) {
    int side = config.spatialFactor();
    int latentWidth = width / side;
    int clip = config.latentFrames(count);
    for (int t = 0; t < clip; t++) {
      float[] masked = mask.apply(maskedFrame(count, clip, t));
      for (int c = 0; c < maskChannels(config); c++) {
        int to = ((2 * config.zDim() + c) * latentFrames(config) + references.size() + t) * area;
        for (int p = 0; p < area; p++) {
          int row = p / latentWidth * side + c / side;
          int column = p % latentWidth * side + c % side;
          all[to + p] = masked[row * width + column];
        }
      }
    }
  }
}
