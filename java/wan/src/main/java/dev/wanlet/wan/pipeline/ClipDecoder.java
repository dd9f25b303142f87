// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.ggml.Backend;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.memory.TaePlan;
import dev.wanlet.wan.memory.VaePlan;
import dev.wanlet.wan.model.tae.TaeDecoder;
import dev.wanlet.wan.model.vae.VaeConfig;
import dev.wanlet.wan.model.vae.VaeDecoder;
import dev.wanlet.wan.nn.SourceReader;
import dev.wanlet.weights.checkpoint.Checkpoint;
import java.io.IOException;

/** Owner: what makes frames of latents, whichever network that is. Confined to one thread. */
interface ClipDecoder extends AutoCloseable {
  /** Takes decoded frames in order: [3, H, W], about -1 to 1. */
  @FunctionalInterface
  interface Frames {
    void accept(int index, float[] rgb);
  }

  /**
   * Decodes a clip.
   *
   * @param latents [C, T, h, w], normalised
   * @param count T
   */
  void decode(float[] latents, int count, Frames frames);

  @Override
  void close();

  /** The model's VAE. */
  static ClipDecoder vae(OpenModel model, Backend backend, VaePlan plan) throws IOException {
    VaeConfig config = model.vaeConfig().orElseThrow();
    VaeDecoder decoder =
        VaeDecoder.load(backend, config, plan.memory().settings(), new SourceReader(model.vae()));
    return new ClipDecoder() {
      @Override
      public void decode(float[] latents, int count, Frames frames) {
        decoder.decode(latents, count, frames::accept);
      }

      @Override
      public void close() {
        decoder.close();
      }
    };
  }

  /** A small decoder. */
  static ClipDecoder small(Backend backend, TaePlan plan) throws IOException {
    TaeDecoder decoder = load(backend, plan);
    return new ClipDecoder() {
      @Override
      public void decode(float[] latents, int count, Frames frames) {
        decoder.decode(latents, count, frames::accept);
      }

      @Override
      public void close() {
        decoder.close();
      }
    };
  }

  /** Loads a small decoder as planned. */
  static TaeDecoder load(Backend backend, TaePlan plan) throws IOException {
    try (Checkpoint checkpoint = plan.file().open()) {
      return TaeDecoder.load(
          backend, plan.file().config(), plan.settings(), new SourceReader(checkpoint.source()));
    }
  }
}
