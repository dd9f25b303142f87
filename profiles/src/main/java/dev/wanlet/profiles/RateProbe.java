// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.CpuLoad;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.ggml.GgmlException;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.profiles.nvml.Nvml;
import dev.wanlet.wan.memory.DeviceRates;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

/**
 * Measures how fast devices and disks are, and remembers it in the user's cache: for a run what its
 * plan depends on, in less than a second; all of it for a report, in less than twenty. Thread-safe.
 */
public final class RateProbe implements DeviceRates.Source {
  /** Of how rates are measured; those of another version are measured anew. */
  private static final int VERSION = 7;

  private static final String MEASURED = "measured on this machine";

  /** Processors that other programs may take during a measurement that is remembered. */
  private static final double QUIET = 0.3;

  /**
   * After so long no further types of weights are begun for a run, and how long its disk is read.
   */
  private static final double TYPES_SECONDS = 0.4;

  private static final double DISK_SECONDS = 0.15;

  /** The same for a report. */
  private static final double ALL_TYPES_SECONDS = 12;

  private static final double LONG_DISK_SECONDS = 1.5;

  /** Types that models' files are offered in. */
  private static final Set<TensorType> USUAL_TYPES =
      new TreeSet<>(
          List.of(
              TensorType.F16,
              TensorType.BF16,
              TensorType.Q8_0,
              TensorType.Q6_K,
              TensorType.Q5_K,
              TensorType.Q4_K,
              TensorType.Q3_K,
              TensorType.Q2_K,
              TensorType.Q5_0,
              TensorType.Q4_0));

  /**
   * What is remembered of a device.
   *
   * @param longAttention whether attention over many keys was measured too
   * @param pageableUpload bytes a second from memory that is not pinned; 0 if it was not measured
   */
  record Entry(DeviceRates rates, boolean longAttention, double pageableUpload) {}

  /**
   * All that is measured. Immutable.
   *
   * @param rates of the device, with those of its disk
   * @param pageableUploadBytesPerSecond from memory that is not pinned
   * @param disk what the rate of the disk is, in words
   */
  public record All(DeviceRates rates, double pageableUploadBytesPerSecond, String disk) {}

  private final MeasurementCache cache;
  private final Supplier<DoubleSupplier> load;

