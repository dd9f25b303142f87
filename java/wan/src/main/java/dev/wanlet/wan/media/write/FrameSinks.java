// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

import dev.wanlet.base.FileErrors;
import dev.wanlet.files.OutputFile;
import dev.wanlet.files.WriteException;
import dev.wanlet.wan.media.MediaSupport;
import dev.wanlet.wan.media.OutputException;
import dev.wanlet.wan.media.PngSequence;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Opens clips for writing and checks beforehand that this will work. Stateless, thread-safe.
 *
 * <p>The extension chooses the format: {@code .mp4} (H.264 unless asked otherwise, index at the
 * front), {@code .webm} (VP9), {@code .gif}, {@code .png} (a lossless sequence: {@code
 * frames/%04d.png} names it, {@code clip.png} becomes {@code clip_0001.png} and so on, or {@code
 * clip.png} itself if it stays one frame), {@code .jpg} and {@code .webp} (one frame and no more).
 */
public final class FrameSinks {
  /** To ask for an encoder where the size is not known yet. */
  private static final ClipShape ANY_SHAPE = new ClipShape(256, 256, 16);

  private FrameSinks() {}

  /**
   * Opens a clip for writing. Missing folders are made.
   *
   * @param path where the finished clip goes; an existing file is replaced at the end
   * @param width pixels in a row; even for MP4 and WebM
   * @param height rows; even for MP4 and WebM
   * @param fps frames a second
   * @param metadata stored in the file
   * @throws OutputException if the path, the format or the size cannot be written
   * @throws IOException if the encoder does not start
   */
  public static FrameSink open(Path path, int width, int height, double fps, VideoMetadata metadata)
      throws IOException {
    return open(path, width, height, fps, Encoding.USUAL, metadata);
  }

  /**
   * As the other form.
   *
   * @param encoding how a video is written; of no effect for pictures and GIF
   */
  public static FrameSink open(
      Path path, int width, int height, double fps, Encoding encoding, VideoMetadata metadata)
      throws IOException {
    ClipShape shape = new ClipShape(width, height, fps);
    OutputFormat format = checkPath(path);
    checkShape(path, format, shape);
    return switch (format) {
      case MP4 ->
          new VideoFileSink(
              new PendingFile(path.toAbsolutePath()),
              "mp4",
              Map.of("movflags", "+faststart"),
              EncoderChoice.of(path, format, shape, encoding),
              encoding,
              shape,
              metadata);
      case WEBM ->
          new VideoFileSink(
              new PendingFile(path.toAbsolutePath()),
              "webm",
              Map.of(),
              EncoderChoice.of(path, format, shape, encoding),
              encoding,
              shape,
              metadata);
      case GIF -> new GifSink(new PendingFile(path.toAbsolutePath()), shape, metadata);
      case PNG -> new PngSink(path.toAbsolutePath(), shape, metadata);
      case JPEG ->
          new StillSink(
              new PendingFile(path.toAbsolutePath()), shape, new JpegEncoder(path, metadata));
      case WEBP ->
          new StillSink(new PendingFile(path.toAbsolutePath()), shape, new WebpEncoder(metadata));
    };
  }

  /**
   * Checks everything about an output that can be known before a run: the extension, the encoder,
   * that the path is not a folder, that its folder exists (it is made if not) and takes new files.
   *
   * @throws OutputException with the one thing that is wrong
   */
  public static void checkWritable(Path path) {
    OutputFormat format = checkPath(path);
    if (!format.codecs().isEmpty()) {
      EncoderChoice.of(path, format, ANY_SHAPE, Encoding.USUAL);
    }
  }

  /**
   * As {@link #checkWritable(Path)}, and that the format takes frames of this size, and that an
   * encoder here writes them as asked.
   *
   * @throws OutputException with the one thing that is wrong
   */
  public static void checkWritable(
      Path path, int width, int height, double fps, Encoding encoding) {
    OutputFormat format = checkPath(path);
    ClipShape shape = new ClipShape(width, height, fps);
    checkShape(path, format, shape);
    if (!format.codecs().isEmpty()) {
      EncoderChoice.of(path, format, shape, encoding);
    }
  }

