// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.micro;

import dev.wanlet.bench.models.StandInParts;
import dev.wanlet.cli.options.ModelFinder;
import dev.wanlet.cli.synth.PublishedTensors;
import dev.wanlet.cli.synth.Synthesizer;
import dev.wanlet.demo.DemoModel;
import dev.wanlet.ggml.Shape;
import dev.wanlet.profiles.RateProbe;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import dev.wanlet.weights.gguf.GgufValue;
import dev.wanlet.weights.recipe.Recipes;
import dev.wanlet.weights.write.GgufWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Predicted times beside measured ones: guided steps of a transformer with the width of Wan 2.1
 * T2V-1.3B and a few of its layers, at six sizes from 768 to 8160 tokens, with every block resident
 * and with every block streamed, and decoding at the real width. Rates are measured anew before
 * each row, so that prediction and measurement are of the same moment. Prints a Markdown table.
 *
 * <p>Arguments, all optional: {@code layers=2 repetitions=3 type=Q8_0 rows=6 decode=2
 * folder=FOLDER}.
 */
public final class TimeModelTable {
  private static final String MODEL = "wan2.1-t2v-1.3b";

  /** Width, height and frames; 8 x 8 pixels are a latent, 2 x 2 of these a token. */
  private static final List<int[]> SIZES =
      List.of(
          new int[] {256, 256, 9},
          new int[] {320, 320, 17},
          new int[] {384, 384, 17},
          new int[] {416, 240, 33},
          new int[] {480, 272, 41},
          new int[] {480, 272, 61});

  private TimeModelTable() {}

  /** Takes arguments as the class comment lists them. */
  public static void main(String[] args) throws IOException {
    Map<String, String> given =
        List.of(args).stream()
            .map(a -> a.split("=", 2))
            .peek(TimeModelTable::requireKnown)
            .collect(Collectors.toMap(a -> a[0], a -> a[1]));
    Path folder =
        given.containsKey("folder")
            ? Files.createDirectories(Path.of(given.get("folder")))
            : Files.createTempDirectory("wanlet-time-model");
    String type = given.getOrDefault("type", "Q8_0");
    ModelFiles files = files(folder, type, number(given, "layers", 2));
    int repetitions = number(given, "repetitions", 3);
    int decoded = number(given, "decode", 2);
    Path rates = Files.createTempDirectory("wanlet-rates");
    System.out.printf("%s of %s layers, %s%n%n", MODEL, number(given, "layers", 2), type);
    System.out.println(
        "| size | tokens | weights | what | predicted | measured | ratio | rates |\n"
            + "|---|---|---|---|---|---|---|---|");
    for (int[] size : SIZES.subList(0, Math.min(SIZES.size(), number(given, "rows", 6)))) {
      for (boolean resident : new boolean[] {true, false}) {
        boolean decodes = resident && SIZES.indexOf(size) < decoded;
        // A probe of its own remembers nothing of the row before.
        RateProbe probe = new RateProbe(Files.createTempDirectory(rates, "row"));
        TimeModelTrial.run(files, probe, size, resident, repetitions, decodes)
            .forEach(System.out::println);
      }
    }
  }

  private static void requireKnown(String[] argument) {
    List<String> known = List.of("layers", "repetitions", "type", "rows", "decode", "folder");
    if (argument.length != 2 || !known.contains(argument[0])) {
      throw new IllegalArgumentException(
          "'" + argument[0] + "'; expected NAME=VALUE with a name of " + known);
    }
  }

  private static int number(Map<String, String> given, String name, int otherwise) {
    return Integer.parseInt(given.getOrDefault(name, Integer.toString(otherwise)));
  }

  private static ModelFiles files(Path folder, String type, int layers) throws IOException {
    if (!Files.exists(folder.resolve("vae.safetensors"))) {
      StandInParts.main(new String[] {folder.toString()});
    }
    Path transformer =
        folder.resolve(String.format(Locale.ROOT, "%s-%d-%s.gguf", MODEL, layers, type));
    if (!Files.exists(transformer)) {
      write(transformer, type, layers);
    }
    return ModelFinder.resolver()
        .resolve(
            ModelSelection.none()
                .with(ModelPart.TRANSFORMER, transformer)
                .with(ModelPart.VAE, folder.resolve("vae.safetensors"))
                .with(ModelPart.TEXT_ENCODER, folder.resolve("umt5.safetensors"))
                .with(
                    ModelPart.TOKENIZER,
                    DemoModel.directory().resolve("google/umt5-xxl/spiece.model")));
  }

  private static void write(Path file, String type, int layers) throws IOException {
    ModelDefaults model = ModelCatalog.standard().require(MODEL);
    Map<String, Shape> tensors = PublishedTensors.transformer(model);
    tensors.keySet().removeIf(name -> block(name) >= layers);
    Synthesizer synthesizer =
        new Synthesizer(CheckpointKind.TRANSFORMER, tensors, Recipes.parse(type), name -> name, 1);
    try (GgufWriter writer = GgufWriter.create(file)) {
      writer.put("general.architecture", GgufValue.of("wan"));
      synthesizer.write(writer, done -> {});
      writer.commit();
    }
  }

  /** The number of the block that a tensor belongs to; -1 for those outside. */
  private static int block(String name) {
    return name.startsWith("blocks.") ? Integer.parseInt(name.split("\\.")[1]) : -1;
  }
}
