// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import dev.wanlet.wan.model.tae.TaeConfig;
import dev.wanlet.wan.model.tae.TaeDecoder;
import dev.wanlet.wan.nn.SourceReader;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.checkpoint.Checkpoint;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The file of a small decoder, whose headers were read and fit. Immutable.
 *
 * @param file such as {@code taew2_1.safetensors}
 * @param config what it holds
 */
public record TaeFile(Path file, TaeConfig config) {
  /**
   * Reads the headers of a file.
   *
   * @param channels of the latents it is to decode
   * @throws WeightFormatException if it is no small decoder of such latents
   * @throws IOException if it cannot be read
   */
  public static TaeFile read(Path file, int channels) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(file, kind -> kind == CheckpointKind.TAE)) {
      if (checkpoint.kind() != CheckpointKind.TAE) {
        throw new WeightFormatException(
            file,
            "it is no small decoder but "
                + (checkpoint.kind() == CheckpointKind.UNKNOWN
                    ? "of another form"
                    : "a " + checkpoint.kind().title())
                + "; expected taew2_1 or taew2_2 of TAEHV, as .pth, .safetensors or GGUF (those"
                + " called 'super' have other layers, which this version does not read)");
      }
      checkpoint.requireWhole();
      TaeConfig config = TaeConfig.infer(checkpoint.source());
      if (config.zDim() != channels) {
        throw new WeightFormatException(
            file,
            String.format(
                "this small decoder takes latents of %d channels, the model makes %d; take taew2_1"
                    + " for 16 channels (Wan 2.1 and 2.2 14B), taew2_2 for 48 (Wan 2.2 5B)",
                config.zDim(), channels));
      }
      new SourceReader(checkpoint.source()).require(TaeDecoder.layout(config));
      return new TaeFile(file, config);
    }
  }

  /** Opens the checkpoint; the caller closes it. */
  public Checkpoint open() throws IOException {
    return Checkpoint.open(file, kind -> kind == CheckpointKind.TAE);
  }
}
