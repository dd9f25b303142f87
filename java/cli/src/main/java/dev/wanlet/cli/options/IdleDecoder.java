// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.options;

import dev.wanlet.wan.catalog.TaeFile;
import dev.wanlet.wan.request.Decoder;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** A small decoder that was given and that nothing is made by. Stateless. */
public final class IdleDecoder {
  private IdleDecoder() {}

  /**
   * What to tell of it; empty where there is none, or it makes frames or previews.
   *
   * @param channels of the model's latents
   * @param previews whether it makes those
   * @throws dev.wanlet.weights.WeightFormatException if the file is no small decoder of such
   *     latents
   * @throws IOException if it cannot be read
   */
  public static Optional<String> note(SettingValues given, int channels, boolean previews)
      throws IOException {
    Optional<Path> file = given.find(Settings.TAE);
    if (file.isEmpty()) {
      return Optional.empty();
    }
    TaeFile.read(file.get(), channels);
    boolean frames = given.find(Settings.DECODER).filter(d -> d == Decoder.TAE).isPresent();
    return frames || previews
        ? Optional.empty()
        : Optional.of(
            Settings.TAE.option()
                + " has no effect: it makes neither the frames ("
                + Settings.DECODER.option()
                + " tae) nor previews");
  }
}
