// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.sampling;

import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.read.VideoReader;
import dev.wanlet.wan.quality.ShapeScore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Counts how often clips show the colour, shape, motion and background that was asked for. */
public final class ShapeTally {
  /** Head of the columns of {@link #cells()}, in Markdown. */
  public static final String HEAD = "colour | shape | motion | background";

  private int clips;
  private int colours;
  private int shapes;
  private int motions;
  private int backgrounds;

  /** Looks at a clip. */
  public void add(String prompt, Path clip) throws IOException {
    add(prompt, VideoReader.readAll(clip));
  }

  /** Looks at the frames of a clip. */
  public void add(String prompt, List<RgbFrame> frames) {
    ShapeScore asked = ShapeScore.fromPrompt(prompt);
    ShapeScore shown = ShapeScore.of(frames);
    clips++;
    colours += asked.colour().equals(shown.colour()) ? 1 : 0;
    shapes += asked.shape().equals(shown.shape()) ? 1 : 0;
    motions += asked.motion().equals(shown.motion()) ? 1 : 0;
    backgrounds += asked.background().equals(shown.background()) ? 1 : 0;
  }

  /** The counts as cells of a Markdown table: {@code 8/8 | 7/8 | ...}. */
  public String cells() {
    return of(colours) + " | " + of(shapes) + " | " + of(motions) + " | " + of(backgrounds);
  }

  private String of(int right) {
    return right + "/" + clips;
  }
}
