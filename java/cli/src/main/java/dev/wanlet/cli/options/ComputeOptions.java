// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.options;

import dev.wanlet.cli.console.ByteSize;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.pipeline.RunOptions;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options of where to compute, with how much memory, and how exactly. Confined to one thread. */
public final class ComputeOptions extends DeviceOptions {
  @Option(
      names = "--vram",
      paramLabel = "SIZE",
      converter = ByteSize.Converter.class,
      description =
          "Most device memory, such as 6GiB, also on the CPU device (default: auto, what is free).")
  private ByteSize vram;

  @Option(
      names = "--ram",
      paramLabel = "SIZE",
      converter = ByteSize.Converter.class,
      description = "Most host memory (default: auto, what is free).")
  private ByteSize ram;

  @Option(
      names = "--precision",
      paramLabel = "HOW",
      description = "auto, or f32: everything in 32-bit floats, slow and large (default: auto).")
  private Precision precision;

  @Option(
      names = {"--max-resident", "-ngl"},
      paramLabel = "BLOCKS",
      description =
          "Keep at most so many of the transformer's blocks on the device and stream the others"
              + " (default: as many as fit).")
  private Integer maxResident;

  /** Most blocks that may stay on the device. */
  public int maxResident() {
    if (maxResident != null && maxResident < 0) {
      throw new RequestException("--max-resident " + maxResident + "; expected 0 or more");
    }
    return maxResident == null ? RunOptions.DEFAULT.maxResident() : maxResident;
  }

  /** The precision that was asked for, if it was. */
  public Optional<Precision> givenPrecision() {
    return Optional.ofNullable(precision);
  }

  @Override
  public ComputeSettings settings() {
    return settings(
        ByteSize.optional(vram),
        ByteSize.optional(ram),
        precision == null ? Precision.AUTO : precision);
  }
}
