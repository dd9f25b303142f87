// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.WeightReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Owner: the decoder of the Wan 2.1 VAE with its memory on a device. Latent frames go in one at a
 * time, RGB frames come out as soon as they exist; what is held at any time does not depend on the
 * length of the clip.
 *
 * <p>Exact: every frame passes through the network in bands of rows, with the two frames before it
 * kept for each temporal convolution, so there are no tiles and no seams.
 *
 * <p>Confined to one thread; {@link Backend#requestStop()} from another stops it within a band, and
 * the next {@link #start()} begins a new clip.
 *
 * <p>Source: Wan2.1 wan/modules/vae.py, {@code WanVAE_.decode} and {@code Decoder3d}.
 */
public final class Vae21Decoder implements AutoCloseable {
  private static final int RGB = 3;

  /** Takes decoded frames in order. */
  public interface FrameConsumer {
    /**
     * @param index of the frame in the clip
     * @param rgb [3, H, W], about -1 to 1, not clamped; the consumer's to keep
     */
    void accept(int index, float[] rgb);
  }

  private final VaeConfig config;
  private final VaeEngine engine;
  private final VaeMemory memory;
  private final VaeEntry entry;
  private final List<FrameLayer> layers = new ArrayList<>();
  private final List<String> names = new ArrayList<>();
  private final VaeHead head;
  private final int height;
  private final int width;
  private FrameTaps taps = new FrameTaps(Taps.NONE);
  private int latentFrames;
  private int frames;

  private Vae21Decoder(VaeConfig config, VaeEngine engine, VaeMemory memory) {
    VaeSettings settings = engine.settings();
    int h = settings.latentHeight();
    int w = settings.latentWidth();
    int top = config.levels() - 1;
    int channels = config.channels(top);
    this.config = config;
    this.engine = engine;
    this.entry = new VaeEntry(engine, "conv2", "decoder.conv1", config.zDim(), channels, h, w);
    add("middle.0", new ResidualLayer(engine, "decoder.middle.0", channels, channels, h, w));
    add("middle.1", new FrameAttention(engine, "decoder.middle.1", channels));
    add("middle.2", new ResidualLayer(engine, "decoder.middle.2", channels, channels, h, w));
    int index = 0;
    for (int level = top; level >= 0; level--) {
      for (int block = 0; block <= config.numResBlocks(); block++) {
        String name = "upsamples." + index++;
        add(
            name,
            new ResidualLayer(engine, "decoder." + name, channels, config.channels(level), h, w));
        channels = config.channels(level);
      }
      if (level > 0) {
        String name = "upsamples." + index++;
        add(name, new UpsampleLayer(engine, "decoder." + name, channels, h, w));
        channels /= 2;
        h *= 2;
        w *= 2;
      }
    }
    this.head = new VaeHead(engine, "decoder.head", channels, RGB, h, w);
    this.height = h;
    this.width = w;
    this.memory = memory == null ? trial() : memory;
  }

  private void add(String name, FrameLayer layer) {
    names.add(name);
    layers.add(layer);
  }

  /** Runs through the frames whose graphs differ, without computing. */
  private VaeMemory trial() {
    start();
    int count = engine.settings().singleFrame() ? 1 : 2;
    for (int i = 0; i < count; i++) {
      push(null, (frame, rgb) -> {});
    }
    return engine.memory();
  }

  private static Vae21Decoder measuring(
      Device device, VaeConfig config, VaeSettings settings, int threads) {
    VaeEngine engine =
        VaeEngine.measuring(
            device,
            threads,
            settings,
            Vae21Layout.decoder(config, settings),
            Vae21Layout.widestBorder(config, settings));
    try {
      return new Vae21Decoder(config, engine, null);
    } catch (RuntimeException e) {
      engine.close();
      throw e;
    }
  }

  /**
   * What decoding will take, without weights and without taking it.
   *
   * @param threads of a CPU device
   */
  public static VaeMemory measure(
      Device device, VaeConfig config, VaeSettings settings, int threads) {
    try (Vae21Decoder trial = measuring(device, config, settings, threads)) {
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
  public static Vae21Decoder load(
      Backend backend, VaeConfig config, VaeSettings settings, WeightReader reader)
      throws IOException {
    try (Vae21Decoder trial = measuring(backend.device(), config, settings, backend.threads())) {
      VaeEngine engine = VaeEngine.computing(backend, trial.engine, reader);
      try {
        return new Vae21Decoder(config, engine, trial.memory);
      } catch (RuntimeException e) {
        engine.close();
        throw e;
      }
    }
  }

  /** What this decoder takes. */
  public VaeMemory memory() {
    return memory;
  }

  /** Rows of a frame. */
  public int height() {
    return height;
  }

  /** Columns of a frame. */
  public int width() {
    return width;
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
    latentFrames = 0;
    frames = 0;
  }

  /**
   * Decodes a clip.
   *
   * @param latents [zDim, T, h, w], normalised as the transformer makes them
   * @param count T
   */
  public void decode(float[] latents, int count, FrameConsumer consumer) {
    VaeSettings settings = engine.settings();
    long expected = (long) config.zDim() * count * settings.latentHeight() * settings.latentWidth();
    if (count < 1 || latents.length != expected) {
      throw new IllegalArgumentException(
          String.format(
              "decoding %d latent frames of [%d, %d, %d]: got %d values, expected %d",
              count,
              config.zDim(),
              settings.latentHeight(),
              settings.latentWidth(),
              latents.length,
              expected));
    }
    start();
    for (int i = 0; i < count; i++) {
      push(Planes.pixels(latents, config.zDim(), count, i), consumer);
    }
  }

  /**
   * Decodes the next latent frame of the clip: one RGB frame for the first, four for each other.
   *
   * @param pixels [h * w, zDim], normalised; the channels of a pixel are adjacent
   */
  private void push(float[] pixels, FrameConsumer consumer) {
    if (latentFrames > 0 && engine.settings().singleFrame()) {
      throw new IllegalStateException(
          "this decoder was planned for a single frame; plan it for a clip");
    }
    Frame x = entry.forward(engine.isMeasuring() ? null : denormalised(pixels));
    taps.see("conv1", x);
    push(0, x, consumer);
    taps.endChunk("decode.chunk" + latentFrames + ".");
    latentFrames++;
  }

  private void push(int layer, Frame x, FrameConsumer consumer) {
    if (layer < layers.size()) {
      layers
          .get(layer)
          .push(
              x,
              y -> {
                taps.see(names.get(layer), y);
                push(layer + 1, y, consumer);
              });
      return;
    }
    float[] pixels = head.forward(x);
    if (!engine.isMeasuring()) {
      taps.see("head", RGB, height, width, pixels);
      float[] rgb = new float[pixels.length];
      Planes.put(pixels, rgb, RGB, 1, 0);
      consumer.accept(frames++, rgb);
    }
  }

  private float[] denormalised(float[] pixels) {
    int channels = config.zDim();
    float[] z = new float[pixels.length];
    for (int c = 0; c < channels; c++) {
      float inverse = 1f / config.latentStd().get(c);
      float mean = config.latentMean().get(c);
      for (int i = c; i < z.length; i += channels) {
        z[i] = pixels[i] / inverse + mean;
      }
    }
    return z;
  }

  @Override
  public void close() {
    engine.close();
  }
}
