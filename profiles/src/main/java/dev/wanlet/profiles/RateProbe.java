// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.files.WorkFolder;
import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.CpuLoad;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.wan.memory.DeviceRates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

/**
 * Measures how fast a device multiplies quantised matrices and takes uploads, in well under a
 * second, and remembers it in the user's cache. Thread-safe.
 */
public final class RateProbe {
  /** Name of the file of rates until it is whole. */
  private static final String PENDING = "rates";

  /** Of how rates are measured; those of another version are measured anew. */
  private static final int VERSION = 4;

  private static final String MEASURED = "measured on this machine";

  /** Drivers, clocks and cooling change, so a measurement does not count for ever. */
  private static final Duration KEEP = Duration.ofDays(1);

  /** Processors that other programs may take during a measurement that is remembered. */
  private static final double QUIET = 0.3;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;
  private final Supplier<DoubleSupplier> load;

  /**
   * @param folder where measurements are remembered; made when needed
   */
  public RateProbe(Path folder) {
    this(folder, () -> new CpuLoad()::others);
  }

  /**
   * @param load starts to watch; what it gives then tells the processors that others took
   */
  RateProbe(Path folder, Supplier<DoubleSupplier> load) {
    this.folder = folder;
    this.load = load;
  }

  /**
   * The rates of a device, measured now or earlier. What is measured while other programs are busy
   * holds for this moment only: it says so, and is not remembered.
   *
   * @param threads of a CPU device
   */
  public DeviceRates rates(Device device, int threads) {
    Path file =
        folder.resolve(
            String.format(
                    "rates-%d-%s-%s-%d-%s.json",
                    VERSION, device.name(), device.description(), threads, Ggml.buildId())
                .replaceAll("[^A-Za-z0-9._-]+", "_"));
    try {
      if (Files.isRegularFile(file) && age(file).compareTo(KEEP) < 0) {
        return JSON.readValue(file.toFile(), DeviceRates.class);
      }
    } catch (IOException | IllegalArgumentException e) {
      // a damaged file is measured anew
    }
    DoubleSupplier others = load.get();
    DeviceRates rates = measure(device, threads);
    double busy = others.getAsDouble();
    if (busy > QUIET) {
      String origin =
          String.format(
              Locale.ROOT, "measured now, while other programs kept %.1f processors busy", busy);
      return rates.withSource(origin);
    }
    try {
      store(file, rates);
    } catch (IOException e) {
      // without a cache the next run measures again
    }
    return rates;
  }

  private static void store(Path file, DeviceRates rates) throws IOException {
    Files.createDirectories(file.getParent());
    try (WorkFolder work = WorkFolder.beside(file)) {
      JSON.writeValue(work.file(PENDING).toFile(), rates);
      work.moveTo(PENDING, file);
    }
  }

  private static Duration age(Path file) throws IOException {
    return Duration.between(Files.getLastModifiedTime(file).toInstant(), Instant.now());
  }

  /** Measures, without looking at the cache. */
  public static DeviceRates measure(Device device, int threads) {
    try (Backend backend = Backend.open(device)) {
      backend.setThreads(threads);
      return new RateMeasurement(backend).run(MEASURED);
    }
  }
}
