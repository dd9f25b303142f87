// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.wan.nn.Precision;
import java.util.Objects;

/**
 * How reference folders are run. Immutable.
 *
 * @param device where networks are computed
 * @param precision {@link Precision#F32} is what the folders' tolerances are meant for
 * @param threads of a CPU device, at least 1
 * @param streamed whether networks run in the least memory, as a plan for a tight budget has it:
 *     blocks through one slot, tokens in the shortest chunks, a VAE's frames in narrow bands with
 *     past ones on the host
 */
public record ParityOptions(Device device, Precision precision, int threads, boolean streamed) {
  public ParityOptions {
    Objects.requireNonNull(device, "device");
    Objects.requireNonNull(precision, "precision");
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be at least 1, not " + threads);
    }
  }

  /** Networks whole on the device. */
  public ParityOptions(Device device, Precision precision, int threads) {
    this(device, precision, threads, false);
  }

  /** The same with networks in the least memory. */
  public ParityOptions inLeastMemory() {
    return new ParityOptions(device, precision, threads, true);
  }

  /** Float32 on a device, with all processors. */
  public static ParityOptions float32(Device device) {
    return new ParityOptions(device, Precision.F32, Backend.availableThreads());
  }
}
