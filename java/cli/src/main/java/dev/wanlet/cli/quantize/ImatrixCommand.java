// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.quantize;

import dev.wanlet.base.Count;
import dev.wanlet.base.Printable;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.Interruption;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.cli.options.InputFiles;
import dev.wanlet.cli.options.ModelFinder;
import dev.wanlet.cli.options.SettingFlags;
import dev.wanlet.files.OutputFile;
import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.ErrorCode;
import dev.wanlet.ggml.GgmlException;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.model.transformer.TokenGrid;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanTransformer;
import dev.wanlet.wan.model.umt5.Umt5Encoder;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.request.Setting.Section;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.wan.sampling.ExpertSchedule;
import dev.wanlet.wan.sampling.FlowSchedule;
import dev.wanlet.wan.text.PromptCleaner;
import dev.wanlet.wan.text.Tokenizer;
import dev.wanlet.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code wanlet imatrix}: what matters in a transformer's matrices. Confined to one thread. */
@Command(
    name = "imatrix",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    description =
        "Denoise small clips of prompts with a transformer and write how strongly each column of its"
            + " matrices is used, for 'wanlet quantize --imatrix'. Runs on the CPU. Of two experts"
            + " each is measured at its own steps, and has a file of its own: FILE with high-noise or"
            + " low-noise in its name.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  wanlet imatrix --model Wan2.1-T2V-1.3B --prompts prompts.txt -o wan-1.3b.imatrix.gguf",
      "  wanlet quantize Wan2.1-T2V-1.3B out.gguf --type Q4_K_M --imatrix wan-1.3b.imatrix.gguf"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:written",
      "2:bad arguments, or the output cannot be written",
      "3:a file of the model or of prompts is missing or damaged",
      "130:interrupted (Ctrl-C); an expert that was done keeps its file"
    })
public final class ImatrixCommand implements Callable<Integer> {
  private static final Pattern ENDING = Pattern.compile("(\\.imatrix)?\\.[^.]+$");
  private static final String BYTE_ORDER_MARK = "\uFEFF";

  @Spec private CommandSpec spec;

  /** Adapters and the small decoder have no part in it. */
  @Mixin
  private CommandSpec model =
      SettingFlags.of(
          Settings.TABLE.listed(Section.MODEL).stream()
              .filter(setting -> setting != Settings.LORA && setting != Settings.TAE)
              .toList());

  @Option(
      names = {"-p", "--prompt"},
      paramLabel = "TEXT",
      description = "A prompt; may be given often.")
  private List<String> given = new ArrayList<>();

  @Option(
      names = "--prompts",
      paramLabel = "FILE",
      description = "A text file of prompts, one a line.")
  private Path promptFile;

  @Option(
      names = "--size",
      paramLabel = "WxH",
      defaultValue = "256x256",
      description = "Frame size of the clips (default: ${DEFAULT-VALUE}).")
  private String size;

