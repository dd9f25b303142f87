// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.synth;

import dev.wanlet.base.Printable;
import dev.wanlet.cli.console.ByteProgress;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.Interruption;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.demo.DemoModel;
import dev.wanlet.files.OutputFile;
import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.memory.ByteSize;
import dev.wanlet.wan.model.clip.ClipConfig;
import dev.wanlet.wan.model.umt5.Umt5Config;
import dev.wanlet.wan.pipeline.Cancellation;
import dev.wanlet.wan.text.GgufVocabulary;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import dev.wanlet.weights.checkpoint.Umt5Names;
import dev.wanlet.weights.gguf.GgufValue;
import dev.wanlet.weights.recipe.QuantizationRecipe;
import dev.wanlet.weights.recipe.Recipes;
import dev.wanlet.weights.write.GgufWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code wanlet synth}: a model of random weights. Confined to one thread. */
@Command(
    name = "synth",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    description =
        "Write a full-size model of seeded random weights as GGUF, for planning and benchmarks"
            + " where a checkpoint cannot be had, or a small one of the same kind. Its clips are"
            + " noise.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  wanlet synth wan2.1-t2v-1.3b --type Q8_0 -o synth.gguf",
      "  wanlet synth wan2.1-t2v-14b --type Q4_K_M --part text-encoder -o umt5.gguf",
      "  wanlet synth wan2.1-i2v-14b-480p --layers 2 --width 256 -o small.gguf",
      "  wanlet synth wan2.1-i2v-14b-480p --part clip --layers 2 --width 160 -o clip.gguf"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:written",
      "2:bad arguments, or the output cannot be written",
      "130:interrupted (Ctrl-C); nothing is left of the output"
    })
public final class SynthCommand implements Callable<Integer> {
  /** The networks of a model. */
  enum Part {
    TRANSFORMER(CheckpointKind.TRANSFORMER),
    TEXT_ENCODER(CheckpointKind.TEXT_ENCODER),
    VAE(CheckpointKind.VAE_2_1),
    CLIP(CheckpointKind.IMAGE_ENCODER),
    TAE(CheckpointKind.TAE);

    private final CheckpointKind kind;

    Part(CheckpointKind kind) {
      this.kind = kind;
    }

    /** Such as {@code text-encoder}. */
    String id() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** ggml's version of its quantised formats. */
  private static final int QUANTIZATION_VERSION = 2;

