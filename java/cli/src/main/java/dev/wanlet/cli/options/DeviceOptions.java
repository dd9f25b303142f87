// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.options;

import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.nn.Precision;
import java.util.OptionalInt;
import java.util.OptionalLong;
import picocli.CommandLine.Option;

/** Options of where to compute. Confined to one thread. */
public class DeviceOptions {
  @Option(
      names = "--device",
      paramLabel = "NAME",
      description =
          "Device to compute on, as 'wanlet doctor' lists them: CPU, CUDA0, Vulkan0, ... (default:"
              + " the best there is).")
  private String device = ComputeSettings.AUTO_DEVICE;

  @Option(
      names = {"-t", "--threads"},
      paramLabel = "COUNT",
      description =
          "Threads of the CPU (default: one per processor that other programs leave free, adapted while"
              + " it runs).")
  private Integer threads;

  /** The settings without budgets. */
  public ComputeSettings settings() {
    return settings(OptionalLong.empty(), OptionalLong.empty(), Precision.AUTO);
  }

  final ComputeSettings settings(OptionalLong vram, OptionalLong ram, Precision precision) {
    OptionalInt count = threads == null ? OptionalInt.empty() : OptionalInt.of(threads);
    return new ComputeSettings(device, count, vram, ram, precision);
  }
}
