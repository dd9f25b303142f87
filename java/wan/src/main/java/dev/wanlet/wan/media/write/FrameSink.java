// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

import dev.wanlet.wan.media.RgbFrame;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/**
 * Takes the frames of a clip one at a time and writes them to a file.
 *
 * <p>Frames go straight to the encoder, so a clip is never held in memory. Nothing appears under
 * the target's name before {@link #finish()}: until then the data lies in a hidden folder beside
 * it, which {@link #close()} deletes. Confined to one thread at a time. Made by {@link FrameSinks}.
 */
public interface FrameSink extends AutoCloseable {
  /** Pixels in a row of every frame. */
  int width();

  /** Rows of every frame. */
  int height();

  /**
   * Appends one frame.
   *
   * @throws IllegalArgumentException if its size differs from the sink's
   * @throws IllegalStateException after {@link #finish()} or {@link #close()}
   * @throws dev.wanlet.files.WriteException if the encoder fails or the disk is full
   * @throws IOException if the frame cannot be converted
   */
  void accept(RgbFrame frame) throws IOException;

  /**
   * Appends one frame.
   *
   * @param rgb24 [H, W, 3], {@code width * height * 3} bytes
   */
  default void accept(byte[] rgb24) throws IOException {
    accept(new RgbFrame(width(), height(), rgb24));
  }

  /**
   * Appends one frame; the buffer's position does not move.
   *
   * @param rgb24 [H, W, 3], {@code width * height * 3} bytes between position and limit
   */
  default void accept(ByteBuffer rgb24) throws IOException {
    byte[] bytes = new byte[rgb24.remaining()];
    rgb24.duplicate().get(bytes);
    accept(bytes);
  }

  /**
   * Completes the clip, checks that all frames reached the disk, and puts it under its final name
   * in one step, replacing what was there.
   *
   * @return the files written, in order: one, but for a PNG sequence
   * @throws IllegalStateException if no frame was given, or after {@link #close()}
   * @throws dev.wanlet.files.WriteException if the encoder fails or the disk is full; what was
   *     there stays then, and nothing else is left
   */
  List<Path> finish() throws IOException;

  /** Deletes what was not finished. Does nothing after {@link #finish()} or a second time. */
  @Override
  void close() throws IOException;
}
