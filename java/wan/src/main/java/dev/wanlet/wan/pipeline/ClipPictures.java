// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.base.Printable;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.fit.Fit;
import dev.wanlet.wan.media.read.Picture;
import dev.wanlet.wan.media.read.PictureReader;
import dev.wanlet.wan.memory.RunPlanner;
import dev.wanlet.wan.pipeline.control.FitNotes;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.PictureSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/**
 * A clip's pictures as frames of the clip. Immutable; holds its arrays.
 *
 * @param first [3, H, W], about -1 to 1
 * @param last of the same shape
 * @param seen each picture as CLIP sees it, stretched to a square, [3, S, S]: the first whole, the
 *     last as it fills a frame of the first one's shape; none for a model that does not see them so
 */
record ClipPictures(float[] first, Optional<float[]> last, List<float[]> seen) {
  /**
   * Reads the pictures of a request; empty if it has none.
   *
   * @param side of the squares that CLIP sees; empty if it sees none
   * @param notes hears what is not as in the files
   * @throws IOException if a file is missing, damaged or of a kind that cannot be read
   */
  static Optional<ClipPictures> read(
      GenerationRequest request, OptionalInt side, Consumer<String> notes) throws IOException {
    PictureSettings pictures = request.pictures();
    if (pictures.madeOver().isPresent()) {
      return Optional.empty();
    }
    FrameSize size = request.clip().size();
    List<float[]> frames = new ArrayList<>();
    List<float[]> seen = new ArrayList<>();
    FrameSize shape = null; // of the first picture
    for (Path file : pictures.files()) {
      RgbFrame picture = picture(file, pictures.fit(), size, notes);
      frames.add(
          pictures.start() == RunPlanner.Start.NOISE
              ? pictures.fit().frame(picture, size.width(), size.height())
              : pictures.fit().smoothFrame(picture, size.width(), size.height()));
      shape = shape == null ? new FrameSize(picture.width(), picture.height()) : shape;
      if (side.isPresent()) {
        // Source: Wan2.1 wan/first_last_frame2video.py means to give the last picture the first
        // one's shape before CLIP sees it. Its code only cuts or pads, by sizes in pixels.
        RgbFrame shaped = pictures.fit().shaped(picture, shape.width(), shape.height());
        seen.add(Fit.STRETCH.frame(shaped, side.getAsInt(), side.getAsInt()));
      }
    }
    return frames.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new ClipPictures(
                frames.get(0),
                frames.size() > 1 ? Optional.of(frames.get(1)) : Optional.empty(),
                List.copyOf(seen)));
  }

  private static RgbFrame picture(Path file, Fit fit, FrameSize size, Consumer<String> notes)
      throws IOException {
    Picture picture = PictureReader.read(file);
    List<String> lines = new ArrayList<>(picture.notes());
    lines.addAll(notes(picture.frame(), fit, size));
    lines.forEach(line -> notes.accept(Printable.text(file) + " " + line));
    return picture.frame();
  }

  /** What fitting changes, a sentence without its subject each. */
  static List<String> notes(RgbFrame picture, Fit fit, FrameSize size) {
    return FitNotes.of(new FrameSize(picture.width(), picture.height()), fit, size);
  }
}
