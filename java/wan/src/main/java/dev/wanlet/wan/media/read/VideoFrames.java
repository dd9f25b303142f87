// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.read;

import dev.wanlet.wan.media.MediaException;
import dev.wanlet.wan.media.RgbFrame;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** Owner: the frames of a video, turned as players show it. Confined to one thread at a time. */
final class VideoFrames implements FrameSource {
  /** What no camera and no screen goes beyond; others are damage. */
  private static final double MOST_RATE = 1000;

  /**
   * Pictures of 4:2:0 that a decoder holds at most: those that later ones refer to, and one for
   * each of its threads.
   */
  private static final int DECODER_FRAMES = 32;

  private static final int RGB = 3;

  private final VideoReader reader;
  private final int orientation;
  private double begin = Double.NaN;

  private VideoFrames(VideoReader reader) {
    this.reader = reader;
    this.orientation = Upright.orientation(reader.turnedBy());
  }

  static VideoFrames open(Path file) throws MediaException {
    return new VideoFrames(VideoReader.open(file));
  }

  @Override
  public int width() {
    return Upright.isTransposed(orientation) ? reader.height() : reader.width();
  }

  @Override
  public int height() {
    return Upright.isTransposed(orientation) ? reader.width() : reader.height();
  }

  @Override
  public int count() {
    return Math.max(0, reader.frameCount());
  }

  @Override
  public OptionalDouble rate() {
    double rate = reader.fps();
    return rate > 0 && rate <= MOST_RATE ? OptionalDouble.of(rate) : OptionalDouble.empty();
  }

  @Override
  public boolean isStill() {
    return false;
  }

  @Override
  public List<String> notes() {
    return List.of();
  }

  @Override
  public Optional<RgbFrame> next() throws MediaException {
    Optional<RgbFrame> frame = reader.next();
    if (frame.isPresent() && Double.isNaN(begin)) {
      begin = reader.seconds();
    }
    return frame.map(f -> Upright.turned(f, orientation));
  }

  @Override
  public double seconds() {
    return reader.seconds() - begin;
  }

  @Override
  public long readingBytes() {
    long pixels = (long) reader.width() * reader.height();
    // As decoded; RGB in native memory, on the heap, and turned.
    return pixels * (DECODER_FRAMES * 3 / 2 + 3 * RGB);
  }

  @Override
  public void close() {
    reader.close();
  }
}
