// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.read;

import dev.wanlet.wan.media.RgbFrame;
import java.util.List;

/**
 * A picture as people see it: upright, without transparency. Immutable.
 *
 * @param notes what of the file is not in the frame, a sentence without its subject each
 */
public record Picture(RgbFrame frame, List<String> notes) {
  public Picture {
    notes = List.copyOf(notes);
  }
}
