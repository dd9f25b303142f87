// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.text.Tokenizer;
import dev.wanlet.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Finds all parts of a model from what the user said. Single files stand in for those of a folder;
 * what is then missing comes from the demo model where the widths match. Only headers are read.
 * Thread-safe.
 */
public final class ModelResolver {
  private final ModelCatalog catalog;
  private final Supplier<Path> demoFolder; // null: there is none
  private final Supplier<Path> demoPictures; // null: there is none

  /**
   * Looks only where the user says: nothing comes from the demo model.
   *
   * @param catalog known models
   */
  public ModelResolver(ModelCatalog catalog) {
    this(catalog, null);
  }

  /**
   * Takes what is missing from the demo model.
   *
   * @param catalog known models
   * @param demoFolder where the demo model is; asked only if needed
   */
  public ModelResolver(ModelCatalog catalog, Supplier<Path> demoFolder) {
    this(catalog, demoFolder, null);
  }

  /**
   * As above.
   *
   * @param demoPictures the file of its image-to-video transformer; asked only if needed
   */
  public ModelResolver(
      ModelCatalog catalog, Supplier<Path> demoFolder, Supplier<Path> demoPictures) {
    this.catalog = catalog;
    this.demoFolder = demoFolder;
    this.demoPictures = demoPictures;
  }

  /**
   * Finds the files.
   *
   * @throws NoSuchFileException if a file the user named is not there
   * @throws ModelFilesException if a part is missing, or is there twice, or does not fit
   * @throws dev.wanlet.weights.WeightFormatException if a file is damaged
   * @throws IOException if a file cannot be read
   */
  public ModelFiles resolve(ModelSelection selection) throws IOException {
    return new Resolution(selection).run();
  }

  /**
   * Finds what there is of a model, for planning: parts other than the transformer may be missing,
   * and one of two experts is enough. Nothing comes from the demo model.
   *
   * @throws NoSuchFileException if a file the user named is not there
   * @throws ModelFilesException if there is no transformer, or a part is there twice
   * @throws IOException if a file cannot be read or is damaged
   */
  public FoundFiles find(ModelSelection selection) throws IOException {
    return new Resolution(selection).find();
  }

  /**
   * The files of a model as far as they are there. Immutable.
   *
   * @param transformers in the order they run
   */
  public record FoundFiles(
      ModelDefaults model,
      List<Path> transformers,
      Optional<Path> vae,
      Optional<Path> textEncoder,
      Optional<Path> imageEncoder,
      Optional<Path> tokenizer) {
    public FoundFiles {
      transformers = List.copyOf(transformers);
    }
  }

  /** One call of {@link #resolve} or {@link #find}. */
  private final class Resolution {
    private final ModelSelection selection;
    private ModelFolder folder;
    private List<WeightFileFacts> file = List.of();
    private ModelFolder demo;
    private Path ourPictures; // the demo model's image-to-video transformer, once it is asked for

    Resolution(ModelSelection selection) {
      this.selection = selection;
    }

    ModelFiles run() throws IOException {
      openModel();
      List<WeightFileFacts> experts = transformers();
      WeightFileFacts low = experts.get(experts.size() - 1);
      WanConfig numbers = low.transformer();
      ModelDefaults model =
          catalog.identify(
              numbers,
              experts.size(),
              experts.stream().map(f -> Experts.fullName(f.path())).toList());
      requireExperts(model, experts);
      WeightFileFacts vae = part(ModelPart.VAE, numbers.outChannels(), "latent channels");
      WeightFileFacts text = part(ModelPart.TEXT_ENCODER, numbers.textDim(), "features");
      Optional<Path> high =
          experts.size() == 2 ? Optional.of(experts.get(0).path()) : Optional.empty();
      Optional<Path> vision = imageEncoder(model, numbers);
      Path tokenizer = tokenizer(text);
      return new ModelFiles(
          model,
          low.path(),
          high,
          vae.path(),
          text.path(),
          vision,
          tokenizer,
          fromDemo(
              Map.of(
                  ModelPart.TRANSFORMER, low.path(),
                  ModelPart.VAE, vae.path(),
                  ModelPart.TEXT_ENCODER, text.path(),
                  ModelPart.TOKENIZER, tokenizer)));
    }