  /** As the other form, of a clip that is written as its extension says. */
  public static void checkWritable(Path path, int width, int height, double fps) {
    checkWritable(path, width, height, fps, Encoding.USUAL);
  }

  /**
   * Checks the names of all files that a clip of so many frames takes: of a PNG sequence they are
   * many.
   *
   * @throws OutputException if something stands there that cannot be replaced
   */
  public static void checkNames(Path path, int frames) {
    boolean sequence = OutputFormat.of(path) == OutputFormat.PNG;
    List<Path> files = sequence ? PngSequence.of(path).files(frames) : List.of(path);
    try {
      for (Path file : files) {
        OutputFile.requireReplaceable(file);
      }
    } catch (WriteException e) {
      throw new OutputException(e.getMessage(), e);
    }
  }

  /**
   * Whether a path's format is video, which can be {@linkplain Encoding encoded} in several ways.
   */
  public static boolean isVideo(Path path) {
    return !OutputFormat.of(path).codecs().isEmpty();
  }

  /** Whether a path's format is a picture that holds one frame and no more. */
  public static boolean isStill(Path path) {
    return OutputFormat.of(path).isStill();
  }

  private static OutputFormat checkPath(Path path) {
    OutputFormat format = OutputFormat.of(path);
    if (format == OutputFormat.WEBP && !WebpEncoder.isThere()) {
      throw new OutputException(
          path
              + ": this FFmpeg ("
              + MediaSupport.ffmpegVersion()
              + ") has no encoder of WebP; take .png or .jpg");
    }
    if (format == OutputFormat.PNG) {
      PngSequence.of(path);
    }
    if (Files.isDirectory(path)) {
      throw new OutputException(
          path + " is a folder; expected a file name in it, such as clip.mp4");
    }
    Path first = format == OutputFormat.PNG ? PngSequence.of(path).file(0) : path;
    Path folder = path.toAbsolutePath().getParent();
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new OutputException(
          path + ": cannot make the folder " + folder + ": " + FileErrors.reason(e), e);
    }
    try {
      OutputFile.requireWritable(first);
    } catch (WriteException e) {
      throw new OutputException(e.getMessage(), e);
    }
    return format;
  }

  /** The rate nearest to this one at which a GIF can be shown. */
  public static double gifRate(double fps) {
    return Math.max(ClipShape.MIN_FPS, Math.min(GifSink.MAX_FPS, fps));
  }

  /**
   * Room that a clip may take on the disk, more than it most often does.
   *
   * @throws OutputException if the path has no format
   */
  public static long roomBytes(Path path, int width, int height, int frames) {
    return OutputFormat.of(path).roomBytes((long) width * height, frames);
  }

  private static void checkShape(Path path, OutputFormat format, ClipShape shape) {
    if (format == OutputFormat.GIF && shape.fps() > GifSink.MAX_FPS) {
      throw new OutputException(
          path
              + ": GIF viewers do not show "
              + shape.fps()
              + " frames a second; expected at most "
              + GifSink.MAX_FPS);
    }
    boolean subsampled = !format.codecs().isEmpty();
    if (subsampled && (shape.width() % 2 != 0 || shape.height() % 2 != 0)) {
      throw new OutputException(
          String.format(
              "%s: a size of %dx%d cannot be stored in 4:2:0 video; expected even width and height,"
                  + " or a .png output",
              path, shape.width(), shape.height()));
    }
    if (subsampled && Math.min(shape.width(), shape.height()) < 16) {
      throw new OutputException(
          String.format(
              "%s: a size of %dx%d is too small for a video encoder; expected at least 16x16, or a"
                  + " .png output",
              path, shape.width(), shape.height()));
    }
  }
}
