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
 * The VAE of Wan 2.2 TI2V-5B: 16 x 16 pixels and 4 frames to a latent of 48 channels. The network
 * sees squares of 2 x 2 pixels; each level has a shortcut around it. Immutable, thread-safe.
 *
 * <p>Source: Wan2.2 wan/modules/vae2_2.py, {@code Wan2_2_VAE}, {@code WanVAE_}, {@code Encoder3d}
 * and {@code Decoder3d}.
 */
public final class Vae22 extends VaeFamily {
  /** The one there is. */
  public static final Vae22 INSTANCE = new Vae22();

  private static final int PATCH = 2;
  private static final int PIXELS = VaeNetwork.RGB * PATCH * PATCH;
  private static final String FIRST_OF_ENCODER = "encoder.conv1";
  private static final String ENCODER_LEVELS = "encoder.downsamples.";
  private static final String DECODER_LEVELS = "decoder.upsamples.";

  private static final List<Integer> DIM_MULT = List.of(1, 2, 4, 4);
  private static final int RES_BLOCKS = 2;
  private static final List<Boolean> TEMPORAL_DOWNSAMPLE = List.of(false, true, true);

  private static final List<Float> MEAN =
      List.of(
          -0.2289f, -0.0052f, -0.1323f, -0.2339f, -0.2799f, 0.0174f, 0.1838f, 0.1557f, -0.1382f,
          0.0542f, 0.2813f, 0.0891f, 0.1570f, -0.0098f, 0.0375f, -0.1825f, -0.2246f, -0.1207f,
          -0.0698f, 0.5109f, 0.2665f, -0.2108f, -0.2158f, 0.2502f, -0.2055f, -0.0322f, 0.1109f,
          0.1567f, -0.0729f, 0.0899f, -0.2799f, -0.1230f, -0.0313f, -0.1649f, 0.0117f, 0.0723f,
          -0.2839f, -0.2083f, -0.0520f, 0.3748f, 0.0152f, 0.1957f, 0.1433f, -0.2944f, 0.3573f,
          -0.0548f, -0.1681f, -0.0667f);
  private static final List<Float> STD =
      List.of(
          0.4765f, 1.0364f, 0.4514f, 1.1677f, 0.5313f, 0.4990f, 0.4818f, 0.5013f, 0.8158f, 1.0344f,
          0.5894f, 1.0901f, 0.6885f, 0.6165f, 0.8454f, 0.4978f, 0.5759f, 0.3523f, 0.7135f, 0.6804f,
          0.5833f, 1.4146f, 0.8986f, 0.5659f, 0.7069f, 0.5338f, 0.4889f, 0.4917f, 0.4069f, 0.4999f,
          0.6866f, 0.4093f, 0.5709f, 0.6065f, 0.6415f, 0.4944f, 0.5726f, 1.2042f, 0.5458f, 1.6887f,
          0.3971f, 1.0600f, 0.3943f, 0.5537f, 0.5444f, 0.4089f, 0.7468f, 0.7744f);

  private Vae22() {}

  @Override
  public String version() {
    return "2.2";
  }

  @Override
  CheckpointKind kind() {
    return CheckpointKind.VAE_2_2;
  }

