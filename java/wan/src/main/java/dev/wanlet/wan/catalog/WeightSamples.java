// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;

/**
 * What weights can be told from others by without reading all of them, which takes minutes: every
 * tensor's name, type and shape, and a few of its bytes. Stateless.
 */
public final class WeightSamples {
  private static final int BYTES = 256;

  private WeightSamples() {}

  /** Adds the beginning, the middle and the end of each tensor. */
  public static void addEnds(MessageDigest digest, WeightSource weights) {
    for (WeightTensor tensor : weights.tensors()) {
      long last = tensor.byteLength() - part(tensor);
      add(digest, tensor, List.of(0L, last / 2, last));
    }
  }

  /** Adds the middle of each tensor: one page of the file to read, not three. */
  public static void addMiddles(MessageDigest digest, WeightSource weights) {
    for (WeightTensor tensor : weights.tensors()) {
      add(digest, tensor, List.of((tensor.byteLength() - part(tensor)) / 2));
    }
  }

  private static void add(MessageDigest digest, WeightTensor tensor, List<Long> places) {
    String title = tensor.name() + " " + tensor.type() + " " + tensor.shape();
    digest.update(title.getBytes(StandardCharsets.UTF_8));
    digest.update((byte) 0);
    for (long at : places) {
      ByteBuffer bytes = tensor.buffer(at, part(tensor));
      digest.update(bytes);
    }
  }

  private static int part(WeightTensor tensor) {
    return (int) Math.min(BYTES, tensor.byteLength());
  }
}
