// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import dev.wanlet.ggml.internal.GgmlJni;
import dev.wanlet.ggml.internal.NativeHandle;

/**
 * Owner: a device opened for computing, with the meters of the memory taken on it. Buffers and
 * graph allocators made from it must be closed first.
 *
 * <p>Thread-safe: one thread computes, others may upload to buffers or ask it to stop.
 */
public final class Backend implements AutoCloseable {
  /** The most threads that ggml takes. */
  public static final int MAX_THREADS = GgmlJni.MAX_THREADS;

  private final Device device;
  private volatile NativeHandle handle;
  private final NativeHandle abortFlag;
  private final boolean stopsInsideGraphs;
  private final MemoryMeter deviceMemory;
  private final MemoryMeter hostMemory;
  private volatile boolean stopRequested;
  private volatile GgmlException failure;
  private final CpuThreads threads = new CpuThreads(availableThreads());
  private int activeThreads;

  private Backend(Device device) {
    this.device = device;
    this.handle = opened();
    this.abortFlag =
        new NativeHandle(this, "abort flag", GgmlJni.abortFlagNew(), GgmlJni::abortFlagFree);
    this.stopsInsideGraphs = handle.call(abortFlag, GgmlJni::backendSetAbortFlag);
    this.deviceMemory = new MemoryMeter(device.name());
    this.hostMemory = new MemoryMeter("host");
  }

  private NativeHandle opened() {
    return new NativeHandle(
        this, "backend", device.view().call(GgmlJni::backendInit), GgmlJni::backendFree);
  }

  /**
   * Gives back what the backend keeps for itself (pools that only grow, descriptors of buffers that
   * are gone), and leaves a failure behind; meters stay. For the time between two stages of a run:
   * no graph may run, and what is allocated stays valid. Without effect on the CPU.
   *
   * <p>Not only a matter of memory: Mesa's software Vulkan driver follows descriptors of buffers
   * that were freed, and ends the process.
   */
  public void renew() {
    if (device.isCpu()) {
      return;
    }
    handle.close();
    handle = opened();
    failure = null;
  }

  /**
   * Opens a device.
   *
   * @throws GgmlException if the driver refuses
   */
  public static Backend open(Device device) {
    Backend backend = new Backend(device);
    if (device.isCpu()) {
      backend.requireSleepingThreads();
    }
    return backend;
  }

  /** One thread per processor, as far as ggml takes so many. */
  public static int availableThreads() {
    return Math.min(MAX_THREADS, Runtime.getRuntime().availableProcessors());
  }

  public Device device() {
    return device;
  }

  private void requireSleepingThreads() {
    if (threads.most() == 1) {
      return;
    }
    activate(2);
    try {
      BarrierCheck.require(device, () -> handle.call(b -> GgmlJni.longestSpin(b, 2)));
    } catch (GgmlException e) {
      close();
      throw e;
    }
  }

  /**
   * Fixes how many threads a CPU device computes with; without effect on others. Small graphs run
   * on one thread in any case. Results do not depend on it.
   */
  public void setThreads(int count) {
    if (count < 1 || count > MAX_THREADS) {
      throw new IllegalArgumentException("threads must be 1 to " + MAX_THREADS + ", not " + count);
    }
    threads.fix(count);
  }

  /**
   * Lets the number of threads follow the processors that other programs leave free, up to {@link
   * #availableThreads()}; a backend begins so.
   */
  public void adaptThreads() {
    threads.adapt(availableThreads());
  }

  private void activate(int count) {
    if (count != activeThreads) {
      activeThreads = count;
      handle.run(b -> GgmlJni.backendSetThreads(b, count));
    }
  }

  /** The most threads that a graph is computed with. */
  public int threads() {
    return threads.most();
  }

  /** What buffers and graphs take on the device; its limit is the budget. */
  public MemoryMeter deviceMemory() {
    return deviceMemory;
  }

