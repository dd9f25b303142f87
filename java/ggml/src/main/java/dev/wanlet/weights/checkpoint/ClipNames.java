// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import dev.wanlet.weights.CompositeSource;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The names under which CLIP's vision tower is published, the official Wan checkpoint's and those
 * of Hugging Face (also Comfy-Org's and diffusers' files), brought to one form: official names, but
 * with queries, keys and values apart, as Hugging Face stores them. Stateless, thread-safe.
 *
 * <p>Source: Wan2.1 wan/modules/clip.py, VisionTransformer; transformers
 * models/clip/modeling_clip.py, CLIPVisionTransformer.
 */
public final class ClipNames {
  private static final String JOINED = ".attn.to_qkv.";
  private static final String[] PARTS = {"q", "k", "v"};
  private static final NameRules HUGGING_FACE = huggingFace();

  private ClipNames() {}

  /**
   * A vision tower in the one form. The result owns the source.
   *
   * @param source of a {@linkplain CheckpointKind#IMAGE_ENCODER checkpoint}
   * @throws WeightFormatException if two tensors get the same name, or queries, keys and values
   *     cannot be told apart
   */
  public static WeightSource apart(WeightSource source) throws WeightFormatException {
    WeightSource official = HUGGING_FACE.apply(source);
    Map<String, WeightTensor> tensors = new LinkedHashMap<>();
    for (WeightTensor tensor : official.tensors()) {
      if (tensor.name().contains(JOINED)) {
        split(tensor, tensors);
      } else {
        tensors.put(tensor.name(), tensor);
      }
    }
    return CompositeSource.of(official.description(), List.of(official), tensors);
  }

  private static void split(WeightTensor joined, Map<String, WeightTensor> tensors)
      throws WeightFormatException {
    try {
      long rows = joined.shape().dim(0) / PARTS.length;
      if (rows * PARTS.length != joined.shape().dim(0)) {
        throw new IllegalArgumentException(joined + " has no three equal parts");
      }
      for (int i = 0; i < PARTS.length; i++) {
        String name = joined.name().replace(JOINED, ".attn." + PARTS[i] + ".");
        tensors.put(name, joined.rows(i * rows, (i + 1) * rows).withName(name));
      }
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      throw new WeightFormatException(
          joined.file(), "queries, keys and values cannot be told apart: " + e.getMessage(), e);
    }
  }

  private static NameRules huggingFace() {
    NameRules.Builder b = NameRules.builder();
    String embeddings = "vision_model.embeddings.";
    b.rename(embeddings + "class_embedding", "cls_embedding");
    b.rename(embeddings + "patch_embedding", "patch_embedding");
    b.rename(embeddings + "position_embedding.weight", "pos_embedding");
    b.rename("vision_model.pre_layrnorm", "pre_norm");
    b.rename("vision_model.post_layernorm", "post_norm");
    String layer = "vision_model.encoder.layers.*.";
    b.rename(layer + "layer_norm1", "transformer.*.norm1");
    b.rename(layer + "layer_norm2", "transformer.*.norm2");
    for (String part : PARTS) {
      b.rename(layer + "self_attn." + part + "_proj", "transformer.*.attn." + part);
    }
    b.rename(layer + "self_attn.out_proj", "transformer.*.attn.proj");
    b.rename(layer + "mlp.fc1", "transformer.*.mlp.0");
    b.rename(layer + "mlp.fc2", "transformer.*.mlp.2");
    return b.drop("text_model").drop("logit_scale").build();
  }
}