    /** The parts whose files are the demo model's own. */
    private Set<ModelPart> fromDemo(Map<ModelPart, Path> parts) {
      Set<ModelPart> ours = EnumSet.noneOf(ModelPart.class);
      if (demo != null) {
        parts.forEach(
            (part, path) -> {
              if (path.startsWith(demo.folder()) || path.equals(ourPictures)) {
                ours.add(part);
              }
            });
      }
      return ours;
    }

    FoundFiles find() throws IOException {
      openModel();
      List<WeightFileFacts> experts = transformers();
      boolean standIn = folder == null && demo != null;
      if (experts.isEmpty() || standIn) {
        throw missing(ModelPart.TRANSFORMER, "none was given");
      }
      WanConfig numbers = experts.get(experts.size() - 1).transformer();
      ModelDefaults model =
          catalog.identify(
              numbers,
              experts.size(),
              experts.stream().map(f -> Experts.fullName(f.path())).toList());
      Optional<Path> text = present(ModelPart.TEXT_ENCODER, numbers.textDim());
      return new FoundFiles(
          model,
          experts.stream().map(WeightFileFacts::path).toList(),
          present(ModelPart.VAE, numbers.outChannels()),
          text,
          numbers.variant().seesPictures()
              ? present(ModelPart.IMAGE_ENCODER, numbers.imageDim())
              : Optional.empty(),
          presentTokenizer(text));
    }

    private Optional<Path> present(ModelPart part, int width) throws IOException {
      WeightFileFacts facts = given(part, part);
      if (facts == null && folder != null) {
        facts = folder.only(part, f -> f.width() == width);
      }
      return Optional.ofNullable(facts).map(WeightFileFacts::path);
    }

    private Optional<Path> presentTokenizer(Optional<Path> text) throws IOException {
      Optional<Path> given = selection.part(ModelPart.TOKENIZER);
      if (given.isPresent()) {
        return Optional.of(located(given.get()));
      }
      return Stream.of(text, Optional.ofNullable(folder).map(ModelFolder::folder))
          .flatMap(Optional::stream)
          .flatMap(p -> Tokenizer.locate(p).stream())
          .findFirst();
    }

    private void openModel() throws IOException {
      Optional<String> model = selection.model();
      if (model.isEmpty()) {
        return;
      }
      Path path = Path.of(model.get());
      if (Files.isDirectory(path)) {
        folder = ModelFolder.scan(path);
      } else if (Files.exists(path)) {
        file = require(path);
      } else {
        openId(model.get());
      }
    }

    private void openId(String id) throws IOException {
      ModelDefaults known = catalog.find(id).orElse(null);
      if (known == null) {
        throw new NoSuchFileException(
            id,
            null,
            "no such file or folder, and no model of that name; known models: " + catalog.ids());
      }
      if (!ModelCatalog.isDemo(known.id())) {
        throw new ModelFilesException(
            known.id()
                + " does not come along: download "
                + known.source()
                + " and give its folder as the model, or its files one by one");
      }
      boolean picturesToo = known.id().equals(ModelCatalog.DEMO_PICTURES);
      if (demo() == null || (picturesToo && demoPictures == null)) {
        throw missing(ModelPart.TRANSFORMER, "the demo model does not come along here");
      }
      if (picturesToo) {
        file = demoPictures();
      } else {
        folder = demo();
      }
    }

    private List<WeightFileFacts> demoPictures() throws IOException {
      ourPictures = demoPictures.get();
      return WeightFileFacts.read(ourPictures);
    }

