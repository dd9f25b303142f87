// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

import dev.wanlet.wan.media.Ffmpeg;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
import org.bytedeco.ffmpeg.avformat.AVInputFormat;
import org.bytedeco.ffmpeg.avformat.AVOutputFormat;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;

/**
 * Marks H.265 in MP4 as {@code hvc1}, with all parameter sets in the index, which Apple's players
 * insist on. FFmpeg's muxer takes {@code hev1} unless told, and JavaCV's recorder cannot tell it,
 * so the packets are written once more; nothing is encoded again. Stateless.
 */
final class HevcTag {
  private static final int HVC1 = 'h' | 'v' << 8 | 'c' << 16 | '1' << 24;

  private HevcTag() {}

  /** Replaces the content of a file that is pending. */
  static void apply(PendingFile file) throws IOException {
    Ffmpeg.capturing(
        () -> {
          copy(file.temporary(), file.another());
          return null;
        },
        (reason, cause) -> new IOException("cannot mark the video as hvc1: " + reason, cause));
    file.replace();
  }

  private static void copy(Path from, Path to) throws IOException {
    try (BytePointer source = url(from);
        BytePointer target = url(to);
        BytePointer container = new BytePointer("mp4")) {
      copy(source, target, container);
    }
  }

  private static BytePointer url(Path file) {
    return new BytePointer(Ffmpeg.url(file), StandardCharsets.UTF_8);
  }

  private static void copy(BytePointer from, BytePointer to, BytePointer container)
      throws IOException {
    AVFormatContext in = new AVFormatContext(null);
    AVFormatContext out = new AVFormatContext(null);
    try {
      check(avformat.avformat_open_input(in, from, (AVInputFormat) null, (AVDictionary) null));
      check(avformat.avformat_find_stream_info(in, (AVDictionary) null));
      check(avformat.avformat_alloc_output_context2(out, (AVOutputFormat) null, container, to));
      AVStream source = in.streams(0);
      AVStream stream = avformat.avformat_new_stream(out, null);
      check(avcodec.avcodec_parameters_copy(stream.codecpar(), source.codecpar()));
      stream.codecpar().codec_tag(HVC1);
      stream.time_base(source.time_base());
      stream.avg_frame_rate(source.avg_frame_rate());
      AVDictionary metadata = new AVDictionary(null);
      check(avutil.av_dict_copy(metadata, in.metadata(), 0));
      out.metadata(metadata);
      out.flags(out.flags() | AVFormatContext.AVFMT_FLAG_BITEXACT);
      AVIOContext file = new AVIOContext(null);
      check(avformat.avio_open(file, to, avformat.AVIO_FLAG_WRITE));
      out.pb(file);
      AVDictionary options = new AVDictionary(null);
      avutil.av_dict_set(options, "movflags", "+faststart", 0);
      check(avformat.avformat_write_header(out, options));
      avutil.av_dict_free(options);
      copyPackets(in, out);
      check(avformat.av_write_trailer(out));
      check(avformat.avio_closep(out.pb()));
    } finally {
      avformat.avformat_close_input(in);
      if (!out.isNull()) {
        avformat.avformat_free_context(out);
      }
    }
  }

  private static void copyPackets(AVFormatContext in, AVFormatContext out) throws IOException {
    AVPacket packet = avcodec.av_packet_alloc();
    try {
      while (avformat.av_read_frame(in, packet) >= 0) {
        avcodec.av_packet_rescale_ts(packet, in.streams(0).time_base(), out.streams(0).time_base());
        packet.pos(-1);
        check(avformat.av_interleaved_write_frame(out, packet));
      }
    } finally {
      avcodec.av_packet_free(packet);
    }
  }

  private static void check(int code) throws IOException {
    if (code < 0) {
      throw new IOException("error " + code);
    }
  }
}
