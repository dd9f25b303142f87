// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media;

import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_BT470BG;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_BT709;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_SMPTE170M;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_UNSPECIFIED;
import static org.bytedeco.ffmpeg.global.swscale.SWS_CS_ITU601;
import static org.bytedeco.ffmpeg.global.swscale.SWS_CS_ITU709;

/**
 * How R'G'B' becomes Y'CbCr. Files carry the matrix as a tag; the choice also agrees with what
 * players assume of a file without tags, for the sake of programs that ignore them.
 */
public enum ColorMatrix {
  /** ITU-R BT.601: standard definition. */
  BT601("smpte170m", SWS_CS_ITU601),
  /** ITU-R BT.709: high definition. */
  BT709("bt709", SWS_CS_ITU709);

  /** From here on players take an untagged video for high definition. */
  private static final int HD_WIDTH = 1280;

  /** The most rows of standard definition (PAL). */
  private static final int SD_HEIGHT = 576;

  private final String tag;
  private final int coefficients;

  ColorMatrix(String tag, int coefficients) {
    this.tag = tag;
    this.coefficients = coefficients;
  }

  /** The matrix that players expect of this size. */
  public static ColorMatrix of(int width, int height) {
    return width >= HD_WIDTH || height > SD_HEIGHT ? BT709 : BT601;
  }

  /** The matrix of a decoded frame: its tag, or what its size suggests when it has none. */
  public static ColorMatrix of(int avColorSpace, int width, int height) {
    if (avColorSpace == AVCOL_SPC_BT709) {
      return BT709;
    }
    if (avColorSpace == AVCOL_SPC_SMPTE170M || avColorSpace == AVCOL_SPC_BT470BG) {
      return BT601;
    }
    return avColorSpace == AVCOL_SPC_UNSPECIFIED ? of(width, height) : BT601;
  }

  /** FFmpeg's name of the matrix in the option {@code colorspace}. */
  public String tag() {
    return tag;
  }

  /** swscale's number of the coefficient table. */
  public int coefficients() {
    return coefficients;
  }
}
