// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.WeightReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Owner: the encoder of the Wan 2.1 VAE with its memory on a device. RGB frames go in one at a
 * time; the first gives a latent frame, and so does every fourth after it. What is held at any time
 * does not depend on the length of the clip.
 *
 * <p>The result is the mean of the posterior, normalised as the transformer takes it. Exact in the
 * same way as {@link Vae21Decoder}.
 *
 * <p>Confined to one thread; {@link Backend#requestStop()} from another stops it within a band, and
 * the next {@link #start()} begins a new clip.
 *
 * <p>Source: Wan2.1 wan/modules/vae.py, {@code WanVAE_.encode} and {@code Encoder3d}.
 */
public final class Vae21Encoder implements AutoCloseable {
  private static final int RGB = 3;

  private final VaeConfig config;
  private final VaeEngine engine;
  private final VaeMemory memory;
  private final VaeEntry entry;
  private final List<FrameLayer> layers = new ArrayList<>();
  private final List<String> names = new ArrayList<>();
  private final VaeHead head;
  private final Tensor pointwise;
  private final Tensor pointwiseBias;
  private FrameTaps taps = new FrameTaps(Taps.NONE);
  private float[] latent;
  private int frames;

  private Vae21Encoder(VaeConfig config, VaeEngine engine, VaeMemory memory) {
    VaeSettings settings = engine.settings();
    int h = settings.latentHeight() * config.spatialFactor();
    int w = settings.latentWidth() * config.spatialFactor();
    int channels = config.dim();
    this.config = config;
    this.engine = engine;
    this.entry = new VaeEntry(engine, null, "encoder.conv1", RGB, channels, h, w);
    int index = 0;
    for (int level = 0; level < config.levels(); level++) {
      for (int block = 0; block < config.numResBlocks(); block++) {
        String name = "downsamples." + index++;
        int out = config.channels(level);
        add(name, new ResidualLayer(engine, "encoder." + name, channels, out, h, w));
        channels = out;
      }
      if (level < config.levels() - 1) {
        String name = "downsamples." + index++;
        add(name, new DownsampleLayer(engine, "encoder." + name, channels, h, w));
        h /= 2;
        w /= 2;
      }
    }
    add("middle.0", new ResidualLayer(engine, "encoder.middle.0", channels, channels, h, w));
    add("middle.1", new FrameAttention(engine, "encoder.middle.1", channels));
    add("middle.2", new ResidualLayer(engine, "encoder.middle.2", channels, channels, h, w));
    this.head = new VaeHead(engine, "encoder.head", channels, 2 * config.zDim(), h, w);
    this.pointwise = engine.weight("conv1.weight");
    this.pointwiseBias = engine.weight("conv1.bias");
    this.memory = memory == null ? trial() : memory;
  }

  private void add(String name, FrameLayer layer) {
    names.add(name);
    layers.add(layer);
  }

  /** Runs through the frames whose graphs differ, without computing. */
  private VaeMemory trial() {
    start();
    int count = engine.settings().singleFrame() ? 1 : 1 + config.temporalFactor();
    for (int i = 0; i < count; i++) {
      pushPixels(null);
    }
    return engine.memory();
  }

  private static Vae21Encoder measuring(
      Device device, VaeConfig config, VaeSettings settings, int threads) {
    VaeEngine engine =
        VaeEngine.measuring(
            device,
            threads,
            settings,
            Vae21Layout.encoder(config, settings),
            Vae21Layout.widestBorder(config, settings));
    try {
      return new Vae21Encoder(config, engine, null);
    } catch (RuntimeException e) {
      engine.close();
      throw e;
    }
  }

  /**
   * What encoding will take, without weights and without taking it.
   *
   * @param threads of a CPU device
   */
  public static VaeMemory measure(
      Device device, VaeConfig config, VaeSettings settings, int threads) {
    try (Vae21Encoder trial = measuring(device, config, settings, threads)) {
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
  public static Vae21Encoder load(
      Backend backend, VaeConfig config, VaeSettings settings, WeightReader reader)
      throws IOException {
    try (Vae21Encoder trial = measuring(backend.device(), config, settings, backend.threads())) {
      VaeEngine engine = VaeEngine.computing(backend, trial.engine, reader);
      try {
        return new Vae21Encoder(config, engine, trial.memory);
      } catch (RuntimeException e) {
        engine.close();
        throw e;
      }
    }
  }

  /** What this encoder takes. */
  public VaeMemory memory() {
    return memory;
  }

  /** Rows of a frame. */
  public int height() {
    return engine.settings().latentHeight() * config.spatialFactor();
  }

  /** Columns of a frame. */
  public int width() {
    return engine.settings().latentWidth() * config.spatialFactor();
  }

  /** Collects activations from now on; slow, for comparing with a reference. */
  public void collect(Taps into) {
    taps = new FrameTaps(into);
  }

  /** Begins a new clip. */
  public void start() {
    engine.releaseAll();
    engine.clearState();
    entry.reset();
    layers.forEach(FrameLayer::reset);
    head.reset();
    frames = 0;
  }

  /**
   * Encodes a clip. Frames at the end that do not fill a latent frame are left out, as the
   * reference does.
   *
   * @param video [3, count, H, W], -1 to 1
   * @return [zDim, T, h, w], normalised
   */
  public float[] encode(float[] video, int count) {
    if (count < 1 || video.length != (long) RGB * count * height() * width()) {
      throw new IllegalArgumentException(
          String.format(
              "encoding %d frames of [%d, %d, %d]: got %d values",
              count, RGB, height(), width(), video.length));
    }
    VaeSettings settings = engine.settings();
    int latentFrames = config.latentFrames(count);
    int area = settings.latentHeight() * settings.latentWidth();
    float[] latents = new float[config.zDim() * latentFrames * area];
    start();
    int done = 0;
    for (int i = 0; i < config.frames(latentFrames); i++) {
      float[] z = pushPixels(Planes.pixels(video, RGB, count, i));
      if (z != null) {
        Planes.put(z, latents, config.zDim(), latentFrames, done++);
      }
    }
    return latents;
  }

  /**
   * Encodes the next frame of the clip.
   *
   * @param rgb [3, H, W], -1 to 1
   * @return a latent frame [zDim, h, w], normalised, if this frame completes one: the first and
   *     every fourth after it
   */
  public Optional<float[]> push(float[] rgb) {
    if (rgb.length != RGB * height() * width()) {
      throw new IllegalArgumentException(
          String.format(
              "encoding a frame of [%d, %d, %d]: got %d values",
              RGB, height(), width(), rgb.length));
    }
    float[] z = pushPixels(Planes.pixels(rgb, RGB, 1, 0));
    if (z == null) {
      return Optional.empty();
    }
    float[] planes = new float[z.length];
    Planes.put(z, planes, config.zDim(), 1, 0);
    return Optional.of(planes);
  }

  /** The completed latent frame as pixels [h * w, zDim], or null. */
  private float[] pushPixels(float[] pixels) {
    if (frames > 0 && engine.settings().singleFrame()) {
      throw new IllegalStateException(
          "this encoder was planned for a single frame; plan it for a clip");
    }
    latent = null;
    Frame x = entry.forward(pixels);
    taps.see("conv1", x);
    push(0, x);
    if (frames % config.temporalFactor() == 0) {
      taps.endChunk("encode.chunk" + frames / config.temporalFactor() + ".");
    }
    frames++;
    return latent;
  }

  private void push(int layer, Frame x) {
    if (layer < layers.size()) {
      layers
          .get(layer)
          .push(
              x,
              y -> {
                taps.see(names.get(layer), y);
                push(layer + 1, y);
              });
      return;
    }
    int height = x.height();
    int width = x.width();
    float[] posterior = head.forward(x);
    taps.see("head", 2 * config.zDim(), height, width, posterior);
    latent = normalised(mean(posterior, height, width));
  }

  /** The first half of the last 1 x 1 convolution's result: the other is the log variance. */
  private float[] mean(float[] posterior, int height, int width) {
    int z = config.zDim();
    float[] mean = new float[engine.isMeasuring() ? 0 : height * width * z];
    engine.run(
        "conv1",
        height,
        width * z * 16L,
        b -> {
          GraphBuilder g = b.graph();
          int pixels = b.rows() * width;
          int first = b.first() * width;
          Tensor rows = g.input("posterior", TensorType.F32, pixels, 2L * z);
          b.beforeRun(() -> rows.set(0, posterior, first * 2 * z, pixels * 2 * z));
          Tensor mu = g.matmul(g.slice(pointwise, 0, 0, z), rows);
          Tensor result = g.output(g.addInPlace(mu, g.slice(pointwiseBias, 0, 0, z)));
          b.afterRun(() -> result.get(0, mean, first * z, pixels * z));
        });
    return mean;
  }

  private float[] normalised(float[] mean) {
    int channels = config.zDim();
    for (int c = 0; c < channels; c++) {
      float inverse = 1f / config.latentStd().get(c);
      float shift = config.latentMean().get(c);
      for (int i = c; i < mean.length; i += channels) {
        mean[i] = (mean[i] - shift) * inverse;
      }
    }
    return mean;
  }

  @Override
  public void close() {
    engine.close();
  }
}
