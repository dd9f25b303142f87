// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.read;

import static org.bytedeco.ffmpeg.global.avutil.AVCOL_RANGE_JPEG;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_RGB24;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_RGBA;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ411P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ420P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ422P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ440P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ444P;

import dev.wanlet.wan.media.ColorMatrix;
import dev.wanlet.wan.media.RgbFrame;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.swscale;
import org.bytedeco.ffmpeg.swscale.SwsContext;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * Converts decoded frames of any pixel format to RGB by the colour matrix and range of their tags;
 * JavaCV's grabber ignores both. Owns native memory. Confined to one thread.
 */
final class FrameDecoder implements AutoCloseable {
  /** swscale's vector code may write up to this many bytes past the end of a row. */
  private static final int ROW_SLACK = 64;

  private static final int NEUTRAL = 1 << 16;

  private SwsContext context;
  private BytePointer rgb;
  private PointerPointer<BytePointer> planes;
  private IntPointer strides;

  /** Makes an RGB frame of the source's size; the source may be reused afterwards. */
  RgbFrame convert(AVFrame source) {
    return new RgbFrame(source.width(), source.height(), convert(source, AV_PIX_FMT_RGB24, 3));
  }

  /** Red, green, blue and alpha of each pixel: [H, W, 4]. */
  byte[] convertWithAlpha(AVFrame source) {
    return convert(source, AV_PIX_FMT_RGBA, 4);
  }

  private byte[] convert(AVFrame source, int format, int pixelBytes) {
    int width = source.width();
    int height = source.height();
    byte[] bytes = new byte[Math.multiplyExact(Math.multiplyExact(width, height), pixelBytes)];
    int flags =
        swscale.SWS_BICUBIC
            | swscale.SWS_ACCURATE_RND
            | swscale.SWS_FULL_CHR_H_INT
            | swscale.SWS_FULL_CHR_H_INP;
    SwsContext cached =
        swscale.sws_getCachedContext(
            context,
            width,
            height,
            source.format(),
            width,
            height,
            format,
            flags,
            null,
            null,
            (DoublePointer) null);
    if (cached == null) {
      context = null;
      throw new IllegalArgumentException(
          "no conversion to RGB of pixel format "
              + source.format()
              + " at "
              + width
              + "x"
              + height);
    }
    context = cached;
    ColorMatrix matrix = ColorMatrix.of(source.colorspace(), width, height);
    IntPointer table = swscale.sws_getCoefficients(matrix.coefficients());
    boolean full = source.color_range() == AVCOL_RANGE_JPEG || isFullRangeFormat(source.format());
    swscale.sws_setColorspaceDetails(context, table, full ? 1 : 0, table, 1, 0, NEUTRAL, NEUTRAL);
    int stride = width * pixelBytes + ROW_SLACK;
    allocate((long) stride * height, stride);
    int rows =
        swscale.sws_scale(context, source.data(), source.linesize(), 0, height, planes, strides);
    if (rows != height) {
      throw new IllegalStateException("swscale converted " + rows + " rows of " + height);
    }
    for (int y = 0; y < height; y++) {
      rgb.position((long) y * stride).get(bytes, y * width * pixelBytes, width * pixelBytes);
    }
    return bytes;
  }

  private void allocate(long bytes, int stride) {
    if (rgb != null && rgb.capacity() == bytes && strides.get() == stride) {
      return;
    }
    freeBuffer();
    rgb = new BytePointer(bytes);
    planes = new PointerPointer<>(4);
    planes.put(0, rgb);
    strides = new IntPointer(stride, 0, 0, 0);
  }

  /** The formats that JPEG decoders still use to say "full range". */
  private static boolean isFullRangeFormat(int format) {
    return format == AV_PIX_FMT_YUVJ420P
        || format == AV_PIX_FMT_YUVJ422P
        || format == AV_PIX_FMT_YUVJ444P
        || format == AV_PIX_FMT_YUVJ440P
        || format == AV_PIX_FMT_YUVJ411P;
  }

  private void freeBuffer() {
    if (rgb != null) {
      rgb.close();
      planes.close();
      strides.close();
      rgb = null;
    }
  }

  @Override
  public void close() {
    if (context != null) {
      swscale.sws_freeContext(context);
      context = null;
    }
    freeBuffer();
  }
}
