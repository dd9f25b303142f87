// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import dev.wanlet.base.Printable;
import dev.wanlet.ggml.Device;
import dev.wanlet.wan.catalog.ModelResolver.FoundFiles;
import dev.wanlet.wan.model.clip.ClipConfig;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.umt5.Umt5Config;
import dev.wanlet.wan.model.vae.VaeConfig;
import dev.wanlet.wan.model.vae.VaeFamily;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.SourceTypes;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.text.PromptCleaner;
import dev.wanlet.wan.text.Tokenizer;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.checkpoint.Checkpoint;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import dev.wanlet.weights.checkpoint.ClipNames;
import dev.wanlet.weights.recipe.Recipes;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Owner: a model's checkpoints, mapped, under official names, and the configurations of its
 * networks. What has no file is taken from the table of published models and from a quantisation
 * recipe: that is enough to plan, not to run. No weight is loaded. Thread-safe until closed.
 */
public final class OpenModel implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(OpenModel.class.getName());

  /** The quantisation recipe of a transformer of which neither file nor recipe is given. */
  private static final String TRANSFORMER_RECIPE = "Q8_0";

  /** The quantisation recipe of a text encoder without a file. */
  private static final String TEXT_RECIPE = "Q8_0";

  /** As the CLIP image encoder is published. */
  private static final String IMAGE_RECIPE = "F16";

  /** A token of the text encoder stands for at least one byte; beside them there is the end. */
  private static final int TOKENS_BESIDE_BYTES = 2;

  private final ModelDefaults defaults;
  private final Optional<String> recipe;
  private final Optional<Path> tokenizerFile;
  private final List<Checkpoint> checkpoints = new ArrayList<>();
  private final List<WeightSource> transformers = new ArrayList<>();
  private final WanConfig transformerConfig;
  private final Optional<WeightSource> textEncoder;
  private final Umt5Config textConfig;
  private final Optional<WeightSource> imageEncoder;
  private final Optional<ClipConfig> imageEncoderConfig;
  private final Optional<Checkpoint> vae;
  private final Optional<VaeConfig> vaeConfig;
  private Tokenizer tokenizer;

  private OpenModel(FoundFiles files, Optional<String> recipe) throws IOException {
    this.defaults = files.model();
    this.recipe = recipe;
    this.tokenizerFile = files.tokenizer();
    try {
      for (Path file : files.transformers()) {
        transformers.add(open(file, ModelPart.TRANSFORMER).source());
      }
      transformerConfig =
          transformers.isEmpty() ? defaults.transformer() : sharedConfig(transformers);
      if (files.textEncoder().isPresent()) {
        textEncoder = Optional.of(open(files.textEncoder().get(), ModelPart.TEXT_ENCODER).source());
        textConfig = Umt5Config.infer(textEncoder.get());
      } else {
        textEncoder = Optional.empty();
        textConfig = defaults.textEncoder();
      }
      if (files.imageEncoder().isPresent()) {
        Checkpoint checkpoint = open(files.imageEncoder().get(), ModelPart.IMAGE_ENCODER);
        imageEncoder = Optional.of(ClipNames.apart(checkpoint.source()));
        imageEncoderConfig = Optional.of(ClipConfig.infer(imageEncoder.get()));
      } else {
        imageEncoder = Optional.empty();
        imageEncoderConfig =
            transformerConfig.variant().seesPictures()
                ? Optional.of(ClipConfig.ofWidth(transformerConfig.imageDim()))
                : Optional.empty();
      }
      if (files.vae().isPresent()) {
        Checkpoint checkpoint = open(files.vae().get(), ModelPart.VAE);
        vae = Optional.of(checkpoint);
        vaeConfig = VaeFamily.infer(checkpoint);
      } else {
        vae = Optional.empty();
        vaeConfig = defaults.vae().config();
      }
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private Checkpoint open(Path file, ModelPart part) throws IOException {
    Checkpoint checkpoint = Checkpoint.open(file, part::is);
    checkpoints.add(checkpoint);
    return checkpoint;
  }

  private static WanConfig sharedConfig(List<WeightSource> experts) throws IOException {
    WanConfig config = WanConfig.infer(experts.get(0));
    for (WeightSource expert : experts) {
      if (!WanConfig.infer(expert).equals(config)) {
        throw new ModelFilesException(
            "the experts "
                + experts.get(0).description()
                + " and "
                + expert.description()
                + " are of different models; give the high- and low-noise files of one model");
      }
    }
    return config;
  }

  /**
   * Opens the files of a whole model, to run it; what is worth saying about them is logged.
   *
   * @throws ModelFilesException if this version cannot decode with the VAE
   * @throws dev.wanlet.weights.WeightFormatException if a file holds only a part of its network
   * @throws IOException if a file cannot be read or is damaged
   */
  public static OpenModel open(ModelFiles files) throws IOException {
    OpenModel model =
        new OpenModel(
            new FoundFiles(
                files.model(),
                files.transformers(),
                Optional.of(files.vae()),
                Optional.of(files.textEncoder()),
                files.imageEncoder(),
                Optional.of(files.tokenizer())),
            Optional.empty());
    try {
      model.requireRunnable();
    } catch (IOException | RuntimeException e) {
      model.close();
      throw e;
    }
    return model;
  }

  /** Half a network has no plan either. */
  private OpenModel whole() throws IOException {
    try {
      for (Checkpoint checkpoint : checkpoints) {
        checkpoint.requireWhole();
      }
      return this;
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private void requireRunnable() throws IOException {
    whole();
    for (Checkpoint checkpoint : checkpoints) {
      LOG.log(
          Level.DEBUG, Printable.message(checkpoint.source().description() + ": " + checkpoint));
      for (String note : checkpoint.notes()) {
        LOG.log(Level.WARNING, Printable.message(checkpoint.source().description() + ": " + note));
      }
    }
    if (vaeConfig.isEmpty()) {
      throw new ModelFilesException(
          vae().description()
              + " is a "
              + vae.orElseThrow().kind().title()
              + ", which this version cannot decode with");
    }
  }

  /**
   * Opens what there is of a model, to plan it: an id is looked up in the catalog, anything else
   * among the files.
   *
   * @param recipe quantisation recipe of the transformer of an id, such as {@code Q4_K_M}; empty
   *     for {@code Q8_0}
   * @throws RequestException if a quantisation recipe is given for a file, which has its own types
   * @throws dev.wanlet.weights.WeightFormatException if a file holds only a part of its network
   * @throws IOException if a file is missing, damaged or does not fit
   */
  public static OpenModel toPlan(
      ModelSelection selection,
      Optional<String> recipe,
      ModelCatalog catalog,
      ModelResolver resolver)
      throws IOException {
    Optional<ModelDefaults> known = known(selection, catalog);
    if (known.isPresent()) {
      OpenModel model =
          new OpenModel(
              new FoundFiles(
                  known.get(),
                  List.of(),
                  selection.part(ModelPart.VAE),
                  selection.part(ModelPart.TEXT_ENCODER),
                  selection.part(ModelPart.IMAGE_ENCODER),
                  selection.part(ModelPart.TOKENIZER)),
              recipe.or(() -> Optional.of(TRANSFORMER_RECIPE)));
      return model.whole();
    }
    ModelSelection files =
        selection.model().flatMap(catalog::find).isPresent()
            ? selection.withModel(null)
            : selection;
    FoundFiles found = resolver.find(files);
    if (recipe.isPresent()) {
      throw new RequestException(
          "type "
              + recipe.get()
              + " was given, but "
              + found.transformers().get(0)
              + " has types of its own; leave it out, or give a model id instead of the file");
    }
    return new OpenModel(found, Optional.empty()).whole();
  }

  private static Optional<ModelDefaults> known(ModelSelection selection, ModelCatalog catalog) {
    if (selection.part(ModelPart.TRANSFORMER).isPresent()
        || selection.part(ModelPart.HIGH_NOISE_TRANSFORMER).isPresent()) {
      return Optional.empty();
    }
    String id =
        selection
            .model()
            .orElse(selection.pictures() ? ModelCatalog.DEMO_PICTURES : ModelCatalog.DEMO);
    return catalog.find(id).filter(m -> Files.notExists(Path.of(id)));
  }

  /** What the model is, with the settings its authors recommend. */
  public ModelDefaults defaults() {
    return defaults;
  }

  /**
   * The quantisation recipe that stands for the transformer's file; empty where there is a file.
   */
  public Optional<String> recipe() {
    return recipe;
  }

  /**
   * The transformers in the order they run: the high-noise expert first, where there are two; empty
   * where a recipe stands for them.
   */
  public List<WeightSource> transformers() {
    return List.copyOf(transformers);
  }

  /** Every file that is open, transformers first, under official names. */
  public List<WeightSource> sources() {
    return checkpoints.stream().map(Checkpoint::source).toList();
  }

  /** The configuration of the transformer, or of each of two experts. */
  public WanConfig transformerConfig() {
    return transformerConfig;
  }

  /**
   * The types each transformer is computed in; valid while this is open.
   *
   * @throws RequestException if there is no quantisation recipe of that name
   */
  public List<TypePolicy> transformerTypes(Precision precision, Device device) {
    return recipe.isPresent()
        ? List.of(planned(recipe.get(), CheckpointKind.TRANSFORMER, precision, device))
        : transformers.stream().map(t -> SourceTypes.of(t, precision, device)).toList();
  }

  /**
   * The text encoder's checkpoint.
   *
   * @throws IllegalStateException if this model was opened to plan, and has none
   */
  public WeightSource textEncoder() {
    return present(textEncoder, ModelPart.TEXT_ENCODER);
  }

  public Umt5Config textConfig() {
    return textConfig;
  }

  /** The types the text encoder is computed in; valid while this is open. */
  public TypePolicy textTypes(Precision precision, Device device) {
    return textEncoder
        .map(t -> SourceTypes.of(t, precision, device))
        .orElseGet(() -> planned(TEXT_RECIPE, CheckpointKind.TEXT_ENCODER, precision, device));
  }

  /**
   * The CLIP image encoder's checkpoint, with queries, keys and values apart.
   *
   * @throws IllegalStateException if this model has none
   */
  public WeightSource imageEncoder() {
    return present(imageEncoder, ModelPart.IMAGE_ENCODER);
  }

  /** The configuration of the CLIP image encoder; empty for a model that needs none. */
  public Optional<ClipConfig> imageEncoderConfig() {
    return imageEncoderConfig;
  }

  /** The types the CLIP image encoder is computed in; valid while this is open. */
  public TypePolicy imageEncoderTypes(Precision precision, Device device) {
    return imageEncoder
        .map(t -> SourceTypes.of(t, precision, device))
        .orElseGet(() -> planned(IMAGE_RECIPE, CheckpointKind.IMAGE_ENCODER, precision, device));
  }

  /**
   * The VAE's checkpoint.
   *
   * @throws IllegalStateException if this model was opened to plan, and has none
   */
  public WeightSource vae() {
    return present(vae, ModelPart.VAE).source();
  }

  /** The VAE's configuration; empty for one that this version cannot run. */
  public Optional<VaeConfig> vaeConfig() {
    return vaeConfig;
  }

  private <T> T present(Optional<T> part, ModelPart what) {
    return part.orElseThrow(
        () -> new IllegalStateException(defaults.id() + " was opened without a " + what.title()));
  }

  private static TypePolicy planned(
      String recipe, CheckpointKind kind, Precision precision, Device device) {
    try {
      return SourceTypes.planned(Recipes.parse(recipe), kind, precision, device);
    } catch (IllegalArgumentException e) {
      throw new RequestException(e.getMessage(), e);
    }
  }

  /**
   * A prompt's tokens, the end token included; of a prompt that is too long, as many as the model
   * reads, which is logged.
   *
   * @throws IllegalStateException if this model was opened to plan, and has no tokenizer
   * @throws IOException if the tokenizer cannot be read
   */
  public synchronized int[] tokenize(String prompt) throws IOException {
    if (tokenizer == null) {
      tokenizer = TokenizerFiles.open(present(tokenizerFile, ModelPart.TOKENIZER));
    }
    int[] ids = tokenizer.encode(PromptCleaner.clean(prompt), Integer.MAX_VALUE);
    return ids.length <= WanConfig.TEXT_LENGTH ? ids : cut(ids);
  }

  private int[] cut(int[] ids) {
    int[] kept = Arrays.copyOf(ids, WanConfig.TEXT_LENGTH);
    kept[kept.length - 1] = ids[ids.length - 1]; // the end token
    String rest = tokenizer.decode(Arrays.copyOfRange(ids, kept.length - 1, ids.length - 1));
    LOG.log(
        Level.WARNING,
        String.format(
            "a prompt of %,d tokens is cut to %d, as the model was trained; left out from here: %s",
            ids.length, kept.length, Printable.name(rest.strip())));
    return kept;
  }

  /**
   * How many tokens a prompt has: counted where there is a tokenizer, else the most it can have.
   *
   * @throws IOException if the tokenizer cannot be read
   */
  public int countTokens(String prompt) throws IOException {
    if (tokenizerFile.isPresent()) {
      return tokenize(prompt).length;
    }
    int bytes = PromptCleaner.clean(prompt).getBytes(StandardCharsets.UTF_8).length;
    return Math.min(WanConfig.TEXT_LENGTH, bytes + TOKENS_BESIDE_BYTES);
  }

  @Override
  public synchronized void close() {
    checkpoints.forEach(Checkpoint::close);
    if (tokenizer != null) {
      tokenizer.close();
    }
  }
}
