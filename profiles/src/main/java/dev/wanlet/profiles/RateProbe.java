// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Buffer;
import dev.wanlet.ggml.CpuLoad;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.ggml.GraphAllocator;
import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorArena;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.memory.DeviceRates;
import dev.wanlet.wan.memory.MemoryBudget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

/**
 * Measures how fast a device multiplies quantised matrices and takes uploads, in well under a
 * second, and remembers it in the user's cache. Thread-safe.
 */
public final class RateProbe {
  private static final int WIDTH = 2048;
  private static final int ROWS = 256;
  private static final int REPEATS = 3;

  /** Of how rates are measured; those of another version are measured anew. */
  private static final int VERSION = 2;

  /** Larger than caches, but no more than a part of what is free: the copy takes as much again. */
  private static final int UPLOAD_BYTES = 64 << 20;

  private static final int PART_OF_FREE_MEMORY = 16;

  /** Drivers, clocks and cooling change, so a measurement does not count for ever. */
  private static final Duration KEEP = Duration.ofDays(1);

  /** Processors that other programs may take during a measurement that is remembered. */
  private static final double QUIET = 0.3;

  private static final ObjectMapper JSON = new ObjectMapper();

  /** What is kept on disk. */
  private record Stored(double flops, double uploadBytesPerSecond) {}

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
        Stored stored = JSON.readValue(file.toFile(), Stored.class);
        return new DeviceRates(
            stored.flops(), stored.uploadBytesPerSecond(), "measured on this machine");
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
      return new DeviceRates(rates.flops(), rates.uploadBytesPerSecond(), origin);
    }
    try {
      Files.createDirectories(folder);
      Path part = Files.createTempFile(folder, "rates", ".part");
      JSON.writeValue(
          part.toFile(),
          Map.of("flops", rates.flops(), "uploadBytesPerSecond", rates.uploadBytesPerSecond()));
      Files.move(part, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      // without a cache the next run measures again
    }
    return rates;
  }

  private static Duration age(Path file) throws IOException {
    return Duration.between(Files.getLastModifiedTime(file).toInstant(), Instant.now());
  }

  /** Measures, without looking at the cache. */
  public static DeviceRates measure(Device device, int threads) {
    try (Backend backend = Backend.open(device)) {
      backend.setThreads(threads);
      return new DeviceRates(flops(backend), uploadRate(backend), "measured on this machine");
    }
  }

  private static double flops(Backend backend) {
    try (TensorArena weights = TensorArena.forTensors(1);
        Buffer buffer =
            backend.allocate(
                backend
                    .device()
                    .bufferType()
                    .align(TensorType.Q8_0.bytes((long) WIDTH * WIDTH) + 4096));
        TensorArena arena = TensorArena.forGraph(8);
        GraphAllocator allocator = new GraphAllocator(backend)) {
      Tensor weight = weights.tensor("w", TensorType.Q8_0, Shape.of(WIDTH, WIDTH));
      buffer.place(weight);
      buffer.clear(1);
      GraphBuilder g = new GraphBuilder(arena);
      Tensor x = g.input("x", TensorType.F32, ROWS, WIDTH);
      // As the transformer's linear layers do it.
      boolean widens = backend.device().multipliesBf16Faster();
      g.output(g.matmul(widens ? g.widen(weight) : weight, x));
      allocator.allocate(g.graph());
      x.set(new float[ROWS * WIDTH]);
      double best = Double.MAX_VALUE;
      for (int i = 0; i < REPEATS; i++) {
        long start = System.nanoTime();
        backend.compute(g.graph());
        best = Math.min(best, (System.nanoTime() - start) / 1e9);
      }
      return 2.0 * ROWS * WIDTH * WIDTH / best;
    }
  }

  private static double uploadRate(Backend backend) {
    long most = MemoryBudget.freeHostBytes() / PART_OF_FREE_MEMORY;
    int bytes = (int) Math.max(1 << 20, Math.min(UPLOAD_BYTES, most)) & -4096;
    try (TensorArena arena = TensorArena.forTensors(1);
        Buffer buffer = backend.allocate(bytes);
        HostMemory source = new HostMemory(bytes)) {
      Tensor target = arena.tensor("t", TensorType.F32, Shape.of(bytes / 4));
      buffer.place(target);
      double best = Double.MAX_VALUE;
      for (int i = 0; i < REPEATS; i++) {
        long start = System.nanoTime();
        target.setFrom(source.address(), 0, bytes);
        best = Math.min(best, (System.nanoTime() - start) / 1e9);
      }
      return bytes / best;
    }
  }
}
