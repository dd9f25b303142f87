// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import dev.wanlet.wan.catalog.FrameSize;

/**
 * What to make. Immutable; checked by {@link GenerationRequest.Builder#build}.
 *
 * @param prompt what to show, as the user wrote it
 * @param negativePrompt what guidance leads away from; may be empty
 * @param seed of the starting noise, 0 or above
 * @param size frame size in pixels, a multiple of the model's {@link
 *     dev.wanlet.wan.catalog.ModelDefaults#sizeMultiple()}
 * @param frames length of the clip, 4n+1
 * @param fps frames a second of the file
 */
public record ClipSpec(
    String prompt, String negativePrompt, long seed, FrameSize size, int frames, double fps) {
  static ClipSpec of(Decisions d) {
    FrameSize size = sizeOf(d); // most settings depend on it, so it is checked first
    return new ClipSpec(
        d.get(Settings.PROMPT),
        d.get(Settings.NEGATIVE_PROMPT),
        d.get(Settings.SEED),
        size,
        d.get(Settings.FRAMES),
        d.get(Settings.FPS));
  }

  static FrameSize sizeOf(Decisions d) {
    return new FrameSize(d.get(Settings.WIDTH), d.get(Settings.HEIGHT));
  }
}