  /** What pinned host buffers take. */
  public MemoryMeter hostMemory() {
    return hostMemory;
  }

  /**
   * Allocates device memory.
   *
   * @throws DeviceMemoryException if the budget or the device has not that much
   */
  public Buffer allocate(long bytes) {
    return new Buffer(device.bufferType(), bytes, deviceMemory, device);
  }

  /** Allocates device memory of another type of this device, such as a repacking one. */
  public Buffer allocate(BufferType type, long bytes) {
    return new Buffer(type, bytes, deviceMemory, device);
  }

  /** Allocates pinned host memory (plain host memory where the device pins none). */
  public Buffer allocateHost(long bytes) {
    return new Buffer(device.hostBufferType(), bytes, hostMemory, device);
  }

  /**
   * Runs a graph and waits for it.
   *
   * @throws GgmlException with {@link ErrorCode#UNSUPPORTED} if the device lacks an operation,
   *     {@link ErrorCode#ABORTED} after {@link #requestStop()}, {@link ErrorCode#OUT_OF_MEMORY} if
   *     the device could not give what the backend takes by itself, {@link ErrorCode#DEVICE_FAILED}
   *     if the device is lost. After the last two this backend computes no more: close it and open
   *     another.
   */
  public void compute(Graph graph) {
    if (stopRequested) {
      throw new GgmlException(ErrorCode.ABORTED, "stopped on request");
    }
    if (failure != null) {
      throw new GgmlException(
          ErrorCode.DEVICE_FAILED,
          "device " + device + " failed before and must be opened anew: " + failure.getMessage());
    }
    graph.checkReady(device);
    if (device.isCpu()) {
      activate(threads.forGraph(graph.operations(), graph.nodes()));
    }
    OpProfile profile = OpProfile.current();
    try {
      if (profile == null) {
        handle.run(graph.view(), GgmlJni::backendCompute);
        synchronize();
      } else {
        profile.compute(handle, graph);
      }
    } catch (GgmlException e) {
      // What a graph left behind half-way is not to be run on top of.
      if (e.code() == ErrorCode.DEVICE_FAILED || e.code() == ErrorCode.OUT_OF_MEMORY) {
        failure = e;
      }
      throw e;
    }
  }

  /** Waits for asynchronous uploads made through this backend. */
  public void synchronize() {
    handle.run(GgmlJni::backendSynchronize);
  }

  /**
   * Asks the graph that runs now, and every later one, to stop. Devices that cannot stop inside a
   * graph finish it first. Does nothing more once this is closed.
   */
  public void requestStop() {
    synchronized (abortFlag) {
      stopRequested = true;
      if (!abortFlag.isClosed()) {
        abortFlag.run(flag -> GgmlJni.abortFlagSet(flag, 1));
      }
    }
  }

  /** Takes {@link #requestStop()} back. */
  public void clearStop() {
    synchronized (abortFlag) {
      stopRequested = false;
      abortFlag.run(flag -> GgmlJni.abortFlagSet(flag, 0));
    }
  }

  public boolean isStopRequested() {
    return stopRequested;
  }

  public boolean stopsInsideGraphs() {
    return stopsInsideGraphs;
  }

  /**
   * Bytes of scratch memory the CPU device takes outside ggml buffers to run this graph with so
   * many threads; 0 on other devices.
   */
  public static long scratchBytes(Device device, Graph graph, int threads) {
    if (!device.isCpu()) {
      return 0;
    }
    long bytes =
        device.view().call(graph.view(), (d, g) -> GgmlJni.cpuGraphWorkSize(d, g, threads));
    return Math.max(0, bytes);
  }

  NativeHandle handle() {
    return handle;
  }

  @Override
  public void close() {
    handle.close();
    // Another thread may be asking for a stop just now.
    synchronized (abortFlag) {
      abortFlag.close();
    }
  }

  @Override
  public String toString() {
    return device.toString();
  }
}
