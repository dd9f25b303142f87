// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

import dev.wanlet.base.FileErrors;
import dev.wanlet.files.OutputFile;
import dev.wanlet.files.WriteException;
import dev.wanlet.wan.media.OutputException;
import dev.wanlet.wan.media.PngSequence;
import dev.wanlet.wan.media.VideoCodec;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Opens clips for writing and checks beforehand that this will work. Stateless, thread-safe.
 *
 * <p>The extension chooses the format: {@code .mp4} (H.264, index at the front), {@code .webm}
 * (VP9), {@code .gif}, {@code .png} (a lossless sequence: {@code frames/%04d.png} names it, {@code
 * clip.png} becomes {@code clip_0001.png} and so on, or {@code clip.png} itself if it stays one
 * frame).
 */
public final class FrameSinks {
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
    ClipShape shape = new ClipShape(width, height, fps);
    OutputFormat format = checkPath(path);
    checkShape(path, format, shape);
    return switch (format) {
      case MP4 -> video(path, "mp4", Map.of("movflags", "+faststart"), format, shape, metadata);
      case WEBM -> video(path, "webm", Map.of(), format, shape, metadata);
      case GIF -> new GifSink(new PendingFile(path.toAbsolutePath()), shape, metadata);
      case PNG -> new PngSink(path.toAbsolutePath(), shape, metadata);
    };
  }

  private static FrameSink video(
      Path path,
      String container,
      Map<String, String> options,
      OutputFormat format,
      ClipShape shape,
      VideoMetadata metadata)
      throws IOException {
    return new VideoFileSink(
        new PendingFile(path.toAbsolutePath()),
        container,
        options,
        codec(path, format),
        shape,
        metadata);
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
      codec(path, format);
    }
  }

  /**
   * As {@link #checkWritable(Path)}, and that the format takes frames of this size.
   *
   * @throws OutputException with the one thing that is wrong
   */
  public static void checkWritable(Path path, int width, int height, double fps) {
    checkWritable(path);
    checkShape(path, OutputFormat.of(path), new ClipShape(width, height, fps));
  }

  private static OutputFormat checkPath(Path path) {
    OutputFormat format = OutputFormat.of(path);
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

  private static VideoCodec codec(Path path, OutputFormat format) {
    VideoCodec codec = VideoCodec.firstAvailable(format.codecs());
    if (codec == null) {
      String names =
          format.codecs().stream().map(VideoCodec::encoder).collect(Collectors.joining(" or "));
      throw new OutputException(
          path
              + ": this build of FFmpeg lacks the encoder "
              + names
              + "; choose another extension");
    }
    return codec;
  }
}