    /** The demo model, or null where there is none. */
    private ModelFolder demo() throws IOException {
      if (demo == null && demoFolder != null) {
        demo = ModelFolder.scan(demoFolder.get());
      }
      return demo;
    }

    /** The demo model's file of a part, or null if it does not fit. */
    private WeightFileFacts ofDemo(ModelPart part, Predicate<WeightFileFacts> fits)
        throws IOException {
      return demo() == null ? null : demo().only(part, fits);
    }

    private List<WeightFileFacts> require(Path path) throws IOException {
      List<WeightFileFacts> parts = WeightFileFacts.read(path);
      if (parts.isEmpty()) {
        try (Checkpoint checkpoint = Checkpoint.open(path)) {
          checkpoint.requireNetwork();
          throw new ModelFilesException(
              String.format(
                  "%s: a %s, but none of the parts of a Wan model",
                  path, checkpoint.kind().title()));
        }
      }
      return parts;
    }

    /** The file of an option, checked to hold that part; null if the user named none. */
    private WeightFileFacts given(ModelPart part, ModelPart kind) throws IOException {
      Optional<Path> path = selection.part(part);
      if (path.isEmpty()) {
        return part == kind ? only(file, kind) : null;
      }
      List<WeightFileFacts> parts = require(path.get());
      WeightFileFacts facts = only(parts, kind);
      if (facts == null) {
        ModelPart other = parts.get(0).part();
        throw new ModelFilesException(
            String.format("%s: a %s was given as the %s", path.get(), other.title(), part.title()),
            other,
            null);
      }
      return facts;
    }

    /** What a file holds of a part; null if it is not there. */
    private static WeightFileFacts only(List<WeightFileFacts> parts, ModelPart kind) {
      return parts.stream().filter(f -> f.part() == kind).findFirst().orElse(null);
    }

    private List<WeightFileFacts> transformers() throws IOException {
      WeightFileFacts high = given(ModelPart.HIGH_NOISE_TRANSFORMER, ModelPart.TRANSFORMER);
      WeightFileFacts low = given(ModelPart.TRANSFORMER, ModelPart.TRANSFORMER);
      if (high != null || low != null) {
        return Stream.of(high, low).filter(Objects::nonNull).toList();
      }
      if (folder != null) {
        List<WeightFileFacts> found = folder.transformers();
        if (found.isEmpty()) {
          throw missing(ModelPart.TRANSFORMER, folder.folder() + " holds none");
        }
        return found;
      }
      if (demo() == null) {
        throw missing(ModelPart.TRANSFORMER, "none was given");
      }
      return selection.pictures() && demoPictures != null ? demoPictures() : demo().transformers();
    }

    private void requireExperts(ModelDefaults model, List<WeightFileFacts> given)
        throws ModelFilesException {
      if (given.size() == 2 && !given.get(0).transformer().equals(given.get(1).transformer())) {
        throw new ModelFilesException(
            String.format(
                "%s and %s differ in their shapes, so they are not the two experts of one model",
                given.get(0).path(), given.get(1).path()));
      }
      boolean highOnly =
          selection.part(ModelPart.HIGH_NOISE_TRANSFORMER).isPresent() && given.size() == 1;
      if ((model.experts() == 2 && given.size() == 1) || highOnly) {
        ModelPart lacking = highOnly ? ModelPart.TRANSFORMER : ModelPart.HIGH_NOISE_TRANSFORMER;
        throw missing(
            lacking,
            model.name() + " has two experts, and only " + given.get(0).path() + " was given");
      }
      if (given.size() == 2 && model.experts() == 1) {
        throw new ModelFilesException(
            String.format(
                "two transformers were given, but %s has one; leave the %s out",
                model.name(), ModelPart.HIGH_NOISE_TRANSFORMER.title()));
      }
    }

