// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import java.util.OptionalLong;

/**
 * What the driver saw of a card's memory. A plan counts the context too, so what is compared with
 * it is all that was taken since before this process touched the card. Immutable.
 *
 * @param idle bytes in use before this process opened the card
 * @param open bytes in use with a context that holds nothing; in later trials of a process also the
 *     kernels that earlier ones loaded
 * @param peak the most bytes in use
 */
record CardUse(OptionalLong idle, OptionalLong open, OptionalLong peak) {
  /** The most bytes that this process took, its context within; empty where they are not known. */
  OptionalLong taken() {
    return beyondIdle(peak);
  }

  /** What the context alone takes. */
  OptionalLong context() {
    return beyondIdle(open);
  }

  private OptionalLong beyondIdle(OptionalLong bytes) {
    return idle.isPresent() && bytes.isPresent()
        ? OptionalLong.of(bytes.getAsLong() - idle.getAsLong())
        : OptionalLong.empty();
  }

  /** Whether the process took no more than was planned, as far as is known. */
  boolean within(long plannedBytes) {
    return taken().isEmpty() || taken().getAsLong() <= plannedBytes;
  }

  /** Adds the figures, null where they are not known. */
  Facts addTo(Facts facts) {
    return facts
        .put("card_peak_bytes", orNull(taken()))
        .put("card_context_bytes", orNull(context()));
  }

  private static Long orNull(OptionalLong bytes) {
    return bytes.isPresent() ? (Long) bytes.getAsLong() : null;
  }
}
