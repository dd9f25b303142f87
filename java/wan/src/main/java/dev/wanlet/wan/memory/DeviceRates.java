// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.TensorType;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How fast a device works, for predicting times. Immutable.
 *
 * @param flops floating-point operations a second in products with weights of 8 bits
 * @param overheadRows what reading and unpacking such a weight for a product costs, in rows of that
 *     product
 * @param types the same for weights of other types; those that are not there count as 8 bits
 * @param attentionFlops in attention over {@link #FEW_KEYS} keys or fewer
 * @param longAttentionFlops the same over {@link #MANY_KEYS} keys or more
 * @param convolutionFlops in the convolutions of a VAE
 * @param uploadBytesPerSecond from host memory to the device
 * @param readBytesPerSecond from the disk of the model's files, where they are not in memory
 * @param source where the figures come from: measured, or assumed for a kind of device
 */
public record DeviceRates(
    double flops,
    double overheadRows,
    Map<TensorType, Product> types,
    double attentionFlops,
    double longAttentionFlops,
    double convolutionFlops,
    double uploadBytesPerSecond,
    double readBytesPerSecond,
    String source) {
  /** Keys of the shorter of two measurements of attention. */
  public static final int FEW_KEYS = 4096;

  /** Keys of the longer one: a clip of 832x480 and 81 frames has as many tokens. */
  public static final int MANY_KEYS = 32768;

  /** What convolutions reach of the rate of matrix products: they also gather their input. */
  private static final double CONVOLUTION_SHARE = 0.5;

  /** Of a graphics card, which unpacks weights fast: launches, and the ends of tiles. */
  private static final double ASSUMED_OVERHEAD_ROWS = 24;

  /** A solid-state disk of the slower kind. */
  public static final double ASSUMED_DISK = 2e9;

  /**
   * How fast products with weights of one type are. Immutable.
   *
   * @param flops floating-point operations a second
   * @param overheadRows what reading and unpacking costs, in rows
   */
  public record Product(double flops, double overheadRows) {
    public Product {
      requirePositive(flops);
      requireRows(overheadRows);
    }
  }

  public DeviceRates {
    requirePositive(flops);
    requireRows(overheadRows);
    types = Map.copyOf(types);
    requirePositive(attentionFlops);
    requirePositive(longAttentionFlops);
    requirePositive(convolutionFlops);
    requirePositive(uploadBytesPerSecond);
    requirePositive(readBytesPerSecond);
  }

  private static void requirePositive(double rate) {
    if (!(rate > 0)) {
      throw new IllegalArgumentException("a rate of " + rate + "; expected above 0");
    }
  }

  private static void requireRows(double rows) {
    if (!(rows >= 0)) {
      throw new IllegalArgumentException("an overhead of " + rows + " rows");
    }
  }

  /** Rates of a device that does all types, and attention over any number of keys, alike. */
  public DeviceRates(
      double flops,
      double overheadRows,
      double attentionFlops,
      double convolutionFlops,
      double uploadBytesPerSecond,
      double readBytesPerSecond,
      String source) {
    this(
        flops,
        overheadRows,
        Map.of(),
        attentionFlops,
        attentionFlops,
        convolutionFlops,
        uploadBytesPerSecond,
        readBytesPerSecond,
        source);
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
    return with(types, readBytesPerSecond, other);
  }

  /** The same rates, with those of more types of weights. */
  public DeviceRates withTypes(Map<TensorType, Product> more) {
    Map<TensorType, Product> all = new EnumMap<>(TensorType.class);
    all.putAll(types);
    all.putAll(more);
    return with(all, readBytesPerSecond, source);
  }

  /** The same rates beside another disk. */
  public DeviceRates withReadBytesPerSecond(double rate) {
    return with(types, rate, source);
  }

  private DeviceRates with(Map<TensorType, Product> products, double disk, String origin) {
    return new DeviceRates(
        flops,
        overheadRows,
        products,
        attentionFlops,
        longAttentionFlops,
        convolutionFlops,
        uploadBytesPerSecond,
        disk,
        origin);
  }

  /** Seconds of products of so many rows with 8-bit weights of so many operations a row. */
  double productSeconds(double rows, double flopsPerRow) {
    return (rows + overheadRows) * flopsPerRow / flops;
  }

  /** The same for weights of several types, with the operations a row of each. */
  double productSeconds(double rows, Map<TensorType, Double> flopsPerRow) {
    Product plain = new Product(flops, overheadRows);
    double seconds = 0;
    for (Map.Entry<TensorType, Double> part : flopsPerRow.entrySet()) {
      Product product = types.getOrDefault(part.getKey(), plain);
      seconds += (rows + product.overheadRows()) * part.getValue() / product.flops();
    }
    return seconds;
  }

  /** Operations a second in attention over so many keys: between the two measurements by ratio. */
  double attentionFlops(double keys) {
    double far = Math.log(keys / FEW_KEYS) / Math.log((double) MANY_KEYS / FEW_KEYS);
    double share = Math.max(0, Math.min(1, far));
    return attentionFlops * Math.pow(longAttentionFlops / attentionFlops, share);
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

    /**
     * The rates of a device for one model.
     *
     * @param types of its weights
     * @param files they lie in; none for a model that is only planned
     */
    default DeviceRates of(Device device, int threads, Set<TensorType> types, List<Path> files) {
      return of(device, threads);
    }
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
