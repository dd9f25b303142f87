// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The files of a whole model whose parts fit together; made by {@link ModelResolver}. Immutable.
 *
 * @param model what it is, with its defaults
 * @param transformer a weight file or the index of a sharded one; the low-noise expert where there
 *     are two
 * @param highNoiseTransformer the high-noise expert, where there are two
 * @param vae the VAE
 * @param textEncoder the umT5 encoder
 * @param imageEncoder the CLIP image encoder, where the transformer sees its features
 * @param tokenizer {@code spiece.model}, {@code tokenizer.json}, or a GGUF file with a vocabulary
 * @param fromDemo the parts that are the demo model's own files
 */
public record ModelFiles(
    ModelDefaults model,
    Path transformer,
    Optional<Path> highNoiseTransformer,
    Path vae,
    Path textEncoder,
    Optional<Path> imageEncoder,
    Path tokenizer,
    Set<ModelPart> fromDemo) {

  public ModelFiles {
    fromDemo = Set.copyOf(fromDemo);
  }

  /**
   * The files of the model in a folder, whatever its layout: official, Comfy-Org's, diffusers', or
   * files side by side. Only headers are read. {@link ModelResolver} also takes single files.
   *
   * @throws java.nio.file.NoSuchFileException if the folder is not there
   * @throws ModelFilesException if a part is missing, or is there twice, or does not fit
   * @throws dev.wanlet.weights.WeightFormatException if a file is damaged
   * @throws IOException if a file cannot be read
   */
  public static ModelFiles in(Path folder) throws IOException {
    return new ModelResolver(ModelCatalog.standard())
        .resolve(ModelSelection.none().withModel(folder.toString()));
  }

  /** The file of a part; empty for one that the model does not have. */
  public Optional<Path> file(ModelPart part) {
    return switch (part) {
      case TRANSFORMER -> Optional.of(transformer);
      case HIGH_NOISE_TRANSFORMER -> highNoiseTransformer;
      case VAE -> Optional.of(vae);
      case TEXT_ENCODER -> Optional.of(textEncoder);
      case IMAGE_ENCODER -> imageEncoder;
      case TOKENIZER -> Optional.of(tokenizer);
    };
  }

  /** The transformers in the order they run: the high-noise expert first, where there are two. */
  public List<Path> transformers() {
    return Stream.concat(highNoiseTransformer.stream(), Stream.of(transformer)).toList();
  }
}
