// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.tae;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.NetworkLayout;
import dev.wanlet.wan.nn.WeightReader;
import dev.wanlet.wan.nn.frames.Frame;
import dev.wanlet.wan.nn.frames.FrameConvolution;
import dev.wanlet.wan.nn.frames.FrameConvolution.Geometry;
import dev.wanlet.wan.nn.frames.FrameEngine;
import dev.wanlet.wan.nn.frames.FrameHistory.Rows;
import dev.wanlet.wan.nn.frames.FrameMemory;
import dev.wanlet.wan.nn.frames.PaddedFrames;
import dev.wanlet.wan.nn.frames.Planes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Owner: a small decoder with its memory on a device, or one that only measures this memory. Latent
 * frames go in one at a time, RGB frames come out as soon as they exist; what is held does not
 * depend on the length of the clip.
 *
 * <p>Confined to one thread; {@link Backend#requestStop()} from another stops it within a band.
 *
 * <p>Source: madebyollin/taehv taehv.py, {@code TAEHV.decode_video} with {@code parallel=False}.
 */
public final class TaeDecoder implements AutoCloseable {
  /** Takes decoded frames in order. */
  public interface FrameConsumer {
    /**
     * Takes a frame.
     *
     * @param index of the frame in the clip
     * @param rgb [3, H, W], -1 to 1; the consumer's to keep
     */
    void accept(int index, float[] rgb);
  }

  private static final int RGB = 3;

  /** Latents beyond it are squeezed. */
  private static final float RANGE = 3;

  private final TaeConfig config;
  private final TaeSettings settings;
  private final FrameEngine engine;
  private final FrameMemory memory;
  private final FrameConvolution entry;
  private final FrameConvolution head;
  private final List<List<MemoryBlock>> blocks = new ArrayList<>();
  private final List<GrowingLayer> growing = new ArrayList<>();
  private int made;

  /**
   * @param memory what the engine takes; null to measure it
   */
  private TaeDecoder(
      TaeConfig config, TaeSettings settings, FrameEngine engine, FrameMemory memory) {
    this.config = config;
    this.settings = settings;
    this.engine = engine;
    try {
      List<Integer> widths = config.widths();
      this.entry = convolution(TaeNames.FIRST, config.zDim(), widths.get(0));
      int h = settings.latentHeight();
      int w = settings.latentWidth();
      for (int level = 0; level < TaeConfig.LEVELS; level++) {
        List<MemoryBlock> ofLevel = new ArrayList<>();
        for (int i = 0; i < TaeConfig.BLOCKS; i++) {
          ofLevel.add(new MemoryBlock(engine, TaeNames.block(level, i), widths.get(level), h, w));
        }
        blocks.add(ofLevel);
        growing.add(new GrowingLayer(engine, level, widths.get(level), widths.get(level + 1)));
        h *= 2;
        w *= 2;
      }
      this.head = convolution(TaeNames.LAST, widths.get(TaeConfig.LEVELS), config.outChannels());
      this.memory = memory == null ? trial() : memory;
    } catch (RuntimeException e) {
      engine.close();
      throw e;
    }
  }

  private FrameConvolution convolution(String name, int in, int out) {
    return new FrameConvolution(
        engine,
        engine.weight(name + ".weight"),
        engine.weight(name + ".bias"),
        1,
        in,
        out,
        Geometry.SAME);
  }

  /** All weights, with the names and shapes that a checkpoint has. */
  public static NetworkLayout layout(TaeConfig config) {
    return new NetworkLayout(TaeNames.layout(config), List.of());
  }

  /**
   * What decoding will take, without weights and without taking it.
   *
   * @param threads of a CPU device
   */
  public static FrameMemory measure(
      Device device, TaeConfig config, TaeSettings settings, int threads) {
    try (TaeDecoder trial = measuring(device, config, settings, threads)) {
      return trial.memory;
    }
  }

  /**
   * Takes the memory and loads the weights.
   *
   * @param reader of a checkpoint with official names
   * @throws dev.wanlet.ggml.DeviceMemoryException if the device or the budget has not that much
   * @throws IOException if the checkpoint lacks a weight or holds one of another shape
   */
  public static TaeDecoder load(
      Backend backend, TaeConfig config, TaeSettings settings, WeightReader reader)
      throws IOException {
    try (TaeDecoder trial = measuring(backend.device(), config, settings, backend.threads())) {
      FrameEngine engine = FrameEngine.computing(backend, trial.engine, reader);
      return new TaeDecoder(config, settings, engine, trial.memory);
    }
  }

  private static TaeDecoder measuring(
      Device device, TaeConfig config, TaeSettings settings, int threads) {
    FrameEngine engine =
        FrameEngine.measuring(
            device,
            threads,
            settings.frames(),
            TaeNames.layout(config, settings.frames()),
            widestBorder(config, settings));
    return new TaeDecoder(config, settings, engine, null);
  }

  /** Elements that the longest row or column of a padded frame may have. */
  private static long widestBorder(TaeConfig config, TaeSettings settings) {
    long side = Math.max(settings.latentHeight(), settings.latentWidth());
    long widest = (side + 2) * Math.max(config.zDim(), config.widths().get(0));
    for (int level = 0; level < TaeConfig.LEVELS; level++) {
      widest = Math.max(widest, (side + 2) * config.widths().get(level));
      side *= 2;
    }
    return Math.max(widest, (side + 2) * config.widths().get(TaeConfig.LEVELS));
  }

  /** Runs through all graphs there are, without computing. */
  private FrameMemory trial() {
    start();
    push(null, pixels -> {});
    return engine.memory();
  }

  /** What this decoder takes. */
  public FrameMemory memory() {
    return memory;
  }

  /** Rows of an RGB frame. */
  public int height() {
    return settings.latentHeight() * config.spatialFactor();
  }

  /** Columns of an RGB frame. */
  public int width() {
    return settings.latentWidth() * config.spatialFactor();
  }

  /**
   * Decodes a clip: one RGB frame for the first latent frame, {@link TaeConfig#temporalFactor()}
   * for each other.
   *
   * @param latents [zDim, T, h, w], normalised as the transformer makes them
   * @param count T
   */
  public void decode(float[] latents, int count, FrameConsumer consumer) {
    decode(latents, count, 0, count, consumer);
  }

  /**
   * Decodes a part of a clip as if it were one: indices count from its first frame.
   *
   * @param latents [zDim, T, h, w], normalised
   * @param count T
   * @param from the first latent frame of the part
   * @param until behind its last
   */
  public void decode(float[] latents, int count, int from, int until, FrameConsumer consumer) {
    int zDim = config.zDim();
    long expected =
        (long) zDim * Math.max(0, count) * settings.latentHeight() * settings.latentWidth();
    if (from < 0 || from >= until || until > count || latents.length != expected) {
      throw new IllegalArgumentException(
          String.format(
              "decoding latent frames %d to %d of [%d, %d, %d, %d]: got %d values",
              from,
              until,
              zDim,
              count,
              settings.latentHeight(),
              settings.latentWidth(),
              latents.length));
    }
    start();
    for (int i = from; i < until; i++) {
      push(
          squeezed(Planes.pixels(latents, zDim, count, i)),
          pixels -> {
            int index = made++ - config.leftOut();
            if (index >= 0) {
              consumer.accept(index, rgb(pixels));
            }
          });
    }
  }

  private void start() {
    engine.releaseAll();
    engine.clearState();
    blocks.forEach(level -> level.forEach(MemoryBlock::reset));
    made = 0;
  }

  private static float[] squeezed(float[] pixels) {
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (float) (Math.tanh(pixels[i] / RANGE) * RANGE);
    }
    return pixels;
  }

  /**
   * @param pixels [h * w, zDim]; not looked at when measuring
   * @param consumer gets what the head makes, [H * W, 3 * patch * patch]
   */
  private void push(float[] pixels, Consumer<float[]> consumer) {
    push(0, entered(pixels), consumer);
  }

  private Frame entered(float[] pixels) {
    int h = settings.latentHeight();
    int w = settings.latentWidth();
    int in = config.zDim();
    Tensor padded = PaddedFrames.take(engine, h, w, in);
    engine.run(
        "input",
        h,
        8L * w * in,
        b -> {
          Tensor rows = b.graph().input("pixels", TensorType.F32, (long) b.rows() * w, in);
          b.beforeRun(() -> rows.set(0, pixels, b.first() * w * in, b.rows() * w * in));
          PaddedFrames.store(b, rows, padded);
        });
    Frame y = Frame.take(engine, h, w, config.widths().get(0));
    engine.run(
        TaeNames.FIRST,
        h,
        entry.bytesPerRow(w),
        b -> {
          GraphBuilder g = b.graph();
          List<Rows> rows = List.of(new Rows(padded, b.first()));
          Tensor x = MemoryBlock.relu(g, entry.forward(g, rows, b.rows(), w));
          g.run(g.copy(x, y.rows(b)));
        });
    engine.release(padded);
    return y;
  }

  private void push(int level, Frame x, Consumer<float[]> consumer) {
    Frame y = x;
    for (MemoryBlock block : blocks.get(level)) {
      y = block.forward(y);
    }
    if (level + 1 < TaeConfig.LEVELS) {
      growing.get(level).push(y, z -> push(level + 1, z, consumer));
    } else {
      growing.get(level).pushActivated(y, z -> consumer.accept(finished(z)));
    }
  }

  /** The last convolution's result on the host; releases the frame. */
  private float[] finished(Tensor padded) {
    int h = (int) padded.dim(0) - 2;
    int w = (int) padded.dim(1) - 2;
    int out = config.outChannels();
    float[] pixels = new float[engine.isMeasuring() ? 0 : h * w * out];
    engine.run(
        TaeNames.LAST,
        h,
        head.bytesPerRow(w),
        b -> {
          GraphBuilder g = b.graph();
          List<Rows> rows = List.of(new Rows(padded, b.first()));
          Tensor y = g.output(head.forward(g, rows, b.rows(), w));
          b.afterRun(() -> y.get(0, pixels, b.first() * w * out, b.rows() * w * out));
        });
    engine.release(padded);
    return pixels;
  }

  /**
   * The frame of what the head made, every pixel's channels spread over a square.
   *
   * @param pixels [H * W, 3 * patch * patch], about 0 to 1
   * @return [3, H * patch, W * patch], -1 to 1
   */
  private float[] rgb(float[] pixels) {
    int patch = config.patch();
    int channels = config.outChannels();
    int columns = width() / patch;
    int plane = height() * width();
    float[] rgb = new float[RGB * plane];
    for (int c = 0; c < RGB; c++) {
      for (int y = 0; y < height(); y++) {
        for (int x = 0; x < width(); x++) {
          int pixel = (y / patch) * columns + x / patch;
          int channel = (c * patch + y % patch) * patch + x % patch;
          float value = pixels[pixel * channels + channel];
          rgb[c * plane + y * width() + x] = Math.max(0, Math.min(1, value)) * 2 - 1;
        }
      }
    }
    return rgb;
  }

  @Override
  public void close() {
    engine.close();
  }
}
