// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.TypePolicy;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

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

  private static final Set<TensorType> WIDENED = EnumSet.of(TensorType.F16, TensorType.BF16);

  private HiddenMemory() {}

  /** A matrix by its name, with its size. */
  record Matrix(String name, long rows, long columns) {
    private long elements() {
      return rows * columns;
    }
  }

  /** What a backend takes as soon as it works at all. */
  public static long contextBytes(Device device) {
    return bytes(device, 0, 0, 0, 0);
  }

  /**
   * Elements of the largest of some matrices that are kept in 16 bits. Cards whose products know no
   * BF16, those before the RTX 30, widen such a matrix to F32 for each product of many rows.
   */
  static long widenedElements(TypePolicy types, List<Matrix> matrices) {
    return matrices.stream()
        .filter(m -> WIDENED.contains(types.matrixType(m.name(), m.rows(), m.columns())))
        .mapToLong(Matrix::elements)
        .max()
        .orElse(0);
  }

  /**
   * An upper bound while matrices are multiplied with chunks of activations.
   *
   * @param rows rows of a chunk
   * @param widest longest row of activations, such as the FFN's hidden layer
   * @param weightElements elements of the largest weight matrix
   * @param widenedElements of the largest one in 16 bits, see {@link #widenedElements}
   */
  static long bytes(
      Device device, long rows, long widest, long weightElements, long widenedElements) {
    return bytes(device.backendName(), rows, widest, weightElements, widenedElements);
  }

  static long bytes(
      String backendName, long rows, long widest, long weightElements, long widenedElements) {
    String backend = backendName.toUpperCase(Locale.ROOT);
    if (backend.startsWith("CUDA") || backend.startsWith("HIP") || backend.startsWith("ROCM")) {
      // MMQ keeps activations as blocks of q8_1 (36 bytes for 32 values), rows padded to 512
      // values.
      long padded = (widest + 511) / 512 * 512;
      long quantised = rows * padded * 36 / 32;
      // cuBLAS paths convert activations to BF16 beside weights in BF16, or the weight to F32.
      // Volta's for quantised weights are not counted: no build of this program has its kernels.
      long converted = Math.max(2 * rows * widest, Float.BYTES * widenedElements);
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
