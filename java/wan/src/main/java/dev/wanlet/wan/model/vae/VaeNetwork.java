// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.WeightReader;
import dev.wanlet.wan.nn.frames.Frame;
import dev.wanlet.wan.nn.frames.FrameEngine;
import dev.wanlet.wan.nn.frames.FrameTaps;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Owner: one half of a VAE with its memory on a device, or one that only measures this memory. It
 * runs the layers that the VAE's {@link VaeFamily} lists: frames go in one at a time and come out
 * as soon as they exist; what is held at any time does not depend on the length of the clip.
 *
 * <p>Exact: every frame passes through the network in bands of rows, with the two frames before it
 * kept for each temporal convolution, so there are no tiles and no seams.
 *
 * <p>Confined to one thread; {@link Backend#requestStop()} from another stops it within a band.
 */
public sealed class VaeNetwork implements AutoCloseable permits VaeDecoder, VaeEncoder {
  /** Channels of a picture. */
  static final int RGB = 3;

  private final VaeConfig config;
  private final VaeHalf half;
  private final VaeSettings settings;
  private final FrameEngine engine;
  private final VaeMemory memory;
  private final VaeEntry entry;
  private final List<FrameLayer> layers = new ArrayList<>();
  private final VaeHead head;
  private final PosteriorMean posterior;
  private FrameTaps taps = new FrameTaps(Taps.NONE);
  private int pushed;

  /**
   * @param memory what the engine takes; null to measure it
   */
  private VaeNetwork(
      VaeConfig config, VaeHalf half, VaeSettings settings, FrameEngine engine, VaeMemory memory) {
    this.settings = settings;
    this.config = config;
    this.half = half;
    this.engine = engine;
    try {
      int h = half.entrySide(settings.latentHeight());
      int w = half.entrySide(settings.latentWidth());
      this.entry = new VaeEntry(engine, half.entry(), h, w);
      for (FrameLayer.Spec layer : half.layers()) {
        layers.add(layer.open(engine, h, w));
        h = layer.geometry().resized(h);
        w = layer.geometry().resized(w);
      }
      this.head = new VaeHead(engine, half.head(), h, w);
      this.posterior = half.posterior().map(p -> new PosteriorMean(engine, p)).orElse(null);
      this.memory = memory == null ? trial() : memory;
    } catch (RuntimeException e) {
      engine.close();
      throw e;
    }
  }

  /** Takes the memory that {@code trial} measured, and loads the weights. */
  VaeNetwork(VaeNetwork trial, Backend backend, WeightReader reader) throws IOException {
    this(
        trial.config,
        trial.half,
        trial.settings,
        FrameEngine.computing(backend, trial.engine, reader),
        trial.memory);
  }

  /** What a half will take, without weights and without taking it. */
  static VaeMemory measure(
      Device device, VaeConfig config, VaeHalf half, VaeSettings settings, int threads) {
    try (VaeNetwork trial = measuring(device, config, half, settings, threads)) {
      return trial.memory();
    }
  }

  /** Opens a half with what it was measured to take. */
  static <T extends VaeNetwork> T load(
      Backend backend, VaeConfig config, VaeHalf half, VaeSettings settings, Opening<T> opening)
      throws IOException {
    try (VaeNetwork trial =
        measuring(backend.device(), config, half, settings, backend.threads())) {
      return opening.of(trial);
    }
  }

  /** Takes the memory that a trial measured, and loads the weights. */
  @FunctionalInterface
  interface Opening<T extends VaeNetwork> {
    T of(VaeNetwork trial) throws IOException;
  }

  /** A network that takes no memory and computes nothing. */
  private static VaeNetwork measuring(
      Device device, VaeConfig config, VaeHalf half, VaeSettings settings, int threads) {
    FrameEngine engine =
        FrameEngine.measuring(
            device, threads, settings.frames(), half.layout(settings), half.widestBorder(settings));
    return new VaeNetwork(config, half, settings, engine, null);
  }

  /** Runs through the frames whose graphs differ, without computing. */
  private VaeMemory trial() {
    start();
    int count = settings.singleFrame() ? 1 : 1 + half.framesPerChunk();
    for (int i = 0; i < count; i++) {
      push(null, pixels -> {});
    }
    return new VaeMemory(settings, engine.memory());
  }

  public VaeConfig config() {
    return config;
  }

  VaeSettings settings() {
    return settings;
  }

  /** What this network takes. */
  public VaeMemory memory() {
    return memory;
  }

  /** Rows of an RGB frame. */
  public int height() {
    return settings().latentHeight() * config.spatialFactor();
  }

  /** Columns of an RGB frame. */
  public int width() {
    return settings().latentWidth() * config.spatialFactor();
  }

  /** Collects activations from now on; slow, for comparing with a reference. */
  public void collect(Taps into) {
    taps = new FrameTaps(into);
  }

  /** Begins a new clip. */
  void start() {
    engine.releaseAll();
    engine.clearState();
    entry.reset();
    layers.forEach(FrameLayer::reset);
    head.reset();
    pushed = 0;
  }

  /**
   * Takes the next frame of the clip.
   *
   * @param pixels [H * W, C]; not looked at when measuring
   * @param consumer gets each frame that this one completes, [H * W, C]
   * @throws IllegalStateException if a second frame comes where one was planned
   */
  void push(float[] pixels, Consumer<float[]> consumer) {
    if (pushed > 0 && settings().singleFrame()) {
      throw new IllegalStateException(
          "this " + half.name() + " was planned for a single frame; plan it for a clip");
    }
    Frame x = entry.forward(pixels);
    taps.see(half.local(half.entry().convolution().name()), x);
    push(0, x, consumer);
    if (pushed % half.framesPerChunk() == 0) {
      taps.endChunk(half.action() + ".chunk" + pushed / half.framesPerChunk() + ".");
    }
    pushed++;
  }

  private void push(int layer, Frame x, Consumer<float[]> consumer) {
    if (layer < layers.size()) {
      layers
          .get(layer)
          .push(
              x,
              y -> {
                taps.see(half.local(half.layers().get(layer).name()), y);
                push(layer + 1, y, consumer);
              });
      return;
    }
    int h = x.height();
    int w = x.width();
    float[] pixels = head.forward(x);
    taps.see(half.local(half.head().name()), half.head().out(), h, w, pixels);
    consumer.accept(posterior == null ? pixels : posterior.forward(pixels, h, w));
  }

  @Override
  public void close() {
    engine.close();
  }
}
