// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.media.fit.Fit;
import dev.wanlet.wan.media.read.FrameFacts;
import dev.wanlet.wan.media.read.PictureHeader;
import dev.wanlet.wan.media.read.PictureReader;
import dev.wanlet.wan.memory.RunPlanner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The pictures that a clip begins and ends with, or what it is made over from. Immutable.
 *
 * @param first the first frame, or the picture that the clip is made over from
 * @param last the last frame; there is none without a first
 * @param video what the clip is made over from; there are no pictures then
 * @param fit how they fill the frame
 * @param start what they make of the latents before the first step
 */
public record PictureSettings(
    Optional<Path> first,
    Optional<Path> last,
    Optional<Path> video,
    Fit fit,
    RunPlanner.Start start) {
  /** A frame in 32-bit floats, three channels. */
  private static final long FRAME_BYTES_PER_PIXEL = 12;

  private static final long BYTES_PER_PIXEL = 3;

  static PictureSettings of(Decisions d) {
    return new PictureSettings(
        d.find(Settings.INIT_IMG),
        d.find(Settings.END_IMG),
        d.find(Settings.INIT_VIDEO),
        d.find(Settings.FIT).orElse(Fit.CROP),
        start(d));
  }

  private static RunPlanner.Start start(Decisions d) {
    if (d.makesOver()) {
      return RunPlanner.Start.ENCODED;
    }
    return d.find(Settings.INIT_IMG).isPresent()
            && d.model().transformer().variant().beginsWithLatents()
        ? RunPlanner.Start.FIRST_FRAME
        : RunPlanner.Start.NOISE;
  }

  /** Whether a clip is made over from a picture or a video, which some of its steps do without. */
  public static boolean makesOver(SettingValues given) {
    return StartRules.isGiven(given);
  }

  /** The files there are, the first frame before the last. */
  public List<Path> files() {
    return Stream.of(first, last, video).flatMap(Optional::stream).toList();
  }

  /** What the clip is made over from; empty unless its {@link #start} is of that kind. */
  public Optional<Path> madeOver() {
    return start == RunPlanner.Start.ENCODED ? video.or(() -> first) : Optional.empty();
  }

  /**
   * Most host memory that the pictures take until they are encoded, in bytes; 0 if there are none.
   *
   * @param frame size of the clip's frames
   * @throws UncheckedIOException if one cannot be read
   */
  public long hostBytes(FrameSize frame) {
    if (madeOver().isPresent()) {
      return madeOverBytes(madeOver().get(), frame);
    }
    List<Path> files = files();
    long reading = 0;
    for (Path file : files) {
      reading = Math.max(reading, PictureReader.readingBytes(header(file)));
    }
    return reading + files.size() * FRAME_BYTES_PER_PIXEL * frame.pixels();
  }

  private static long madeOverBytes(Path file, FrameSize frame) {
    try {
      FrameFacts facts = FrameFacts.of(file);
      FrameSize size = new FrameSize(facts.width(), facts.height());
      // As read, the one shown and the next, resized in one direction and in both, and as floats.
      return facts.readingBytes()
          + 2 * BYTES_PER_PIXEL * size.pixels()
          + BYTES_PER_PIXEL * ((long) size.height() * frame.width() + frame.pixels())
          + FRAME_BYTES_PER_PIXEL * frame.pixels();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The same for pictures that nobody has named yet: as large as the frames. */
  static long assumedHostBytes(FrameSize frame, int pictures) {
    return pictures == 0
        ? 0
        : PictureReader.readingBytes(frame.pixels())
            + pictures * FRAME_BYTES_PER_PIXEL * frame.pixels();
  }

  /**
   * The size that the first picture asks for: its shape in the area of the model's own size, or
   * what completes the side that was given. Empty without a picture.
   */
  static Optional<FrameSize> frame(Decisions d) {
    return d.find(Settings.INIT_IMG).map(file -> frame(d, size(file), d.model().size().pixels()));
  }

  /** A picture's shape in an area of so many pixels, or what completes the side that was given. */
  static FrameSize frame(Decisions d, FrameSize picture, long pixels) {
    Optional<Integer> width = d.given(Settings.WIDTH);
    Optional<Integer> height = d.given(Settings.HEIGHT);
    int multiple = d.model().sizeMultiple();
    if (width.isPresent()) {
      double other = (double) width.get() * picture.height() / picture.width();
      return new FrameSize(Math.max(1, width.get()), side(other, multiple));
    }
    if (height.isPresent()) {
      double other = (double) height.get() * picture.width() / picture.height();
      return new FrameSize(side(other, multiple), Math.max(1, height.get()));
    }
    return start(d) == RunPlanner.Start.NOISE
        ? FrameSize.ofAspect(picture, pixels, multiple)
        : FrameSize.nearest(picture, pixels, multiple);
  }

  private static int side(double length, int multiple) {
    return (int) Math.max(1, Math.round(length / multiple)) * multiple;
  }

  /**
   * As the reference where it can: it stretches to a frame of the picture's shape, which changes
   * the aspect by a few pixels. A frame of another shape is filled without changing it, and so is
   * one that becomes latents as it is. Empty without a picture.
   */
  static Optional<Fit> usualFit(Decisions d) {
    if (d.find(Settings.INIT_VIDEO).isPresent()) {
      return Optional.of(Fit.CROP);
    }
    return d.find(Settings.INIT_IMG)
        .map(first -> start(d) == RunPlanner.Start.NOISE ? fitBeside(d, first) : Fit.CROP);
  }

  private static Fit fitBeside(Decisions d, Path first) {
    boolean ownSize =
        Stream.of(Settings.SIZE, Settings.WIDTH, Settings.HEIGHT)
            .allMatch(s -> d.given(s).isEmpty());
    if (!ownSize) {
      return Fit.CROP;
    }
    boolean alike =
        d.find(Settings.END_IMG).map(last -> size(last).equals(size(first))).orElse(true);
    return alike ? Fit.STRETCH : Fit.CROP;
  }

  /**
   * Size of a picture once it is upright.
   *
   * @throws UncheckedIOException if it cannot be read
   */
  public static FrameSize size(Path file) {
    PictureHeader header = header(file);
    return new FrameSize(header.width(), header.height());
  }

  private static PictureHeader header(Path file) {
    try {
      return PictureReader.header(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
