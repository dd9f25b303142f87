// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.options;

import dev.wanlet.base.UserCache;
import dev.wanlet.profiles.RateProbe;
import dev.wanlet.wan.memory.DeviceRates;

/** How fast devices are: measured once, then remembered in the user's cache. Thread-safe. */
public final class MeasuredRates {
  public static final DeviceRates.Source SOURCE =
      (device, threads) -> new RateProbe(UserCache.folder("rates")).rates(device, threads);

  private MeasuredRates() {}
}
