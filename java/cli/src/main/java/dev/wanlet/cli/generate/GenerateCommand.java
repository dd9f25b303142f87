// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.base.Printable;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.pipeline.RunCheckpoint;
import dev.wanlet.wan.pipeline.RunOptions;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code wanlet generate}: makes a clip. Confined to one thread. */
@Command(
    name = "generate",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    sortOptions = false,
    description =
        "Make a clip from a prompt. All memory is planned before anything is loaded: what does not"
            + " fit is said at once.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  wanlet generate -p \"a red circle moving left on a black background\" -o circle.mp4",
      "  wanlet generate --model Wan2.1-T2V-1.3B --vram 6GiB --size 832x480 --frames 81 \\",
      "      -p \"a red fox in fresh snow\" -s 42 -o fox.mp4",
      "  wanlet generate --diffusion-model wan2.1-t2v-1.3b-Q8_0.gguf --vae Wan2.1_VAE.pth \\",
      "      --t5xxl umt5-xxl-encoder-Q8_0.gguf --tokenizer google/umt5-xxl -p \"a red fox\""
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:the clip is made",
      "2:bad arguments, or the output cannot be written",
      "3:a file of the model is missing or damaged",
      "4:it does not fit the memory budget or the time limit",
      "5:the device is missing or failed",
      "130:interrupted (Ctrl-C)"
    })
public sealed class GenerateCommand implements Callable<Integer> permits FinishCommand {
  @Spec private CommandSpec spec;

  @Mixin private ClipFlags flags = new ClipFlags();

  @Mixin(name = "Choice")
  private WishFlags wishes = new WishFlags();

  @Mixin(name = "Previews")
  private PreviewFlags previews = new PreviewFlags();

  @Mixin(name = "Output")
  private Output output = new Output();

  /** Where results go. */
  static final class Output {
    @Option(
        names = {"-o", "--output"},
        paramLabel = "FILE",
        description =
            "The clip: .mp4, .webm, .gif or a .png pattern; a clip of one frame also .png, .jpg or"
                + " .webp. An existing file is replaced at the end (default: wanlet-SEED.mp4).")
    private Path file;

    @Option(
        names = "--overwrite",
        description =
            "Begin anew where a run to the same output was stopped, and lose what it saved"
                + " (default: go on with it if it is the same clip, else refuse).")
    private boolean overwrite;

    @Option(
        names = "--checkpoint-every",
        paramLabel = "STEPS",
        description = "Save the run after so many steps (default: every two minutes).")
    private Integer checkpointEvery;

    @Option(names = "--dry-run", description = "Check everything and print the plan; make nothing.")
    private boolean dryRun;

    @Option(names = "--json", description = "Print one JSON object at the end.")
    private boolean json;
  }

  @Override
  public Integer call() throws IOException {
    SettingValues given = drafted(given());
    ChosenSettings chosen = ChosenSettings.of(given, wishes, spec.commandLine().getErr());
    ModelFiles files = chosen.files();
    SettingValues values = chosen.values();
    GenerationRequest.Builder clip = clip(values);
    GenerationRequest request = clip.build(files.model());
    RunOptions options = ClipRun.options(output.checkpointEvery);
    if (output.overwrite) {
      options = options.overwritingSaved();
    } else if (given.find(Settings.SEED).filter(s -> s != Settings.RANDOM_SEED).isEmpty()) {
      OptionalLong seed = RunCheckpoint.seedOf(request, files);
      if (seed.isPresent()) {
        clip = clip(values.with(Settings.SEED, seed.getAsLong()));
        request = clip.build(files.model());
      }
    }
    ClipRun run = new ClipRun(spec.commandLine(), output.json, previews);
    run.announce(files, request);
    ClipRun.tell(spec.commandLine(), chosen.notes());
    ClipRun.tell(spec.commandLine(), clip.notes(files.model()));
    if (output.dryRun) {
      run.plan(files, request, options);
    } else {
      run.generate(files, request, options);
      if (wishes.isDraft()) {
        ClipRun.tell(
            spec.commandLine(),
            List.of("make it in full with: wanlet finish " + Printable.text(request.output())));
      }
    }
    return ExitCode.OK;
  }

  /** What the user gave; valid once the command line is parsed. */
  SettingValues given() throws IOException {
    return flags.given();
  }

  /** Says something on stderr. */
  void tell(String line) {
    ClipRun.tell(spec.commandLine(), List.of(line));
  }

  /** What the user wishes for. */
  WishFlags wishes() {
    return wishes;
  }

  /** A draft's frames come from the small decoder, if there is one. */
  private SettingValues drafted(SettingValues given) {
    SettingValues drafted = wishes.drafted(given);
    if (wishes.isDraft() && drafted.find(Settings.DECODER).isEmpty()) {
      tell("the draft's frames come from the whole VAE; --tae FILE gives a small decoder");
    }
    return drafted;
  }

  private GenerationRequest.Builder clip(SettingValues values) {
    return GenerationRequest.builder().set(values).outputBySeed(this::output);
  }

  private Path output(long seed) {
    return output.file == null ? unnamed(seed) : output.file;
  }

  /** Where the clip goes if the user does not say. */
  Path unnamed(long seed) {
    return Path.of("wanlet-" + seed + ".mp4");
  }
}
