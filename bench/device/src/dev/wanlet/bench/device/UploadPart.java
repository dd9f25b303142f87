// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.bench.models.RandomWeights;
import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Buffer;
import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorArena;
import dev.wanlet.ggml.TensorType;

/**
 * How fast weights reach the device from pageable and from pinned memory, and how much of an upload
 * hides behind a computation, as streaming needs it.
 */
final class UploadPart implements Part {
  private static final int REPEATS = 5;
  private static final RandomWeights WEIGHTS = new RandomWeights(1);

  @Override
  public String id() {
    return "upload";
  }

  @Override
  public void run(Kit kit) {
    long bytes = kit.small() ? 4 << 20 : 512 << 20;
    kit.measure(id(), "rates", () -> rates(kit, bytes));
    kit.measure(id(), "behind a product", () -> overlap(kit, bytes));
  }

  private static Facts rates(Kit kit, long bytes) {
    try (Target target = new Target(kit, bytes);
        HostMemory pageable = new HostMemory(bytes);
        Buffer pinned = target.backend.allocateHost(bytes)) {
      long page = pageable.address();
      long pin = pinned.hostAddress();
      // Memory never written to is one page of zeros, which comes from the processor's cache.
      WEIGHTS.fill(TensorType.F32, page, bytes, 0);
      WEIGHTS.fill(TensorType.F32, pin, bytes, 0);
      return new Facts()
          .put("bytes", bytes)
          .put("pageable_bytes_per_second", bytes / best(() -> target.set(page)))
          .put("pinned_bytes_per_second", bytes / best(() -> target.set(pin)))
          .put("pinned_async_bytes_per_second", bytes / best(() -> target.setAsync(pin)));
    }
  }

  private static Facts overlap(Kit kit, long bytes) {
    BlockOps block =
        kit.small() ? new BlockOps(256, 512, 70, 70, 20) : new BlockOps(5120, 13824, 4096, 1, 1);
    OpCase product = block.products(TensorType.Q8_0).get(0);
    try (OpRun run = new OpRun(kit.device(), product);
        Target target = new Target(kit, bytes);
        Buffer pinned = target.backend.allocateHost(bytes)) {
      WEIGHTS.fill(TensorType.F32, pinned.hostAddress(), bytes, 0);
      double upload = best(() -> target.set(pinned.hostAddress()));
      int runs = (int) Math.max(1, Math.ceil(upload / run.seconds()));
      double compute = best(() -> repeat(run, runs));
      double both =
          best(
              () -> {
                Thread loader = new Thread(() -> target.set(pinned.hostAddress()), "loader");
                loader.start();
                repeat(run, runs);
                join(loader);
              });
      return new Facts()
          .put("upload_seconds", upload)
          .put("compute_seconds", compute)
          .put("both_seconds", both)
          .put("hidden_share", (upload + compute - both) / Math.min(upload, compute));
    }
  }

  private static void repeat(OpRun run, int times) {
    for (int i = 0; i < times; i++) {
      run.compute();
    }
  }

  private static void join(Thread loader) {
    try {
      loader.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static double best(Runnable work) {
    double best = Double.MAX_VALUE;
    for (int i = 0; i < REPEATS; i++) {
      long start = System.nanoTime();
      work.run();
      best = Math.min(best, (System.nanoTime() - start) / 1e9);
    }
    return best;
  }

  /** Owner: a tensor on the device that is uploaded to. */
  private static final class Target implements AutoCloseable {
    private final Backend backend;
    private final TensorArena arena = TensorArena.forTensors(1);
    private final Buffer buffer;
    private final Tensor tensor;
    private final long bytes;

    Target(Kit kit, long bytes) {
      this.bytes = bytes;
      backend = Backend.open(kit.device());
      buffer = backend.allocate(bytes);
      tensor = arena.tensor("target", TensorType.F32, Shape.of(bytes / Float.BYTES));
      buffer.place(tensor);
    }

    void set(long address) {
      tensor.setFrom(address, 0, bytes);
    }

    void setAsync(long address) {
      tensor.setFromAsync(backend, address, 0, bytes);
      backend.synchronize();
    }

    @Override
    public void close() {
      buffer.close();
      arena.close();
      backend.close();
    }
  }
}
