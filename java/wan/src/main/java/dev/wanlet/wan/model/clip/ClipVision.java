// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.clip;

import static dev.wanlet.wan.model.clip.ClipConfig.RGB;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.ShapeException;
import dev.wanlet.wan.nn.BlockSpec;
import dev.wanlet.wan.nn.NetworkLayout;
import dev.wanlet.wan.nn.NetworkWeights;
import dev.wanlet.wan.nn.Placement;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.weights.WeightSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;

/**
 * Owner: CLIP's vision tower, which turns pictures into the features of the transformer's image
 * branch: the state behind all blocks but the last, without the final norm. All pictures of a call
 * go through a block while it is there.
 *
 * <p>Owns its weights; backend and checkpoint must outlive it. Confined to one thread.
 *
 * <p>Source: Wan2.1 wan/modules/clip.py, VisionTransformer with {@code use_31_block}.
 */
public final class ClipVision implements AutoCloseable {
  private final Backend backend;
  private final ClipConfig config;
  private final NetworkWeights weights;

  private ClipVision(Backend backend, ClipConfig config, NetworkWeights weights) {
    this.backend = backend;
    this.config = config;
    this.weights = weights;
  }

  /**
   * Loads a tower from a checkpoint, which must outlive it as must the backend.
   *
   * @param source in the form of {@link dev.wanlet.weights.checkpoint.ClipNames#apart}
   * @param placement as in {@link NetworkWeights#open(Backend, WeightSource, Precision, Function,
   *     IntFunction)}, as are the exceptions
   */
  public static ClipVision open(
      Backend backend,
      WeightSource source,
      ClipConfig config,
      Precision precision,
      IntFunction<Placement> placement)
      throws IOException {
    return new ClipVision(
        backend,
        config,
        NetworkWeights.open(backend, source, precision, t -> layout(config, t), placement));
  }

  /** All weights that are used, known from the configuration alone. */
  public static NetworkLayout layout(ClipConfig config, TypePolicy types) {
    return new NetworkLayout(
        ClipOuter.layout(config, types),
        BlockSpec.list("transformer", config.blocks(), types, t -> ClipBlock.layout(config, t)));
  }

  public ClipConfig config() {
    return config;
  }

  /**
   * The features of some pictures.
   *
   * @param pictures [3, S, S] each, of -1 to 1 or a little beyond, S being {@link
   *     ClipConfig#imageSize}
   * @return [tokens, dim] each
   * @throws ShapeException if a picture is of another size
   * @throws IOException if weights cannot be read
   * @throws dev.wanlet.ggml.DeviceMemoryException if device or budget has not the memory; this
   *     object stays usable
   * @throws dev.wanlet.ggml.GgmlException with {@code ABORTED} if the backend was asked to stop
   */
  public List<float[]> encode(List<float[]> pictures) throws IOException {
    return encode(pictures, Taps.NONE);
  }

  /**
   * As the other form, of one picture, and collects intermediate results: {@code preprocessed},
   * {@code patch_embedding} [patches, dim], {@code pre_norm}, {@code transformer.N.attn}, {@code
   * transformer.N.mlp}, {@code transformer.N}.
   */
  public float[] encode(float[] picture, Taps taps) throws IOException {
    return encode(List.of(picture), taps).get(0);
  }

  private List<float[]> encode(List<float[]> pictures, Taps taps) throws IOException {
    Shape expected = Shape.of(RGB, config.imageSize(), config.imageSize());
    List<float[]> patches = new ArrayList<>();
    for (float[] picture : pictures) {
      if (picture.length != expected.elements()) {
        throw new ShapeException(
            "a picture has " + picture.length + " values, expected " + expected);
      }
      float[] pixels = ClipPixels.normalised(picture);
      taps.under("").accept("preprocessed", expected, pixels);
      patches.add(ClipPixels.patches(config, pixels));
    }
    try (ClipBatch batch = new ClipBatch(backend, config, pictures.size(), taps)) {
      return batch.run(patches, weights);
    }
  }

  @Override
  public void close() {
    weights.close();
  }
}