  private static final int TEXT_LENGTH = 512;

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "1",
      paramLabel = "ID",
      description = "A model, as 'wanlet models' lists them.")
  private String id;

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      defaultValue = "Q8_0",
      description =
          "Quantisation recipe, as for 'wanlet quantize': F32, F16, BF16, Q8_0, Q4_K_M, ..., in any"
              + " case (default: ${DEFAULT-VALUE}).")
  private String type;

  @Option(
      names = "--part",
      paramLabel = "PART",
      defaultValue = "transformer",
      description =
          "transformer, text-encoder, vae, clip or tae, the small decoder (default: ${DEFAULT-VALUE}).")
  private String part;

  @Option(
      names = "--layers",
      paramLabel = "N",
      description = "Blocks of a smaller transformer or CLIP.")
  private Integer layers;

  @Option(
      names = "--width",
      paramLabel = "W",
      description =
          "Channels of a smaller transformer, CLIP or VAE. Such a transformer goes with the demo"
              + " model's text encoder, and with a CLIP of width "
              + SmallSizes.IMAGE_DIM
              + " if it sees pictures.")
  private Integer width;

  @Option(
      names = {"-s", "--seed"},
      paramLabel = "N",
      defaultValue = "0",
      description = "Seed of the weights (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      required = true,
      description = "The GGUF file to write; an existing one is replaced at the end.")
  private Path output;

  @Override
  public Integer call() throws IOException {
    ModelDefaults model = ModelCatalog.standard().require(id);
    Part which = part();
    OutputFile.requireWritable(output);
    Synthesizer synthesizer = synthesizer(model, which);
    long total = synthesizer.dataBytes();
    PrintWriter err = spec.commandLine().getErr();
    Cancellation cancellation = new Cancellation();
    Interruption interruption = Interruption.onInterrupt(cancellation::cancel);
    try (GgufWriter writer = GgufWriter.create(output);
        ByteProgress progress =
            ByteProgress.announced("writing " + output.getFileName(), total, err)) {
      putMetadata(writer, model, which);
      synthesizer.write(
          writer,
          done -> {
            cancellation.check();
            progress.at(done, total);
          });
      writer.commit();
    } finally {
      interruption.close();
    }
    spec.commandLine()
        .getOut()
        .printf(
            "%s: %s of %s, %s, random weights of seed %d%n",
            Printable.text(output),
            which.id(),
            model.id(),
            ByteSize.format(Files.size(output)),
            seed);
    spec.commandLine().getOut().flush();
    return ExitCode.OK;
  }

  private Part part() {
    for (Part candidate : Part.values()) {
      if (candidate.id().equalsIgnoreCase(part)) {
        return candidate;
      }
    }
    throw new RequestException(
        "unknown part '" + part + "'; expected transformer, text-encoder, vae, clip or tae");
  }

  private Synthesizer synthesizer(ModelDefaults model, Part which) {
    QuantizationRecipe recipe;
    try {
      recipe = Recipes.parse(type);
    } catch (IllegalArgumentException e) {
      throw new RequestException(e.getMessage(), e);
    }
    SmallSizes sizes = new SmallSizes(number(layers), number(width));
    if (!sizes.isEmpty() && (which == Part.TEXT_ENCODER || which == Part.TAE)) {
      throw new RequestException("no smaller " + which.id() + " is made");
    }
    Map<String, Shape> tensors =
        switch (which) {
          case TRANSFORMER -> PublishedTensors.transformer(sizes.transformer(model.transformer()));
          case TEXT_ENCODER -> PublishedTensors.textEncoder(model.textEncoder());
          case VAE -> sizes.vae(PublishedTensors.vaeConfig(model)).tensors();
          case CLIP -> PublishedTensors.imageEncoder(sizes.clip(clip(model)));
          case TAE -> PublishedTensors.tae(model);
        };
    UnaryOperator<String> names =
        which == Part.TEXT_ENCODER ? Umt5Names::llamaCpp : UnaryOperator.identity();
    return new Synthesizer(kind(model, which), tensors, recipe, names, seed);
  }

  private static CheckpointKind kind(ModelDefaults model, Part which) {
    boolean newer = which == Part.VAE && model.vae().version().equals("2.2");
    return newer ? CheckpointKind.VAE_2_2 : which.kind;
  }

  private static OptionalInt number(Integer given) {
    return given == null ? OptionalInt.empty() : OptionalInt.of(given);
  }

  private static ClipConfig clip(ModelDefaults model) {
    if (!model.transformer().variant().seesPictures()) {
      throw new RequestException(model.id() + " does not see pictures through CLIP");
    }
    return ClipConfig.ofWidth(model.transformer().imageDim());
  }

  private void putMetadata(GgufWriter writer, ModelDefaults model, Part which) throws IOException {
    Map<String, GgufValue> values = new LinkedHashMap<>();
    values.put("general.architecture", GgufValue.of(Recipes.architecture(kind(model, which))));
    values.put("general.type", GgufValue.of("model"));
    values.put("general.name", GgufValue.of(model.id() + " of random weights"));
    values.put("general.quantization_version", GgufValue.u32(QUANTIZATION_VERSION));
    if (which == Part.TEXT_ENCODER) {
      Umt5Config c = model.textEncoder();
      values.put("t5encoder.block_count", GgufValue.u32(c.numLayers()));
      values.put("t5encoder.context_length", GgufValue.u32(TEXT_LENGTH));
      values.put("t5encoder.embedding_length", GgufValue.u32(c.dim()));
      values.put("t5encoder.feed_forward_length", GgufValue.u32(c.dimFfn()));
      values.put("t5encoder.attention.head_count", GgufValue.u32(c.numHeads()));
      values.put("t5encoder.attention.key_length", GgufValue.u32(c.headDim()));
      values.put("t5encoder.attention.value_length", GgufValue.u32(c.headDim()));
      values.put("t5encoder.attention.layer_norm_epsilon", GgufValue.f32(c.eps()));
      values.put("t5encoder.attention.layer_norm_rms_epsilon", GgufValue.f32(c.eps()));
      values.put("t5encoder.attention.relative_buckets_count", GgufValue.u32(c.numBuckets()));
    }
    if (which == Part.TEXT_ENCODER) {
      // The demo model's pieces, filled up to the size of the table: enough to run prompts.
      Path spiece = DemoModel.directory().resolve("google/umt5-xxl/spiece.model");
      values.putAll(
          GgufVocabulary.of(Files.readAllBytes(spiece), spiece, model.textEncoder().vocab()));
    }
    values.put("wanlet.synth.model", GgufValue.of(model.id()));
    values.put("wanlet.synth.seed", GgufValue.i64(seed));
    values.forEach(writer::put);
  }
}
