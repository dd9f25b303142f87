// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.memory.StagePlan;
import java.io.IOException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Owner: the device memory of an {@link OpenPipeline}. It holds the stages that are open on the
 * device, and gives them back when it is asked to, or when another stage needs their room.
 *
 * <p>{@link #heldBytes()} may be asked from any thread; the rest is confined to the pipeline's.
 */
public final class DeviceLease {
  /** A stage on the device, with the plan it was opened by. */
  private record Held(StagePlan plan, StageRunner runner) {}

  private final boolean keeps;
  // The stage that was not used for the longest time comes first.
  private final Map<Stage, Held> open = new LinkedHashMap<>();
  private volatile Backend backend;
  private long plannedBytes;
  private boolean inUse;

  /**
   * @param keeps whether stages stay open for the next clip as far as the budget allows
   */
  DeviceLease(boolean keeps) {
    this.keeps = keeps;
  }

  /** Bytes in buffers on the device now. */
  public long heldBytes() {
    Backend now = backend;
    return now == null ? 0 : now.deviceMemory().currentBytes();
  }

  /**
   * Gives all device memory back, the device itself included. The pipeline stays open: its next
   * clip takes anew what it needs.
   *
   * @throws IllegalStateException while a clip is being made
   */
  public void release() {
    if (inUse) {
      throw new IllegalStateException(
          "a clip is being made on this device; finish or close that run first");
    }
    close();
  }

  /** Whether a clip is being made from now on. */
  void setInUse(boolean value) {
    inUse = value;
  }

  /** Gives everything back, whatever is going on. */
  void close() {
    dropAll();
    if (backend != null) {
      backend.close();
      backend = null;
    }
  }

  /** The device, opened if it is not; one that is open already is given back if it is another. */
  Backend backend(Device device) {
    if (backend != null && !backend.device().name().equals(device.name())) {
      close();
    }
    if (backend == null) {
      backend = Backend.open(device);
    }
    return backend;
  }

  /** How a stage is opened. */
  @FunctionalInterface
  interface Opener {
    StageRunner open(Backend backend, StagePlan plan) throws IOException;
  }

  /**
   * A stage that is ready to run as planned. What else is held goes, as far as the budget has no
   * room for both.
   *
   * @param budgetBytes most device memory that may be held together
   */
  StageRunner acquire(StagePlan plan, long budgetBytes, Opener opener) throws IOException {
    Held held = open.remove(plan.stage());
    if (held != null && !held.plan().equals(plan) && !held.runner().adapt(plan)) {
      held.runner().close();
      held = null;
    }
    makeRoom(plan.device().peak(), budgetBytes);
    plannedBytes = heldByPlan() + plan.device().buffers();
    backend.renew(); // each stage's plan counts only its own pools
    StageRunner runner = held == null ? opener.open(backend, plan) : held.runner();
    open.put(plan.stage(), new Held(plan, runner));
    return runner;
  }

  private void makeRoom(long bytes, long budgetBytes) {
    Iterator<Held> oldest = open.values().iterator();
    while (oldest.hasNext() && (!keeps || heldByPlan() + bytes > budgetBytes)) {
      oldest.next().runner().close();
      oldest.remove();
    }
  }

  private long heldByPlan() {
    return open.values().stream().mapToLong(h -> h.plan().device().buffers()).sum();
  }

  /** The most bytes in buffers that the stage acquired last may bring about, with what is kept. */
  long plannedBytes() {
    return plannedBytes;
  }

  /** Closes a stage: its work failed, or it is not to be kept. */
  void drop(Stage stage) {
    Held held = open.remove(stage);
    if (held != null) {
      held.runner().close();
    }
  }

  /** A stage's work for a clip is done. */
  void finished(Stage stage) {
    if (!keeps) {
      drop(stage);
    }
  }

  /** Closes every stage; the device stays open. */
  void dropAll() {
    open.values().forEach(h -> h.runner().close());
    open.clear();
  }
}
