// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline.preview;

import dev.wanlet.wan.catalog.RequestException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How a clip is shown while it is being made; a listener of the run gets the pictures. Immutable.
 *
 * @param every steps from one preview to the next, the last step always having one
 * @param tae a small decoder that makes the pictures, on the CPU; empty: colours are read off the
 *     latents
 * @param colors where fits of colours are kept; empty: made anew for every run
 */
public record PreviewOptions(int every, Optional<Path> tae, Optional<Path> colors) {
  public PreviewOptions {
    if (every < 1) {
      throw new RequestException("a preview every " + every + " steps; expected 1 or more");
    }
  }

  /** A preview after each step, of colours read off the latents; nothing is kept. */
  public static PreviewOptions eachStep() {
    return new PreviewOptions(1, Optional.empty(), Optional.empty());
  }

  public boolean isDue(int step, int steps) {
    return (step + 1) % every == 0 || step + 1 == steps;
  }
}