  @Override
  int patch() {
    return PATCH;
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
      String name = ENCODER_LEVELS + level;
      String inner = name + ".downsamples.";
      Optional<ResampleSpec> resample = Optional.empty();
      if (level < config.levels() - 1) {
        boolean temporal = config.temporalDownsample().get(level);
        resample =
            Optional.of(
                new ResampleSpec(
                    inner + config.numResBlocks(), out, out, Geometry.HALVED, temporal));
      }
      layers.add(
          new LevelSpec(name, blocks(inner, config.numResBlocks(), channels, out), resample, true));
      channels = out;
    }
    layers.addAll(middle("encoder.middle.", channels));
    int posterior = 2 * config.zDim();
    return new VaeHalf(
        "encoder",
        new VaeEntry.Spec(
            Optional.empty(), ModuleSpec.causal(FIRST_OF_ENCODER, config.dim(), PIXELS)),
        layers,
        new VaeHead.Spec("encoder.head", channels, posterior),
        Optional.of(new ModuleSpec("conv1", Kind.POINTWISE, posterior, posterior)));
  }

  @Override
  VaeHalf decoder(VaeConfig config) {
    int top = config.levels() - 1;
    int widest = config.decoderDim() * config.dimMult().get(top);
    List<FrameLayer.Spec> layers = new ArrayList<>(middle("decoder.middle.", widest));
    int channels = widest;
    int count = config.numResBlocks() + 1;
    for (int level = top; level >= 0; level--) {
      int out = config.decoderDim() * config.dimMult().get(level);
      String name = DECODER_LEVELS + (top - level);
      String inner = name + ".upsamples.";
      Optional<ResampleSpec> resample = Optional.empty();
      if (level > 0) {
        boolean temporal = config.temporalDownsample().get(level - 1);
        resample =
            Optional.of(new ResampleSpec(inner + count, out, out, Geometry.DOUBLED, temporal));
      }
      layers.add(new LevelSpec(name, blocks(inner, count, channels, out), resample, level > 0));
      channels = out;
    }
    int zDim = config.zDim();
    return new VaeHalf(
        "decoder",
        new VaeEntry.Spec(
            Optional.of(new ModuleSpec("conv2", Kind.POINTWISE, zDim, zDim)),
            ModuleSpec.causal(FIRST_OF_DECODER, widest, zDim)),
        layers,
        new VaeHead.Spec("decoder.head", channels, PIXELS),
        Optional.empty());
  }

  private static List<ResidualLayer.Spec> blocks(String prefix, int count, int in, int out) {
    List<ResidualLayer.Spec> blocks = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      blocks.add(new ResidualLayer.Spec(prefix + i, i == 0 ? in : out, out));
    }
    return blocks;
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
    Optional<ModuleSpec> encoder = ModuleSpec.find(source, FIRST_OF_ENCODER, Kind.CAUSAL);
    Optional<ModuleSpec> head = ModuleSpec.find(source, "decoder.head.2", Kind.CAUSAL);
    int zDim;
    VaeConfig config;
    if (encoder.isPresent()) {
      int dim = encoder.get().out();
      zDim = ModuleSpec.require(source, "encoder.head.2", Kind.CAUSAL).out() / 2;
      Levels levels = Levels.read(source, ENCODER_LEVELS, ".downsamples.", dim);
      config =
          config(
              dim,
              head.map(ModuleSpec::in).orElse(dim),
              zDim,
              levels.dimMult,
              levels.blocks,
              levels.temporal);
    } else {
      int dim = ModuleSpec.require(source, "decoder.head.2", Kind.CAUSAL).in();
      zDim = ModuleSpec.require(source, FIRST_OF_DECODER, Kind.CAUSAL).in();
      Levels levels = Levels.read(source, DECODER_LEVELS, ".upsamples.", dim);
      Collections.reverse(levels.dimMult);
      Collections.reverse(levels.temporal);
      config = config(dim, dim, zDim, levels.dimMult, levels.blocks - 1, levels.temporal);
    }
    requireKnownShortcuts(source, config.encoder());
    requireKnownShortcuts(source, config.decoder());
    return config;
  }

  private static void requireKnownShortcuts(WeightSource source, VaeHalf half)
      throws WeightFormatException {
    for (FrameLayer.Spec layer : half.layers()) {
      if (layer instanceof LevelSpec level && !level.isKnown()) {
        throw new WeightFormatException(
            source.files().get(0),
            String.format(
                "'%s' makes %d channels of %d, which no Wan 2.2 VAE does",
                level.name(), level.out(), level.in()));
      }
    }
  }

  /**
   * What a checkpoint has of one half, in the order of its levels.
   *
   * @param dimMult multiples of the channels at full resolution
   * @param blocks residual blocks of a level
   * @param temporal whether each change of resolution also changes the number of frames
   */
  private record Levels(List<Integer> dimMult, int blocks, List<Boolean> temporal) {
    static Levels read(WeightSource source, String prefix, String infix, int dim)
        throws WeightFormatException {
      List<Integer> dimMult = new ArrayList<>();
      List<Boolean> temporal = new ArrayList<>();
      int blocks = 0;
      for (int level = 0; ; level++) {
        Optional<ResidualLayer.Spec> first =
            ResidualLayer.Spec.find(source, prefix + level + infix + 0);
        if (first.isEmpty()) {
          break;
        }
        dimMult.add(first.get().out() / dim);
        int count = 1;
        while (ResidualLayer.Spec.find(source, prefix + level + infix + count).isPresent()) {
          count++;
        }
        blocks = Math.max(blocks, count);
        ResampleSpec.find(source, prefix + level + infix + count, Geometry.SAME)
            .ifPresent(r -> temporal.add(r.isTemporal()));
      }
      if (dimMult.size() != temporal.size() + 1) {
        source.require(prefix + "0" + infix + "0.residual.2.weight");
        throw new WeightFormatException(
            source.files().get(0),
            String.format(
                "it has %d levels of resolution and %d changes between them; it is no Wan 2.2 VAE",
                dimMult.size(), temporal.size()));
      }
      return new Levels(dimMult, blocks, temporal);
    }
  }
}
