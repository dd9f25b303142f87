// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.options.ModelFinder;
import dev.wanlet.cli.synth.PublishedTensors;
import dev.wanlet.demo.DemoModel;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.quantize.QuantizeListener;
import dev.wanlet.quantize.QuantizeRequest;
import dev.wanlet.quantize.Quantizer;
import dev.wanlet.quantize.TensorPlan;
import dev.wanlet.quantize.TypeSelector;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.memory.DeviceRates;
import dev.wanlet.wan.memory.MemoryBudget;
import dev.wanlet.wan.memory.ModelFacts;
import dev.wanlet.wan.memory.RunPlanner;
import dev.wanlet.wan.memory.TransformerPlan;
import dev.wanlet.wan.memory.TransformerPlanner;
import dev.wanlet.wan.model.transformer.PromptRows;
import dev.wanlet.wan.model.transformer.TokenGrid;
import dev.wanlet.wan.model.transformer.WanTransformer;
import dev.wanlet.wan.model.umt5.Umt5Config;
import dev.wanlet.wan.model.umt5.Umt5Encoder;
import dev.wanlet.wan.nn.BlockSpec;
import dev.wanlet.wan.nn.NetworkLayout;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.SourceTypes;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.pipeline.VideoPipeline;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.checkpoint.Checkpoint;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import dev.wanlet.weights.recipe.Recipes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * For every quantisation recipe: a plan made without files counts the types and bytes that the
 * quantise tool writes, and a synthetic model has them.
 */
class PlansKeepTheirWordTest {
  /** The two experts of A14B have the same tensors. */
  private static final List<String> MODELS =
      List.of("wan2.1-t2v-1.3b", "wan2.1-t2v-14b", "wan2.2-t2v-a14b", "wan2.2-ti2v-5b");

  private static final ModelDefaults DEMO = ModelCatalog.standard().require("tiny-wan");
  private static final Device CPU = Device.cpu();

  /** Each tensor in a buffer starts at a multiple of this many bytes. */
  private static final long ALIGNMENT = 64;

  @TempDir private static Path folder;

