// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Buffer;
import dev.wanlet.ggml.ErrorCode;
import dev.wanlet.ggml.GgmlException;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.BlockWeights;
import dev.wanlet.wan.nn.WeightLayout;
import dev.wanlet.wan.nn.WeightReader;
import dev.wanlet.wan.nn.WeightSet;
import dev.wanlet.wan.nn.WeightUpload;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;

/**
 * Owner: blocks of which some stay on the device and the others pass through a few slots. A loader
 * thread fills the free slot with the block that comes next while another block computes. Blocks
 * are expected in order, again and again; another order is served too, but waits for each load.
 *
 * <p>One thread acquires and releases.
 */
public final class StreamedBlocks implements BlockWeights {
  private final Backend backend;
  private final List<WeightLayout> layouts;
  private final IntFunction<WeightReader> readers;
  private final Map<Integer, WeightSet> resident = new HashMap<>();
  private final List<Integer> order;
  private final List<Slot> slots = new ArrayList<>();
  private final Deque<Slot> free = new ArrayDeque<>();
  private final Map<Integer, Loading> loading = new HashMap<>();
  private final Map<Integer, Slot> inUse = new HashMap<>();
  private final ExecutorService loader;
  private final AtomicLong uploadedBytes = new AtomicLong();
  private final AtomicLong waitedNanos = new AtomicLong();
  private PinnedUpload pinned;
  private int next;

  /** Memory that one streamed block is in at a time, seen as each layout there is. */
  private static final class Slot {
    private final Buffer buffer;
    private final Map<List<TensorType>, WeightSet> views = new HashMap<>();

    Slot(Buffer buffer) {
      this.buffer = buffer;
    }

    WeightSet as(WeightLayout layout) {
      return views.computeIfAbsent(layout.signature(), s -> WeightSet.over(buffer, layout));
    }

    void close() {
      views.values().forEach(WeightSet::close);
      buffer.close();
    }
  }

  private record Loading(Slot slot, Future<WeightSet> done) {}

