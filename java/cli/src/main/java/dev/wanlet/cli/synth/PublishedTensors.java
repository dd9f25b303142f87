// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.synth;

import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.model.clip.ClipConfig;
import dev.wanlet.wan.model.tae.TaeConfig;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanTransformer;
import dev.wanlet.wan.model.umt5.Umt5Config;
import dev.wanlet.wan.model.umt5.Umt5Encoder;
import dev.wanlet.wan.model.vae.VaeConfig;
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
 * <p>Sources: Wan2.1 wan/modules/model.py and vace_model.py, wan/modules/t5.py and clip.py;
 * madebyollin/taehv taehv.py.
 */
public final class PublishedTensors {
  /** Features that pictures and words share in CLIP. */
  private static final int CLIP_OUTPUT = 1024;

  private PublishedTensors() {}

  /** Tensors of a transformer, in the order of the network. */
  public static Map<String, Shape> transformer(ModelDefaults model) {
    return transformer(model.transformer());
  }

  /** The same of a transformer of these numbers. */
  static Map<String, Shape> transformer(WanConfig c) {
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

  /** Tensors of CLIP's vision tower, its unused last block and head included. */
  public static Map<String, Shape> imageEncoder(ClipConfig c) {
    Map<String, Shape> tensors = new LinkedHashMap<>();
    tensors.put("cls_embedding", Shape.of(1, 1, c.dim()));
    tensors.put("pos_embedding", Shape.of(1, c.tokens(), c.dim()));
    tensors.put("head", Shape.of(c.dim(), CLIP_OUTPUT));
    tensors.put("patch_embedding.weight", Shape.of(c.dim(), 3, c.patch(), c.patch()));
    addNorm(tensors, "pre_norm", c.dim());
    for (int i = 0; i <= c.blocks(); i++) {
      String block = "transformer." + i + ".";
      addNorm(tensors, block + "norm1", c.dim());
      addLinear(tensors, block + "attn.to_qkv", 3L * c.dim(), c.dim());
      addLinear(tensors, block + "attn.proj", c.dim(), c.dim());
      addNorm(tensors, block + "norm2", c.dim());
      addLinear(tensors, block + "mlp.0", c.mlpDim(), c.dim());
      addLinear(tensors, block + "mlp.2", c.dim(), c.mlpDim());
    }
    addNorm(tensors, "post_norm", c.dim());
    return tensors;
  }

  /**
   * Tensors of a VAE.
   *
   * @throws RequestException for a VAE whose tensors this version does not know
   */
  public static Map<String, Shape> vae(ModelDefaults model) {
    return vaeConfig(model).tensors();
  }

  /**
   * The numbers of a model's VAE.
   *
   * @throws RequestException for a VAE whose tensors this version does not know
   */
  static VaeConfig vaeConfig(ModelDefaults model) {
    ModelDefaults.VaeNumbers vae = model.vae();
    return vae.config()
        .orElseThrow(
            () ->
                new RequestException(
                    "the Wan "
                        + vae.version()
                        + " VAE of "
                        + model.id()
                        + " cannot be made by this version"));
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

  private static void addLinear(Map<String, Shape> tensors, String name, long out, long in) {
    tensors.put(name + ".weight", Shape.of(out, in));
    tensors.put(name + ".bias", Shape.of(out));
  }

  private static void addNorm(Map<String, Shape> tensors, String name, long width) {
    tensors.put(name + ".weight", Shape.of(width));
    tensors.put(name + ".bias", Shape.of(width));
  }
}
