// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import dev.wanlet.ggml.Device;
import java.util.Locale;

/**
 * Bounds of the device memory that backends take outside ggml's buffers. Stateless.
 *
 * <p>Source: read from ggml 0.25.1: the pools of ggml-cuda grow to the largest conversion they ever
 * made and never shrink; ggml-vulkan preallocates conversion buffers likewise. On the CPU nothing
 * of the kind counts as device memory: its scratch is host memory, and is asked for exactly.
 */
public final class HiddenMemory {
  private static final long MIB = 1L << 20;

  /** Context, modules and library workspaces of a CUDA process. */
  private static final long CUDA_CONTEXT = 500 * MIB;

  private static final long CUBLAS_WORKSPACE = 32 * MIB;

  /** Pipelines, descriptor pools and staging of a Vulkan device. */
  private static final long VULKAN_CONTEXT = 64 * MIB;

  private HiddenMemory() {}

  /** What a backend takes as soon as it works at all. */
  public static long contextBytes(Device device) {
    return bytes(device, 0, 0, 0);
  }

  /**
   * An upper bound while matrices are multiplied with chunks of activations.
   *
   * @param rows rows of a chunk
   * @param widest longest row of activations, such as the FFN's hidden layer
   * @param weightElements elements of the largest weight matrix
   */
  public static long bytes(Device device, long rows, long widest, long weightElements) {
    String backend = device.backendName().toUpperCase(Locale.ROOT);
    if (backend.startsWith("CUDA") || backend.startsWith("HIP") || backend.startsWith("ROCM")) {
      // MMQ keeps activations as blocks of q8_1 (36 bytes for 32 values), rows padded to 512
      // values.
      long padded = (widest + 511) / 512 * 512;
      long quantised = rows * padded * 36 / 32;
      // cuBLAS paths convert activations and, for types without a kernel, the weight to half
      // precision.
      long converted = 2 * rows * widest;
      return CUDA_CONTEXT + CUBLAS_WORKSPACE + Math.max(quantised, converted);
    }
    if (backend.startsWith("VULKAN")) {
      // prealloc_x: the weight in F16; prealloc_y: the activations in F16 or as q8_1; split_k:
      // partial sums.
      return VULKAN_CONTEXT + 2 * weightElements + 2 * rows * widest + 4 * rows * widest;
    }
    return 0;
  }
}
