// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.model.clip.ClipConfig;
import dev.wanlet.wan.pipeline.control.ControlClip;
import dev.wanlet.wan.pipeline.control.InitialFrames;
import dev.wanlet.wan.request.GenerationRequest;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What a clip is made from beside its prompt. Immutable.
 *
 * @param pictures that it begins and ends with
 * @param initial what it is made over from
 * @param control what a control branch is shown; of every clip of a model that has one
 */
record ClipInputs(
    Optional<ClipPictures> pictures,
    Optional<ControlClip> control,
    Optional<InitialFrames> initial) {
  /** Nothing, or nothing any more. */
  static final ClipInputs NONE =
      new ClipInputs(Optional.empty(), Optional.empty(), Optional.empty());

  /**
   * Reads what a request names.
   *
   * @param notes hears what is not as in the files
   * @throws IOException if a file is missing, damaged or of a kind that cannot be read
   */
  static ClipInputs read(GenerationRequest request, OpenModel model, Consumer<String> notes)
      throws IOException {
    boolean control = model.transformerConfig().variant().takesControl();
    return new ClipInputs(
        ClipPictures.read(
            request,
            model.imageEncoderConfig().stream().mapToInt(ClipConfig::imageSize).findFirst(),
            notes),
        control ? Optional.of(ControlClip.read(request, notes)) : Optional.empty(),
        InitialFrames.read(request, notes));
  }
}
