// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.quantize;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanTransformer;
import dev.wanlet.wan.model.umt5.Umt5Config;
import dev.wanlet.wan.model.umt5.Umt5Encoder;
import dev.wanlet.wan.nn.Placement;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.weights.WeightSource;
import java.io.IOException;

/** Networks on the CPU with their blocks streamed, so that any size runs in little memory. */
public final class CpuNetworks {
  private CpuNetworks() {}

  /** A CPU backend with so many threads. */
  public static Backend backend(int threads) {
    Backend backend = Backend.open(Device.cpu());
    backend.setThreads(threads);
    return backend;
  }

  /** The transformer of an open checkpoint. */
  public static WanTransformer transformer(
      Backend backend, WeightSource source, WanConfig config, Precision precision)
      throws IOException {
    return WanTransformer.open(backend, source, config, precision, CpuNetworks::twoSlots);
  }

  /** The text encoder of an open checkpoint. */
  public static Umt5Encoder textEncoder(Backend backend, WeightSource source, Precision precision)
      throws IOException {
    return Umt5Encoder.open(
        backend, source, Umt5Config.infer(source), precision, CpuNetworks::twoSlots);
  }

  private static Placement twoSlots(int blocks) {
    return Placement.allStreamed(blocks, 2);
  }
}
