// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media;

import java.util.Objects;

/**
 * Between the VAE's pixels, [C, H, W] floats in [-1, 1], and bytes. Stateless, thread-safe.
 *
 * <p>Source: Wan2.1 and Wan2.2, {@code wan/utils/utils.py}, {@code cache_video} and {@code
 * save_video}: values are clamped to [-1, 1], mapped to [0, 255] and cut to bytes without rounding.
 */
public final class FrameConversion {
  private static final int CHANNELS = 3;

  private FrameConversion() {}

  /**
   * Makes the bytes of one decoded frame: {@code truncate((clamp(v, -1, 1) + 1) * 127.5)}.
   *
   * @param chw [3, H, W], F32; NaN becomes 0
   * @return [H, W, 3], U8
   * @throws IllegalArgumentException if {@code chw} has another length than {@code 3 * w * h}
   */
  public static byte[] toRgb24(float[] chw, int w, int h) {
    Objects.requireNonNull(chw, "chw");
    int plane = Math.multiplyExact(w, h);
    requireLength(chw.length, w, h);
    byte[] rgb = new byte[plane * CHANNELS];
    for (int c = 0; c < CHANNELS; c++) {
      int from = c * plane;
      for (int i = 0; i < plane; i++) {
        float v = Math.max(-1f, Math.min(1f, chw[from + i]));
        rgb[i * CHANNELS + c] = (byte) (int) ((v + 1f) * 127.5f);
      }
    }
    return rgb;
  }

  /**
   * Makes the VAE's input of one picture: {@code v / 127.5 - 1}.
   *
   * <p>Source: Wan2.1 {@code wan/image2video.py}, {@code TF.to_tensor(img).sub_(0.5).div_(0.5)}.
   *
   * @param rgb24 [H, W, 3], U8
   * @return [3, H, W], F32 in [-1, 1]
   */
  public static float[] toChw(byte[] rgb24, int w, int h) {
    Objects.requireNonNull(rgb24, "rgb24");
    int plane = Math.multiplyExact(w, h);
    requireLength(rgb24.length, w, h);
    float[] chw = new float[plane * CHANNELS];
    for (int i = 0; i < plane; i++) {
      for (int c = 0; c < CHANNELS; c++) {
        // In the reference's order of operations, so that the floats are the same.
        chw[c * plane + i] = ((rgb24[i * CHANNELS + c] & 0xff) / 255f - 0.5f) / 0.5f;
      }
    }
    return chw;
  }

  private static void requireLength(int found, int w, int h) {
    if (w < 1 || h < 1 || found != RgbFrame.byteCount(w, h)) {
      throw new IllegalArgumentException(
          String.format(
              "%d values for a frame of %dx%d; expected 3 * width * height = %d",
              found, w, h, (long) w * h * CHANNELS));
    }
  }
}
