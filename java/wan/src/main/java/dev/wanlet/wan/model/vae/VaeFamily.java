// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.checkpoint.Checkpoint;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * An architecture of Wan's VAEs: the layers of both halves, with the checkpoint's tensor names, and
 * the statistics of the published latents. What differs between architectures is asked here.
 * Immutable, thread-safe.
 */
public abstract class VaeFamily {
  /** The module every family's decoder begins with; it reads the latents' channels. */
  public static final String FIRST_OF_DECODER = "decoder.conv1";

  /** In a class of its own: this one must be initialised before a family can be. */
  private static final class Known {
    static final List<VaeFamily> ALL = List.of(Vae21.INSTANCE, Vae22.INSTANCE);
  }

  VaeFamily() {}

  private static Optional<VaeFamily> find(Predicate<VaeFamily> wanted) {
    return Known.ALL.stream().filter(wanted).findFirst();
  }

  /** The family of a version such as {@code 2.1}; empty for one that this program cannot run. */
  public static Optional<VaeFamily> of(String version) {
    return find(f -> f.version().equals(version));
  }

  /**
   * Reads off a checkpoint which VAE it holds; empty for one that this program cannot run.
   *
   * @throws WeightFormatException if tensors are missing or misshapen
   */
  public static Optional<VaeConfig> infer(Checkpoint checkpoint) throws WeightFormatException {
    Optional<VaeFamily> family = find(f -> f.kind() == checkpoint.kind());
    return family.isPresent()
        ? Optional.of(family.get().infer(checkpoint.source()))
        : Optional.empty();
  }

  /** Such as {@code 2.1}. */
  public abstract String version();

  /** What its checkpoints are recognised as. */
  abstract CheckpointKind kind();

  /**
   * The published architecture in the given width, with the published statistics of the latents if
   * these have as many channels.
   *
   * @param dim channels of the encoder at full resolution
   * @param decoderDim channels of the decoder at full resolution
   * @param zDim channels of the latents
   */
  public abstract VaeConfig config(int dim, int decoderDim, int zDim);

  /**
   * Reads the sizes off a checkpoint with official names; either half of the network will do.
   *
   * @throws WeightFormatException if it is no VAE of this family
   */
  public abstract VaeConfig infer(WeightSource source) throws WeightFormatException;

  /** Side of the patches of pixels whose channels the network sees as those of one pixel. */
  int patch() {
    return 1;
  }

  /** The layers that make latents of frames. */
  abstract VaeHalf encoder(VaeConfig config);

  /** The layers that make frames of latents. */
  abstract VaeHalf decoder(VaeConfig config);

  /** For people: {@code Wan 2.1 VAE}. */
  @Override
  public String toString() {
    return kind().title();
  }
}
