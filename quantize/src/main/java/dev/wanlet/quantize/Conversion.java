// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import dev.wanlet.ggml.HostMemory;
import dev.wanlet.weights.WeightFormatException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Streams tensors through all cores: slices of rows are read, widened, patched, stored in their
 * type and measured on worker threads, and handed on in order on the caller's thread. At most two
 * slices a worker are under way, which bounds memory. Owner of threads and buffers; used by one
 * thread.
 */
final class Conversion implements AutoCloseable {
  /** Takes the bytes of tensors in order. */
  interface Sink {
    void accept(TensorPlan plan, long address, long bytes) throws IOException;
  }

  /** Tensors that have changes or importance weights. */
  interface Extras {
    List<TensorPatch> patches(TensorPlan plan);

    /** One weight for each column, or null. */
    float[] importance(TensorPlan plan) throws IOException;
  }

  private record Pending(
      Tensor tensor, HostMemory buffer, long bytes, Future<ErrorStatistics> error, boolean last) {}

  /** A tensor under way. */
  private static final class Tensor {
    final TensorPlan plan;
    final List<TensorPatch> patches;
    final HostMemory importance;
    ErrorStatistics error = ErrorStatistics.NONE;

    Tensor(TensorPlan plan, List<TensorPatch> patches, HostMemory importance) {
      this.plan = plan;
      this.patches = patches;
      this.importance = importance;
    }

    void release() {
      patches.forEach(TensorPatch::release);
      if (importance != null) {
        importance.close();
      }
    }
  }

  private static final int SLICES_PER_THREAD = 2;

  private final Workers workers;
  private final int window;
  private final LinkedBlockingDeque<SliceConverter> converters = new LinkedBlockingDeque<>();
  private final Deque<HostMemory> buffers = new ArrayDeque<>();
  private final Set<Tensor> open = new LinkedHashSet<>();
  private final Deque<Pending> pending = new ArrayDeque<>();
  private final AtomicLong scratchBytes = new AtomicLong();
  private final QuantizeListener listener;
  private long bufferBytes;
  private long done;
  private long total;

  Conversion(int threads, QuantizeListener listener) {
    this.workers = new Workers(threads);
    this.window = SLICES_PER_THREAD * threads;
    for (int i = 0; i < threads; i++) {
      converters.add(new SliceConverter());
    }
    this.listener = listener;
  }

  /**
   * Converts tensors in order.
   *
   * @return a report of each
   * @throws WeightFormatException if a tensor holds infinities or NaN
   * @throws CancellationException if the listener says so
   */
  List<TensorReport> run(List<TensorPlan> plans, Extras extras, Sink sink) throws IOException {
    total = plans.stream().mapToLong(TensorPlan::bytes).sum();
    List<TensorReport> reports = new ArrayList<>();
    for (TensorPlan plan : plans) {
      submit(plan, extras, sink, reports);
    }
    while (!pending.isEmpty()) {
      finishOldest(sink, reports);
    }
    return reports;
  }

  private void submit(TensorPlan plan, Extras extras, Sink sink, List<TensorReport> reports)
      throws IOException {
    Tensor tensor = new Tensor(plan, extras.patches(plan), importance(plan, extras));
    open.add(tensor);
    long rows = plan.shape().rows();
    long sliceRows = SliceConverter.sliceRows(plan);
    for (long first = 0; first < rows; first += sliceRows) {
      if (listener.isCancelled()) {
        throw new CancellationException("stopped; nothing was written");
      }
      while (pending.size() >= window) {
        finishOldest(sink, reports);
      }
      long start = first;
      long count = Math.min(sliceRows, rows - first);
      long bytes = plan.type().bytes(plan.shape().columns()) * count;
      HostMemory buffer = takeBuffer(bytes);
      Future<ErrorStatistics> error = workers.submit(() -> convert(tensor, start, count, buffer));
      pending.add(new Pending(tensor, buffer, bytes, error, first + count == rows));
    }
  }

  private static HostMemory importance(TensorPlan plan, Extras extras) throws IOException {
    float[] weights = plan.type().isQuantized() ? extras.importance(plan) : null;
    if (weights == null) {
      return null;
    }
    HostMemory memory = new HostMemory(4L * weights.length);
    memory.view(0, 4 * weights.length).asFloatBuffer().put(weights);
    return memory;
  }

  private ErrorStatistics convert(Tensor tensor, long first, long rows, HostMemory buffer)
      throws InterruptedException {
    SliceConverter converter = converters.take();
    try {
      long before = converter.scratchBytes();
      long importance = tensor.importance == null ? 0 : tensor.importance.address();
      ErrorStatistics error =
          converter.convert(tensor.plan, first, rows, tensor.patches, importance, buffer);
      scratchBytes.addAndGet(converter.scratchBytes() - before);
      long columns = tensor.plan.shape().columns();
      SliceReader.forget(tensor.plan.source(), first * columns, rows * columns);
      return error;
    } finally {
      converters.addFirst(converter);
    }
  }

  private void finishOldest(Sink sink, List<TensorReport> reports) throws IOException {
    Pending oldest = pending.remove();
    Tensor tensor = oldest.tensor;
    try {
      tensor.error = tensor.error.plus(Workers.result(oldest.error));
      sink.accept(tensor.plan, oldest.buffer.address(), oldest.bytes);
    } finally {
      // A worker is done with it in any case: failed tasks have ended, and close() awaits the rest.
      buffers.addLast(oldest.buffer);
    }
    done += oldest.bytes;
    listener.progress(done, total);
    if (oldest.last) {
      open.remove(tensor);
      tensor.release();
      checkFinite(tensor);
      TensorReport report = TensorReport.of(tensor.plan, tensor.error);
      reports.add(report);
      listener.tensorDone(report);
    }
  }

  private static void checkFinite(Tensor tensor) throws WeightFormatException {
    if (tensor.error.isFinite()) {
      return;
    }
    boolean sourceBad = !Double.isFinite(tensor.error.squaredSource());
    throw new WeightFormatException(
        tensor.plan.source().file(),
        "tensor '"
            + tensor.plan.name()
            + "' "
            + (sourceBad
                ? "holds infinities or NaN; the file is damaged, download it again"
                : "has values too large for " + tensor.plan.type() + "; store it as BF16 or F32"));
  }

  private HostMemory takeBuffer(long bytes) {
    HostMemory buffer = buffers.isEmpty() ? new HostMemory(0) : buffers.removeFirst();
    bufferBytes -= buffer.bytes();
    HostMemory large = SliceConverter.grown(buffer, bytes);
    bufferBytes += large.bytes();
    return large;
  }

  /** Native memory this holds: slices under way and scratch. */
  long nativeBytes() {
    return bufferBytes + scratchBytes.get();
  }

  @Override
  public void close() {
    workers.close();
    pending.forEach(p -> p.buffer.close());
    pending.clear();
    open.forEach(Tensor::release);
    open.clear();
    converters.forEach(SliceConverter::close);
    buffers.forEach(HostMemory::close);
  }
}
