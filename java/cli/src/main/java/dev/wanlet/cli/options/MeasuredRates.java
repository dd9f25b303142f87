// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.options;

import dev.wanlet.base.UserCache;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.profiles.RateProbe;
import dev.wanlet.wan.memory.DeviceRates;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** How fast devices are: measured once, then remembered in the user's cache. Thread-safe. */
public final class MeasuredRates {
  public static final DeviceRates.Source SOURCE =
      new DeviceRates.Source() {
        @Override
        public DeviceRates of(Device device, int threads) {
          return probe().of(device, threads);
        }

        @Override
        public DeviceRates of(Device device, int threads, Set<TensorType> types, List<Path> files) {
          return probe().of(device, threads, types, files);
        }
      };

  private static RateProbe probe;

  private MeasuredRates() {}

  /** The one probe of this process, so that what it measures in passing is measured once. */
  public static synchronized RateProbe probe() {
    if (probe == null) {
      probe = new RateProbe(UserCache.folder("rates"));
    }
    return probe;
  }
}
