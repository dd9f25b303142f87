// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.media.fit.Fit;
import dev.wanlet.wan.media.read.FrameFacts;
import dev.wanlet.wan.media.read.PictureReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a model with a control branch is shown of videos and pictures. All of it may be missing: the
 * clip is then made from the prompt alone. Immutable.
 *
 * @param video the control video
 * @param mask of the control video; white is made anew, black is kept
 * @param fill what is shown of what is made anew under a mask
 * @param extended whose last frames the clip begins with; there is no control video then
 * @param overlap how many of them
 * @param margins how far the clip reaches beyond the frames of control video or beginning
 * @param fit how these fill the frame
 * @param references pictures to refer to
 * @param strength that the control branch's hints are multiplied by, 1 as trained
 */
public record ControlSettings(
    Optional<Path> video,
    Optional<Path> mask,
    MaskFill fill,
    Optional<Path> extended,
    int overlap,
    Margins margins,
    Fit fit,
    List<Path> references,
    double strength) {
  /** Nothing is shown. */
  public static final ControlSettings NONE =
      new ControlSettings(
          Optional.empty(),
          Optional.empty(),
          MaskFill.GREY,
          Optional.empty(),
          0,
          Margins.NONE,
          Fit.CROP,
          List.of(),
          1);

  /** About a second, a whole number of latent frames. */
  static final int USUAL_OVERLAP = 17;

  /** Rates this close are taken for the same, such as 23.976 for 24. */
  private static final double SAME_RATE = 0.005;

  /** What rounding takes from a count of frames. */
  private static final double SLACK = 1e-6;

  /** A frame in floats, kept and made anew, and its mask. */
  private static final long FRAME_BYTES_PER_PIXEL = 12 + 12 + 4;

  public ControlSettings {
    references = List.copyOf(references);
  }

  static ControlSettings of(Decisions d) {
    if (!d.model().transformer().variant().takesControl()) {
      // What was given is refused here, if it was not before.
      Settings.TABLE.settings().stream()
          .filter(s -> s.scope() == Setting.Scope.CONTROL)
          .forEach(d::find);
      return NONE;
    }
    return new ControlSettings(
        d.find(Settings.CONTROL_VIDEO),
        d.find(Settings.CONTROL_MASK),
        d.find(Settings.MASK_FILL).orElse(MaskFill.GREY),
        d.find(Settings.EXTEND),
        d.find(Settings.EXTEND_FRAMES).orElse(0),
        d.find(Settings.EXPAND).orElse(Margins.NONE),
        d.find(Settings.FIT).orElse(Fit.CROP),
        d.find(Settings.REF_IMAGE).map(FileList::files).orElse(List.of()),
        d.get(Settings.CONTROL_STRENGTH));
  }

  /** Whether any of the settings was given that only models with a control branch take. */
  public static boolean isGiven(SettingValues given) {
    return Settings.TABLE.settings().stream()
        .anyMatch(s -> s.scope() == Setting.Scope.CONTROL && given.find(s).isPresent());
  }

  /** Whether nothing at all is shown. */
  public boolean isNeutral() {
    return source().isEmpty() && references.isEmpty();
  }

  /** Control video, or the video that is extended. */
  public Optional<Path> source() {
    return video.or(() -> extended);
  }

  /** The files there are: source, mask, references. */
  public List<Path> files() {
    List<Path> files = new ArrayList<>();
    source().ifPresent(files::add);
    mask.ifPresent(files::add);
    files.addAll(references);
    return files;
  }

  /**
   * Most host memory that all this takes until it is encoded, in bytes; 0 if nothing is shown.
   *
   * @param frame size of the clip's frames
   * @throws UncheckedIOException if a header cannot be read
   */
  public long hostBytes(FrameSize frame) {
    long pictures = 0;
    for (Path file : references) {
      try {
        pictures = Math.max(pictures, PictureReader.readingBytes(PictureReader.header(file)));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    long bytes = references.size() * 12L * frame.pixels();
    long reading = 0;
    for (Path file : List.of(video, mask, extended).stream().flatMap(Optional::stream).toList()) {
      FrameFacts facts = facts(file);
      FrameSize size = size(facts);
      // As read, the next one, with its margins, and resized in one direction.
      reading += facts.readingBytes() + 3 * size.pixels() + 3 * margins.around(size).pixels();
      reading += Float.BYTES * (long) size.height() * frame.width();
    }
    boolean shown = bytes + reading > 0;
    return bytes
        + Math.max(reading, pictures)
        + (shown ? FRAME_BYTES_PER_PIXEL * frame.pixels() : 0);
  }

  /**
   * The size that control video, beginning, or a video that is made over ask for: their shape, with
   * margins, in the area of the model's own size, but not larger than they are. Empty without any.
   */
  static Optional<FrameSize> frame(Decisions d) {
    return shape(
            d.find(Settings.CONTROL_VIDEO)
                .or(() -> d.find(Settings.EXTEND))
                .or(() -> d.find(Settings.INIT_VIDEO)),
            d.find(Settings.EXPAND))
        .map(
            shape ->
                PictureSettings.frame(
                    d, shape, Math.min(shape.pixels(), d.model().size().pixels())));
  }

  /** The shape of what is given, with margins; empty without a control video or a beginning. */
  public static Optional<FrameSize> shape(SettingValues given) {
    return shape(
        given
            .find(Settings.CONTROL_VIDEO)
            .or(() -> given.find(Settings.EXTEND))
            .or(() -> given.find(Settings.INIT_VIDEO)),
        given.find(Settings.EXPAND));
  }

  private static Optional<FrameSize> shape(Optional<Path> source, Optional<Margins> margins) {
    return source.map(file -> margins.orElse(Margins.NONE).around(size(facts(file))));
  }

  private static FrameSize size(FrameFacts facts) {
    return new FrameSize(facts.width(), facts.height());
  }

  private static FrameFacts facts(Path file) {
    try {
      return FrameFacts.of(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** How many frames a clip has whose length the user leaves to the control video. */
  static OptionalInt frames(Decisions d) {
    return d.find(Settings.CONTROL_VIDEO)
        .or(() -> d.find(Settings.INIT_VIDEO))
        .map(file -> frames(file, d.get(Settings.FPS), d.model()))
        .orElseGet(OptionalInt::empty);
  }

  /**
   * The settings with the length that a control video asks for, where the user leaves it open.
   *
   * @throws UncheckedIOException if the header of the video cannot be read
   */
  public static SettingValues withLength(SettingValues given, ModelDefaults model) {
    Optional<Path> video =
        given.find(Settings.CONTROL_VIDEO).or(() -> given.find(Settings.INIT_VIDEO));
    if (video.isEmpty() || given.find(Settings.FRAMES).isPresent()) {
      return given;
    }
    double fps = given.find(Settings.FPS).orElse(model.fps());
    OptionalInt frames = frames(video.get(), fps, model);
    return frames.isPresent() ? given.with(Settings.FRAMES, frames.getAsInt()) : given;
  }

  // As the reference: as many latent frames as the video fills, at most as many as the model makes.
  private static OptionalInt frames(Path file, double fps, ModelDefaults model) {
    int shown = shown(file, fps);
    int stride = model.vae().temporalStride();
    return shown < 1
        ? OptionalInt.empty()
        : OptionalInt.of((Math.min(shown, model.frames()) - 1) / stride * stride + 1);
  }

  /** Frames of a file at a rate, as its header has them; 0 if it does not say. */
  private static int shown(Path file, double fps) {
    FrameFacts facts = facts(file);
    boolean asTheyAre = facts.rate().isEmpty() || isSame(facts.rate().getAsDouble(), fps);
    return asTheyAre
        ? facts.count()
        : (int)
            Math.min(Integer.MAX_VALUE, facts.count() / facts.rate().getAsDouble() * fps + SLACK);
  }

  /** Whether frames at one rate serve as frames at another as they are. */
  public static boolean isSame(double rate, double other) {
    return Math.abs(rate / other - 1) <= SAME_RATE;
  }

  /** About a second of the video, or as much as there is of it; empty without one to extend. */
  static Optional<Integer> usualOverlap(Decisions d) {
    return d.find(Settings.EXTEND).map(file -> overlap(d, file));
  }

  private static int overlap(Decisions d, Path file) {
    int stride = d.model().vae().temporalStride();
    int there = shown(file, d.get(Settings.FPS));
    int room = Math.min(USUAL_OVERLAP, d.get(Settings.FRAMES) - stride);
    return Math.max(0, (Math.min(room, there < 1 ? room : there) - 1) / stride * stride) + 1;
  }
}
