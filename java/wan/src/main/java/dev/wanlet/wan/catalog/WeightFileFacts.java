// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.vae.VaeFamily;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.checkpoint.Checkpoint;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import dev.wanlet.weights.checkpoint.ClipNames;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which part of a Wan model a weight file is, and how wide, read off its tensors. Immutable.
 *
 * @param path the file
 * @param part what it holds
 * @param transformer numbers of a transformer; null for other parts
 * @param width of what the parts exchange: text features for a text encoder, latent channels for a
 *     VAE, 0 for a transformer
 * @param vocabulary tokens of a text encoder, else 0
 * @param tokenizer the file that also brings the vocabulary's pieces, where one does
 */
public record WeightFileFacts(
    Path path,
    ModelPart part,
    WanConfig transformer,
    int width,
    int vocabulary,
    Optional<Path> tokenizer) {

  /**
   * Opens a file or folder and recognises what it holds: usually one part, but some files hold a
   * whole model.
   *
   * @return empty if it holds no part that Wanlet runs, but a LoRA, say
   * @throws IOException if it cannot be read, or is damaged
   */
  public static List<WeightFileFacts> read(Path path) throws IOException {
    List<WeightFileFacts> facts = new ArrayList<>();
    Set<CheckpointKind> kinds = Checkpoint.kinds(path);
    for (CheckpointKind kind : kinds) {
      try (Checkpoint checkpoint = Checkpoint.open(path, kind::equals)) {
        of(path, checkpoint).ifPresent(facts::add);
      }
    }
    if (kinds.isEmpty()) {
      Checkpoint.open(path).close(); // refuses what is stored in a way that we do not read
    }
    return facts;
  }

  /**
   * Recognises an open checkpoint.
   *
   * @throws WeightFormatException if tensors are missing or misshapen
   */
  public static Optional<WeightFileFacts> of(Path path, Checkpoint checkpoint)
      throws WeightFormatException {
    return switch (checkpoint.kind()) {
      case TRANSFORMER -> {
        WanConfig config = WanConfig.infer(checkpoint.source());
        yield Optional.of(
            new WeightFileFacts(path, ModelPart.TRANSFORMER, config, 0, 0, Optional.empty()));
      }
      case TEXT_ENCODER -> {
        WeightTensor table = checkpoint.source().require("token_embedding.weight");
        yield Optional.of(
            new WeightFileFacts(
                path,
                ModelPart.TEXT_ENCODER,
                null,
                dim(table, 1),
                dim(table, 0),
                TokenizerFiles.inside(checkpoint.source())));
      }
      case VAE_2_1, VAE_2_2 -> {
        WeightTensor first = checkpoint.source().require(VaeFamily.FIRST_OF_DECODER + ".weight");
        requirePixels(checkpoint);
        yield Optional.of(
            new WeightFileFacts(path, ModelPart.VAE, null, dim(first, 1), 0, Optional.empty()));
      }
      case IMAGE_ENCODER -> {
        WeightTensor first = ClipNames.apart(checkpoint.source()).require("patch_embedding.weight");
        yield Optional.of(
            new WeightFileFacts(
                path, ModelPart.IMAGE_ENCODER, null, dim(first, 0), 0, Optional.empty()));
      }
      case TAE, LORA, UNKNOWN -> Optional.empty();
    };
  }

  /**
   * VAEs that enlarge the picture are the same but for their last layer.
   *
   * @throws WeightFormatException if the decoder does not give red, green and blue
   */
  private static void requirePixels(Checkpoint vae) throws WeightFormatException {
    Optional<WeightTensor> bias = vae.source().find("decoder.head.2.bias");
    long expected = vae.kind() == CheckpointKind.VAE_2_2 ? 12 : 3;
    if (bias.isPresent() && bias.get().elements() != expected) {
      throw new WeightFormatException(
          bias.get().file(),
          String.format(
              "this %s has %d output channels, expected %d; it is one that also enlarges the"
                  + " picture, which Wanlet does not run",
              vae.kind().title(), bias.get().elements(), expected));
    }
  }

  /** A dimension that a hostile file may lack or make too long counts as 0: it fits nothing. */
  private static int dim(WeightTensor tensor, int index) {
    long size = index < tensor.shape().rank() ? tensor.shape().dim(index) : 0;
    return size <= Integer.MAX_VALUE ? (int) size : 0;
  }
}
