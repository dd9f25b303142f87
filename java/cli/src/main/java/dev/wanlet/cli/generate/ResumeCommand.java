// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.cli.options.ComputeOptions;
import dev.wanlet.cli.options.ModelOptions;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.pipeline.RunCheckpoint;
import dev.wanlet.wan.pipeline.RunOptions;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.SavedSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code wanlet resume}: goes on with a run that was stopped. Confined to one thread. */
@Command(
    name = "resume",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    sortOptions = false,
    description =
        "Go on with a run that was stopped or killed, from its last saved step to the same clip. The"
            + " file holds every setting; only where to compute can be chosen anew.",
    footerHeading = "%nExamples:%n",
    footer = {"  wanlet resume fox.mp4.resume.safetensors --vram 6GiB"},
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:the clip is made",
      "2:bad arguments, or the output cannot be written",
      "3:the file, or one of the model, is missing or damaged",
      "4:it does not fit the memory budget",
      "5:the device is missing or failed",
      "130:interrupted (Ctrl-C)"
    })
public final class ResumeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      arity = "1",
      paramLabel = "FILE",
      description = "What the run saved: the clip's name and .resume.safetensors.")
  private Path file;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "CLIP",
      description = "The clip (default: where the run was going to write it, beside FILE).")
  private Path output;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "STEPS",
      description = "Save the run after so many steps (default: every two minutes).")
  private Integer checkpointEvery;

  @Option(names = "--json", description = "Print one JSON object at the end.")
  private boolean json;

  @Mixin(name = "Device and memory")
  private ComputeOptions compute = new ComputeOptions();

  @Override
  public Integer call() throws IOException {
    RunCheckpoint saved = RunCheckpoint.load(file);
    SavedSettings settings = new SavedSettings(file, saved.settings());
    requirePrecision(settings.precision());
    ModelFiles files = resolve(settings);
    GenerationRequest request = settings.request(files.model(), compute.settings(), output());
    RunOptions options =
        new RunOptions(
                checkpointEvery == null ? OptionalInt.empty() : OptionalInt.of(checkpointEvery),
                compute.maxResident(),
                RunOptions.DEFAULT.resumeFrom())
            .resuming(saved);
    ClipRun run = new ClipRun(spec.commandLine(), json);
    run.announce(files, request);
    run.generate(files, request, options);
    return ExitCode.OK;
  }

  private static ModelFiles resolve(SavedSettings settings) throws IOException {
    try {
      return ModelOptions.resolver().resolve(settings.model());
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private void requirePrecision(Precision saved) {
    if (compute.givenPrecision().isPresent() && compute.givenPrecision().get() != saved) {
      throw new RequestException(
          "--precision would change the clip: the run was started with "
              + saved.name().toLowerCase(java.util.Locale.ROOT)
              + "; leave it out");
    }
  }

  private Path output() {
    if (output != null) {
      return output;
    }
    return RunCheckpoint.outputOf(file)
        .orElseThrow(
            () ->
                new RequestException(
                    file + " does not have the name of a clip in its own; give one with -o"));
  }
}
