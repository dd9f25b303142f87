// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline.preview;

import dev.wanlet.wan.media.RgbFrame;
import java.util.List;

/**
 * What a clip would look like if sampling ended here: pictures of the clean latents that the
 * transformer believes in, not of the noisy ones. Immutable.
 *
 * @param step sampling steps that are done
 * @param steps of the whole run
 * @param frames in time, evenly spread over the clip; smaller than its own where colours are read
 *     off latents
 * @param fps at which they show the clip at its own speed
 */
public record Preview(int step, int steps, List<RgbFrame> frames, double fps) {
  public Preview {
    frames = List.copyOf(frames);
  }
}
