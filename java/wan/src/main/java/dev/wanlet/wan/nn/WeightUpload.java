// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import dev.wanlet.ggml.Tensor;

/** How bytes get from host memory into a weight tensor. */
public interface WeightUpload {
  /** Straight from where they are. */
  WeightUpload DIRECT = (tensor, address, bytes) -> tensor.setFrom(address, 0, bytes);

  /**
   * Uploads a whole tensor; the source may change once this returns.
   *
   * @param address host memory of {@code bytes} bytes, in the tensor's type
   */
  void upload(Tensor tensor, long address, long bytes);
}
