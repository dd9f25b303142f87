// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.wan.catalog.FrameSize;
import java.util.List;
import java.util.Locale;

/**
 * A clip of a model. Immutable.
 *
 * @param model id in the catalogue
 * @param type of the transformer's matrices
 */
record ClipJob(String model, String type, FrameSize size, int frames) {
  static final String SMALL_MODEL = "wan2.1-t2v-1.3b";
  static final String LARGE_MODEL = "wan2.1-t2v-14b";

  private static final FrameSize P480 = new FrameSize(832, 480);
  private static final FrameSize P720 = new FrameSize(1280, 720);
  private static final int FRAMES = 81;

  /** What the demo model stands for in a dry run. */
  static final ClipJob DRY = new ClipJob("tiny-wan", "F16", new FrameSize(64, 64), 5);

  /** The clips whose memory is compared with its plan, in order of worth. */
  static List<ClipJob> forBudgets(boolean small) {
    return small
        ? List.of(DRY)
        : List.of(
            new ClipJob(LARGE_MODEL, "Q4_K", P480, FRAMES),
            new ClipJob(LARGE_MODEL, "Q8_0", P720, FRAMES),
            new ClipJob(LARGE_MODEL, "Q4_K", P720, FRAMES),
            new ClipJob(LARGE_MODEL, "Q8_0", P480, FRAMES));
  }

  /** The clips whose steps are timed, in order of worth. */
  static List<ClipJob> forSteps(boolean small) {
    return small
        ? List.of(DRY)
        : List.of(
            new ClipJob(SMALL_MODEL, "Q8_0", P480, FRAMES),
            new ClipJob(LARGE_MODEL, "Q4_K", P480, FRAMES),
            new ClipJob(LARGE_MODEL, "Q8_0", P480, FRAMES),
            new ClipJob(SMALL_MODEL, "Q4_K", P480, FRAMES),
            new ClipJob(SMALL_MODEL, "BF16", P480, FRAMES),
            new ClipJob(LARGE_MODEL, "BF16", P480, FRAMES));
  }

  String title() {
    return String.format(Locale.ROOT, "%s %s, %sx%d", model, type, size, frames);
  }
}
