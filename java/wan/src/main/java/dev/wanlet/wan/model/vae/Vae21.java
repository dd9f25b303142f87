// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.wan.model.vae.ModuleSpec.Kind;
import dev.wanlet.wan.nn.frames.FrameConvolution.Geometry;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * The VAE of Wan 2.1 and of the 14B models of Wan 2.2: 8 x 8 pixels and 4 frames to a latent of 16
 * channels. Immutable, thread-safe.
 *
 * <p>Source: Wan2.1 wan/modules/vae.py, {@code WanVAE}, {@code WanVAE_}, {@code Encoder3d} and
 * {@code Decoder3d}.
 */
public final class Vae21 extends VaeFamily {
  /** The one there is. */
  public static final Vae21 INSTANCE = new Vae21();

  private static final int RGB = 3;
  private static final String FIRST_OF_ENCODER = "encoder.conv1";
  private static final String ENCODER_HEAD = "encoder.head";
  private static final String DECODER_HEAD = "decoder.head";
  private static final String ENCODER_LEVELS = "encoder.downsamples.";
  private static final String DECODER_LEVELS = "decoder.upsamples.";

  private static final List<Integer> DIM_MULT = List.of(1, 2, 4, 4);
  private static final int RES_BLOCKS = 2;
  private static final List<Boolean> TEMPORAL_DOWNSAMPLE = List.of(false, true, true);

  private static final List<Float> MEAN =
      List.of(
          -0.7571f, -0.7089f, -0.9113f, 0.1075f, -0.1745f, 0.9653f, -0.1517f, 1.5508f, 0.4134f,
          -0.0715f, 0.5517f, -0.3632f, -0.1922f, -0.9497f, 0.2503f, -0.2921f);
  private static final List<Float> STD =
      List.of(
          2.8184f, 1.4541f, 2.3275f, 2.6558f, 1.2196f, 1.7708f, 2.6052f, 2.0743f, 3.2687f, 2.1526f,
          2.8652f, 1.5579f, 1.6382f, 1.1253f, 2.8251f, 1.9160f);

  private Vae21() {}

  @Override
  public String version() {
    return "2.1";
  }

  @Override
  CheckpointKind kind() {
    return CheckpointKind.VAE_2_1;
  }

  @Override
  public VaeConfig config(int dim, int decoderDim, int zDim) {
    return config(dim, decoderDim, zDim, DIM_MULT, RES_BLOCKS, TEMPORAL_DOWNSAMPLE);
  }

  private VaeConfig config(
      int dim,
      int decoderDim,
      int zDim,
      List<Integer> dimMult,
      int blocks,
      List<Boolean> temporal) {
    boolean published = zDim == MEAN.size();
    return new VaeConfig(
        this,
        dim,
        decoderDim,
        zDim,
        dimMult,
        blocks,
        temporal,
        published ? MEAN : Collections.nCopies(zDim, 0f),
        published ? STD : Collections.nCopies(zDim, 1f));
  }

  // ---- the layers ----

  @Override
  VaeHalf encoder(VaeConfig config) {
    List<FrameLayer.Spec> layers = new ArrayList<>();
    int channels = config.dim();
    for (int level = 0; level < config.levels(); level++) {
      int out = config.dim() * config.dimMult().get(level);
      for (int block = 0; block < config.numResBlocks(); block++) {
        layers.add(new ResidualLayer.Spec(ENCODER_LEVELS + layers.size(), channels, out));
        channels = out;
      }
      if (level < config.levels() - 1) {
        boolean temporal = config.temporalDownsample().get(level);
        String name = ENCODER_LEVELS + layers.size();
        layers.add(new ResampleSpec(name, channels, channels, Geometry.HALVED, temporal));
      }
    }
    layers.addAll(middle("encoder.middle.", channels));
    int posterior = 2 * config.zDim();
    return new VaeHalf(
        "encoder",
        new VaeEntry.Spec(Optional.empty(), ModuleSpec.causal(FIRST_OF_ENCODER, config.dim(), RGB)),
        layers,
        new VaeHead.Spec(ENCODER_HEAD, channels, posterior),
        Optional.of(new ModuleSpec("conv1", Kind.POINTWISE, posterior, posterior)));
  }

