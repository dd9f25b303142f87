// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.quantize;

import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.files.OutputFile;
import dev.wanlet.files.WriteException;
import dev.wanlet.quantize.QuantizeReport;
import dev.wanlet.quantize.QuantizeRequest;
import dev.wanlet.quantize.Quantizer;
import dev.wanlet.wan.memory.ByteSize;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import dev.wanlet.weights.lora.AdapterFile;
import dev.wanlet.weights.lora.AdapterScope;
import dev.wanlet.weights.recipe.Recipes;
import dev.wanlet.weights.recipe.TensorRule;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code wanlet quantize}: a checkpoint to GGUF. Confined to one thread. */
@Command(
    name = "quantize",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    description =
        "Convert a checkpoint of a Wan network (transformer, umT5, CLIP, VAE; safetensors, .pth or"
            + " GGUF; official, Comfy-Org or diffusers names; fp8 with scales) to a GGUF file that"
            + " Wanlet, stable-diffusion.cpp and ComfyUI-GGUF load.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  wanlet quantize Wan2.2-T2V-A14B/ a14b-q4_k_m/ --type Q4_K_M        every part, both experts",
      "  wanlet quantize wan2.1_t2v_14B_fp16.safetensors wan-14b-q4_k_m.gguf",
      "  wanlet quantize model.safetensors small.gguf --target-size 6GiB",
      "  wanlet quantize model.safetensors merged.gguf --type Q5_K_M --lora style.safetensors:0.8",
      "  wanlet quantize model.gguf plain.safetensors --type F32",
      "",
      "Quantisation recipes, the finest first: F32 F16 BF16 Q8_0 Q6_K Q5_K_M Q5_K_S Q5_1 Q5_0"
          + " Q4_K_M Q4_K_S Q4_1",
      "Q4_0 IQ4_NL Q3_K_L Q3_K_M Q3_K_S Q2_K."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:written (or, with --dry-run, could be)",
      "2:bad arguments, a target that cannot be reached, or the output cannot be written",
      "3:an input that is missing, unreadable or damaged, or an adapter for another model",
      "130:interrupted (Ctrl-C); nothing is left of the output"
    })
