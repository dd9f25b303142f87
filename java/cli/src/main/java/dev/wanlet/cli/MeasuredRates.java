// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli;

import dev.wanlet.ggml.internal.CacheDirectory;
import dev.wanlet.profiles.RateProbe;
import dev.wanlet.wan.memory.DeviceRates;

/** How fast devices are: measured once, then remembered in the user's cache. Thread-safe. */
final class MeasuredRates {
  static final DeviceRates.Source SOURCE =
      (device, threads) -> new RateProbe(CacheDirectory.of("rates")).rates(device, threads);

  private MeasuredRates() {}
}
