// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

import dev.wanlet.wan.media.Ffmpeg;
import dev.wanlet.wan.media.MediaSupport;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.metadata.ExifComment;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;

/**
 * Makes a WebP of a frame, lossless, the settings as Exif's user comment. FFmpeg encodes the
 * pixels; its muxer stores no Exif, so the container is written here. Confined to one thread.
 *
 * <p>Source: the WebP container specification, "Extended File Format".
 */
record WebpEncoder(VideoMetadata metadata) implements StillSink.Encoder {
  /** FFmpeg's name of the encoder. */
  private static final String ENCODER = "libwebp";

  private static final int RGB = 3;
  private static final int HEADER_BYTES = 12;
  private static final int CHUNK_HEADER_BYTES = 8;
  private static final int SIZES_BYTES = 10;
  private static final byte HAS_EXIF = 0x08;

  /** Whether FFmpeg has the encoder here. */
  static boolean isThere() {
    return MediaSupport.hasEncoder(ENCODER);
  }

  @Override
  public byte[] encode(RgbFrame frame) throws IOException {
    byte[] file =
        Ffmpeg.capturing(() -> pixels(frame), (reason, cause) -> new IOException(reason, cause));
    return withExif(file, frame, ExifComment.data(metadata.toAsciiJson()));
  }

  /** A WebP without anything but the picture. */
  private static byte[] pixels(RgbFrame frame) throws IOException {
    AVCodec codec = avcodec.avcodec_find_encoder_by_name(ENCODER);
    AVCodecContext context = avcodec.avcodec_alloc_context3(codec);
    AVFrame picture = avutil.av_frame_alloc();
    AVPacket packet = avcodec.av_packet_alloc();
    AVDictionary options = new AVDictionary(null);
    try {
      context.width(frame.width()).height(frame.height()).pix_fmt(avutil.AV_PIX_FMT_BGRA);
      context.time_base().num(1).den(1);
      avutil.av_dict_set(options, "lossless", "1", 0);
      check(avcodec.avcodec_open2(context, codec, options));
      picture.width(frame.width()).height(frame.height()).format(avutil.AV_PIX_FMT_BGRA);
      check(avutil.av_frame_get_buffer(picture, 0));
      fill(picture, frame);
      check(avcodec.avcodec_send_frame(context, picture));
      check(avcodec.avcodec_send_frame(context, null));
      check(avcodec.avcodec_receive_packet(context, packet));
      byte[] file = new byte[packet.size()];
      packet.data().get(file);
      return file;
    } finally {
      avutil.av_dict_free(options);
      avcodec.av_packet_free(packet);
      avutil.av_frame_free(picture);
      avcodec.avcodec_free_context(context);
    }
  }

  private static void fill(AVFrame picture, RgbFrame frame) {
    byte[] rgb = frame.rgb24();
    byte[] row = new byte[4 * frame.width()];
    BytePointer pixels = picture.data(0);
    for (int y = 0; y < frame.height(); y++) {
      for (int x = 0; x < frame.width(); x++) {
        int from = RGB * (y * frame.width() + x);
        row[4 * x] = rgb[from + 2];
        row[4 * x + 1] = rgb[from + 1];
        row[4 * x + 2] = rgb[from];
        row[4 * x + 3] = (byte) 0xff;
      }
      pixels.position((long) y * picture.linesize(0)).put(row);
    }
  }

  private static byte[] withExif(byte[] file, RgbFrame frame, byte[] exif) {
    int picture = file.length - HEADER_BYTES;
    int padding = exif.length % 2;
    int size =
        HEADER_BYTES
            + CHUNK_HEADER_BYTES
            + SIZES_BYTES
            + picture
            + CHUNK_HEADER_BYTES
            + exif.length
            + padding;
    ByteBuffer bytes = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(name("RIFF")).putInt(size - CHUNK_HEADER_BYTES).put(name("WEBP"));
    bytes.put(name("VP8X")).putInt(SIZES_BYTES).putInt(HAS_EXIF);
    put24(bytes, frame.width() - 1);
    put24(bytes, frame.height() - 1);
    bytes.put(file, HEADER_BYTES, picture);
    bytes.put(name("EXIF")).putInt(exif.length).put(exif);
    return bytes.array();
  }

  private static byte[] name(String chunk) {
    return chunk.getBytes(StandardCharsets.US_ASCII);
  }

  private static void put24(ByteBuffer bytes, int value) {
    bytes.putShort((short) value).put((byte) (value >> 16));
  }

  private static void check(int code) throws IOException {
    if (code < 0) {
      throw new IOException("error " + code);
    }
  }
}
