// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline.control;

import dev.wanlet.base.Count;
import dev.wanlet.base.Printable;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.media.fit.Letterbox;
import dev.wanlet.wan.media.read.FrameSource;
import dev.wanlet.wan.media.read.Picture;
import dev.wanlet.wan.media.read.PictureReader;
import dev.wanlet.wan.model.transformer.WanCondition;
import dev.wanlet.wan.model.vae.VaeEncoder;
import dev.wanlet.wan.model.vae.known.ControlFrames;
import dev.wanlet.wan.request.ControlSettings;
import dev.wanlet.wan.request.GenerationRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * What a clip's control branch is shown, found to be readable; read again, a frame at a time, when
 * it is encoded. Immutable; holds the pictures to refer to.
 *
 * <p>Source: Wan2.1 wan/vace.py, WanVace.prepare_source: without a video all is made anew of
 * nothing; without a mask all of a video is.
 */
public final class ControlClip {
  private final ControlSettings settings;
  private final FrameSize size;
  private final int count;
  private final double fps;
  private final List<float[]> references;
  private final Shown shown;

  /**
   * Which frames of the source are shown.
   *
   * @param first of the source's, at the clip's rate
   * @param count from the clip's first on
   * @param size of the source's frames
   */
  record Shown(int first, int count, FrameSize size) {
    static final Shown NOTHING = new Shown(0, 0, new FrameSize(1, 1));
  }

  private ControlClip(GenerationRequest request, List<float[]> references, Shown shown) {
    this.settings = request.control();
    this.size = request.clip().size();
    this.count = request.clip().frames();
    this.fps = request.clip().fps();
    this.references = List.copyOf(references);
    this.shown = shown;
  }

  /**
   * Reads what a request names, to the last frame that the clip wants.
   *
   * @param notes hears what is not as in the files
   * @throws dev.wanlet.wan.media.MediaException if a file is missing, damaged or of a kind that
   *     cannot be read
   */
  public static ControlClip read(GenerationRequest request, Consumer<String> notes)
      throws IOException {
    ControlSettings settings = request.control();
    FrameSize size = request.clip().size();
    List<float[]> references = new ArrayList<>();
    for (Path file : settings.references()) {
      Picture picture = PictureReader.read(file);
      picture.notes().forEach(note -> notes.accept(Printable.text(file) + " " + note));
      references.add(Letterbox.onWhite(picture.frame(), size.width(), size.height()));
    }
    Shown shown = Shown.NOTHING;
    if (settings.source().isPresent()) {
      shown = source(request, notes);
    }
    if (settings.mask().isPresent()) {
      mask(request, shown, notes);
    }
    return new ControlClip(request, references, shown);
  }

  private static Shown source(GenerationRequest request, Consumer<String> notes)
      throws IOException {
    ControlSettings settings = request.control();
    Path file = settings.source().orElseThrow();
    Consumer<String> tell = note -> notes.accept(Printable.text(file) + " " + note);
    int frames = request.clip().frames();
    try (TimedFrames timed = new TimedFrames(file, request.clip().fps())) {
      FrameSize size = size(timed.source());
      timed.rateNote().ifPresent(tell);
      FitNotes.of(settings.margins().around(size), settings.fit(), request.clip().size())
          .forEach(tell);
      if (settings.extended().isPresent()) {
        int total = timed.total();
        int wanted = settings.overlap();
        if (total < wanted) {
          tell.accept(
              "has no more than " + Count.of(total, "frame") + ": the clip begins with them");
        }
        timed.source().notes().forEach(tell);
        return new Shown(Math.max(0, total - wanted), Math.min(total, wanted), size);
      }
      int there = timed.at(frames).isPresent() ? frames + 1 : timed.total();
      if (there > frames) {
        tell.accept(
            "goes on after the clip's " + Count.of(frames, "frame") + ": the rest is left out");
      } else if (there < frames) {
        tell.accept(
            String.format(
                "ends after %d of the clip's %d frames: the others are made anew", there, frames));
      }
      timed.source().notes().forEach(tell);
      return new Shown(0, Math.min(there, frames), size);
    }
  }

  private static void mask(GenerationRequest request, Shown shown, Consumer<String> notes)
      throws IOException {
    Path file = request.control().mask().orElseThrow();
    Consumer<String> tell = note -> notes.accept(Printable.text(file) + " " + note);
    try (TimedFrames timed = new TimedFrames(file, request.clip().fps())) {
      FrameSize size = size(timed.source());
      if (!FitNotes.isSameShape(size, shown.size())) {
        tell.accept(
            "is "
                + size
                + ", the control video "
                + shown.size()
                + ": it is stretched to that shape");
      }
      if (!timed.source().isStill()) {
        timed.rateNote().ifPresent(tell);
        if (timed.at(shown.count() - 1).isEmpty()) {
          tell.accept(
              String.format(
                  "ends after %d of the %d frames of the control video: its last one holds for the"
                      + " others",
                  timed.total(), shown.count()));
        }
      }
      timed.source().notes().forEach(tell);
    }
  }

  private static FrameSize size(FrameSource source) {
    return new FrameSize(source.width(), source.height());
  }

  /** How many frames encoding tells of. */
  public int units() {
    return references.size() + 2 * count;
  }

  /**
   * Encodes all this.
   *
   * @param encoder for clips of more than one frame unless this is one frame
   * @param encoded hears how many frames are done
   * @throws java.io.UncheckedIOException if a file that could be read before cannot be any more
   */
  public WanCondition.Control encode(VaeEncoder encoder, IntConsumer encoded) throws IOException {
    try (ControlReading reading = new ControlReading(settings, size, fps, shown)) {
      ControlFrames frames = new ControlFrames(reading::frame, reading::mask, count, references);
      float[] channels = frames.encode(encoder, encoded);
      return new WanCondition.Control(channels, (float) settings.strength());
    }
  }
}