  /** What was measured in this process while others were busy: once is enough for its plans. */
  private final Map<String, Entry> passing = new ConcurrentHashMap<>();

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
    this.cache = new MeasurementCache(folder);
    this.load = load;
  }

  /**
   * The rates of a device, measured now or earlier. What is measured while other programs are busy
   * holds for this moment only: it says so, and is not remembered.
   */
  @Override
  public DeviceRates of(Device device, int threads) {
    return entry(device, threads, Set.of(), TYPES_SECONDS, false).rates();
  }

  /**
   * The same with those of types and of the disk; what a second does not suffice for is assumed.
   */
  @Override
  public DeviceRates of(Device device, int threads, Set<TensorType> types, List<Path> files) {
    DeviceRates rates = entry(device, threads, types, TYPES_SECONDS, false).rates();
    return disk(files, DISK_SECONDS)
        .map(
            d ->
                rates
                    .withReadBytesPerSecond(d.bytesPerSecond())
                    .withSource(rates.source() + ", and its disk"))
        .orElse(rates);
  }

  /**
   * All rates, for a report.
   *
   * @param files on the disk that models are read from, of which the largest is read
   */
  public All all(Device device, int threads, List<Path> files) {
    Entry entry = entry(device, threads, USUAL_TYPES, ALL_TYPES_SECONDS, true);
    Optional<DiskProbe.Result> disk = disk(files, LONG_DISK_SECONDS);
    return new All(
        disk.map(d -> entry.rates().withReadBytesPerSecond(d.bytesPerSecond()))
            .orElse(entry.rates()),
        entry.pageableUpload(),
        disk.map(
                d ->
                    d.pastCache()
                        ? "measured, past the page cache"
                        : "measured through the page cache, which may have been faster than the"
                            + " disk")
            .orElse("assumed: there is no file to read"));
  }

  // ---- the device ----

  private Entry entry(
      Device device, int threads, Set<TensorType> types, double seconds, boolean full) {
    String key = key(device, threads);
    Optional<Entry> remembered = cache.find(key, Entry.class);
    Optional<Entry> known = remembered.or(() -> Optional.ofNullable(passing.get(key)));
    if (known.isPresent() && has(known.get(), types, full)) {
      return known.get();
    }
    DoubleSupplier others = load.get();
    Entry measured = measure(device, threads, known, types, seconds, full);
    double busy = others.getAsDouble();
    boolean onTopOfLoaded = !full && remembered.isEmpty() && known.isPresent();
    if (busy <= QUIET && !onTopOfLoaded) {
      cache.store(key, measured);
      passing.remove(key);
      return measured;
    }
    if (remembered.isPresent() && !full) {
      return remembered.get(); // a quiet moment's figures go before those of a loaded one
    }
    String origin =
        onTopOfLoaded
            ? measured.rates().source()
            : String.format(
                Locale.ROOT, "measured now, while other programs kept %.1f processors busy", busy);
    DeviceRates loaded = measured.rates().withSource(origin);
    // Types differ by less than what others' work does to a measurement: for choosing among them
    // all count as 8 bits then.
    passing.put(key, new Entry(loaded.withTypes(alike(loaded, types)), full, 0));
    return full ? new Entry(loaded, true, measured.pageableUpload()) : passing.get(key);
  }

  private static Map<TensorType, DeviceRates.Product> alike(
      DeviceRates rates, Set<TensorType> types) {
    Map<TensorType, DeviceRates.Product> products = new EnumMap<>(TensorType.class);
    measurable(types)
        .forEach(
            t -> products.put(t, new DeviceRates.Product(rates.flops(), rates.overheadRows())));
    return products;
  }

  private static boolean has(Entry entry, Set<TensorType> types, boolean full) {
    return entry.rates().types().keySet().containsAll(measurable(types))
        && (!full || entry.longAttention());
  }

  /** The 8-bit type is the one that others are compared with; F32 weights are few and small. */
  private static Set<TensorType> measurable(Set<TensorType> types) {
    Set<TensorType> others = new TreeSet<>(types);
    others.removeAll(Set.of(TensorType.Q8_0, TensorType.F32));
    return others;
  }

  private static Entry measure(
      Device device,
      int threads,
      Optional<Entry> known,
      Set<TensorType> types,
      double seconds,
      boolean full) {
    try (Backend backend = Backend.open(device)) {
      backend.setThreads(threads);
      RateMeasurement measurement = new RateMeasurement(backend);
      // What is compared is measured in the same moment.
      boolean anew = full || known.isEmpty();
      DeviceRates rates = anew ? measurement.basic(MEASURED) : known.get().rates();
      Map<TensorType, DeviceRates.Product> products = new EnumMap<>(TensorType.class);
      long start = System.nanoTime();
      for (TensorType type : measurable(types)) {
        boolean late = (System.nanoTime() - start) / 1e9 > seconds;
        if (!late && (anew || !rates.types().containsKey(type))) {
          products.put(type, product(measurement, type, rates));
        }
      }
      rates = rates.withTypes(products);
      boolean far = full || known.map(Entry::longAttention).orElse(false);
      return new Entry(
          full ? measurement.withLongAttention(rates) : rates,
          far,
          full ? measurement.uploadRate(false) : known.map(Entry::pageableUpload).orElse(0.0));
    }
  }

  /** Measures what every prediction needs, without looking at the cache. */
  public static DeviceRates measure(Device device, int threads) {
    return measure(device, threads, Optional.empty(), Set.of(), 0, false).rates();
  }

  /** A type that a device does not multiply with is converted for it, and counts as 8 bits. */
  private static DeviceRates.Product product(
      RateMeasurement measurement, TensorType type, DeviceRates rates) {
    try {
      return measurement.product(type);
    } catch (GgmlException e) {
      return new DeviceRates.Product(rates.flops(), rates.overheadRows());
    }
  }

  /** A device, its driver and the build: whatever changes, changes the rates. */
  private static String key(Device device, int threads) {
    String driver = device.isCpu() ? "" : Nvml.ask().driver().orElse("");
    return String.format(
        "rates-%d-%s-%s-%s-%d-%s",
        VERSION, device.name(), device.description(), driver, threads, Ggml.buildId());
  }

  // ---- the disk ----

  private Optional<DiskProbe.Result> disk(List<Path> files, double seconds) {
    List<Path> there = new ArrayList<>(files);
    there.removeIf(f -> !Files.isRegularFile(f));
    Optional<Path> largest = there.stream().max(Comparator.comparingLong(f -> f.toFile().length()));
    if (largest.isEmpty()) {
      return Optional.empty();
    }
    try {
      FileStore store = Files.getFileStore(largest.get());
      String key = String.format("disk-%d-%s-%s", VERSION, store.name(), store.type());
      Optional<DiskProbe.Result> known = cache.find(key, DiskProbe.Result.class);
      if (known.isPresent()) {
        return known;
      }
      Optional<DiskProbe.Result> measured = DiskProbe.measure(largest.get(), seconds);
      measured.ifPresent(m -> cache.store(key, m));
      return measured;
    } catch (IOException e) {
      return Optional.empty(); // the run itself will say what is wrong with its file
    }
  }
}
