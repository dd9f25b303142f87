// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_AV1;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_HEVC;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUV420P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUV420P10LE;

import dev.wanlet.wan.media.ColorMatrix;
import dev.wanlet.wan.media.Ffmpeg;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.VideoCodec;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacv.FFmpegFrameRecorder;
import org.bytedeco.javacv.Frame;

/**
 * Writes MP4 and WebM through JavaCV's recorder: 4:2:0 in 8 or 10 bits, limited range, tagged with
 * the colour matrix that was used. Owns native memory until closed. Confined to one thread.
 */
final class VideoFileSink extends ClipSink {
  private final PendingFile file;
  private final YuvEncoderInput converter;
  private final boolean retagged;
  private final int pixels;
  private FFmpegFrameRecorder recorder;

  VideoFileSink(
      PendingFile file,
      String container,
      Map<String, String> containerOptions,
      VideoCodec codec,
      Encoding encoding,
      ClipShape shape,
      VideoMetadata metadata)
      throws IOException {
    super(file.target(), shape);
    this.file = file;
    this.retagged = codec.codecId() == AV_CODEC_ID_HEVC && container.equals("mp4");
    this.pixels = encoding.pixels().isTenBit() ? AV_PIX_FMT_YUV420P10LE : AV_PIX_FMT_YUV420P;
    int width = shape.width();
    int height = shape.height();
    ColorMatrix matrix = ColorMatrix.of(width, height);
    recorder = new FFmpegFrameRecorder(Ffmpeg.url(file.temporary()), width, height);
    recorder.setCharset(StandardCharsets.UTF_8);
    recorder.setFormat(container);
    containerOptions.forEach(recorder::setOption);
    if (codec.codecId() == AV_CODEC_ID_AV1 && shape.fps() == Math.rint(shape.fps())) {
      // JavaCV takes the encoder's length of a packet, 1 frame, for ticks of MP4's clock: the last
      // frame would be gone at once. With a clock of frames it is right.
      recorder.setOption("video_track_timescale", Integer.toString((int) shape.fps()));
    }
    // No random identifiers and no library versions: the same frames give the same file.
    recorder.setOption("fflags", "+bitexact");
    recorder.setFrameRate(shape.fps());
    recorder.setPixelFormat(pixels);
    codec.configure(
        recorder, width, height, shape.fps(), encoding.crf(), encoding.pixels().isTenBit());
    // The pixels are sRGB. BT.709 has the same primaries, and players treat its transfer curve
    // and that of sRGB alike.
    recorder.setVideoOption("colorspace", matrix.tag());
    recorder.setVideoOption("color_primaries", "bt709");
    recorder.setVideoOption("color_trc", "bt709");
    recorder.setVideoOption("color_range", "tv");
    recorder.setMetadata(VideoMetadata.TAG, metadata.toJson());
    converter = new YuvEncoderInput(width, height, pixels, matrix);
    try {
      Ffmpeg.capturing(
          () -> {
            recorder.start();
            return null;
          },
          (reason, cause) -> failure("cannot start the encoder " + codec.encoder(), reason, cause));
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  @Override
  void write(RgbFrame frame) throws IOException {
    ByteBuffer planes = converter.convert(frame);
    try {
      recorder.recordImage(
          width(), height(), Frame.DEPTH_UBYTE, 1, converter.rowBytes(), pixels, planes);
    } catch (FFmpegFrameRecorder.Exception e) {
      throw failure("cannot write frame " + frames(), Ffmpeg.plain(e), e);
    }
  }

  @Override
  List<Path> complete() throws IOException {
    FFmpegFrameRecorder stopping = recorder;
    recorder = null;
    try {
      stopping.stop();
      if (retagged) {
        HevcTag.apply(file);
      }
      ClipCheck.requireComplete(file.temporary(), frames());
      file.commit();
    } catch (IOException e) {
      throw failure("cannot complete the file (is the disk full?)", Ffmpeg.plain(e), e);
    }
    return List.of(file.target());
  }

  @Override
  void release() throws IOException {
    converter.close();
    FFmpegFrameRecorder open = recorder;
    recorder = null;
    try {
      if (open != null) {
        open.release();
      }
    } finally {
      file.delete();
    }
  }
}
