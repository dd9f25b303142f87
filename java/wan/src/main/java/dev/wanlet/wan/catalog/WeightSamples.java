// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;

/**
 * What weights can be told from others by without reading all of them, which takes minutes: every
 * tensor's name, type and shape, and a few of its bytes. Stateless.
 */
public final class WeightSamples {
  private static final int BYTES = 256;
  private static final int SOME = 64;

  private WeightSamples() {}

  /** Adds the beginning, the middle and the end of each tensor. */
  public static void addEnds(MessageDigest digest, WeightSource weights) {
    for (WeightTensor tensor : weights.tensors()) {
      addTitle(digest, tensor);
      long last = tensor.byteLength() - part(tensor);
      for (long at : new long[] {0, last / 2, last}) {
        digest.update(tensor.buffer(at, part(tensor)));
      }
    }
  }

  /**
   * Adds the middle of {@value #SOME} matrices, evenly spread: pages that are not in memory yet
   * take a hard disk ten milliseconds each, so a thousand would be felt.
   */
  public static void addSome(MessageDigest digest, WeightSource weights) {
    List<WeightTensor> matrices = new ArrayList<>();
    for (WeightTensor tensor : weights.tensors()) {
      addTitle(digest, tensor);
      if (tensor.shape().rank() > 1) {
        matrices.add(tensor);
      }
    }
    int count = Math.min(SOME, matrices.size());
    for (int i = 0; i < count; i++) {
      WeightTensor tensor = matrices.get(i * matrices.size() / count);
      digest.update(tensor.buffer((tensor.byteLength() - part(tensor)) / 2, part(tensor)));
    }
  }

  private static void addTitle(MessageDigest digest, WeightTensor tensor) {
    String title = tensor.name() + " " + tensor.type() + " " + tensor.shape();
    digest.update(title.getBytes(StandardCharsets.UTF_8));
    digest.update((byte) 0);
  }

  private static int part(WeightTensor tensor) {
    return (int) Math.min(BYTES, tensor.byteLength());
  }
}
