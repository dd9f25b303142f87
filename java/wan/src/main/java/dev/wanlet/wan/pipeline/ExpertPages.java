// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanTransformer;
import dev.wanlet.wan.nn.BlockSpec;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.weights.MappedFile.Advice;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import java.util.List;

/**
 * Pages of the expert that comes next: its first blocks are read while the last step of the other
 * one is computed. Of either expert nothing but what is on its way to the device is in the
 * process's memory; the system's file cache keeps what it has room for. It changes speed only.
 * Stateless.
 */
final class ExpertPages {
  /** As many blocks as are loaded before the first of them has been computed. */
  private static final int FIRST_BLOCKS = 2;

  private ExpertPages() {}

  /** Has the system begin to read what the expert is opened with. */
  static void expect(WeightSource expert, WanConfig config) {
    List<BlockSpec> blocks = WanTransformer.layout(config, TypePolicy.ALL_F32).blocks();
    for (WeightTensor tensor : expert.tensors()) {
      boolean late =
          blocks.stream().skip(FIRST_BLOCKS).anyMatch(b -> tensor.name().startsWith(b.prefix()));
      if (!late) {
        tensor.advise(Advice.WILL_NEED);
      }
    }
  }
}