  @Override
  VaeHalf decoder(VaeConfig config) {
    int top = config.levels() - 1;
    int widest = config.decoderDim() * config.dimMult().get(top);
    List<FrameLayer.Spec> levels = new ArrayList<>();
    int channels = widest;
    for (int level = top; level >= 0; level--) {
      int out = config.decoderDim() * config.dimMult().get(level);
      for (int block = 0; block <= config.numResBlocks(); block++) {
        levels.add(new ResidualLayer.Spec(DECODER_LEVELS + levels.size(), channels, out));
        channels = out;
      }
      if (level > 0) {
        boolean temporal = config.temporalDownsample().get(level - 1);
        String name = DECODER_LEVELS + levels.size();
        levels.add(new ResampleSpec(name, channels, channels / 2, Geometry.DOUBLED, temporal));
        channels /= 2;
      }
    }
    List<FrameLayer.Spec> layers = new ArrayList<>(middle("decoder.middle.", widest));
    layers.addAll(levels);
    int zDim = config.zDim();
    return new VaeHalf(
        "decoder",
        new VaeEntry.Spec(
            Optional.of(new ModuleSpec("conv2", Kind.POINTWISE, zDim, zDim)),
            ModuleSpec.causal(FIRST_OF_DECODER, widest, zDim)),
        layers,
        new VaeHead.Spec(DECODER_HEAD, channels, RGB),
        Optional.empty());
  }

  private static List<FrameLayer.Spec> middle(String prefix, int channels) {
    return List.of(
        new ResidualLayer.Spec(prefix + 0, channels, channels),
        new FrameAttention.Spec(prefix + 1, channels),
        new ResidualLayer.Spec(prefix + 2, channels, channels));
  }

  // ---- the sizes of a checkpoint ----

  @Override
  public VaeConfig infer(WeightSource source) throws WeightFormatException {
    Optional<ModuleSpec> first = ModuleSpec.find(source, FIRST_OF_ENCODER, Kind.CAUSAL);
    if (first.isEmpty()) {
      int dim = ModuleSpec.require(source, lastOf(DECODER_HEAD), Kind.CAUSAL).in();
      Levels levels = Levels.read(source, DECODER_LEVELS, Geometry.DOUBLED, dim).reversed();
      int zDim = ModuleSpec.require(source, FIRST_OF_DECODER, Kind.CAUSAL).in();
      return config(dim, dim, zDim, levels.dimMult, levels.blocks - 1, levels.temporal);
    }
    int dim = first.get().out();
    Levels levels = Levels.read(source, ENCODER_LEVELS, Geometry.HALVED, dim);
    int zDim = ModuleSpec.require(source, lastOf(ENCODER_HEAD), Kind.CAUSAL).out() / 2;
    Optional<ModuleSpec> last = ModuleSpec.find(source, lastOf(DECODER_HEAD), Kind.CAUSAL);
    int decoderDim = last.map(ModuleSpec::in).orElse(dim);
    return config(dim, decoderDim, zDim, levels.dimMult, levels.blocks, levels.temporal);
  }

  private static String lastOf(String head) {
    return new VaeHead.Spec(head, 1, 1).convolution().name();
  }

  /**
   * What a checkpoint has of one half, in the order of its layers.
   *
   * @param dimMult multiples of the channels at full resolution
   * @param blocks residual blocks of a level
   * @param temporal whether each change of resolution also changes the number of frames
   */
  private record Levels(List<Integer> dimMult, int blocks, List<Boolean> temporal) {
    static Levels read(WeightSource source, String prefix, Geometry geometry, int dim)
        throws WeightFormatException {
      List<Integer> dimMult = new ArrayList<>();
      List<Boolean> temporal = new ArrayList<>();
      int channels = dim;
      int blocks = 0;
      int blocksOfLevel = 0;
      for (int index = 0; dimMult.size() == temporal.size(); index++) {
        String name = prefix + index;
        Optional<ResidualLayer.Spec> block = ResidualLayer.Spec.find(source, name);
        if (block.isPresent()) {
          channels = block.get().out();
          blocksOfLevel++;
        } else {
          dimMult.add(channels / dim);
          blocks = Math.max(blocks, blocksOfLevel);
          blocksOfLevel = 0;
          ResampleSpec.find(source, name, geometry).ifPresent(r -> temporal.add(r.isTemporal()));
        }
      }
      if (blocks == 0) {
        source.require(new ResidualLayer.Spec(prefix + 0, 1, 1).firstConvolution().weight());
      }
      return new Levels(dimMult, blocks, temporal);
    }

    Levels reversed() {
      List<Integer> upward = new ArrayList<>(dimMult);
      List<Boolean> halvings = new ArrayList<>(temporal);
      Collections.reverse(upward);
      Collections.reverse(halvings);
      return new Levels(upward, blocks, halvings);
    }
  }
}
