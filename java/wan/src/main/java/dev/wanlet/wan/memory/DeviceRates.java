// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import dev.wanlet.ggml.Device;

/**
 * How fast a device works, for predicting times. Immutable.
 *
 * @param flops floating-point operations a second in products with quantised weights
 * @param overheadRows what reading and unpacking a weight for a product costs, in rows of that
 *     product
 * @param attentionFlops in attention over thousands of keys
 * @param convolutionFlops in the convolutions of a VAE
 * @param uploadBytesPerSecond from host memory to the device
 * @param readBytesPerSecond from the disk of the model's files, where they are not in memory
 * @param source where the figures come from: measured, or assumed for a kind of device
 */
public record DeviceRates(
    double flops,
    double overheadRows,
    double attentionFlops,
    double convolutionFlops,
    double uploadBytesPerSecond,
    double readBytesPerSecond,
    String source) {
  /** What convolutions reach of the rate of matrix products: they also gather their input. */
  private static final double CONVOLUTION_SHARE = 0.5;

  /** Of a graphics card, which unpacks weights fast: launches, and the ends of tiles. */
  private static final double ASSUMED_OVERHEAD_ROWS = 24;

  /** A solid-state disk of the slower kind. */
  public static final double ASSUMED_DISK = 2e9;

  public DeviceRates {
    requirePositive(flops);
    if (!(overheadRows >= 0)) {
      throw new IllegalArgumentException("an overhead of " + overheadRows + " rows");
    }
    requirePositive(attentionFlops);
    requirePositive(convolutionFlops);
    requirePositive(uploadBytesPerSecond);
    requirePositive(readBytesPerSecond);
  }

  private static void requirePositive(double rate) {
    if (!(rate > 0)) {
      throw new IllegalArgumentException("a rate of " + rate + "; expected above 0");
    }
  }

  /** Rates of which only two are known; the others are taken to be in the usual relation. */
  public DeviceRates(double flops, double uploadBytesPerSecond, String source) {
    this(
        flops,
        ASSUMED_OVERHEAD_ROWS,
        flops,
        CONVOLUTION_SHARE * flops,
        uploadBytesPerSecond,
        ASSUMED_DISK,
        source);
  }

  /** The same rates, with other words on where they come from. */
  public DeviceRates withSource(String other) {
    return new DeviceRates(
        flops,
        overheadRows,
        attentionFlops,
        convolutionFlops,
        uploadBytesPerSecond,
        readBytesPerSecond,
        other);
  }

  /** Seconds of products of so many rows with weights of so many operations a row. */
  double productSeconds(double rows, double flopsPerRow) {
    return (rows + overheadRows) * flopsPerRow / flops;
  }

  /**
   * How fast weights arrive that are read from a file again and again.
   *
   * @param bytes that one round reads
   * @param cacheBytes host memory that may keep them between rounds; what is more than that is gone
   *     when its turn comes again
   */
  double streamedBytesPerSecond(long bytes, long cacheBytes) {
    return bytes <= cacheBytes
        ? uploadBytesPerSecond
        : Math.min(uploadBytesPerSecond, readBytesPerSecond);
  }

  /** Where rates come from. */
  @FunctionalInterface
  public interface Source {
    /**
     * The rates of a device.
     *
     * @param threads of a CPU device
     */
    DeviceRates of(Device device, int threads);
  }

  /** What is assumed until the device was measured: cautious figures for its kind. */
  public static DeviceRates assumed(Device device) {
    int processors = Runtime.getRuntime().availableProcessors();
    return switch (device.kind()) {
      case CPU, META ->
          new DeviceRates(60e9 * processors, 8e9, "assumed for " + processors + " processors");
      case GPU, ACCELERATOR -> new DeviceRates(15e12, 10e9, "assumed for a graphics card");
      case INTEGRATED_GPU -> new DeviceRates(1.5e12, 10e9, "assumed for integrated graphics");
    };
  }
}
