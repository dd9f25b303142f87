// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn.frames;

import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.nn.Taps;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Collects a network's frames as the reference has them: all frames that a chunk of the clip makes
 * at a layer joined in one tensor [C, T, H, W]. Confined to one thread.
 */
public final class FrameTaps {
  private record Seen(int channels, int height, int width, List<float[]> frames) {}

  private final Taps taps;
  private final Map<String, Seen> chunk = new LinkedHashMap<>();

  public FrameTaps(Taps taps) {
    this.taps = taps;
  }

  /** Takes a frame of the residual stream. */
  public void see(String layer, Frame frame) {
    if (taps.isActive()) {
      see(layer, frame.channels(), frame.height(), frame.width(), frame.tensor().toFloats());
    }
  }

  /**
   * Takes a frame.
   *
   * @param pixels [H * W, C]
   */
  public void see(String layer, int channels, int height, int width, float[] pixels) {
    if (taps.isActive()) {
      chunk
          .computeIfAbsent(layer, n -> new Seen(channels, height, width, new ArrayList<>()))
          .frames()
          .add(pixels);
    }
  }

  /** Hands the chunk's tensors on under names that start with {@code prefix}. */
  public void endChunk(String prefix) {
    chunk.forEach(
        (layer, seen) -> {
          int count = seen.frames().size();
          float[] joined = new float[count * seen.frames().get(0).length];
          for (int i = 0; i < count; i++) {
            Planes.put(seen.frames().get(i), joined, seen.channels(), count, i);
          }
          taps.accept(
              prefix + layer,
              Shape.of(seen.channels(), count, seen.height(), seen.width()),
              joined);
        });
    chunk.clear();
  }
}
