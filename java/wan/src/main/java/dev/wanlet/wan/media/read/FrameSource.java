// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.read;

import dev.wanlet.wan.media.MediaException;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.Signature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Owner: frames one after the other, upright, each with its time: of a video, of an animated GIF,
 * of a folder of pictures, or of one picture. Confined to one thread at a time.
 */
public interface FrameSource extends AutoCloseable {
  /** Pixels in a row; all frames have the same size. */
  int width();

  /** Rows. */
  int height();

  /** Frames there are: of a video without an index by its duration; 0 if it does not say. */
  int count();

  /** Frames a second; empty for pictures, which follow each other at any rate. */
  OptionalDouble rate();

  /** Whether this is one picture, which may stand for as long as anybody likes. */
  boolean isStill();

  /**
   * What of the files is not in the frames, a sentence without its subject each; complete once the
   * first frame was read.
   */
  List<String> notes();

  /**
   * The next frame; empty after the last one.
   *
   * @throws MediaException if it is damaged or of another size than the first
   */
  Optional<RgbFrame> next() throws IOException;

  /** When the frame that {@link #next} gave last is shown, in seconds after the first one. */
  double seconds();

  /** Most host memory that reading takes, in bytes. */
  long readingBytes();

  @Override
  void close();

  /**
   * Opens a video, an animated GIF, a folder of pictures or a picture; the content tells which.
   *
   * @throws MediaException if it is missing, damaged, too large or of another kind
   */
  static FrameSource open(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      return PictureFrames.in(file);
    }
    if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
      throw new MediaException(file, "no such file or folder, or it may not be read");
    }
    Signature kind = Signature.of(file);
    boolean video =
        kind == Signature.OTHER || (kind == Signature.GIF && PictureReader.header(file).isSeries());
    return video ? VideoFrames.open(file) : PictureFrames.of(file);
  }
}
