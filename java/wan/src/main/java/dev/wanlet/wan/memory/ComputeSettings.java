// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import dev.wanlet.ggml.Backend;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.nn.Precision;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Where a clip is computed, and with how much memory. Nothing here changes the clip, but for {@code
 * precision}. Immutable.
 *
 * @param device name of a device, or {@code auto}
 * @param threads threads of a CPU device; empty: one per processor
 * @param deviceBudgetBytes most bytes on the device; empty: what is free
 * @param hostBudgetBytes most bytes of host memory; empty: what is free
 * @param precision how exactly graphs compute
 */
public record ComputeSettings(
    String device,
    OptionalInt threads,
    OptionalLong deviceBudgetBytes,
    OptionalLong hostBudgetBytes,
    Precision precision) {

  /** The name that stands for the best device there is. */
  public static final String AUTO_DEVICE = "auto";

  /** The best device, all its processors, all its free memory. */
  public static final ComputeSettings AUTO =
      new ComputeSettings(
          AUTO_DEVICE,
          OptionalInt.empty(),
          OptionalLong.empty(),
          OptionalLong.empty(),
          Precision.AUTO);

  public ComputeSettings {
    if (device.isBlank()) {
      throw new RequestException("the name of the device is empty; expected auto, CPU, CUDA0, ...");
    }
    if (threads.isPresent()
        && (threads.getAsInt() < 1 || threads.getAsInt() > Backend.MAX_THREADS)) {
      throw new RequestException(
          threads.getAsInt()
              + " threads; expected 1 to "
              + Backend.MAX_THREADS
              + ", or none for all");
    }
    requirePositive("device memory", deviceBudgetBytes);
    requirePositive("host memory", hostBudgetBytes);
  }

  /** Threads of a CPU device: as many as were asked for, or one per processor. */
  public int threadCount() {
    return threads.orElseGet(Backend::availableThreads);
  }

  private static void requirePositive(String what, OptionalLong bytes) {
    if (bytes.isPresent() && bytes.getAsLong() < 1) {
      throw new RequestException(
          "a budget of " + bytes.getAsLong() + " bytes of " + what + "; expected more than 0");
    }
  }
}
