// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.cli.options.ModelFinder;
import dev.wanlet.cli.options.SettingFlags;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.pipeline.RunCheckpoint;
import dev.wanlet.wan.pipeline.RunOptions;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.SavedSettings;
import dev.wanlet.wan.request.Setting.Section;
import dev.wanlet.wan.request.SettingValues;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
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
        "Go on with a run that was stopped or killed, from its last saved step to the same clip."
            + " The file holds every setting; only where to compute can be chosen anew.",
    footerHeading = "%nExamples:%n",
    footer = {"  wanlet resume fox.mp4", "  wanlet resume fox.mp4.resume.safetensors --vram 6GiB"},
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
  /** How the names of saved runs end, whoever named them. */
  private static final String SAVED = ".safetensors";

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "1",
      paramLabel = "FILE",
      description =
          "What the run saved: the clip's name and .resume.safetensors; or the clip, beside which it"
              + " lies.")
  private Path named;

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

  @Mixin(name = "Previews")
  private PreviewFlags previews = new PreviewFlags();

  @Mixin(name = "Device and memory")
  private CommandSpec compute = SettingFlags.of(Section.COMPUTE);

  @Override
  public Integer call() throws IOException {
    Path file = savedRun();
    RunCheckpoint saved = RunCheckpoint.load(file);
    SavedSettings settings = new SavedSettings(file, saved.settings());
    SettingValues given = SettingFlags.given(compute);
    settings.requireSame(given);
    ModelFiles files = ModelFinder.resolve(settings.model());
    GenerationRequest request = settings.request(files.model(), given, output(file));
    RunOptions options = ClipRun.options(checkpointEvery).resuming(saved);
    ClipRun run = new ClipRun(spec.commandLine(), json, previews);
    run.announce(files, request);
    boolean kept = RunCheckpoint.outputOf(file).isEmpty(); // under a name of the user's own
    run.generate(files, request, options);
    if (!kept) {
      Files.deleteIfExists(file); // with another output it was not the run's own
    }
    return ExitCode.OK;
  }

  /** The file that was named, or what a run of the clip of that name saved. */
  private Path savedRun() throws NoSuchFileException {
    if (named.getFileName() == null || named.toString().endsWith(SAVED)) {
      return named;
    }
    List<Path> saved = RunCheckpoint.savedFor(named);
    if (saved.size() > 1) {
      throw new RequestException(
          "several runs of this clip are saved; name one of them: "
              + saved.stream().map(Path::toString).collect(Collectors.joining(", ")));
    }
    if (saved.isEmpty()) {
      throw new NoSuchFileException(
          named.toString(), null, "no saved run lies beside this clip; a finished one has none");
    }
    return saved.get(0);
  }

  private Path output(Path file) throws IOException {
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
