// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

/**
 * Cuts latents into 1x2x2 patches and puts them together again, on the host. Stateless.
 *
 * <p>Source: Wan2.1 wan/modules/model.py, WanModel.patch_embedding (a convolution whose stride is
 * its kernel) and WanModel.unpatchify.
 */
final class Patches {
  private Patches() {}

  /**
   * Patches of some tokens.
   *
   * @param latents [C, T, H, W]
   * @param behind further channels, [D, T, H, W]; often none
   * @param start first token
   * @param end token behind the last
   * @param into [end - start, (C + D) * 4], channel-major in a row: ((c * 2) + row) * 2 + column
   */
  static void gather(
      float[] latents, float[] behind, TokenGrid grid, int start, int end, float[] into) {
    int width = grid.latentWidth();
    int plane = grid.latentHeight() * width;
    int volume = plane * grid.frames();
    int out = 0;
    for (int l = start; l < end; l++) {
      int corner = corner(grid, l, plane, width);
      out = gather(latents, volume, corner, width, into, out);
      out = gather(behind, volume, corner, width, into, out);
    }
  }

  /** One patch of every channel; returns where the next one goes. */
  private static int gather(
      float[] channels, int volume, int corner, int width, float[] into, int first) {
    int out = first;
    for (int at = corner; at < channels.length; at += volume) {
      into[out++] = channels[at];
      into[out++] = channels[at + 1];
      into[out++] = channels[at + width];
      into[out++] = channels[at + width + 1];
    }
    return out;
  }

  /**
   * Writes the head's output of some tokens into latents.
   *
   * @param rows [end - start, 4 * C]: in a row ((row * 2) + column) * C + c
   * @param latents [C, T, H, W]
   */
  static void scatter(
      float[] rows, int channels, TokenGrid grid, int start, int end, float[] latents) {
    int width = grid.latentWidth();
    int plane = grid.latentHeight() * width;
    int volume = plane * grid.frames();
    for (int l = start; l < end; l++) {
      int corner = corner(grid, l, plane, width);
      int in = (l - start) * channels * WanConfig.PATCH_AREA;
      for (int c = 0; c < channels; c++) {
        int at = c * volume + corner;
        latents[at] = rows[in + c];
        latents[at + 1] = rows[in + channels + c];
        latents[at + width] = rows[in + 2 * channels + c];
        latents[at + width + 1] = rows[in + 3 * channels + c];
      }
    }
  }

  private static int corner(TokenGrid grid, int token, int plane, int width) {
    int perFrame = grid.rows() * grid.columns();
    int frame = token / perFrame;
    int row = token % perFrame / grid.columns();
    int column = token % grid.columns();
    return frame * plane + 2 * row * width + 2 * column;
  }
}
