// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.synth;

import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.model.tae.TaeConfig;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanTransformer;
import dev.wanlet.wan.model.umt5.Umt5Config;
import dev.wanlet.wan.model.umt5.Umt5Encoder;
import dev.wanlet.wan.nn.NetworkLayout;
import dev.wanlet.wan.nn.TensorSpec;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.nn.WeightLayout;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The tensors of published checkpoints: official names and shapes, known from a model's numbers.
 * Stateless.
 *
 * <p>Sources: Wan2.1 wan/modules/model.py and vace_model.py, wan/modules/t5.py; madebyollin/taehv
 * taehv.py.
 */
public final class PublishedTensors {
  private PublishedTensors() {}

  /** Tensors of a transformer, in the order of the network. */
  public static Map<String, Shape> transformer(ModelDefaults model) {
    WanConfig c = model.transformer();
    Map<String, Shape> tensors = new LinkedHashMap<>();
    NetworkLayout layout = WanTransformer.layout(c, TypePolicy.ALL_F32);
    addAll(tensors, "", layout.outer());
    layout.blocks().forEach(block -> addAll(tensors, block.prefix(), block.layout()));
    return tensors;
  }

  /** Tensors of a umT5 encoder. */
  public static Map<String, Shape> textEncoder(Umt5Config c) {
    Map<String, Shape> tensors = new LinkedHashMap<>();
    tensors.put("token_embedding.weight", Shape.of(c.vocab(), c.dim()));
    NetworkLayout layout = Umt5Encoder.layout(c, TypePolicy.ALL_F32);
    layout.blocks().forEach(block -> addAll(tensors, block.prefix(), block.layout()));
    addAll(tensors, "", layout.outer());
    return tensors;
  }

  /**
   * Tensors of a VAE.
   *
   * @throws RequestException for a VAE whose tensors this version does not know
   */
  public static Map<String, Shape> vae(ModelDefaults model) {
    ModelDefaults.VaeNumbers vae = model.vae();
    return vae.config()
        .orElseThrow(
            () ->
                new RequestException(
                    "the Wan "
                        + vae.version()
                        + " VAE of "
                        + model.id()
                        + " cannot be made by this version"))
        .tensors();
  }

  /** Tensors of the small decoder of a model's latents. */
  public static Map<String, Shape> tae(ModelDefaults model) {
    return (model.vae().version().equals("2.2") ? TaeConfig.wan22() : TaeConfig.wan21()).tensors();
  }

  private static void addAll(Map<String, Shape> tensors, String prefix, WeightLayout layout) {
    for (TensorSpec spec : layout.specs()) {
      tensors.put(prefix + spec.name(), spec.sourceShape());
    }
  }
}
