// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import dev.wanlet.base.Count;
import dev.wanlet.base.Printable;
import dev.wanlet.wan.media.MediaException;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.read.VideoReader;
import dev.wanlet.wan.quality.ClipMeasures;
import dev.wanlet.wan.quality.MeasureInfo;
import dev.wanlet.wan.quality.ReferenceMeasures;
import dev.wanlet.wan.quality.ShapeScore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** Measures one clip, a frame at a time. Confined to one thread. */
final class ClipScorer {
  private final Path file;
  private final Optional<ShapeScore> asked;
  private final ClipMeasures measures = new ClipMeasures();
  private final List<RgbFrame> kept = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private int frames;

  private ClipScorer(Path file, Optional<ShapeScore> asked) {
    this.file = file;
    this.asked = asked;
  }

  /**
   * Measures a clip.
   *
   * @param reference what it is held against, if anything
   * @param asked what the demo model was asked for, if anything; all frames are kept for it
   * @throws MediaException if a file is missing or damaged, or their sizes differ
   */
  static ClipScore score(Path file, Optional<Path> reference, Optional<ShapeScore> asked)
      throws MediaException {
    ClipScorer scorer = new ClipScorer(file, asked);
    try (VideoReader clip = VideoReader.open(file)) {
      if (reference.isEmpty()) {
        Optional<RgbFrame> frame = scorer.next(clip);
        while (frame.isPresent()) {
          frame = scorer.next(clip);
        }
        return scorer.result(clip, Map.of(), false);
      }
      try (VideoReader other = VideoReader.open(reference.get())) {
        return scorer.beside(clip, other, reference.get());
      }
    }
  }

  private Optional<RgbFrame> next(VideoReader clip) throws MediaException {
    Optional<RgbFrame> frame = clip.next();
    frame.ifPresent(
        f -> {
          measures.accept(f);
          frames++;
          if (asked.isPresent()) {
            kept.add(f);
          }
        });
    return frame;
  }

  private ClipScore beside(VideoReader clip, VideoReader other, Path reference)
      throws MediaException {
    requireOneSize(clip, other, reference);
    ReferenceMeasures held = new ReferenceMeasures();
    int referenceFrames = 0;
    Optional<RgbFrame> ours = next(clip);
    Optional<RgbFrame> theirs = other.next();
    while (ours.isPresent() || theirs.isPresent()) {
      if (ours.isPresent() && theirs.isPresent()) {
        held.accept(ours.get(), theirs.get());
      }
      referenceFrames += theirs.isPresent() ? 1 : 0;
      ours = ours.isPresent() ? next(clip) : ours;
      theirs = theirs.isPresent() ? other.next() : theirs;
    }
    if (referenceFrames == 0) {
      throw new MediaException(reference, "holds no frame");
    }
    noteDifferences(clip, other, referenceFrames);
    Map<String, OptionalDouble> values = held.values();
    values.forEach(
        (id, value) -> {
          if (value.isEmpty()) {
            String need =
                id.equals("ssim") ? "frames of at least 11x11" : "two frames of at least 5x5";
            notes.add(id + " is left out: it needs " + need + " pixels in both clips");
          }
        });
    double psnr = values.get("psnr").orElse(0);
    return result(clip, values, frames == referenceFrames && Double.isInfinite(psnr));
  }

  private void requireOneSize(VideoReader clip, VideoReader other, Path reference)
      throws MediaException {
    if (clip.width() != other.width() || clip.height() != other.height()) {
      throw new MediaException(
          file,
          String.format(
              "is %dx%d, and the reference %s is %dx%d; expected clips of one size",
              clip.width(),
              clip.height(),
              Printable.text(reference),
              other.width(),
              other.height()));
    }
  }

  private void noteDifferences(VideoReader clip, VideoReader other, int referenceFrames) {
    if (frames != referenceFrames) {
      notes.add(
          String.format(
              "%s and the reference %d: they are held against each other up to the end of the"
                  + " shorter",
              counted(frames), referenceFrames));
    }
    if (clip.fps() != other.fps()) {
      notes.add(
          String.format(
              "runs at %s frames a second and the reference at %s: frames are compared by number,"
                  + " not by time",
              clip.fps(), other.fps()));
    }
  }

  private ClipScore result(
      VideoReader clip, Map<String, OptionalDouble> reference, boolean identical)
      throws MediaException {
    if (frames == 0) {
      throw new MediaException(file, "holds no frame");
    }
    Map<String, OptionalDouble> values = measures.values();
    for (MeasureInfo info : ClipMeasures.infos()) {
      if (values.get(info.id()).isEmpty()) {
        notes.add(
            String.format(
                "%s is left out: %s, and it needs %d",
                info.id(), counted(frames), info.leastFrames()));
      }
    }
    return new ClipScore(
        file,
        clip.width(),
        clip.height(),
        frames,
        clip.fps(),
        values,
        reference,
        identical,
        asked.map(a -> ShapeScore.of(kept).agreement(a)),
        List.copyOf(notes));
  }

  private static String counted(int frames) {
    return "the clip has " + Count.of(frames, "frame");
  }
}
