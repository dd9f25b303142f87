// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.recipes;

import dev.wanlet.profiles.UserFolder;
import dev.wanlet.wan.catalog.RequestException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * All sampling recipes: those that come along, and a user's own, which replace them by name.
 * Immutable.
 */
public final class RecipeBook {
  private static final String SUFFIX = ".yaml";

  private final Map<String, SamplingRecipe> recipes = new LinkedHashMap<>();
  private final Map<String, Path> own = new LinkedHashMap<>();

  private RecipeBook() {
    for (String name : resource("index").lines().toList()) {
      try {
        recipes.put(name, RecipeReader.read(name + SUFFIX, name, resource(name + SUFFIX)));
      } catch (RecipeException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Those that come along. */
  public static RecipeBook standard() {
    return new RecipeBook();
  }

  /**
   * Those that come along and the {@code .yaml} files of a folder.
   *
   * @param folder need not exist
   * @throws RecipeException if a file is no sampling recipe
   * @throws IOException if one cannot be read
   */
  public static RecipeBook with(Path folder) throws IOException {
    RecipeBook book = new RecipeBook();
    if (Files.isDirectory(folder)) {
      for (Path file : files(folder)) {
        String fileName = file.getFileName().toString();
        String name = fileName.substring(0, fileName.length() - SUFFIX.length());
        book.recipes.put(name, RecipeReader.read(file.toString(), name, text(file)));
        book.own.put(name, file);
      }
    }
    return book;
  }

  private static String text(Path file) throws IOException {
    try {
      return Files.readString(file);
    } catch (MalformedInputException e) {
      throw new RecipeException(file.toString(), "it is not text in UTF-8; save it so", e);
    }
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(f -> f.toString().endsWith(SUFFIX)).sorted().toList();
    }
  }

  /** Where a user keeps recipes. */
  public static Path userFolder() {
    return UserFolder.of("recipes");
  }

  /** All of them, those that come along first. */
  public List<SamplingRecipe> recipes() {
    return List.copyOf(recipes.values());
  }

  /** The files of the user's own, by name. */
  public Map<String, Path> own() {
    return Map.copyOf(own);
  }

  /**
   * The recipe of this name, whatever the case.
   *
   * @throws RequestException if there is none; the message lists those there are
   */
  public SamplingRecipe require(String name) {
    SamplingRecipe recipe = recipes.get(name.strip().toLowerCase(Locale.ROOT));
    if (recipe == null) {
      List<String> names = new ArrayList<>();
      recipes.values().stream()
          .filter(r -> r.refusal().isEmpty())
          .forEach(r -> names.add(r.name()));
      throw new RequestException(
          "no sampling recipe '" + name + "'; expected one of " + String.join(", ", names));
    }
    return recipe;
  }

  static String resource(String name) {
    try (InputStream in = RecipeBook.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("this build lacks the sampling recipes' file " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
