// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import dev.wanlet.base.Printable;
import dev.wanlet.wan.media.MediaException;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.read.VideoReader;
import dev.wanlet.wan.quality.ClipMeasures;
import dev.wanlet.wan.quality.ReferenceMeasures;
import dev.wanlet.wan.quality.ShapeScore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What all measures say of one clip. Immutable.
 *
 * @param frames frames of the clip
 * @param fps frames a second, as the file says
 * @param measures value by id; empty where the clip has too few frames
 * @param reference value by id against the reference; empty without one
 * @param caption parts of the prompt that are seen, 0 to 4, if there is a prompt
 * @param notes what was left out, and why
 */
record ClipScore(
    Path file,
    int width,
    int height,
    int frames,
    double fps,
    Map<String, OptionalDouble> measures,
    Map<String, Double> reference,
    Optional<Integer> caption,
    List<String> notes) {

  /**
   * Measures a clip, frame by frame.
   *
   * @param reference what it is held against, or null
   * @param prompt what the demo model was asked for, or null
   * @throws MediaException if a file is missing or damaged, or their sizes differ
   */
  static ClipScore of(Path file, Path reference, String prompt) throws IOException {
    try (VideoReader clip = VideoReader.open(file)) {
      ClipMeasures measures = new ClipMeasures();
      List<RgbFrame> kept = new ArrayList<>();
      List<String> notes = new ArrayList<>();
      Map<String, Double> against = new LinkedHashMap<>();
      int frames;
      if (reference == null) {
        frames = alone(clip, measures, kept, prompt != null);
      } else {
        try (VideoReader other = VideoReader.open(reference)) {
          frames = beside(clip, other, file, reference, measures, kept, prompt, against, notes);
        }
      }
      if (frames == 0) {
        throw new MediaException(file, "holds no frame");
      }
      measures
          .values()
          .forEach(
              (id, value) -> {
                if (value.isEmpty()) {
                  notes.add(id + " is left out: " + frames + " frames are too few for it");
                }
              });
      Optional<Integer> caption =
          prompt == null
              ? Optional.empty()
              : Optional.of(ShapeScore.of(kept).agreement(ShapeScore.fromPrompt(prompt)));
      return new ClipScore(
          file,
          clip.width(),
          clip.height(),
          frames,
          clip.fps(),
          measures.values(),
          against,
          caption,
          notes);
    }
  }

  private static int alone(
      VideoReader clip, ClipMeasures measures, List<RgbFrame> kept, boolean keep)
      throws IOException {
    int frames = 0;
    for (Optional<RgbFrame> f = clip.next(); f.isPresent(); f = clip.next()) {
      measures.accept(f.get());
      if (keep) {
        kept.add(f.get());
      }
      frames++;
    }
    return frames;
  }

  private static int beside(
      VideoReader clip,
      VideoReader other,
      Path file,
      Path reference,
      ClipMeasures measures,
      List<RgbFrame> kept,
      String prompt,
      Map<String, Double> against,
      List<String> notes)
      throws IOException {
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
    int frames = 0;
    int shared = 0;
    int referenceFrames = 0;
    ReferenceMeasures held = new ReferenceMeasures();
    Optional<RgbFrame> f = clip.next();
    Optional<RgbFrame> r = other.next();
    while (f.isPresent() || r.isPresent()) {
      if (f.isPresent()) {
        measures.accept(f.get());
        frames++;
        if (prompt != null) {
          kept.add(f.get());
        }
      }
      referenceFrames += r.isPresent() ? 1 : 0;
      if (f.isPresent() && r.isPresent()) {
        held.accept(f.get(), r.get());
        shared++;
      }
      f = f.isPresent() ? clip.next() : f;
      r = r.isPresent() ? other.next() : r;
    }
    if (shared > 0) {
      against.putAll(held.values());
    }
    if (frames != referenceFrames) {
      notes.add(
          String.format(
              "has %d frames and the reference %d: only the first %d are held against each other",
              frames, referenceFrames, shared));
    }
    if (clip.fps() != other.fps()) {
      notes.add(
          "runs at "
              + clip.fps()
              + " frames a second and the reference at "
              + other.fps()
              + ": frames are compared by number, not by time");
    }
    notes.add("latent cosine is left out: it needs a VAE, and score opens no model");
    return frames;
  }

  /** Under stable names, for scripts. */
  Map<String, Object> facts() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("file", file.toString());
    facts.put("width", width);
    facts.put("height", height);
    facts.put("frames", frames);
    facts.put("fps", fps);
    Map<String, Object> values = new LinkedHashMap<>();
    measures.forEach((id, v) -> values.put(id, v.isPresent() ? v.getAsDouble() : null));
    facts.put("measures", values);
    if (!reference.isEmpty()) {
      Map<String, Object> held = new LinkedHashMap<>();
      // JSON knows no infinity: equal clips have no PSNR, and say so beside it.
      reference.forEach((id, v) -> held.put(id, Double.isInfinite(v) ? null : v));
      held.put("identical", Double.isInfinite(reference.get("psnr")));
      facts.put("against_reference", held);
    }
    caption.ifPresent(parts -> facts.put("caption_accuracy", parts / 4.0));
    facts.put("notes", notes);
    return facts;
  }
}