public final class QuantizeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  private static final Pattern FILE =
      Pattern.compile(".*\\.(gguf|safetensors)", Pattern.CASE_INSENSITIVE);

  @Parameters(
      index = "0",
      paramLabel = "IN",
      description =
          "A weight file, the index of a sharded checkpoint, a folder with one, or the folder of a"
              + " model.")
  private Path input;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "OUT",
      description =
          "The file to write: GGUF, or safetensors if its name ends so. For the folder of a model the"
              + " folder for all its parts, both experts too.")
  private Path output;

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      defaultValue = "Q4_K_M",
      description = "The quantisation recipe, in any case (default: ${DEFAULT-VALUE}).")
  private String type;

  @Option(
      names = "--target-size",
      paramLabel = "SIZE",
      description =
          "Choose each matrix's type from its measured error so that the file is at most this"
              + " large, such as 6GiB.")
  private String targetSize;

  @Option(
      names = "--target-error",
      paramLabel = "E",
      description =
          "Choose types so that the mean relative error of the matrices is at most this, such as"
              + " 0.03 (Q4_K_M has about 0.06, Q8_0 0.005).")
  private Double targetError;

  @Option(
      names = "--tensor-type",
      paramLabel = "PATTERN=TYPE",
      description =
          "Store tensors whose official name has this regular expression in it as this type;"
              + " comes before everything else. May be given often, the first that fits wins.")
  private List<String> tensorTypes = new ArrayList<>();

  @Option(
      names = "--imatrix",
      paramLabel = "FILE",
      description = "Importance of the columns, from 'wanlet imatrix'.")
  private Path imatrix;

  @Option(
      names = "--lora",
      paramLabel = "FILE[:STRENGTH]",
      description = "Merge an adapter before storing. May be given often.")
  private List<String> loras = new ArrayList<>();

  @Option(
      names = "--verify",
      description = "Run both files on the same inputs afterwards and compare what comes out.")
  private boolean verify;

  @Option(
      names = "--dry-run",
      description = "Show types, sizes and the error expected from samples; write nothing.")
  private boolean dryRun;

  @Option(
      names = {"-t", "--threads"},
      paramLabel = "N",
      description = "Worker threads (default: one for each core).")
  private Integer threads;

  @Option(names = "--json", description = "Print the report as one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    try {
      Optional<FolderPlan> folder = FolderPlan.of(input, types());
      if (folder.isPresent()) {
        convertAll(folder.get());
      } else {
        requireOutput("the file to write");
        Path out = output == null ? Path.of("out.gguf") : output;
        convert(request(input, out, rules()), true);
      }
      return ExitCode.OK;
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private void requireOutput(String what) {
    if (output == null && !dryRun) {
      throw new IllegalArgumentException("missing OUT, " + what + " (or give --dry-run)");
    }
  }

  /** What names of files say of the types in them. */
  private String types() {
    return targetError == null
        ? Recipes.parse(type).name().toUpperCase(Locale.ROOT)
        : "target-error-" + targetError;
  }

  /**
   * Converts a file.
   *
   * @param alone whether it is all that there is to do, so that what cannot be verified is refused
   */
  private void convert(QuantizeRequest request, boolean alone) throws IOException {
    checkOutput(request.output());
    QuantizeReport report = run(request, alone);
    Optional<ForwardComparison.Result> verified = Optional.empty();
    if (verify && ForwardComparison.runs(report.kind())) {
      verified =
          Optional.of(ForwardComparison.compare(report.kind(), request.input(), request.output()));
    } else if (verify) {
      PrintWriter err = spec.commandLine().getErr();
      err.println("wanlet: not verified: " + unverified(report.kind()));
      err.flush();
    }
    PrintWriter printer = spec.commandLine().getOut();
    if (json) {
      ReportPrinter.printJson(printer, request.output(), report, verified);
    } else {
      ReportPrinter.print(printer, request.output(), report, verified);
    }
    printer.flush();
  }

  private static String unverified(CheckpointKind kind) {
    return "--verify runs transformers and text encoders, and this is a " + kind.title();
  }

  /** All parts of a model, one after the other, with the settings that go for each of them. */
  private void convertAll(FolderPlan plan) throws IOException {
    if (targetSize != null || imatrix != null || !loras.isEmpty()) {
      throw new IllegalArgumentException(
          input
              + " holds several networks; --target-size, --imatrix and --lora are for one: give its"
              + " file");
    }
    requireOutput("the folder to write to");
    if (output != null && FILE.matcher(output.toString()).matches()) {
      throw new IllegalArgumentException(
          input
              + " holds "
              + plan.files().size()
              + " networks; give a folder for OUT, or one of its files for IN");
    }
    plan.notes().forEach(n -> spec.commandLine().getErr().println("wanlet: left out: " + n));
    Path folder = output == null ? Path.of("out") : output;
    Map<Path, List<TensorRule>> rules = plan.rules(rules());
    List<QuantizeRequest> requests = new ArrayList<>();
    for (FolderPlan.File file : plan.files()) {
      Path out = folder.resolve(file.output());
      requests.add(request(file.input(), out, rules.get(file.input())));
    }
    if (!dryRun) {
      makeFolder(folder);
    }
    for (QuantizeRequest request : requests) {
      convert(request, false);
    }
  }

  private List<TensorRule> rules() {
    return tensorTypes.stream().map(TensorRule::parse).toList();
  }

  private static void makeFolder(Path folder) throws WriteException {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw WriteException.of(folder, e, 0);
    }
  }

  private QuantizeReport run(QuantizeRequest request, boolean alone) throws IOException {
    try (QuantizeProgress progress = new QuantizeProgress(spec.commandLine().getErr());
        Quantizer quantizer = Quantizer.open(request, progress)) {
      CheckpointKind kind = quantizer.checkpoint().kind();
      if (alone && verify && !ForwardComparison.runs(kind)) {
        throw new IllegalArgumentException(unverified(kind) + "; leave it out");
      }
      return dryRun ? quantizer.dryRun() : quantizer.run();
    }
  }

  private QuantizeRequest request(Path in, Path out, List<TensorRule> rules) {
    if (verify && (dryRun || !loras.isEmpty())) {
      throw new IllegalArgumentException(
          "--verify compares the written file with the input, so it does not go with "
              + (dryRun ? "--dry-run" : "--lora"));
    }
    String[] program = spec.root().version();
    return new QuantizeRequest(
        in,
        out,
        Recipes.parse(type),
        rules,
        targetSize == null
            ? OptionalLong.empty()
            : OptionalLong.of(ByteSize.parse(targetSize).bytes()),
        targetError == null ? OptionalDouble.empty() : OptionalDouble.of(targetError),
        Optional.ofNullable(imatrix),
        loras.stream().map(QuantizeCommand::adapter).toList(),
        threads == null ? Runtime.getRuntime().availableProcessors() : threads,
        program.length > 0 ? program[0] : "wanlet");
  }

  /** A merge is for one file and for good. */
  private static AdapterFile adapter(String text) {
    AdapterFile adapter = AdapterFile.parse(text);
    if (!adapter.scope().equals(AdapterScope.WHOLE)) {
      throw new IllegalArgumentException(
          "--lora "
              + text
              + " names an expert or a noise level, but what is merged is there for the whole run of"
              + " this file; leave that out, and merge into the file of the expert it is for");
    }
    return adapter;
  }

  private void checkOutput(Path out) throws IOException {
    if (!dryRun) {
      OutputFile.requireWritable(out);
    }
  }
}