  static List<String> recipes() {
    return Recipes.names();
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void transformersOfPublishedModels(String recipe) throws IOException {
    for (String id : MODELS) {
      Map<String, Shape> tensors =
          PublishedTensors.transformer(ModelCatalog.standard().require(id));
      List<TensorPlan> written = toolPlan(CheckpointKind.TRANSFORMER, tensors, recipe);
      ModelFacts facts = planner(id, recipe).facts();
      assertThat(facts.transformerTypes()).hasSize(1);
      NetworkLayout planned =
          WanTransformer.layout(facts.transformer(), facts.transformerTypes().get(0));
      assertThat(types(planned)).as(id).isEqualTo(types(written));

      long fileBytes = written.stream().mapToLong(TensorPlan::bytes).sum();
      long blockBytes =
          written.stream()
              .filter(t -> t.name().startsWith("blocks."))
              .mapToLong(TensorPlan::bytes)
              .sum();
      TransformerPlan resident = transformerPlan(facts, Integer.MAX_VALUE);
      assertThat(resident.outerBytes() + resident.residentBytes())
          .as("weights of %s on the device, padded", id)
          .isBetween(fileBytes, fileBytes + ALIGNMENT * written.size());
      TransformerPlan streamed = transformerPlan(facts, 0);
      assertThat(streamed.uploadBytesPerStep()).as(id).isEqualTo(blockBytes);
    }
  }

  /** One prompt, so that each block is uploaded once a step. */
  private static TransformerPlan transformerPlan(ModelFacts facts, int maxResident) {
    return new TransformerPlanner(
            facts.transformer(), facts.transformerTypes(), CPU, 2, facts.rates())
        .plan(
            new TransformerPlanner.Job(
                new TokenGrid(1, 8, 8),
                List.of(new PromptRows(16)),
                1,
                Precision.AUTO,
                maxResident),
            Long.MAX_VALUE);
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void theTextEncoder(String recipe) {
    Map<String, Shape> tensors = PublishedTensors.textEncoder(Umt5Config.XXL);
    Map<String, TensorType> written = types(toolPlan(CheckpointKind.TEXT_ENCODER, tensors, recipe));
    TypePolicy types =
        SourceTypes.planned(
            Recipes.parse(recipe), CheckpointKind.TEXT_ENCODER, Precision.AUTO, CPU);
    // The table of embeddings stays in the mapped file.
    written.remove("token_embedding.weight");
    // The device computes with F32 where products of F16 would overflow.
    written.replaceAll(
        (name, type) ->
            name.endsWith(".ffn.fc2.weight") && type == TensorType.F16 ? TensorType.F32 : type);
    assertThat(types(Umt5Encoder.layout(Umt5Config.XXL, types))).isEqualTo(written);
  }

  /** The whole plan of an id is that of the files the tool writes for it. */
  @ParameterizedTest
  @MethodSource("recipes")
  void writtenFilesOfTheDemoModel(String recipe) throws IOException {
    Path transformer = quantized("diffusion_pytorch_model.safetensors", recipe);
    Path text = quantized("models_t5_umt5-xxl-enc.safetensors", "Q8_0");
    Path vae = quantized("Wan2.1_VAE.safetensors", "F16");
    ModelSelection files =
        ModelSelection.none()
            .with(ModelPart.TRANSFORMER, transformer)
            .with(ModelPart.TEXT_ENCODER, text)
            .with(ModelPart.VAE, vae);
    RunPlanner.Job job =
        new RunPlanner.Job(
            new FrameSize(64, 64), 17, 4, List.of(12, 2), Precision.AUTO, Integer.MAX_VALUE);
    MemoryBudget budget = new MemoryBudget(64L << 30, 64L << 30);
    RunPlanner promised = planner(DEMO.id(), recipe);
    try (OpenModel kept =
        OpenModel.toPlan(
            files, Optional.empty(), ModelCatalog.standard(), ModelFinder.resolver())) {
      assertThat(promised.plan(job, budget)).isEqualTo(planner(kept).plan(job, budget));
    }
    NetworkLayout planned =
        WanTransformer.layout(DEMO.transformer(), promised.facts().transformerTypes().get(0));
    try (Checkpoint checkpoint = Checkpoint.open(transformer)) {
      assertThat(types(planned)).isEqualTo(types(checkpoint));
      assertThat(
              planned.outer().dataBytes()
                  + planned.blocks().stream().mapToLong(b -> b.layout().dataBytes()).sum())
          .isEqualTo(
              checkpoint.source().tensors().stream().mapToLong(WeightTensor::byteLength).sum());
    }
  }

  private static Path quantized(String file, String recipe) throws IOException {
    Path output = folder.resolve(file + "." + recipe + ".gguf");
    QuantizeRequest request =
        QuantizeRequest.of(DemoModel.directory().resolve(file), output, Recipes.parse(recipe));
    try (Quantizer quantizer = Quantizer.open(request, QuantizeListener.SILENT)) {
      quantizer.run();
    }
    return output;
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void syntheticModels(String recipe) throws IOException {
    Map<String, CheckpointKind> kinds = new LinkedHashMap<>();
    kinds.put("transformer", CheckpointKind.TRANSFORMER);
    kinds.put("text-encoder", CheckpointKind.TEXT_ENCODER);
    kinds.put("vae", CheckpointKind.VAE_2_1);
    for (Map.Entry<String, CheckpointKind> part : kinds.entrySet()) {
      Path file = folder.resolve("synthetic.gguf");
      CommandRun run =
          CommandRun.of(
              "synth", DEMO.id(), "--part=" + part.getKey(), "--type=" + recipe, "-o" + file);
      assertThat(run.code()).as(run.err()).isZero();
      try (Checkpoint checkpoint = Checkpoint.open(file)) {
        Map<String, Shape> tensors = new LinkedHashMap<>();
        checkpoint.source().tensors().forEach(t -> tensors.put(t.name(), t.shape()));
        assertThat(types(checkpoint))
            .as(part.getKey())
            .isEqualTo(types(toolPlan(part.getValue(), tensors, recipe)));
      }
    }
  }

  /** What the quantise tool would write. Only names, types and shapes are looked at. */
  private static List<TensorPlan> toolPlan(
      CheckpointKind kind, Map<String, Shape> tensors, String recipe) {
    List<WeightTensor> sources = new ArrayList<>();
    tensors.forEach(
        (name, shape) ->
            sources.add(new WeightTensor(name, StoredType.F32, shape, shape, null, 0)));
    return new TypeSelector(Recipes.parse(recipe), List.of()).plan(kind, sources);
  }

  private static RunPlanner planner(String id, String recipe) throws IOException {
    try (OpenModel model =
        OpenModel.toPlan(
            ModelSelection.none().withModel(id),
            Optional.of(recipe),
            ModelCatalog.standard(),
            ModelFinder.resolver())) {
      return planner(model);
    }
  }

  private static RunPlanner planner(OpenModel model) {
    return VideoPipeline.planner(
        ModelFacts.of(model, CPU, 2, DeviceRates.assumed(CPU), Precision.AUTO));
  }

  private static Map<String, TensorType> types(List<TensorPlan> plans) {
    Map<String, TensorType> types = new TreeMap<>();
    plans.forEach(plan -> types.put(plan.name(), plan.type()));
    return types;
  }

  private static Map<String, TensorType> types(Checkpoint checkpoint) {
    Map<String, TensorType> types = new TreeMap<>();
    checkpoint
        .source()
        .tensors()
        .forEach(t -> types.put(t.name(), t.type().tensorType().orElseThrow()));
    return types;
  }

  private static Map<String, TensorType> types(NetworkLayout network) {
    Map<String, TensorType> types = new TreeMap<>();
    network.outer().specs().forEach(spec -> types.put(spec.name(), spec.type()));
    for (BlockSpec block : network.blocks()) {
      block.layout().specs().forEach(spec -> types.put(block.prefix() + spec.name(), spec.type()));
    }
    return types;
  }
}