  /**
   * Loads the resident blocks and starts loading the first streamed ones. A {@linkplain
   * Backend#requestStop stop} ends loading between two blocks, here and later, with a {@link
   * GgmlException} of {@link ErrorCode#ABORTED}.
   *
   * @param layouts the layout of each block, with names relative to it
   * @param readers the reader of each block; called from the loader thread
   */
  public StreamedBlocks(
      Backend backend,
      List<WeightLayout> layouts,
      IntFunction<WeightReader> readers,
      Placement placement)
      throws IOException {
    if (placement.blocks() != layouts.size()) {
      throw new IllegalArgumentException(
          "a placement of " + placement.blocks() + " blocks for " + layouts.size());
    }
    this.backend = backend;
    this.layouts = List.copyOf(layouts);
    this.readers = readers;
    this.order = placement.streamed();
    this.loader =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = new Thread(task, "wanlet-loader");
              thread.setDaemon(true);
              return thread;
            });
    try {
      if (!backend.device().isCpu()) {
        pinned = new PinnedUpload(backend);
      }
      for (int i = 0; i < placement.slots(); i++) {
        slots.add(new Slot(backend.allocate(slotBytes(backend, layouts, order))));
      }
      // A view for every signature, so that places() is complete from the start.
      for (Slot slot : slots) {
        order.forEach(block -> slot.as(layouts.get(block)));
      }
      for (int block = 0; block < layouts.size(); block++) {
        if (!order.contains(block)) {
          checkStop();
          WeightSet set = new WeightSet(backend, layouts.get(block));
          resident.put(block, set);
          set.fill(readers.apply(block), upload());
        }
      }
      free.addAll(slots);
      prefetch();
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Device bytes of one slot: the largest of the streamed blocks. */
  public static long slotBytes(Backend backend, List<WeightLayout> layouts, List<Integer> blocks) {
    return blocks.stream()
        .mapToLong(b -> layouts.get(b).bytes(backend.device().bufferType()))
        .max()
        .orElse(0);
  }

  private WeightUpload upload() {
    return pinned != null ? pinned : WeightUpload.DIRECT;
  }

  // Loading all blocks of a large model takes long: a stop must not wait for it.
  private void checkStop() {
    if (backend.isStopRequested()) {
      throw new GgmlException(ErrorCode.ABORTED, "stopped on request while loading weights");
    }
  }

  private void prefetch() {
    while (!free.isEmpty() && loading.size() + inUse.size() < order.size()) {
      int block = order.get(next);
      if (loading.containsKey(block) || inUse.containsKey(block)) {
        return;
      }
      start(block, free.poll());
      next = (next + 1) % order.size();
    }
  }

  private void start(int block, Slot slot) {
    WeightLayout layout = layouts.get(block);
    WeightSet set = slot.as(layout);
    loading.put(
        block,
        new Loading(
            slot,
            loader.submit(
                () -> {
                  checkStop();
                  set.fill(readers.apply(block), upload());
                  uploadedBytes.addAndGet(layout.dataBytes());
                  return set;
                })));
  }

  @Override
  public int count() {
    return layouts.size();
  }

  @Override
  public WeightSet acquire(int block) throws IOException {
    WeightSet there = resident.get(block);
    if (there != null) {
      return there;
    }
    if (inUse.containsKey(block)) {
      return inUse.get(block).as(layouts.get(block));
    }
    if (!loading.containsKey(block)) {
      loadOutOfOrder(block);
    }
    Loading pending = loading.remove(block);
    long start = System.nanoTime();
    try {
      WeightSet set = pending.done().get();
      inUse.put(block, pending.slot());
      return set;
    } catch (ExecutionException e) {
      free.add(pending.slot());
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException("the loader failed on block " + block, e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      free.add(pending.slot());
      throw new IOException("interrupted while block " + block + " was loading", e);
    } finally {
      waitedNanos.addAndGet(System.nanoTime() - start);
    }
  }

  // After a run that stopped half-way, slots hold blocks that do not come next: take one of them.
  private void loadOutOfOrder(int block) throws IOException {
    if (free.isEmpty()) {
      if (loading.isEmpty()) {
        throw new IllegalStateException(
            "block " + block + " is wanted while all slots are in use; release one first");
      }
      int furthest = Collections.max(loading.keySet(), Comparator.comparingInt(this::distance));
      Loading given = loading.remove(furthest);
      given.done().cancel(false);
      free.add(given.slot());
    }
    start(block, free.poll());
    next = (order.indexOf(block) + 1) % order.size();
  }

  private int distance(int block) {
    return Math.floorMod(order.indexOf(block) - next, order.size());
  }

  @Override
  public void release(int block) {
    Slot slot = inUse.remove(block);
    if (slot != null) {
      free.add(slot);
      prefetch();
    }
  }

  @Override
  public List<WeightSet> places() {
    List<WeightSet> places = new ArrayList<>(resident.values());
    slots.forEach(slot -> places.addAll(slot.views.values()));
    return places;
  }

  /** Bytes that went into slots so far. */
  public long uploadedBytes() {
    return uploadedBytes.get();
  }

  /** How long computing had to wait for the loader so far. */
  public double waitedSeconds() {
    return waitedNanos.get() / 1e9;
  }

  @Override
  public void close() {
    loading.values().forEach(pending -> pending.done().cancel(false));
    loader.shutdown();
    boolean interrupted = false;
    while (!loader.isTerminated()) {
      // A load that runs writes into a slot: it must end before the slot goes.
      try {
        loader.awaitTermination(1, java.util.concurrent.TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    resident.values().forEach(WeightSet::close);
    slots.forEach(Slot::close);
    if (pinned != null) {
      pinned.close();
      pinned = null;
    }
  }
}
