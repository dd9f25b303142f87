// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.clip;

import static dev.wanlet.wan.model.clip.ClipConfig.RGB;

/**
 * What the tower sees of a picture. Stateless.
 *
 * <p>Source: Wan2.1 wan/modules/clip.py, CLIPModel.visual and its transforms.
 */
final class ClipPixels {
  private static final float[] MEAN = {0.48145467f, 0.4578275f, 0.40821072f};
  private static final float[] DEVIATION = {0.26862955f, 0.2613026f, 0.2757771f};

  private ClipPixels() {}

  /** Pixels of -1 to 1, [3, S, S], as the tower was trained on them. */
  static float[] normalised(float[] picture) {
    int area = picture.length / RGB;
    float[] normalised = new float[picture.length];
    for (int c = 0; c < RGB; c++) {
      for (int i = c * area; i < (c + 1) * area; i++) {
        normalised[i] = (picture[i] * 0.5f + 0.5f - MEAN[c]) / DEVIATION[c];
      }
    }
    return normalised;
  }

  /** [3, S, S] to [grid * grid, 3 * patch * patch], patches row by row. */
  static float[] patches(ClipConfig config, float[] pixels) {
    int side = config.imageSize();
    int patch = config.patch();
    float[] patches = new float[pixels.length];
    int at = 0;
    for (int row = 0; row < side; row += patch) {
      for (int column = 0; column < side; column += patch) {
        for (int c = 0; c < RGB; c++) {
          for (int y = row; y < row + patch; y++) {
            System.arraycopy(pixels, (c * side + y) * side + column, patches, at, patch);
            at += patch;
          }
        }
      }
    }
    return patches;
  }
}
