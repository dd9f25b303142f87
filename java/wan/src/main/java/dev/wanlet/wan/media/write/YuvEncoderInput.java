// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_RGB24;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUV420P;

import dev.wanlet.wan.media.ColorMatrix;
import dev.wanlet.wan.media.RgbFrame;
import java.nio.ByteBuffer;
import org.bytedeco.ffmpeg.global.swscale;
import org.bytedeco.ffmpeg.swscale.SwsContext;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * Converts RGB frames to the planar Y'CbCr 4:2:0 of video encoders, limited range, 8 or 10 bits.
 * Owns native memory. Confined to one thread.
 *
 * <p>JavaCV's recorder would convert by itself, but always by BT.601 and with its fast, less exact
 * routines; here the matrix is the one that the file's tags name.
 */
final class YuvEncoderInput implements AutoCloseable {
  /** Neutral brightness, contrast and saturation in swscale's 16.16 fixed point. */
  private static final int NEUTRAL = 1 << 16;

  private final int height;
  private final int rowBytes;
  private final BytePointer rgb;
  private final BytePointer yuv;
  private final PointerPointer<BytePointer> rgbPlanes = new PointerPointer<>(4);
  private final PointerPointer<BytePointer> yuvPlanes = new PointerPointer<>(4);
  private final IntPointer rgbStrides;
  private final IntPointer yuvStrides;
  private SwsContext context;

  /**
   * @param width even
   * @param height even
   * @param format FFmpeg's number of 4:2:0 in 8 or in 10 bits
   */
  YuvEncoderInput(int width, int height, int format, ColorMatrix matrix) {
    this.height = height;
    this.rowBytes = (format == AV_PIX_FMT_YUV420P ? 1 : 2) * width;
    long plane = (long) rowBytes * height;
    rgb = new BytePointer((long) RgbFrame.byteCount(width, height));
    yuv = new BytePointer(plane + plane / 2);
    rgbPlanes.put(0, rgb);
    yuvPlanes.put(0, yuv);
    yuvPlanes.put(1, new BytePointer(yuv).position(plane));
    yuvPlanes.put(2, new BytePointer(yuv).position(plane + plane / 4));
    rgbStrides = new IntPointer(width * 3, 0, 0, 0);
    yuvStrides = new IntPointer(rowBytes, rowBytes / 2, rowBytes / 2, 0);
    int flags = swscale.SWS_BICUBIC | swscale.SWS_ACCURATE_RND | swscale.SWS_FULL_CHR_H_INP;
    context =
        swscale.sws_getContext(
            width,
            height,
            AV_PIX_FMT_RGB24,
            width,
            height,
            format,
            flags,
            null,
            null,
            (DoublePointer) null);
    if (context == null) {
      throw new IllegalStateException(
          "FFmpeg has no conversion of RGB frames of " + width + "x" + height + " to 4:2:0");
    }
    IntPointer table = swscale.sws_getCoefficients(matrix.coefficients());
    swscale.sws_setColorspaceDetails(context, table, 1, table, 0, 0, NEUTRAL, NEUTRAL);
  }

  /** Bytes of a row of brightness. */
  int rowBytes() {
    return rowBytes;
  }

  /**
   * Converts one frame.
   *
   * @return the planes Y, Cb, Cr one after another, without padding; valid until the next call
   */
  ByteBuffer convert(RgbFrame frame) {
    rgb.position(0).put(frame.rgb24(), 0, frame.rgb24().length);
    swscale.sws_scale(context, rgbPlanes, rgbStrides, 0, height, yuvPlanes, yuvStrides);
    return yuv.position(0).asBuffer();
  }

  @Override
  public void close() {
    if (context == null) {
      return;
    }
    swscale.sws_freeContext(context);
    context = null;
    rgb.close();
    yuv.close();
    rgbPlanes.close();
    yuvPlanes.close();
    rgbStrides.close();
    yuvStrides.close();
  }
}
