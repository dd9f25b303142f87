// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

import dev.wanlet.files.WriteException;
import dev.wanlet.wan.media.RgbFrame;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * What sinks of all formats share: every frame has the clip's size, frames are counted, and nothing
 * is taken once the clip is finished or closed. Confined to one thread.
 */
abstract class ClipSink implements FrameSink {
  private final Path target;
  private final ClipShape shape;
  private int frames;
  private boolean closed;

  /**
   * @param target for messages
   */
  ClipSink(Path target, ClipShape shape) {
    this.target = target;
    this.shape = shape;
  }

  /** Writes the next frame. */
  abstract void write(RgbFrame frame) throws IOException;

  /** Completes the files and puts them under their names. */
  abstract List<Path> complete() throws IOException;

  /** Gives everything back and deletes what was not completed; called once. */
  abstract void release() throws IOException;

  /** Frames written so far. */
  final int frames() {
    return frames;
  }

  final ClipShape shape() {
    return shape;
  }

  final WriteException failure(String what, String reason, Exception cause) {
    return new WriteException(target, what + ": " + reason, cause);
  }

  @Override
  public final int width() {
    return shape.width();
  }

  @Override
  public final int height() {
    return shape.height();
  }

  @Override
  public final void accept(RgbFrame frame) throws IOException {
    shape.requireSize(frame);
    requireOpen();
    write(frame);
    frames++;
  }

  @Override
  public final List<Path> finish() throws IOException {
    requireOpen();
    if (frames == 0) {
      throw new IllegalStateException(target + ": finish() before the first frame");
    }
    try {
      return complete();
    } finally {
      close();
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException(target + ": this clip is finished or closed");
    }
  }

  @Override
  public final void close() throws IOException {
    if (!closed) {
      closed = true;
      release();
    }
  }
}
