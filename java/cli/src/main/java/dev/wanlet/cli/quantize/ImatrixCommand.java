// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.quantize;

import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.cli.options.ModelFinder;
import dev.wanlet.cli.options.SettingFlags;
import dev.wanlet.files.OutputFile;
import dev.wanlet.ggml.Backend;
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
import dev.wanlet.wan.sampling.FlowSchedule;
import dev.wanlet.wan.text.PromptCleaner;
import dev.wanlet.wan.text.Tokenizer;
import dev.wanlet.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
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
            + " matrices is used, for 'wanlet quantize --imatrix'. Runs on the CPU.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  wanlet imatrix --model Wan2.1-T2V-1.3B --prompts prompts.txt -o wan-1.3b.imatrix.gguf",
      "  wanlet quantize Wan2.1-T2V-1.3B out.gguf --type Q4_K_M --imatrix wan-1.3b.imatrix.gguf"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:written",
      "2:bad arguments, or the output cannot be written",
      "3:a model file is missing"
    })
public final class ImatrixCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private CommandSpec model = SettingFlags.of(Section.MODEL);

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

  @Override
  public Integer call() throws IOException {
    List<String> prompts = prompts();
    OutputFile.requireWritable(output);
    ModelFiles files = ModelFinder.resolve(SettingFlags.given(model).model());
    PrintWriter err = spec.commandLine().getErr();
    int workers = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    if (workers < 1 || steps < 1) {
      throw new RequestException("--threads and --steps must be at least 1");
    }
    try (Backend backend = CpuNetworks.backend(workers)) {
      List<float[]> contexts = encode(backend, files, prompts);
      try (Checkpoint checkpoint =
          Checkpoint.open(files.transformer(), ModelPart.TRANSFORMER::is)) {
        WanConfig config = WanConfig.infer(checkpoint.source());
        FlowSchedule schedule =
            FlowSchedule.plain(steps, files.model().flowShift(FrameSize.parse(size)));
        try (WanTransformer transformer =
            CpuNetworks.transformer(backend, checkpoint.source(), config, Precision.AUTO)) {
          ActivationGatherer gatherer = new ActivationGatherer(transformer, grid(files), schedule);
          for (int i = 0; i < contexts.size(); i++) {
            gatherer.gather(contexts.get(i), i);
            err.printf("wanlet: prompt %d of %d%n", i + 1, contexts.size());
            err.flush();
          }
          gatherer.write(output, prompts);
          spec.commandLine()
              .getOut()
              .printf(
                  "%s: %d matrices, %d prompts of %d steps%n",
                  output, gatherer.matrices(), prompts.size(), steps);
          spec.commandLine().getOut().flush();
        }
      }
    }
    return ExitCode.OK;
  }

  private List<String> prompts() throws IOException {
    List<String> all = new ArrayList<>(given);
    if (promptFile != null) {
      Files.readAllLines(promptFile).stream().filter(line -> !line.isBlank()).forEach(all::add);
    }
    if (all.isEmpty()) {
      throw new RequestException("no prompts; give some with --prompt or --prompts");
    }
    return all;
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
