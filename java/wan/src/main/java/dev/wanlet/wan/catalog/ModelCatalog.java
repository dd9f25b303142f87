// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.wan.catalog.ModelDefaults.VaeNumbers;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.umt5.Umt5Config;
import dev.wanlet.wan.sampling.SamplingMethod;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Pattern;

/**
 * The published models, read from {@code models.json}, and how to recognise them. Immutable.
 *
 * <p>Sources: wan/configs of Wan 2.1 and 2.2, and the sampling settings their READMEs recommend.
 */
public final class ModelCatalog {
  /** The id of the model that comes along. */
  public static final String DEMO = "tiny-wan";

  /** The id of its image-to-video transformer, which shares all other parts. */
  public static final String DEMO_PICTURES = "tiny-wan-i2v";

  private static final String RESOURCE = "models.json";

  /**
   * Whose settings a model of unknown shapes gets: the first with as many latent channels, else the
   * first.
   */
  private static final List<String> GENERIC = List.of("wan2.1-t2v-1.3b", "wan2.2-ti2v-5b");

  private record Entry(
      String id,
      String title,
      String fileNames,
      WanConfig transformer,
      Double expertBoundary,
      String vae,
      String textEncoder,
      int steps,
      double flowShift,
      Double flowShiftAt480p,
      double guidanceScale,
      Double highNoiseGuidanceScale,
      String sampler,
      String negativePrompt,
      double fps,
      int frames,
      List<FrameSize> sizes,
      TrainedOn trainedOn,
      String source,
      List<String> files,
      PublishedGguf gguf) {}

  private record Tables(
      Map<String, String> negativePrompts,
      Map<String, VaeNumbers> vaes,
      Map<String, Umt5Config> textEncoders,
      Map<String, PublishedFile.Entry> files,
      PublishedGguf ggufTextEncoder,
      List<PublishedFile.Entry> knownGguf,
      List<Entry> models) {}

  private static final class Standard {
    static final ModelCatalog INSTANCE = load();
  }

  private final Map<String, ModelDefaults> models = new LinkedHashMap<>();

  /** What file names of a model contain; only for those that share their shapes with another. */
  private final Map<String, Pattern> fileNames = new LinkedHashMap<>();

  private final Map<String, PublishedGguf> gguf = new LinkedHashMap<>();
  private final PublishedGguf ggufTextEncoder;

  /** Sizes and sums of GGUF files, by repository and path. */
  private final Map<String, PublishedFile.Entry> knownGguf = new LinkedHashMap<>();

  private ModelCatalog(Tables tables) {
    ggufTextEncoder = tables.ggufTextEncoder();
    tables.knownGguf().forEach(f -> knownGguf.put(f.repository() + "/" + f.path(), f));
    for (Entry e : tables.models()) {
      models.put(e.id(), defaults(e, tables));
      if (e.gguf() != null) {
        gguf.put(e.id(), e.gguf());
      }
      if (e.fileNames() != null) {
        fileNames.put(e.id(), Pattern.compile(e.fileNames()));
      }
    }
  }

  /** The models this version knows. */
  public static ModelCatalog standard() {
    return Standard.INSTANCE;
  }

  /** Whether a model comes along. */
  public static boolean isDemo(String id) {
    return id.equals(DEMO) || id.equals(DEMO_PICTURES);
  }