  @Option(
      names = {"--frames", "--video-frames"},
      paramLabel = "N",
      defaultValue = "9",
      description = "Frames of each clip, 4n+1 (default: ${DEFAULT-VALUE}).")
  private int frames;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "8",
      description = "Denoising steps of each clip (default: ${DEFAULT-VALUE}).")
  private int steps;

  @Option(
      names = {"-t", "--threads"},
      paramLabel = "N",
      description = "Threads (default: one for each core).")
  private Integer threads;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      required = true,
      description = "The file to write.")
  private Path output;

  private final List<Path> written = new ArrayList<>();

  @Override
  public Integer call() throws IOException {
    List<String> prompts = prompts();
    ModelFiles files = ModelFinder.resolve(SettingFlags.given(model).model());
    TokenGrid grid = grid(files);
    List<Expert> experts = experts(files, schedule(files));
    InputFiles inputs = InputFiles.of(files);
    for (Expert expert : experts) {
      OutputFile.requireWritable(expert.output());
      (promptFile == null ? inputs : inputs.and(promptFile, "--prompts"))
          .requireOther(expert.output(), "-o");
    }
    int workers = SettingValues.NONE.with(Settings.THREADS, threads).compute().threadCount();
    try (Backend backend = CpuNetworks.backend(workers)) {
      Interruption interruption = Interruption.onInterrupt(backend::requestStop);
      try (interruption) {
        List<float[]> contexts = encode(backend, files, prompts);
        List<float[]> latents = new ArrayList<>();
        for (Expert expert : experts) {
          measure(backend, expert, grid, schedule(files), contexts, latents, prompts);
        }
      }
    } catch (GgmlException e) {
      throw e.code() == ErrorCode.ABORTED ? stopped(experts, e) : e;
    }
    return ExitCode.OK;
  }

  private RuntimeException stopped(List<Expert> experts, GgmlException cause) {
    String left =
        experts.stream()
            .map(Expert::output)
            .filter(file -> !written.contains(file))
            .map(file -> Printable.text(file.getFileName()))
            .collect(Collectors.joining(" and "));
    CancellationException stopped =
        new CancellationException("stopped; " + left + " is not written");
    stopped.initCause(cause);
    return stopped;
  }

  /**
   * A transformer, and which steps of a clip are its own.
   *
   * @param title what it is called beside another; empty if it is alone
   * @param from first step
   * @param to behind the last step
   * @param output where its matrices go
   */
  private record Expert(Path file, String title, int from, int to, Path output) {}

  /** Each takes the steps that it will take of a run, so each is shown what it will see. */
  private List<Expert> experts(ModelFiles files, FlowSchedule schedule) {
    if (files.highNoiseTransformer().isEmpty()) {
      return List.of(new Expert(files.transformer(), "", 0, steps, output));
    }
    double boundary = files.model().expertBoundary().orElseThrow();
    int firstLow = ExpertSchedule.atBoundary(schedule, boundary, 1, 1).firstLowStep();
    if (firstLow == 0 || firstLow == steps) {
      throw new RequestException(
          "--steps "
              + steps
              + " leaves the "
              + (firstLow == 0 ? "high" : "low")
              + "-noise expert no step to be measured by; give more");
    }
    return List.of(
        new Expert(
            files.highNoiseTransformer().get(), "high-noise", 0, firstLow, named("high-noise")),
        new Expert(files.transformer(), "low-noise", firstLow, steps, named("low-noise")));
  }

  /** The output's name with the expert in it, before its ending. */
  private Path named(String expert) {
    String name = output.getFileName().toString();
    int end = ENDING.matcher(name).results().mapToInt(MatchResult::start).findFirst().orElse(0);
    int at = end == 0 ? name.length() : end;
    return output.resolveSibling(name.substring(0, at) + "-" + expert + name.substring(at));
  }

  private FlowSchedule schedule(ModelFiles files) {
    if (steps < 1) {
      throw new RequestException("--steps is " + steps + ", expected at least 1");
    }
    return FlowSchedule.plain(steps, files.model().flowShift(FrameSize.parse(size)));
  }

  /**
   * Measures one transformer and writes its file.
   *
   * @param latents of each prompt after the steps of the expert before; filled with noise if empty
   */
  private void measure(
      Backend backend,
      Expert expert,
      TokenGrid grid,
      FlowSchedule schedule,
      List<float[]> contexts,
      List<float[]> latents,
      List<String> prompts)
      throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    try (Checkpoint checkpoint = Checkpoint.open(expert.file(), ModelPart.TRANSFORMER::is);
        WanTransformer transformer =
            CpuNetworks.transformer(
                backend,
                checkpoint.source(),
                WanConfig.infer(checkpoint.source()),
                Precision.AUTO)) {
      ActivationGatherer gatherer = new ActivationGatherer(transformer, grid, schedule);
      for (int i = 0; i < contexts.size(); i++) {
        if (latents.size() == i) {
          latents.add(gatherer.noise(i));
        }
        gatherer.gather(contexts.get(i), i, latents.get(i), expert.from(), expert.to());
        err.printf(
            "wanlet: %sprompt %d of %d%n",
            expert.title().isEmpty() ? "" : expert.title() + " expert, ", i + 1, contexts.size());
        err.flush();
      }
      gatherer.write(expert.output(), prompts);
      written.add(expert.output());
      PrintWriter out = spec.commandLine().getOut();
      out.printf(
          "%s: %s, %s of %s%n",
          Printable.text(expert.output()),
          gatherer.matrices() == 1 ? "1 matrix" : gatherer.matrices() + " matrices",
          Count.of(prompts.size(), "prompt"),
          Count.of(expert.to() - expert.from(), "step"));
      out.flush();
    }
  }

  private List<String> prompts() throws IOException {
    List<String> all = new ArrayList<>(given);
    if (promptFile != null) {
      lines(promptFile).filter(line -> !line.isBlank()).forEach(all::add);
    }
    if (all.isEmpty()) {
      throw new RequestException("no prompts; give some with --prompt or --prompts");
    }
    return all;
  }

  private static Stream<String> lines(Path file) throws IOException {
    try {
      String text = Files.readString(file);
      return (text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text).lines();
    } catch (MalformedInputException e) {
      throw new IOException(
          Printable.text(file) + ": not text in UTF-8; save it so, with a prompt a line", e);
    }
  }

  private TokenGrid grid(ModelFiles files) {
    FrameSize pixels = FrameSize.parse(size);
    int stride = files.model().vae().spatialStride();
    if (frames < 1 || frames % 4 != 1) {
      throw new RequestException("--frames is " + frames + ", expected 4n+1, such as 9");
    }
    if (pixels.width() % (2 * stride) != 0 || pixels.height() % (2 * stride) != 0) {
      throw new RequestException("--size " + size + " is not made of multiples of " + 2 * stride);
    }
    return TokenGrid.ofLatents(
        (frames - 1) / 4 + 1, pixels.height() / stride, pixels.width() / stride);
  }

  private static List<float[]> encode(Backend backend, ModelFiles files, List<String> prompts)
      throws IOException {
    List<int[]> ids = new ArrayList<>();
    try (Tokenizer tokenizer = Tokenizer.open(files.tokenizer())) {
      for (String prompt : prompts) {
        ids.add(tokenizer.encode(PromptCleaner.clean(prompt), WanConfig.TEXT_LENGTH));
      }
    }
    try (Checkpoint checkpoint = Checkpoint.open(files.textEncoder(), ModelPart.TEXT_ENCODER::is);
        Umt5Encoder encoder =
            CpuNetworks.textEncoder(backend, checkpoint.source(), Precision.AUTO)) {
      return encoder.encode(ids);
    }
  }
}
