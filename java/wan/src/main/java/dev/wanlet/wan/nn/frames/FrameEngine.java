// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn.frames;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Buffer;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.GraphAllocator;
import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorArena;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.NetworkWeights;
import dev.wanlet.wan.nn.WeightLayout;
import dev.wanlet.wan.nn.WeightReader;
import dev.wanlet.wan.nn.WeightSet;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Owner: the memory of a network on frames, and the runner of its passes over frames, band by band.
 *
 * <p>It comes in two kinds with the same calls: one that only measures, and one that computes in
 * the memory a measuring one found necessary. Confined to one thread.
 */
public final class FrameEngine implements AutoCloseable {
  /** Nodes of the largest graph: a gathered upsampling. */
  private static final int MAX_NODES = 192;

  private static final int MAX_STATE_TENSORS = 256;

  private final Device device;
  private final int threads;
  private final Backend backend;
  private final FrameSettings settings;
  private final WeightLayout layout;
  private final TensorArena stateArena = TensorArena.forTensors(MAX_STATE_TENSORS);
  private final Set<String> measured = new HashSet<>();
  private WeightSet weights;
  private NetworkWeights network;
  private FramePool frames;
  private GraphAllocator allocator;
  private Buffer frameBuffer;
  private Buffer stateBuffer;
  private Buffer hostBuffer;
  private Tensor zeros;
  private long stateBytes;
  private long hostBytes;
  private long computeBytes;
  private long scratchBytes;
  private final List<Long> histories = new ArrayList<>();
  private TensorArena largest;
  private GraphBuilder largestGraph;

  private FrameEngine(
      Device device, int threads, Backend backend, FrameSettings settings, WeightLayout layout) {
    this.device = device;
    this.threads = threads;
    this.backend = backend;
    this.settings = settings;
    this.layout = layout;
  }

  /**
   * An engine that takes no memory and computes nothing.
   *
   * @param widest elements of the longest row or column of padded pixels
   */
  public static FrameEngine measuring(
      Device device, int threads, FrameSettings settings, WeightLayout layout, long widest) {
    FrameEngine engine = new FrameEngine(device, threads, null, settings, layout);
    engine.weights = WeightSet.pretended(layout);
    engine.frames = FramePool.measuring();
    engine.makeZeros(widest);
    return engine;
  }

  /**
   * An engine that computes, in the memory that {@code trial} measured.
   *
   * @throws dev.wanlet.ggml.DeviceMemoryException if the device or the budget has not that much
   * @throws IOException if the weights cannot be read
   */
  public static FrameEngine computing(Backend backend, FrameEngine trial, WeightReader reader)
      throws IOException {
    FrameEngine engine =
        new FrameEngine(backend.device(), backend.threads(), backend, trial.settings, trial.layout);
    try {
      FramePool.Layout frames = trial.frames.layout(trial.device.bufferType());
      engine.frameBuffer = backend.allocate(frames.bytes());
      engine.frames = FramePool.in(engine.frameBuffer, frames);
      engine.stateBuffer = backend.allocate(trial.stateBytes);
      engine.stateBuffer.clear(0);
      if (trial.hostBytes > 0) {
        engine.hostBuffer = backend.allocateHost(trial.hostBytes);
        engine.hostBuffer.clear(0);
      }
      engine.makeZeros(trial.zeros.shape().elements());
      engine.allocator = new GraphAllocator(backend);
      if (trial.largestGraph != null) {
        engine.allocator.reserve(trial.largestGraph.graph());
      }
      engine.network = NetworkWeights.open(backend, trial.layout, reader);
      engine.weights = engine.network.outer();
      return engine;
    } catch (IOException | RuntimeException e) {
      engine.close();
      throw e;
    }
  }

  private void makeZeros(long elements) {
    zeros = stateTensor("zeros", settings.convolutionType(), Shape.of(elements));
  }

  public boolean isMeasuring() {
    return backend == null;
  }

  public FrameSettings settings() {
    return settings;
  }

  public Tensor weight(String name) {
    return weights.get(name);
  }

  /** Zeros of the convolutions' type, as many as the widest border needs. */
  Tensor zeros() {
    return zeros;
  }

  /** What this engine measured. */
  public FrameMemory memory() {
    return new FrameMemory(
        layout.bytes(device.bufferType()),
        frames.layout(device.bufferType()).bytes(),
        stateBytes,
        computeBytes,
        hostBytes,
        scratchBytes,
        histories);
  }

