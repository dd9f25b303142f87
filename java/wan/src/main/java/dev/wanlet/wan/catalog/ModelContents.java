// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What a file or a folder holds of a model, and what is missing to run it. Only headers are read.
 * Immutable.
 *
 * @param model which it is, if there is a transformer
 * @param parts files of each part; several where more than one could be it
 * @param missing parts that a run needs beside these
 * @param problems files that could not be read, and parts that do not fit, a line each
 */
public record ModelContents(
    Optional<ModelDefaults> model,
    Map<ModelPart, List<Path>> parts,
    List<Missing> missing,
    List<String> problems) {

  /**
   * A part that is not there. Immutable.
   *
   * @param usual the file that others publish for it, where one is known
   */
  public record Missing(ModelPart part, Optional<PublishedFile> usual) {}

  public ModelContents {
    missing = List.copyOf(missing);
    problems = List.copyOf(problems);
  }

  /**
   * Looks at a file, or through a folder whatever its layout.
   *
   * @throws IOException if it is not there or cannot be listed
   */
  public static ModelContents of(Path path, ModelCatalog catalog) throws IOException {
    return new Look(path, catalog).contents();
  }

  /** Whether files of more than one network were found. */
  public boolean isWholeFolder() {
    return parts.values().stream().mapToInt(List::size).sum() > 1;
  }

  /** One call of {@link #of}. */
  private static final class Look {
    private final Optional<Path> folder;
    private final ModelCatalog catalog;
    private final Map<ModelPart, List<Path>> parts = new EnumMap<>(ModelPart.class);
    private final List<WeightFileFacts> transformers;
    private final List<WeightFileFacts> others;
    private final List<String> problems = new ArrayList<>();

    Look(Path path, ModelCatalog catalog) throws IOException {
      this.catalog = catalog;
      List<WeightFileFacts> all;
      if (Files.isDirectory(path)) {
        ModelFolder found = ModelFolder.scan(path);
        folder = Optional.of(found.folder());
        all = found.all();
        found.unreadable().forEach(e -> problems.add(e.getMessage()));
      } else {
        folder = Optional.empty();
        all = WeightFileFacts.read(path);
      }
      transformers = all.stream().filter(f -> f.part() == ModelPart.TRANSFORMER).toList();
      others = all.stream().filter(f -> f.part() != ModelPart.TRANSFORMER).toList();
    }

    ModelContents contents() {
      Optional<ModelDefaults> model = model();
      placeTransformers();
      for (WeightFileFacts other : others) {
        String misfit = model.map(m -> misfit(other, m)).orElse("");
        if (misfit.isEmpty()) {
          add(other.part(), other.path());
        } else {
          problems.add(other.path() + ": " + misfit);
        }
      }
      tokenizer().ifPresent(file -> add(ModelPart.TOKENIZER, file));
      return new ModelContents(model, parts, model.map(this::missing).orElse(List.of()), problems);
    }

    private Optional<ModelDefaults> model() {
      if (transformers.isEmpty()) {
        return Optional.empty();
      }
      WanConfig numbers = transformers.get(transformers.size() - 1).transformer();
      List<String> names = transformers.stream().map(f -> Experts.fullName(f.path())).toList();
      return Optional.of(catalog.identify(numbers, transformers.size(), names));
    }

    private void placeTransformers() {
      List<WeightFileFacts> two =
          transformers.size() == 2 ? Experts.ordered(transformers) : List.of();
      for (WeightFileFacts f : transformers) {
        boolean high = two.isEmpty() ? Experts.isHigh(f.path()) : f.equals(two.get(0));
        add(high ? ModelPart.HIGH_NOISE_TRANSFORMER : ModelPart.TRANSFORMER, f.path());
      }
    }

    private void add(ModelPart part, Path file) {
      parts.computeIfAbsent(part, p -> new ArrayList<>()).add(file);
    }

    private static String misfit(WeightFileFacts f, ModelDefaults model) {
      WanConfig t = model.transformer();
      int needed =
          switch (f.part()) {
            case VAE -> t.outChannels();
            case TEXT_ENCODER -> t.textDim();
            case IMAGE_ENCODER -> t.variant().seesPictures() ? t.imageDim() : f.width();
            default -> f.width();
          };
      return needed == f.width()
          ? ""
          : String.format(
              "a %s, but %d wide where %s needs %d",
              f.part().title(), f.width(), model.id(), needed);
    }

    /** Where a run would find it: near the text encoder, in the folder, inside the encoder. */
    private Optional<Path> tokenizer() {
      Stream<Path> encoders = parts.getOrDefault(ModelPart.TEXT_ENCODER, List.of()).stream();
      return Stream.concat(encoders, folder.stream())
          .flatMap(p -> Tokenizer.locate(p).stream())
          .findFirst()
          .or(() -> others.stream().flatMap(f -> f.tokenizer().stream()).findFirst());
    }

    private List<Missing> missing(ModelDefaults model) {
      List<Missing> missing = new ArrayList<>();
      if (model.experts() == 2) {
        want(ModelPart.HIGH_NOISE_TRANSFORMER, model, missing);
      }
      want(ModelPart.TRANSFORMER, model, missing);
      want(ModelPart.TEXT_ENCODER, model, missing);
      if (model.transformer().variant().seesPictures()) {
        want(ModelPart.IMAGE_ENCODER, model, missing);
      }
      want(ModelPart.VAE, model, missing);
      // The usual text encoder brings its tokenizer along.
      if (parts.containsKey(ModelPart.TEXT_ENCODER)) {
        want(ModelPart.TOKENIZER, model, missing);
      }
      return missing;
    }

    private void want(ModelPart part, ModelDefaults model, List<Missing> missing) {
      if (!parts.containsKey(part)) {
        Predicate<PublishedFile> fits = f -> f.part() == part;
        missing.add(new Missing(part, model.files().stream().filter(fits).findFirst()));
      }
    }
  }
}
