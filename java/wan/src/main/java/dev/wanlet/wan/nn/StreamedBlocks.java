// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Buffer;
import dev.wanlet.ggml.BufferType;
import dev.wanlet.ggml.ErrorCode;
import dev.wanlet.ggml.GgmlException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Owner: the blocks of a network, of which some stay on the device and the others pass through a
 * few slots. A loader thread fills the free slot with the block that comes next while another block
 * computes. Blocks are expected in order, again and again; another order is served too, but waits
 * for each load.
 *
 * <p>One thread acquires and releases.
 */
public final class StreamedBlocks implements AutoCloseable {
  private final Backend backend;
  private final List<BlockSpec> specs;
  private final WeightReader reader;
  private final WeightUpload upload;
  private final Map<BlockSpec, WeightSet> resident = new LinkedHashMap<>();
  private final List<BlockSpec> order;
  private final List<Slot> slots = new ArrayList<>();
  private final Deque<Slot> free = new ArrayDeque<>();
  private final Map<BlockSpec, Loading> loading = new HashMap<>();
  private final Map<BlockSpec, Slot> inUse = new HashMap<>();
  private final ExecutorService loader;
  private long uploadedBytes;
  private int next;

  /** Memory that one streamed block is in at a time, seen as each layout there is. */
  private static final class Slot {
    private final Buffer buffer;
    private final Map<WeightLayout, WeightSet> views = new LinkedHashMap<>();

    Slot(Buffer buffer) {
      this.buffer = buffer;
    }

    WeightSet as(BlockSpec block) {
      return views.computeIfAbsent(block.layout(), l -> WeightSet.over(buffer, l));
    }

    void close() {
      views.values().forEach(WeightSet::close);
      buffer.close();
    }
  }

  private record Loading(Slot slot, Future<WeightSet> done) {}

  /** Works with one block while its weights are on the device. */
  @FunctionalInterface
  public interface Visitor {
    /**
     * Works with a block.
     *
     * @param position the block's place among all blocks
     * @param weights the memory that holds it, see {@link #acquire}
     */
    void visit(BlockSpec block, int position, WeightSet weights) throws IOException;
  }

