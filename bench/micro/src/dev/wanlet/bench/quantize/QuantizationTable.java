// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.quantize;

import dev.wanlet.bench.sampling.DemoPrompts;
import dev.wanlet.bench.sampling.ShapeTally;
import dev.wanlet.demo.DemoModel;
import dev.wanlet.quantize.QuantizeListener;
import dev.wanlet.quantize.QuantizeReport;
import dev.wanlet.quantize.QuantizeRequest;
import dev.wanlet.quantize.Quantizer;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.wan.catalog.ModelResolver;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.pipeline.VideoPipeline;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.weights.recipe.QuantizationRecipe;
import dev.wanlet.weights.recipe.Recipes;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Quantises the demo model's transformer in every way, renders clips of a fixed set of prompts with
 * each file, and counts how often the clip shows the asked colour, shape, motion and background.
 * Prints a Markdown table, row by row. Arguments: the number of prompts (at most 32), and
 * optionally names of types, or {@code @NAME} for a mix chosen for the size of one; without them
 * all types and two such mixes.
 */
public final class QuantizationTable {
  /** Before the name of a type: not the type, but types chosen for its size. */
  private static final String CHOSEN = "@";

  private static final int MOST_PROMPTS = 32;

  /** So small a model is no faster on several threads. */
  private static final ComputeSettings ONE_THREAD =
      new ComputeSettings(
          "CPU", OptionalInt.of(1), OptionalLong.empty(), OptionalLong.empty(), Precision.AUTO);

  private QuantizationTable() {}

  /** One line of the table: a type, or a mix chosen for the size of one. */
  private record Row(String title, QuantizationRecipe recipe, OptionalLong targetBytes) {}

  public static void main(String[] args) throws IOException {
    int prompts = Math.min(MOST_PROMPTS, args.length > 0 ? Integer.parseInt(args[0]) : 8);
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    out.println("| type | bytes | bits a weight | mean relative error | " + ShapeTally.HEAD + " |");
    out.println("|---|---|---|---|---|---|---|---|");
    Path folder = Files.createTempDirectory("wanlet-quantize");
    try {
      for (Row row : rows(args, folder)) {
        out.println(measure(row, prompts, folder));
      }
    } finally {
      try (var files = Files.list(folder)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(folder);
    }
  }

  private static List<Row> rows(String[] args, Path folder) throws IOException {
    List<String> names = new ArrayList<>();
    if (args.length > 1) {
      names.addAll(List.of(args).subList(1, args.length));
    } else {
      names.addAll(Recipes.names());
      names.addAll(List.of(CHOSEN + "Q4_K_M", CHOSEN + "Q3_K_M"));
    }
    List<Row> rows = new ArrayList<>();
    for (String name : names) {
      boolean chosen = name.startsWith(CHOSEN);
      QuantizationRecipe recipe = Recipes.parse(chosen ? name.substring(CHOSEN.length()) : name);
      Row row = new Row(recipe.name(), recipe, OptionalLong.empty());
      if (chosen) {
        long bytes = quantize(row, folder.resolve("size.gguf")).fileBytes();
        row = new Row("chosen, size of " + recipe.name(), recipe, OptionalLong.of(bytes));
      }
      rows.add(row);
    }
    return rows;
  }

  private static String measure(Row row, int prompts, Path folder) throws IOException {
    Path file = folder.resolve("transformer.gguf");
    QuantizeReport report = quantize(row, file);
    ModelFiles files =
        new ModelResolver(ModelCatalog.standard(), QuantizationTable::demo)
            .resolve(ModelSelection.none().with(ModelPart.TRANSFORMER, file));
    VideoPipeline pipeline = new VideoPipeline(files);
    ShapeTally right = new ShapeTally();
    for (int i = 0; i < prompts; i++) {
      String prompt = DemoPrompts.prompt(i);
      Path clip = folder.resolve("clip.mp4");
      GenerationRequest request =
          GenerationRequest.builder()
              .prompt(prompt)
              .seed(i)
              .output(clip)
              .compute(ONE_THREAD)
              .build(files.model());
      pipeline.generate(request);
      right.add(prompt, clip);
    }
    return String.format(
        Locale.ROOT,
        "| %s | %,d | %.2f | %.4f | %s |",
        row.title,
        report.fileBytes(),
        report.bitsPerWeight(),
        report.meanRelativeError(),
        right.cells());
  }

  private static QuantizeReport quantize(Row row, Path file) throws IOException {
    QuantizeRequest request =
        new QuantizeRequest(
            demo().resolve("diffusion_pytorch_model.safetensors"),
            file,
            row.recipe,
            List.of(),
            row.targetBytes,
            OptionalDouble.empty(),
            Optional.empty(),
            List.of(),
            Runtime.getRuntime().availableProcessors(),
            "wanlet");
    try (Quantizer quantizer = Quantizer.open(request, QuantizeListener.SILENT)) {
      return quantizer.run();
    }
  }

  private static Path demo() {
    try {
      return DemoModel.directory();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
