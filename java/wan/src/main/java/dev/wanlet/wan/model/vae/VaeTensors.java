// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.TensorSpec;
import dev.wanlet.wan.nn.WeightLayout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tensors of a Wan 2.1 VAE's checkpoint, known from the configuration alone. Stateless.
 *
 * <p>Source: Wan2.1 wan/modules/vae.py, {@code WanVAE_}.
 */
public final class VaeTensors {
  /** How a clip is decoded does not change what a checkpoint holds. */
  private static final VaeSettings ANY =
      new VaeSettings(1, 1, false, Precision.F32, VaeSettings.ConvMethod.DIRECT, 1, 0);

  private VaeTensors() {}

  /** Official names and shapes, encoder first. */
  public static Map<String, Shape> published(VaeConfig config) {
    Map<String, Shape> tensors = new LinkedHashMap<>();
    for (WeightLayout half :
        List.of(Vae21Layout.encoder(config, ANY), Vae21Layout.decoder(config, ANY))) {
      for (TensorSpec spec : half.specs()) {
        tensors.put(spec.name(), spec.sourceShape());
      }
    }
    return tensors;
  }
}