  /**
   * Loads the resident blocks and starts loading the first streamed ones. A {@linkplain
   * Backend#requestStop stop} ends loading between two blocks, here and later, with a {@link
   * GgmlException} of {@link ErrorCode#ABORTED}.
   *
   * @param specs the blocks in the order in which they run
   * @param reader of the whole network; called from the loader thread
   * @param upload used by this thread until this returns, then by the loader thread
   */
  StreamedBlocks(
      Backend backend,
      List<BlockSpec> specs,
      WeightReader reader,
      WeightUpload upload,
      Placement placement)
      throws IOException {
    this.backend = backend;
    this.specs = List.copyOf(specs);
    this.reader = reader;
    this.upload = upload;
    this.order = placement.streamed(this.specs);
    this.loader =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = new Thread(task, "wanlet-loader");
              thread.setDaemon(true);
              return thread;
            });
    try {
      long slotBytes = slotBytes(backend.device().bufferType(), order);
      for (int i = 0; i < placement.slots(); i++) {
        slots.add(new Slot(backend.allocate(slotBytes)));
      }
      // A view for every layout, so that places() is complete from the start.
      for (Slot slot : slots) {
        order.forEach(slot::as);
      }
      for (BlockSpec block : this.specs) {
        if (!order.contains(block)) {
          checkStop();
          WeightSet set = new WeightSet(backend, block.layout());
          resident.put(block, set);
          set.fill(reader.under(block.prefix()), upload);
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
  static long slotBytes(BufferType type, List<BlockSpec> streamed) {
    return streamed.stream().mapToLong(b -> b.layout().bytes(type)).max().orElse(0);
  }

  // Loading all blocks of a large model takes long: a stop must not wait for it.
  private void checkStop() {
    if (backend.isStopRequested()) {
      throw new GgmlException(ErrorCode.ABORTED, "stopped on request while loading weights");
    }
  }

  private void prefetch() {
    while (!free.isEmpty() && loading.size() + inUse.size() < order.size()) {
      BlockSpec block = order.get(next);
      if (loading.containsKey(block) || inUse.containsKey(block)) {
        return;
      }
      start(block, free.poll());
      next = (next + 1) % order.size();
    }
  }

  private void start(BlockSpec block, Slot slot) {
    WeightSet set = slot.as(block);
    uploadedBytes += block.layout().dataBytes();
    loading.put(
        block,
        new Loading(
            slot,
            loader.submit(
                () -> {
                  checkStop();
                  set.fill(reader.under(block.prefix()), upload);
                  return set;
                })));
  }

  /** The blocks in the order in which they run. */
  public List<BlockSpec> specs() {
    return specs;
  }

  /**
   * Visits all blocks in order.
   *
   * @throws IOException if weights cannot be read, or from the visitor
   */
  public void forEach(Visitor visitor) throws IOException {
    for (int position = 0; position < specs.size(); position++) {
      BlockSpec block = specs.get(position);
      WeightSet weights = acquire(block);
      try {
        visitor.visit(block, position, weights);
      } finally {
        release(block);
      }
    }
  }

  /**
   * A block's weights on the device, loaded. The returned object stands for the memory: the same
   * object may come back for another block later, so graphs can be kept per object.
   *
   * @throws IOException if the weights cannot be read
   * @throws GgmlException with {@link ErrorCode#ABORTED} if the thread is interrupted, and stays so
   */
  public WeightSet acquire(BlockSpec block) throws IOException {
    WeightSet there = resident.get(block);
    if (there != null) {
      return there;
    }
    if (inUse.containsKey(block)) {
      return inUse.get(block).as(block);
    }
    if (!loading.containsKey(block)) {
      loadOutOfOrder(block);
    }
    Loading pending = loading.remove(block);
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
      throw new IllegalStateException("the loader failed on " + block.prefix(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      free.add(pending.slot());
      throw new GgmlException(
          ErrorCode.ABORTED, "interrupted while " + block.prefix() + " was loading");
    }
  }

  // After a run that stopped half-way, slots hold blocks that do not come next: take one of them.
  private void loadOutOfOrder(BlockSpec block) {
    if (free.isEmpty()) {
      if (loading.isEmpty()) {
        throw new IllegalStateException(
            "block " + block.prefix() + " is wanted while all slots are in use; release one first");
      }
      BlockSpec furthest =
          Collections.max(loading.keySet(), Comparator.comparingInt(this::distance));
      Loading given = loading.remove(furthest);
      given.done().cancel(false);
      free.add(given.slot());
    }
    start(block, free.poll());
    next = (order.indexOf(block) + 1) % order.size();
  }

  private int distance(BlockSpec block) {
    return Math.floorMod(order.indexOf(block) - next, order.size());
  }

  /** Says that no graph reads the block's weights any more for now. */
  public void release(BlockSpec block) {
    Slot slot = inUse.remove(block);
    if (slot != null) {
      free.add(slot);
      prefetch();
    }
  }

  /** Every distinct memory that {@link #acquire} can return. */
  public List<WeightSet> places() {
    List<WeightSet> places = new ArrayList<>(resident.values());
    slots.forEach(slot -> places.addAll(slot.views.values()));
    return places;
  }

  /** Bytes that went into slots so far; those that are on their way count. */
  public long uploadedBytes() {
    return uploadedBytes;
  }

  @Override
  public void close() {
    loading.values().forEach(pending -> pending.done().cancel(false));
    loader.shutdown();
    boolean interrupted = false;
    while (!loader.isTerminated()) {
      // A load that runs writes into a slot: it must end before the slot goes.
      try {
        loader.awaitTermination(1, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    resident.values().forEach(WeightSet::close);
    slots.forEach(Slot::close);
  }
}
