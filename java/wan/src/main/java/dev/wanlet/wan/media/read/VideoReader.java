// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.read;

import static org.bytedeco.ffmpeg.global.avutil.av_q2d;

import dev.wanlet.wan.media.Ffmpeg;
import dev.wanlet.wan.media.MediaException;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.Signature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.javacv.FFmpegFrameGrabber;
import org.bytedeco.javacv.Frame;
import org.bytedeco.javacv.FrameGrabber.ImageMode;

/**
 * Reads the frames of a video one at a time, as RGB, by the colour matrix and range of its tags.
 *
 * <p>Any container and codec of the bundled FFmpeg. Owns native memory until closed. Confined to
 * one thread at a time.
 */
public final class VideoReader implements AutoCloseable {
  /** More pixels than any video Wanlet reads; keeps a hostile header from asking for gigabytes. */
  static final long MAX_PIXELS = 8192L * 8192L;

  private static final double MICROSECONDS = 1e6;

  /** What the ticks of a file's clock take from a time, in frames. */
  private static final double ROUNDING = 0.01;

  private final Path file;
  private final FFmpegFrameGrabber grabber;
  private final FrameDecoder decoder = new FrameDecoder();
  private final int frameCount;
  private final boolean countIsExact;
  private final double fps;
  private int framesRead;
  private double seconds;
  private boolean closed;

  private VideoReader(Path file, FFmpegFrameGrabber grabber) throws MediaException {
    this.file = file;
    this.grabber = grabber;
    int stream = grabber.getVideoStream();
    if (!grabber.hasVideo() || grabber.getImageWidth() < 1 || grabber.getImageHeight() < 1) {
      throw new MediaException(
          file, "is not a video that can be read: it holds no stream of pictures");
    }
    AVStream video = grabber.getFormatContext().streams(stream);
    countIsExact = video.nb_frames() > 0;
    fps = rate(video.nb_frames(), grabber.getVideoFrameRate(), av_q2d(video.r_frame_rate()));
    frameCount = countIsExact ? ShownFrames.count(grabber) : grabber.getLengthInVideoFrames();
  }

  /**
   * Opens a video.
   *
   * @throws MediaException if it is missing, damaged or no video
   */
  public static VideoReader open(Path file) throws MediaException {
    if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
      throw new MediaException(file, "no such file, or it may not be read");
    }
    FFmpegFrameGrabber grabber = start(file);
    try {
      return new VideoReader(file, grabber);
    } catch (MediaException e) {
      release(grabber);
      throw e;
    }
  }

  private static FFmpegFrameGrabber start(Path file) throws MediaException {
    Ffmpeg.load();
    FFmpegFrameGrabber grabber = new FFmpegFrameGrabber(Ffmpeg.url(file));
    grabber.setCharset(StandardCharsets.UTF_8);
    grabber.setImageMode(ImageMode.RAW);
    grabber.setVideoOption("max_pixels", Long.toString(MAX_PIXELS));
    try {
      Ffmpeg.capturing(
          () -> {
            grabber.start();
            return null;
          },
          (reason, cause) ->
              new MediaException(file, "is not a video that can be read: " + reason, cause));
      return grabber;
    } catch (MediaException e) {
      release(grabber);
      throw e;
    }
  }

  /** Pixels in a row. */
  public int width() {
    return grabber.getImageWidth();
  }

  /** Rows. */
  public int height() {
    return grabber.getImageHeight();
  }

  /**
   * Frames a second: the steady rate that the times of the frames have, else their number over the
   * duration. That number is off by a frame where a file does not say how long the last one stays.
   */
  public double fps() {
    return fps;
  }

  /**
   * The rate of a video.
   *
   * @param frames 0 if the file does not say
   * @param mean frames over duration
   * @param steady the lowest rate that has a moment for every frame
   */
  static double rate(long frames, double mean, double steady) {
    boolean agrees = Math.abs(frames / mean - frames / steady) <= (1 + ROUNDING) / steady;
    return frames > 0 && agrees ? steady : mean;
  }

  /**
   * Frames that players show: by the index and edit list of the file if it has one (MP4), else from
   * its duration.
   */
  public int frameCount() {
    return frameCount;
  }

  /** When the frame that {@link #next} gave last is shown, in seconds by the file's clock. */
  double seconds() {
    return seconds;
  }

  /** By how many degrees players turn the frames, counterclockwise. */
  double turnedBy() {
    return grabber.getDisplayRotation();
  }

  /**
   * Decodes the next frame; empty after the last one.
   *
   * @throws MediaException if the file ends before the frames its index promises (but for those at
   *     a cut whose key frame was cut away), or the picture size changes within it
   */
  public Optional<RgbFrame> next() throws MediaException {
    if (closed) {
      throw new IllegalStateException(file + ": this reader is closed");
    }
    Frame frame =
        Ffmpeg.capturing(
            grabber::grabImage,
            (reason, cause) ->
                new MediaException(file, "frame " + framesRead + ": " + reason, cause));
    if (frame == null) {
      if (countIsExact && framesRead < frameCount && framesRead + leading() < frameCount) {
        throw new MediaException(
            file,
            "is damaged or cut off: "
                + framesRead
                + " of its "
                + frameCount
                + " frames can be decoded"
                + (isGif() ? "; a GIF must say of each frame how long it is shown" : ""));
      }
      return Optional.empty();
    }
    RgbFrame rgb = decoder.convert((AVFrame) frame.opaque);
    if (rgb.width() != width() || rgb.height() != height()) {
      throw new MediaException(
          file, "changes its size from " + width() + "x" + height() + " within the video");
    }
    framesRead++;
    seconds = frame.timestamp / MICROSECONDS;
    return Optional.of(rgb);
  }

  private int leading() throws MediaException {
    FFmpegFrameGrabber fresh = start(file);
    try {
      return Ffmpeg.capturing(
          () -> ShownFrames.leading(fresh),
          (reason, cause) -> new MediaException(file, reason, cause));
    } finally {
      release(fresh);
    }
  }

  private boolean isGif() {
    return Signature.GIF.demuxer().equals(grabber.getFormatContext().iformat().name().getString());
  }

  /**
   * Decodes a whole clip. For short ones: a frame takes {@code width * height * 3} bytes.
   *
   * @throws MediaException as {@link #open} and {@link #next}
   */
  public static List<RgbFrame> readAll(Path file) throws MediaException {
    try (VideoReader reader = open(file)) {
      List<RgbFrame> frames = new ArrayList<>();
      Optional<RgbFrame> frame = reader.next();
      while (frame.isPresent()) {
        frames.add(frame.get());
        frame = reader.next();
      }
      return frames;
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      decoder.close();
      release(grabber);
    }
  }

  private static void release(FFmpegFrameGrabber grabber) {
    try {
      grabber.release();
    } catch (IOException e) {
      System.getLogger(VideoReader.class.getPackageName())
          .log(System.Logger.Level.DEBUG, "closing a video", e);
    }
  }
}
