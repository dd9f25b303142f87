// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn.frames;

/** Turns frames of planes, [C, H, W], into frames of pixels, [H, W, C], and back. Stateless. */
public final class Planes {
  private Planes() {}

  /**
   * One frame of a clip as pixels.
   *
   * @param clip [C, T, H, W]
   * @return [H * W, C]
   */
  public static float[] pixels(float[] clip, int channels, int frames, int frame) {
    int area = clip.length / channels / frames;
    float[] pixels = new float[area * channels];
    for (int c = 0; c < channels; c++) {
      int plane = (c * frames + frame) * area;
      for (int i = 0; i < area; i++) {
        pixels[i * channels + c] = clip[plane + i];
      }
    }
    return pixels;
  }

  /**
   * One frame of planes.
   *
   * @param pixels [H * W, C]
   * @return [C, H, W]
   */
  public static float[] planes(float[] pixels, int channels) {
    float[] planes = new float[pixels.length];
    put(pixels, planes, channels, 1, 0);
    return planes;
  }

  /**
   * Puts pixels into one frame of a clip.
   *
   * @param pixels [H * W, C]
   * @param clip [C, T, H, W]
   */
  public static void put(float[] pixels, float[] clip, int channels, int frames, int frame) {
    int area = pixels.length / channels;
    for (int c = 0; c < channels; c++) {
      int plane = (c * frames + frame) * area;
      for (int i = 0; i < area; i++) {
        clip[plane + i] = pixels[i * channels + c];
      }
    }
  }
}
