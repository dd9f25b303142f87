// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline.control;

import dev.wanlet.wan.media.MediaException;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.read.FrameSource;
import dev.wanlet.wan.request.ControlSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * Owner: the frames of a file at the moments of a clip of another rate: at each the one that is
 * shown then. Frames that follow each other at any rate, and those of about the clip's own, are
 * taken one by one. Goes forward; to go back it opens the file anew. Confined to one thread.
 */
final class TimedFrames implements AutoCloseable {
  /** What clocks may be off, in seconds. */
  private static final double SLACK = 1e-4;

  private final Path file;
  private final double fps;
  private FrameSource source;
  private boolean byTime;
  private RgbFrame shown;
  private RgbFrame ahead; // null once the file has ended
  private int read;
  private double shownSeconds;
  private double aheadSeconds;
  private int last;

  /**
   * Opens a file.
   *
   * @param fps frames a second of the clip
   * @throws MediaException if it cannot be read, or holds no frame
   */
  TimedFrames(Path file, double fps) throws IOException {
    this.file = file;
    this.fps = fps;
    open();
  }

  private void open() throws IOException {
    source = FrameSource.open(file);
    byTime = source.rate().isPresent() && !ControlSettings.isSame(source.rate().getAsDouble(), fps);
    read = 0;
    last = 0;
    try {
      readAhead();
      if (ahead == null) {
        throw new MediaException(file, "holds no frame that can be decoded");
      }
      advance();
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /** The file's own facts. */
  FrameSource source() {
    return source;
  }

  /** Whether the clip's rate is another one. */
  boolean isByTime() {
    return byTime;
  }

  /**
   * What another rate makes of the frames, a sentence without its subject; empty if it is the same.
   */
  Optional<String> rateNote() {
    return byTime
        ? Optional.of(
            String.format(
                Locale.ROOT,
                "has %.5g frames a second, the clip %.5g: at each of its moments the frame that is"
                    + " shown then is taken",
                source.rate().getAsDouble(),
                fps))
        : Optional.empty();
  }

  /** The frame that is shown at a moment of the clip; empty if the file has ended before. */
  Optional<RgbFrame> at(int index) throws IOException {
    RgbFrame frame = atOrLast(index);
    return ahead != null || index < total() ? Optional.of(frame) : Optional.empty();
  }

  /** As {@link #at}, with the last frame in the place of those that are not there. */
  RgbFrame atOrLast(int index) throws IOException {
    if (index < last) {
      close();
      open();
    }
    last = index;
    while (ahead != null && aheadSeconds <= index / fps + SLACK) {
      advance();
    }
    return shown;
  }

  /** How many frames the file has at the clip's rate; reads it to its end. */
  int total() throws IOException {
    while (ahead != null) {
      advance();
    }
    last = Integer.MAX_VALUE;
    double frameSeconds = byTime ? 1 / source.rate().getAsDouble() : 1 / fps;
    return Math.max(1, (int) Math.floor((shownSeconds + frameSeconds) * fps + SLACK));
  }

  private void advance() throws IOException {
    shown = ahead;
    shownSeconds = aheadSeconds;
    readAhead();
  }

  private void readAhead() throws IOException {
    ahead = source.next().orElse(null);
    aheadSeconds = byTime ? source.seconds() : read / fps;
    read++;
  }

  @Override
  public void close() {
    source.close();
  }
}
