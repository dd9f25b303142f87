// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.ggml.Device;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.wan.catalog.ModelResolver;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.memory.DeviceRates;
import dev.wanlet.wan.memory.ModelFacts;
import dev.wanlet.wan.memory.RunPlanner;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.umt5.Umt5Config;
import dev.wanlet.wan.model.vae.VaeFamily;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.RecipeTypes;
import dev.wanlet.wan.nn.SourceTypes;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.text.PromptCleaner;
import dev.wanlet.wan.text.Tokenizer;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Owner: what planning needs to know of a model, read off its files as far as there are any, else
 * from the table of published models and the name of a recipe. No weight is loaded. Thread-safe
 * until closed.
 */
public final class ModelBlueprint implements AutoCloseable {
  /** The type of a transformer of which neither file nor recipe is given. */
  public static final String DEFAULT_TYPE = "Q8_0";

  /** The type a text encoder without a file is taken to have. */
  public static final String TEXT_TYPE = "Q8_0";

  /** A token of the text encoder stands for at least one byte; beside them there is the end. */
  private static final int TOKENS_BESIDE_BYTES = 2;

  private final ModelDefaults model;
  private final String recipe;
  private final Optional<Path> tokenizer;
  private final List<Checkpoint> checkpoints = new ArrayList<>();
  private final List<WeightSource> transformers = new ArrayList<>();
  private Checkpoint textEncoder;
  private Checkpoint vae;

  private ModelBlueprint(
      ModelDefaults model,
      String recipe,
      List<Path> transformers,
      Optional<Path> vae,
      Optional<Path> textEncoder,
      Optional<Path> tokenizer)
      throws IOException {
    this.model = model;
    this.recipe = recipe;
    this.tokenizer = tokenizer;
    try {
      for (Path file : transformers) {
        this.transformers.add(open(file).source());
      }
      this.textEncoder = textEncoder.isPresent() ? open(textEncoder.get()) : null;
      this.vae = vae.isPresent() ? open(vae.get()) : null;
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private Checkpoint open(Path file) throws IOException {
    Checkpoint checkpoint = Checkpoint.open(file);
    checkpoints.add(checkpoint);
    return checkpoint;
  }

  /**
   * Looks a model up: an id in the catalog, anything else among the files.
   *
   * @param recipe type of the transformer of an id, such as {@code Q4_K_M}; empty for {@code Q8_0}
   * @throws RequestException if a recipe is given for a file, which has its own types
   * @throws IOException if a file is missing, damaged or does not fit
   */
  public static ModelBlueprint of(
      ModelSelection selection,
      Optional<String> recipe,
      ModelCatalog catalog,
      ModelResolver resolver)
      throws IOException {
    Optional<ModelDefaults> known = known(selection, catalog);
    if (known.isPresent()) {
      return new ModelBlueprint(
          known.get(),
          recipe.orElse(DEFAULT_TYPE),
          List.of(),
          selection.part(ModelPart.VAE),
          selection.part(ModelPart.TEXT_ENCODER),
          selection.part(ModelPart.TOKENIZER));
    }
    ModelSelection files =
        selection.model().flatMap(catalog::find).isPresent()
            ? selection.withModel(null)
            : selection;
    ModelResolver.FoundFiles found = resolver.find(files);
    if (recipe.isPresent()) {
      throw new RequestException(
          "type "
              + recipe.get()
              + " was given, but "
              + found.transformers().get(0)
              + " has types of its own; leave it out, or give a model id instead of the file");
    }
    return new ModelBlueprint(
        found.model(),
        null,
        found.transformers(),
        found.vae(),
        found.textEncoder(),
        found.tokenizer());
  }

  private static Optional<ModelDefaults> known(ModelSelection selection, ModelCatalog catalog) {
    if (selection.part(ModelPart.TRANSFORMER).isPresent()
        || selection.part(ModelPart.HIGH_NOISE_TRANSFORMER).isPresent()) {
      return Optional.empty();
    }
    String id = selection.model().orElse(ModelCatalog.DEMO);
    return catalog.find(id).filter(m -> Files.notExists(Path.of(id)));
  }

  /** What the model is, with its defaults. */
  public ModelDefaults model() {
    return model;
  }

  /** Whether the transformer's types come from a file rather than from a recipe. */
  public boolean isFromFiles() {
    return !transformers.isEmpty();
  }

  /**
   * The planner of this model on a device; valid while this object is open.
   *
   * @param threads of a CPU device
   * @throws RequestException if this version cannot run such a model, or the recipe has no such
   *     name
   * @throws IOException if a file is not what its name says
   */
  public RunPlanner planner(Device device, int threads, DeviceRates rates, Precision precision)
      throws IOException {
    WanConfig config =
        transformers.isEmpty() ? model.transformer() : WanConfig.infer(transformers.get(0));
    requireKnownLayers(config);
    List<TypePolicy> types = new ArrayList<>();
    for (WeightSource expert : transformers) {
      types.add(SourceTypes.of(expert, precision, device));
    }
    if (types.isEmpty()) {
      types.add(recipeTypes(recipe, device, precision));
    }
    ModelFacts facts =
        new ModelFacts(
            device,
            threads,
            rates,
            config,
            types,
            textEncoder == null ? model.textEncoder() : Umt5Config.infer(textEncoder.source()),
            textEncoder == null
                ? recipeTypes(TEXT_TYPE, device, precision)
                : SourceTypes.of(textEncoder.source(), precision, device),
            model.vae(),
            vae == null ? model.vae().config() : VaeFamily.infer(vae));
    return VideoPipeline.planner(facts, VideoPipeline.STAGES);
  }

  private void requireKnownLayers(WanConfig config) {
    switch (config.variant()) {
      case I2V, FLF2V, VACE ->
          throw new RequestException(
              model.id()
                  + " is a "
                  + config.variant()
                  + " model, whose extra layers this version cannot plan");
      case T2V, I2V_LATENT, TI2V -> {
        // plain blocks
      }
    }
  }

  private static TypePolicy recipeTypes(String recipe, Device device, Precision precision) {
    try {
      RecipeTypes types = RecipeTypes.of(recipe, device);
      return precision == Precision.F32 ? TypePolicy.ALL_F32 : types;
    } catch (IllegalArgumentException e) {
      throw new RequestException(e.getMessage(), e);
    }
  }

  /**
   * Tokens of a prompt: counted where there is a tokenizer, else the most it can have.
   *
   * @throws IOException if the tokenizer cannot be read
   */
  public int tokens(String prompt) throws IOException {
    String clean = PromptCleaner.clean(prompt);
    if (tokenizer.isEmpty()) {
      int bytes = clean.getBytes(StandardCharsets.UTF_8).length;
      return Math.min(WanConfig.TEXT_LENGTH, bytes + TOKENS_BESIDE_BYTES);
    }
    try (Tokenizer open = Tokenizer.open(tokenizer.get())) {
      return open.encode(clean, WanConfig.TEXT_LENGTH).length;
    }
  }

  @Override
  public void close() {
    checkpoints.forEach(Checkpoint::close);
  }
}
