// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import java.nio.file.Path;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** Flags for the runs that clips are held against. Confined to one thread. */
final class References {
  @Option(
      names = "--reference",
      negatable = true,
      description =
          "Make each clip once more at the highest precision and hold it against that: the same"
              + " settings in 32-bit floats, without step cache, by the VAE. Variants that differ in"
              + " nothing else share one (default: with the demo model, whose clips take seconds;"
              + " elsewhere such a run takes longer than the clip).")
  private Boolean wanted;

  @Option(
      names = "--reference-diffusion-model",
      paramLabel = "FILE",
      description =
          "Transformer of the references, less quantised than the one that is compared; the"
              + " low-noise expert where there are two (default: the same).")
  private Path transformer;

  @Option(
      names = "--reference-high-noise-diffusion-model",
      paramLabel = "FILE",
      description = "Its high-noise expert (default: the same).")
  private Path highNoise;

  @Option(
      names = "--reference-text-encoder",
      paramLabel = "FILE",
      description = "Text encoder of the references (default: the same).")
  private Path textEncoder;

  /** Whether there are to be any. */
  boolean areWanted(boolean ofDemoModel) {
    boolean named = Stream.of(transformer, highNoise, textEncoder).anyMatch(file -> file != null);
    if (named && Boolean.FALSE.equals(wanted)) {
      throw new RequestException(
          "--no-reference contradicts the files of references; leave either out");
    }
    return named || (wanted == null ? ofDemoModel : wanted);
  }

  /** The settings of the reference of a clip with these. */
  SettingValues of(SettingValues clip) {
    SettingValues values =
        clip.with(Settings.PRECISION, Precision.F32)
            .with(Settings.CACHE, null)
            .with(Settings.CACHE_TABLE, null)
            .with(Settings.CACHE_THRESHOLD, null)
            .with(Settings.DECODER, null);
    if (transformer != null) {
      values = values.with(Settings.DIFFUSION_MODEL, transformer);
    }
    if (highNoise != null) {
      values = values.with(Settings.HIGH_NOISE_DIFFUSION_MODEL, highNoise);
    }
    return textEncoder == null ? values : values.with(Settings.TEXT_ENCODER, textEncoder);
  }

  /** Refuses files of another model than the clips'. */
  static void requireSameModel(ModelFiles clips, ModelFiles references) {
    if (!clips.model().id().equals(references.model().id())) {
      throw new RequestException(
          "the files of references are those of "
              + references.model().id()
              + ", the clips are made by "
              + clips.model().id()
              + "; give files of the same model");
    }
  }
}