  // ---- frames ----

  /** A frame of work with arbitrary content; give it back with {@link #release}. */
  public Tensor take(TensorType type, long... dims) {
    return frames.take(type, dims);
  }

  public void release(Tensor frame) {
    frames.release(frame);
  }

  /** Gives all frames back, after a run that was cut short. */
  public void releaseAll() {
    frames.releaseAll();
  }

  // ---- state that lives from frame to frame ----

  /**
   * Whether the next history goes to host memory.
   *
   * @param bytes that it takes
   */
  boolean nextHistoryIsOnHost(long bytes) {
    histories.add(bytes);
    return histories.size() <= settings.hostHistories();
  }

  /** A tensor that lives as long as the engine. */
  Tensor stateTensor(String name, TensorType type, Shape shape) {
    Tensor tensor = stateArena.tensor(name, type, shape);
    if (isMeasuring()) {
      tensor.pretendPlaced();
    } else {
      stateBuffer.place(tensor, stateBytes);
    }
    stateBytes =
        device.bufferType().align(stateBytes + device.bufferType().allocationBytes(tensor));
    return tensor;
  }

  /** The address of pinned host memory that lives as long as the engine; 0 when measuring. */
  long hostMemory(long bytes) {
    long at = hostBytes;
    hostBytes = Math.addExact(hostBytes, (bytes + 63) / 64 * 64);
    return isMeasuring() ? 0 : hostBuffer.hostAddress() + at;
  }

  /** Fills what lives from frame to frame with zeros, for a new clip. */
  public void clearState() {
    if (!isMeasuring()) {
      stateBuffer.clear(0);
      if (hostBuffer != null) {
        hostBuffer.clear(0);
      }
    }
  }

  // ---- passes ----

  /** Rows of a band whose rows take that many bytes of activations. */
  private int bandRows(int rows, long bytesPerRow) {
    return (int) Math.max(1, Math.min(rows, settings.bandBytes() / Math.max(1, bytesPerRow)));
  }

  /**
   * Runs a pass over all rows of a frame.
   *
   * @param key what the pass is; passes of equal key have equal graphs
   * @param bytesPerRow activations of one row, about
   * @param build makes the graph of a band
   */
  public void run(String key, int rows, long bytesPerRow, Consumer<Band> build) {
    int band = bandRows(rows, bytesPerRow);
    if (isMeasuring()) {
      if (measured.add(key)) {
        measure(0, band, build);
        if (rows % band != 0) {
          measure(rows - rows % band, rows % band, build);
        }
      }
      return;
    }
    for (int first = 0; first < rows; first += band) {
      try (TensorArena arena = TensorArena.forGraph(MAX_NODES)) {
        Band b = new Band(new GraphBuilder(arena), first, Math.min(band, rows - first));
        build.accept(b);
        allocator.allocate(b.graph().graph());
        b.runBefore();
        backend.compute(b.graph().graph());
        b.runAfter();
      }
    }
  }

  private void measure(int first, int rows, Consumer<Band> build) {
    TensorArena arena = TensorArena.forGraph(MAX_NODES);
    boolean kept = false;
    try {
      GraphBuilder g = new GraphBuilder(arena);
      build.accept(new Band(g, first, rows));
      long bytes = GraphAllocator.measure(device, g.graph());
      scratchBytes = Math.max(scratchBytes, Backend.scratchBytes(device, g.graph(), threads));
      if (bytes > computeBytes) {
        computeBytes = bytes;
        if (largest != null) {
          largest.close();
        }
        largest = arena;
        largestGraph = g;
        kept = true;
      }
    } finally {
      if (!kept) {
        arena.close();
      }
    }
  }

  /** Copies a tensor to host memory; nothing when measuring. */
  void download(Tensor from, long address) {
    if (!isMeasuring()) {
      from.getTo(address, 0, from.bytes());
    }
  }

  @Override
  public void close() {
    if (largest != null) {
      largest.close();
    }
    if (allocator != null) {
      allocator.close();
    }
    if (frames != null) {
      frames.close();
    }
    stateArena.close();
    if (network != null) {
      network.close();
    } else if (weights != null) {
      weights.close();
    }
    for (Buffer buffer : new Buffer[] {frameBuffer, stateBuffer, hostBuffer}) {
      if (buffer != null) {
        buffer.close();
      }
    }
  }
}
