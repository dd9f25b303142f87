// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.recipe;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The quantisation recipes of {@code recipes.json}. Immutable, thread-safe.
 *
 * <p>Which tensors stay in floating point, and which are raised above the base type, follows the
 * files that ComfyUI-GGUF and stable-diffusion.cpp users know (city96's converter for image
 * models).
 */
public final class Recipes {
  private static final String RESOURCE = "recipes.json";
  private static final Recipes INSTANCE = load();

  private record Data(
      @JsonProperty(required = true) Map<String, NetworkRules> networks,
      @JsonProperty(required = true) Map<String, TensorType> fallback,
      @JsonProperty(required = true) Map<String, String> aliases,
      @JsonProperty(required = true) LinkedHashMap<String, QuantizationRecipe> recipes) {}

  private final Map<String, NetworkRules> networks;
  private final Map<String, QuantizationRecipe> recipes = new LinkedHashMap<>();
  private final Map<String, String> aliases;
  private final Map<String, TensorType> fallback;

  private Recipes(Data data) {
    data.recipes.forEach((name, recipe) -> recipes.put(name, recipe.withName(name)));
    this.networks = Map.copyOf(data.networks);
    this.aliases = Map.copyOf(data.aliases);
    this.fallback = Map.copyOf(data.fallback);
  }

  private static Recipes load() {
    try (InputStream in = Recipes.class.getResourceAsStream(RESOURCE)) {
      return new Recipes(new ObjectMapper().readValue(in, Data.class));
    } catch (IOException e) {
      throw new UncheckedIOException(RESOURCE + " in this program is damaged", e);
    }
  }

  /** The names of all quantisation recipes, the finest first. */
  public static List<String> names() {
    return List.copyOf(INSTANCE.recipes.keySet());
  }

  /**
   * The quantisation recipe of a name in any case, such as {@code q4_k_m}; of {@code Q4_K}, the one
   * that is usually meant.
   *
   * @throws IllegalArgumentException if there is none; the message lists the names
   */
  public static QuantizationRecipe parse(String name) {
    String upper = name.trim().toUpperCase(Locale.ROOT);
    QuantizationRecipe recipe = INSTANCE.recipes.get(INSTANCE.aliases.getOrDefault(upper, upper));
    if (recipe == null) {
      throw new IllegalArgumentException(
          "unknown quantisation recipe '" + name + "'; known: " + String.join(", ", names()));
    }
    return recipe;
  }

  /** The value of {@code general.architecture} in a network's GGUF, such as {@code wan}. */
  public static String architecture(CheckpointKind kind) {
    return rulesOf(kind).architecture();
  }

  /** The key of a network in recipes: transformer, text_encoder, image_encoder, vae. */
  static String network(CheckpointKind kind) {
    boolean decodes = kind.isVae() || kind == CheckpointKind.TAE;
    return decodes ? "vae" : kind.name().toLowerCase(Locale.ROOT);
  }

  static NetworkRules rulesOf(CheckpointKind kind) {
    NetworkRules network = INSTANCE.networks.get(network(kind));
    if (network == null) {
      throw new IllegalArgumentException("there is no quantisation recipe for a " + kind.title());
    }
    return network;
  }

  /**
   * The type itself if rows of that length fill its blocks; else the type of blocks of 32 with at
   * least as many bits; else F16.
   */
  static TensorType fitting(TensorType type, long columns) {
    if (type.fits(columns)) {
      return type;
    }
    TensorType smaller = INSTANCE.fallback.get(type.name());
    return smaller != null && smaller.fits(columns) ? smaller : TensorType.F16;
  }
}
