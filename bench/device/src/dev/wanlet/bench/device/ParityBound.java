// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.ggml.Device;
import dev.wanlet.wan.parity.TapResult;
import java.util.Set;

/**
 * How far a device's values may lie from the reference. The references' tolerances are those of F32
 * throughout, which CPUs keep. Graphics cards round more whatever they are asked for, so a second,
 * looser bound tells that rounding (about 2^-11 of an operand) from a wrong kernel, whose error is
 * as large as the values or a good part of them. Immutable.
 *
 * @param nmse most error of all values together, of their power; 0 where the tolerance alone counts
 * @param factor the largest error of a value may be so many times the tolerance
 * @param why what rounds; empty where the tolerance alone counts
 */
record ParityBound(double nmse, double factor, String why) {
  /** Kinds of folders whose values the host computes on every device. */
  private static final Set<String> ON_HOST = Set.of("noise", "schedulers");

  /** Kinds that take many steps, whose guidance and sums magnify what one of them rounds. */
  private static final Set<String> CHAINS = Set.of("e2e", "demo");

  private static final double NETWORK_NMSE = 1e-5;
  private static final double NETWORK_FACTOR = 50;
  private static final double CHAIN_NMSE = 1e-4;

  private static final String CUDA =
      "ggml's CUDA kernels keep keys, values and sums of flash attention in F16, round F32 products"
          + " of 4 to 16 columns to TF32 and use fast math, which no setting changes";
  private static final String OTHERS =
      "kernels of graphics cards may round the operands of products to F16";

  /**
   * The bound of a folder on a device.
   *
   * @param kind of the folder, as its {@code config.json} names it
   */
  static ParityBound of(Device device, String kind) {
    return of(device.isCpu() ? "" : device.backendName().equals("CUDA") ? CUDA : OTHERS, kind);
  }

  static ParityBound of(String why, String kind) {
    if (why.isEmpty() || ON_HOST.contains(kind)) {
      return new ParityBound(0, 1, "");
    }
    return CHAINS.contains(kind)
        ? new ParityBound(CHAIN_NMSE, Double.POSITIVE_INFINITY, why)
        : new ParityBound(NETWORK_NMSE, NETWORK_FACTOR, why);
  }

  /** Whether a value is within its tolerance or, where there is one, the looser bound. */
  boolean isKept(TapResult tap) {
    return tap.ok()
        || (tap.problem().isEmpty()
            && !why.isEmpty()
            && tap.nmse() <= nmse
            && tap.maxAbs() <= factor * tap.bound());
  }
}