    /** A part that must be {@code width} wide: given, or in the folder, or the demo model's. */
    private WeightFileFacts part(ModelPart part, int width, String unit) throws IOException {
      WeightFileFacts given = given(part, part);
      if (given != null) {
        if (given.width() != width) {
          throw new ModelFilesException(
              String.format(
                  "%s: this %s has %d %s, the transformer needs %d; give another",
                  given.path(), part.title(), given.width(), unit, width),
              part,
              null);
        }
        return given;
      }
      if (folder != null) {
        WeightFileFacts found = folder.only(part, f -> f.width() == width);
        if (found != null) {
          return found;
        }
      }
      // A damaged file may be the part the user meant: nothing else takes its place unseen.
      boolean readable = folder == null || folder.firstUnreadable() == null;
      WeightFileFacts ours = ofDemo(part, f -> f.width() == width);
      if (ours != null && readable) {
        return ours;
      }
      String reason = folder == null ? "none was given" : folder.folder() + " holds none";
      throw missing(
          part,
          String.format(
              "%s (it must have %d %s%s)",
              reason, width, unit, demo() == null ? "" : ", so the demo model's will not do"));
    }

    /** The CLIP image encoder of a model that sees pictures through one; else none is wanted. */
    private Optional<Path> imageEncoder(ModelDefaults model, WanConfig numbers) throws IOException {
      if (numbers.variant().seesPictures()) {
        return Optional.of(part(ModelPart.IMAGE_ENCODER, numbers.imageDim(), "features").path());
      }
      if (selection.part(ModelPart.IMAGE_ENCODER).isPresent()) {
        throw new ModelFilesException(
            String.format(
                "a %s was given, but %s does not see pictures through one; leave it out",
                ModelPart.IMAGE_ENCODER.title(), model.name()),
            ModelPart.IMAGE_ENCODER,
            null);
      }
      return Optional.empty();
    }

    private Path tokenizer(WeightFileFacts text) throws IOException {
      Optional<Path> given = selection.part(ModelPart.TOKENIZER);
      if (given.isPresent()) {
        return located(given.get());
      }
      Stream<Path> places =
          Stream.of(text.path(), folder == null ? null : folder.folder()).filter(Objects::nonNull);
      Optional<Path> found = places.flatMap(p -> Tokenizer.locate(p).stream()).findFirst();
      if (found.isPresent()) {
        return found.get();
      }
      if (text.tokenizer().isPresent()) {
        return text.tokenizer().get();
      }
      WeightFileFacts ours = ofDemo(ModelPart.TEXT_ENCODER, f -> true);
      if (ours != null && ours.vocabulary() == text.vocabulary()) {
        return located(demo().folder());
      }
      throw missing(
          ModelPart.TOKENIZER,
          String.format(
              "neither google/umt5-xxl/spiece.model nor tokenizer.json is near %s, whose vocabulary"
                  + " has %,d tokens (umT5's has 256,384; the demo model's has %,d)",
              text.path(), text.vocabulary(), ours == null ? 0 : ours.vocabulary()));
    }

    private Path located(Path path) throws IOException {
      if (Files.notExists(path)) {
        throw new NoSuchFileException(
            path.toString(), null, "no such file; check the path of the tokenizer");
      }
      return Tokenizer.locate(path)
          .orElse(Files.isDirectory(path) ? path.resolve("spiece.model") : path);
    }

    private static String usualNames(ModelPart part) {
      return part == ModelPart.IMAGE_ENCODER
          ? ", usually clip_vision_h.safetensors or"
              + " models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth"
          : "";
    }

    private ModelFilesException missing(ModelPart part, String reason) {
      IOException damaged = folder == null ? null : folder.firstUnreadable();
      return new ModelFilesException(
          String.format(
              "the %s is missing: %s; give its file%s%s",
              part.title(),
              reason,
              usualNames(part),
              damaged == null ? "" : " (could not be read: " + damaged.getMessage() + ")"),
          part,
          damaged);
    }
  }
}