  private static ModelCatalog load() {
    try (InputStream in = ModelCatalog.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException("this build lacks its resource " + RESOURCE);
      }
      return new ModelCatalog(new ObjectMapper().readValue(in, Tables.class));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ModelDefaults defaults(Entry e, Tables tables) {
    return new ModelDefaults(
        e.id(),
        e.title(),
        e.transformer(),
        named(tables.vaes(), e.vae()),
        named(tables.textEncoders(), e.textEncoder()),
        e.expertBoundary() == null ? OptionalDouble.empty() : OptionalDouble.of(e.expertBoundary()),
        e.steps(),
        e.flowShift(),
        e.flowShiftAt480p() == null ? e.flowShift() : e.flowShiftAt480p(),
        e.guidanceScale(),
        e.highNoiseGuidanceScale() == null ? e.guidanceScale() : e.highNoiseGuidanceScale(),
        SamplingMethod.parse(e.sampler()),
        named(tables.negativePrompts(), e.negativePrompt()),
        e.fps(),
        e.frames(),
        e.sizes(),
        Optional.ofNullable(e.trainedOn()),
        e.source(),
        e.files() == null
            ? List.of()
            : e.files().stream().map(f -> named(tables.files(), f).file(null)).toList());
  }

  private static <T> T named(Map<String, T> table, String name) {
    T value = table.get(name);
    if (value == null) {
      throw new IllegalStateException(RESOURCE + ": nothing is called '" + name + "'");
    }
    return value;
  }

  /** All models, smallest first. Unmodifiable. */
  public List<ModelDefaults> models() {
    return List.copyOf(models.values());
  }

  /** The model of this id, whatever the case. */
  public Optional<ModelDefaults> find(String id) {
    return Optional.ofNullable(models.get(id.strip().toLowerCase(Locale.ROOT)));
  }

  /**
   * The model of this id.
   *
   * @throws RequestException if there is none; the message lists the ids
   */
  public ModelDefaults require(String id) {
    return find(id)
        .orElseThrow(
            () -> new RequestException("unknown model '" + id + "'; known models: " + ids()));
  }

  /** The ids of all models, in a row. */
  String ids() {
    return String.join(", ", models.keySet());
  }

  /**
   * One set of files that makes a whole model, its transformers in a quantisation type; the text
   * encoder in the same where that is published, other parts as usual.
   *
   * @param type such as {@code Q4_K_M}, in any case
   * @throws RequestException if nobody is known to publish the model so
   */
  public List<PublishedFile> files(ModelDefaults model, String type) {
    PublishedGguf transformers = gguf.get(model.id());
    if (transformers == null) {
      throw new RequestException(
          "no published GGUF files of " + model.id() + " are known; leave the type out");
    }
    List<PublishedFile> files =
        new ArrayList<>(transformers.files(ModelPart.TRANSFORMER, type, knownGguf));
    for (PublishedFile file : model.files()) {
      if (file.part() == ModelPart.TEXT_ENCODER && ggufTextEncoder.has(type)) {
        files.addAll(ggufTextEncoder.files(ModelPart.TEXT_ENCODER, type, knownGguf));
      } else if (file.part() != ModelPart.TRANSFORMER
          && file.part() != ModelPart.HIGH_NOISE_TRANSFORMER) {
        files.add(file);
      }
    }
    return files;
  }

  /** The repository in which a model is published in many GGUF types. */
  public Optional<String> ggufRepository(ModelDefaults model) {
    return Optional.ofNullable(gguf.get(model.id())).map(PublishedGguf::repository);
  }

  /**
   * Recognises a model by the numbers of its transformer. Where several have the same numbers, two
   * files speak for a model of two experts, then file names decide, then the order of the table.
   * Two files of shapes that nobody has published are the experts of a model like the published one
   * of their kind.
   *
   * @param numbers read off a checkpoint
   * @param files how many transformers were given
   * @param names of these files and their folders
   * @return the model, or one with the id {@link ModelDefaults#CUSTOM} and common settings
   */
  public ModelDefaults identify(WanConfig numbers, int files, Collection<String> names) {
    List<ModelDefaults> same =
        models.values().stream().filter(m -> m.transformer().equals(numbers)).toList();
    if (same.isEmpty()) {
      return custom(numbers, files);
    }
    return same.stream()
        .filter(m -> files == 2 ? m.experts() == 2 : isCalled(m, names))
        .findFirst()
        .or(() -> same.stream().filter(m -> !fileNames.containsKey(m.id())).findFirst())
        .orElse(same.get(0));
  }

  private boolean isCalled(ModelDefaults model, Collection<String> names) {
    Pattern pattern = fileNames.get(model.id());
    return pattern != null
        && names.stream().anyMatch(n -> pattern.matcher(n.toLowerCase(Locale.ROOT)).find());
  }

  private ModelDefaults generic(int latentChannels) {
    List<ModelDefaults> generic = GENERIC.stream().map(this::require).toList();
    return generic.stream()
        .filter(m -> m.vae().latentChannels() == latentChannels)
        .findFirst()
        .orElse(generic.get(0));
  }

  private ModelDefaults custom(WanConfig numbers, int files) {
    Optional<ModelDefaults> experts =
        models.values().stream()
            .filter(m -> files == 2 && m.experts() == 2)
            .filter(m -> m.transformer().variant() == numbers.variant())
            .findFirst();
    ModelDefaults demo = require(DEMO);
    boolean small =
        numbers.textDim() == demo.transformer().textDim()
            && numbers.outChannels() == demo.vae().latentChannels();
    ModelDefaults like = small ? demo : experts.orElseGet(() -> generic(numbers.outChannels()));
    return new ModelDefaults(
        ModelDefaults.CUSTOM,
        "a Wan transformer of unpublished shapes",
        numbers,
        like.vae(),
        like.textEncoder(),
        experts.map(ModelDefaults::expertBoundary).orElse(OptionalDouble.empty()),
        like.steps(),
        like.flowShift(),
        like.flowShiftAt480p(),
        like.guidanceScale(),
        like.highNoiseGuidanceScale(),
        like.sampler(),
        like.negativePrompt(),
        like.fps(),
        like.frames(),
        like.sizes(),
        Optional.empty(),
        "unknown",
        List.of());
  }
}
