// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn.frames;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorType;
import java.util.ArrayList;
import java.util.List;

/**
 * The last frames that a layer read, on the device or in host memory. Before the first frame there
 * are zeros. Confined to one thread.
 *
 * <p>Source: Wan2.1 wan/modules/vae.py, {@code feat_cache}.
 */
public final class FrameHistory {
  /** Some rows of a frame: the tensor, and the row of it that counts as the first. */
  public record Rows(Tensor tensor, long first) {}

  private final FrameEngine engine;
  private final String name;
  private final TensorType type;
  private final Shape shape;
  private final boolean zerosCount;
  private final boolean kept;
  private final boolean onHost;
  private final int frames;
  private final Tensor[] tensors;
  private final long[] addresses;
  private int oldest;
  private int filled;

  /**
   * @param frames how many are looked back on
   * @param shape of one frame, rows first
   */
  public FrameHistory(FrameEngine engine, String name, int frames, TensorType type, Shape shape) {
    this(engine, name, frames, type, shape, false);
  }

  /**
   * @param frames how many are looked back on
   * @param shape of one frame, rows first
   * @param zerosCount whether {@link #rows} hands out the zeros before the first frame too
   */
  public FrameHistory(
      FrameEngine engine,
      String name,
      int frames,
      TensorType type,
      Shape shape,
      boolean zerosCount) {
    this.zerosCount = zerosCount;
    this.engine = engine;
    this.name = name;
    this.frames = frames;
    this.tensors = new Tensor[frames];
    this.addresses = new long[frames];
    this.type = type;
    this.shape = shape;
    this.kept = engine.settings().keepsHistory();
    this.onHost = engine.nextHistoryIsOnHost(kept ? frames * type.bytes(shape) : 0) && kept;
    for (int i = 0; kept && i < frames; i++) {
      if (onHost) {
        addresses[i] = engine.hostMemory(type.bytes(shape));
      } else {
        tensors[i] = engine.stateTensor(name + ".history" + i, type, shape);
      }
    }
    reset();
  }

  /** Starts a new clip. */
  public void reset() {
    oldest = 0;
    // Measuring takes the most there can be; ggml's convolution cannot do with a part of a kernel,
    // so it gets the zeros as well.
    boolean full =
        zerosCount || engine.isMeasuring() || engine.settings().method() == ConvMethod.DIRECT;
    filled = kept && full ? frames : 0;
  }

  /** How many past frames there are: at most as many as are kept. */
  int filled() {
    return filled;
  }

  /**
   * The rows of the past frames and of the current one, earliest first.
   *
   * @param first the first row wanted
   * @param rows how many
   */
  public List<Rows> rows(Band b, Tensor current, long first, long rows) {
    List<Rows> list = new ArrayList<>();
    for (int age = filled; age >= 1; age--) {
      // Slot `oldest` is overwritten next: it holds the frame before last, once there is one.
      int slot = (oldest + frames - age) % frames;
      list.add(onHost ? upload(b, addresses[slot], first, rows) : new Rows(tensors[slot], first));
    }
    list.add(new Rows(current, first));
    return list;
  }

  private Rows upload(Band b, long address, long first, long rows) {
    long[] dims = shape.dims();
    dims[0] = rows;
    Tensor part = b.graph().input(name + ".past", type, dims);
    long rowBytes = type.bytes(shape) / shape.dim(0);
    b.beforeRun(() -> part.setFrom(address + first * rowBytes, 0, rows * rowBytes));
    return new Rows(part, 0);
  }

  /** Takes the current frame in as the latest of the past. */
  public void advance(Tensor current) {
    if (!kept) {
      return;
    }
    if (onHost) {
      engine.download(current, addresses[oldest]);
    } else {
      Tensor slot = tensors[oldest];
      engine.run(
          name + ".advance",
          1,
          1,
          b -> {
            GraphBuilder g = b.graph();
            g.run(g.copy(current, slot));
          });
    }
    oldest = (oldest + 1) % frames;
    filled = Math.min(frames, filled + 1);
  }
}
