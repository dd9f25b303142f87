// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.quantize;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.wan.memory.Placement;
import dev.wanlet.wan.memory.StreamedBlocks;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanTransformer;
import dev.wanlet.wan.model.umt5.TokenEmbedding;
import dev.wanlet.wan.model.umt5.Umt5Config;
import dev.wanlet.wan.model.umt5.Umt5Encoder;
import dev.wanlet.wan.nn.BlockWeights;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.SourceReader;
import dev.wanlet.wan.nn.SourceTypes;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.nn.WeightLayout;
import dev.wanlet.wan.nn.WeightSet;
import dev.wanlet.weights.WeightSource;
import java.io.IOException;
import java.util.List;
import java.util.function.IntFunction;

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
    TypePolicy types = SourceTypes.of(source, precision, backend.device());
    SourceReader reader = new SourceReader(source);
    BlockWeights blocks =
        streamed(
            backend,
            WanTransformer.blockLayouts(config, types),
            reader,
            WanTransformer::blockPrefix);
    try {
      return WanTransformer.load(backend, config, types, reader, blocks);
    } catch (IOException | RuntimeException e) {
      blocks.close();
      throw e;
    }
  }

  /** The text encoder of an open checkpoint. */
  public static Umt5Encoder textEncoder(Backend backend, WeightSource source, Precision precision)
      throws IOException {
    Umt5Config config = Umt5Config.infer(source);
    TypePolicy types = SourceTypes.of(source, precision, backend.device());
    SourceReader reader = new SourceReader(source);
    TokenEmbedding embedding = new TokenEmbedding(source.require("token_embedding.weight"));
    WeightSet outer = WeightSet.load(backend, Umt5Encoder.outerLayout(config, types), reader);
    try {
      BlockWeights blocks =
          streamed(
              backend, Umt5Encoder.blockLayouts(config, types), reader, Umt5Encoder::blockPrefix);
      return new Umt5Encoder(backend, config, embedding, blocks, outer, precision);
    } catch (IOException | RuntimeException e) {
      outer.close();
      throw e;
    }
  }

  private static BlockWeights streamed(
      Backend backend,
      List<WeightLayout> layouts,
      SourceReader reader,
      IntFunction<String> prefixes)
      throws IOException {
    int blocks = layouts.size();
    Placement placement = blocks < 2 ? Placement.allResident(blocks) : new Placement(blocks, 0, 2);
    return new StreamedBlocks(backend, layouts, i -> reader.under(prefixes.apply(i)), placement);
  }
}
