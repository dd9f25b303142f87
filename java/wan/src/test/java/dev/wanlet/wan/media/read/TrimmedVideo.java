// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.read;

import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_KEY;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_rescale_ts;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_unref;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_parameters_copy;
import static org.bytedeco.ffmpeg.global.avformat.AVIO_FLAG_WRITE;
import static org.bytedeco.ffmpeg.global.avformat.av_interleaved_write_frame;
import static org.bytedeco.ffmpeg.global.avformat.av_read_frame;
import static org.bytedeco.ffmpeg.global.avformat.av_write_trailer;
import static org.bytedeco.ffmpeg.global.avformat.avformat_alloc_output_context2;
import static org.bytedeco.ffmpeg.global.avformat.avformat_close_input;
import static org.bytedeco.ffmpeg.global.avformat.avformat_find_stream_info;
import static org.bytedeco.ffmpeg.global.avformat.avformat_free_context;
import static org.bytedeco.ffmpeg.global.avformat.avformat_new_stream;
import static org.bytedeco.ffmpeg.global.avformat.avformat_open_input;
import static org.bytedeco.ffmpeg.global.avformat.avformat_write_header;
import static org.bytedeco.ffmpeg.global.avformat.avio_closep;
import static org.bytedeco.ffmpeg.global.avformat.avio_open;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_RGB24;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUV420P;
import static org.bytedeco.ffmpeg.global.avutil.av_dict_free;
import static org.bytedeco.ffmpeg.global.avutil.av_dict_set;
import static org.bytedeco.ffmpeg.global.avutil.av_rescale_q;

import dev.wanlet.wan.media.Ffmpeg;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
import org.bytedeco.ffmpeg.avformat.AVInputFormat;
import org.bytedeco.ffmpeg.avformat.AVOutputFormat;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacv.FFmpegFrameRecorder;
import org.bytedeco.javacv.Frame;

/**
 * Videos cut without encoding, as {@code ffmpeg -ss ... -c copy} and programs for lossless cuts do:
 * the packets from a key frame on, and, with an edit list, the moment to show from.
 */
final class TrimmedVideo {
  static final int FPS = 16;

  private TrimmedVideo() {}

  /** An MP4 of ever brighter frames, with frames ahead of their turn and open groups of 9. */
  static Path source(Path file, int frames) throws IOException {
    Ffmpeg.load();
    try (FFmpegFrameRecorder recorder = new FFmpegFrameRecorder(file.toString(), 64, 32)) {
      recorder.setFormat("mp4");
      recorder.setVideoCodec(avcodec.AV_CODEC_ID_MPEG4);
      recorder.setPixelFormat(AV_PIX_FMT_YUV420P);
      recorder.setFrameRate(FPS);
      recorder.setGopSize(8);
      recorder.setMaxBFrames(2);
      recorder.setVideoOption(
          "sc_threshold", "1000000000"); // no key frames but those of the groups
      recorder.start();
      for (int i = 0; i < frames; i++) {
        ByteBuffer rgb = ByteBuffer.allocateDirect(64 * 32 * 3);
        while (rgb.hasRemaining()) {
          rgb.put((byte) grey(i));
        }
        recorder.recordImage(64, 32, Frame.DEPTH_UBYTE, 3, 64 * 3, AV_PIX_FMT_RGB24, rgb.flip());
      }
    }
    return file;
  }

  /** How bright a frame of the source is. */
  static int grey(int frame) {
    return 20 + 5 * frame;
  }

  /**
   * Cuts a video.
   *
   * @param key which key frame is the first packet that is kept, counted from 0
   * @param from the frame to show first
   * @param editList whether the file says that; without, all that is kept is shown
   */
  static Path cut(Path source, Path file, int key, int from, boolean editList) throws IOException {
    AVFormatContext in = new AVFormatContext(null);
    AVFormatContext out = new AVFormatContext(null);
    AVIOContext io = new AVIOContext(null);
    AVDictionary options = new AVDictionary(null);
    AVPacket packet = av_packet_alloc();
    try {
      require(
          avformat_open_input(in, source.toString(), (AVInputFormat) null, (AVDictionary) null));
      require(avformat_find_stream_info(in, (PointerPointer<Pointer>) null));
      require(avformat_alloc_output_context2(out, (AVOutputFormat) null, "mp4", file.toString()));
      AVStream given = in.streams(0);
      AVStream made = avformat_new_stream(out, null);
      require(avcodec_parameters_copy(made.codecpar(), given.codecpar()));
      made.time_base(given.time_base());
      require(avio_open(io, file.toString(), AVIO_FLAG_WRITE));
      out.pb(io);
      av_dict_set(options, "movflags", "+faststart", 0);
      av_dict_set(options, "use_editlist", editList ? "1" : "0", 0);
      av_dict_set(options, "avoid_negative_ts", editList ? "disabled" : "make_non_negative", 0);
      require(avformat_write_header(out, options));
      AVRational frame = new AVRational().num(1).den(FPS);
      long begin = av_rescale_q(from, frame, given.time_base());
      int keys = -1;
      while (av_read_frame(in, packet) >= 0) {
        keys += packet.flags() & AV_PKT_FLAG_KEY;
        if (keys >= key) {
          packet.pts(packet.pts() - begin).dts(packet.dts() - begin).pos(-1);
          av_packet_rescale_ts(packet, given.time_base(), made.time_base());
          require(av_interleaved_write_frame(out, packet));
        }
        av_packet_unref(packet);
      }
      require(av_write_trailer(out));
    } finally {
      av_packet_free(packet);
      av_dict_free(options);
      avio_closep(io);
      avformat_free_context(out);
      avformat_close_input(in);
    }
    return file;
  }

  private static void require(int code) throws IOException {
    if (code < 0) {
      throw new IOException("FFmpeg: " + Ffmpeg.plain(new IOException("error " + code)));
    }
  }
}
