// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import dev.wanlet.weights.WeightTensor;

/** Adds another tensor of as many elements. Thread-safe. */
final class DifferencePatch implements TensorPatch {
  private final WeightTensor difference;
  private final float strength;

  DifferencePatch(WeightTensor difference, float strength) {
    this.difference = difference;
    this.strength = strength;
  }

  @Override
  public void addTo(float[] values, int count, long elementOffset) {
    float[] part = new float[count];
    difference.readFloats(elementOffset, part, 0, count);
    for (int i = 0; i < count; i++) {
      values[i] += strength * part[i];
    }
  }

  @Override
  public void release() {}
}
