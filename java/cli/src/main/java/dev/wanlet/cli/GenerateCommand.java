// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli;

import dev.wanlet.wan.pipeline.Cancellation;
import dev.wanlet.wan.pipeline.GenerationRequest;
import dev.wanlet.wan.pipeline.GenerationResult;
import dev.wanlet.wan.pipeline.ModelFiles;
import dev.wanlet.wan.pipeline.ModelPart;
import dev.wanlet.wan.pipeline.RunCheckpoint;
import dev.wanlet.wan.pipeline.RunOptions;
import dev.wanlet.wan.pipeline.VideoPipeline;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
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
      "4:it does not fit the memory budget",
      "5:the device is missing or failed",
      "130:interrupted (Ctrl-C)"
    })
final class GenerateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin(name = "Clip")
  private ClipOptions clip = new ClipOptions();

  @Mixin(name = "Model")
  private ModelOptions model = new ModelOptions();

  @Mixin(name = "Sampling")
  private SamplingOptions sampling = new SamplingOptions();

  @Mixin(name = "Device and memory")
  private ComputeOptions compute = new ComputeOptions();

  @Mixin(name = "Output")
  private Output output = new Output();

  /** Where results go. */
  static final class Output {
    @Option(
        names = {"-o", "--output"},
        paramLabel = "FILE",
        description =
            "The clip: .mp4, .webm, .gif or a .png pattern; an existing file is replaced at the end"
                + " (default: wanlet-SEED.mp4).")
    private Path file;

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
    ModelFiles files = model.resolve();
    GenerationRequest request = request(files);
    RunOptions options = options();
    VideoPipeline pipeline = new VideoPipeline(files, MeasuredRates.SOURCE);
    announce(files, request);
    if (output.dryRun) {
      print(GenerationReport.of(request, pipeline.plan(request, options)));
      return ExitCode.OK;
    }
    print(GenerationReport.of(run(pipeline, request, options)));
    return ExitCode.OK;
  }

  private GenerationResult run(
      VideoPipeline pipeline, GenerationRequest request, RunOptions options) throws IOException {
    Cancellation cancellation = new Cancellation();
    Interruption interruption = Interruption.onInterrupt(cancellation::cancel);
    try (ProgressDisplay progress = ProgressDisplay.open(spec.commandLine().getErr())) {
      return pipeline.generate(request, options, progress, cancellation);
    } finally {
      interruption.close();
      if (cancellation.isCancelled()) {
        tellSavedRun(request);
      }
    }
  }

  private GenerationRequest request(ModelFiles files) {
    GenerationRequest.Builder builder = GenerationRequest.builder().compute(compute.settings());
    clip.applyTo(builder);
    sampling.applyTo(builder);
    return builder.outputOrDefault(output.file).build(files.model());
  }

  private RunOptions options() {
    OptionalInt every =
        output.checkpointEvery == null
            ? OptionalInt.empty()
            : OptionalInt.of(output.checkpointEvery);
    return new RunOptions(every, compute.maxResident(), RunOptions.DEFAULT.resumeFrom());
  }

  private void announce(ModelFiles files, GenerationRequest request) {
    PrintWriter err = spec.commandLine().getErr();
    err.printf(
        Locale.ROOT,
        "wanlet: %s, %s, %d frames, %d steps of %s, seed %d, to %s%n",
        files.model().id(),
        request.size(),
        request.frames(),
        request.sampling().steps(),
        request.sampling().method().id(),
        request.seed(),
        request.output());
    boolean allFromDemo = files.fromDemo().contains(ModelPart.TRANSFORMER);
    if (!allFromDemo && !files.fromDemo().isEmpty()) {
      err.println(
          "wanlet: not given, so taken from the demo model: "
              + files.fromDemo().stream()
                  .sorted()
                  .map(ModelPart::title)
                  .collect(Collectors.joining(", ")));
    }
    err.flush();
  }

  private void print(GenerationReport report) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(output.json ? Json.text(report.facts()) : report.line());
    out.flush();
  }

  private void tellSavedRun(GenerationRequest request) {
    Path saved = RunCheckpoint.fileFor(request.output());
    if (Files.isRegularFile(saved)) {
      spec.commandLine().getErr().println("wanlet: the run so far is saved in " + saved);
    }
  }
}
