// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.TensorType;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The types a checkpoint has after quantising by a common recipe, known without the checkpoint.
 * Immutable.
 *
 * <p>Source: the conventions of published Wan GGUFs (city96): blocks in the named type, embeddings
 * and head in half precision; the mixed recipes raise {@code .v} and {@code ffn.2}.
 */
public final class RecipeTypes implements TypePolicy {
  private static final Pattern BLOCK = Pattern.compile("(?:^|.*\\.)blocks?\\.(\\d+)\\..*");
  private static final Pattern VALUE = Pattern.compile(".*attn\\.v\\.weight");
  private static final Pattern FFN_OUT = Pattern.compile(".*ffn\\.2\\.weight");
  private static final Map<String, TensorType> ALIASES =
      Map.of(
          "Q4_K_M", TensorType.Q4_K,
          "Q4_K_S", TensorType.Q4_K,
          "Q5_K_M", TensorType.Q5_K,
          "Q5_K_S", TensorType.Q5_K,
          "Q3_K_M", TensorType.Q3_K,
          "Q3_K_S", TensorType.Q3_K,
          "Q3_K_L", TensorType.Q3_K);

  private final String recipe;
  private final TensorType base;
  private final boolean cpu;
  private final boolean widens;

  private RecipeTypes(String recipe, TensorType base, Device device) {
    this.recipe = recipe;
    this.base = base;
    this.cpu = device.isCpu();
    this.widens = device.multipliesBf16Faster();
  }

  /**
   * The types of a recipe on a device.
   *
   * @param name a ggml type or a mixed recipe such as {@code Q4_K_M}, in any case
   * @throws IllegalArgumentException if there is none of that name
   */
  public static RecipeTypes of(String name, Device device) {
    String recipe = name.trim().toUpperCase(Locale.ROOT);
    TensorType base = ALIASES.containsKey(recipe) ? ALIASES.get(recipe) : TensorType.parse(recipe);
    return new RecipeTypes(recipe, base, device);
  }

  @Override
  public TensorType matrixType(String name, long rows, long columns) {
    TensorType half = cpu ? TensorType.F16 : TensorType.BF16;
    if (base == TensorType.F32) {
      return TensorType.F32;
    }
    var block = BLOCK.matcher(name);
    if (!block.matches() || !base.isQuantized()) {
      return base == TensorType.BF16 ? TensorType.BF16 : half;
    }
    TensorType type = raised(name, Integer.parseInt(block.group(1)));
    return type.fits(columns) ? type : half;
  }

  private TensorType raised(String name, int block) {
    boolean value = VALUE.matcher(name).matches();
    boolean out = FFN_OUT.matcher(name).matches();
    return switch (recipe) {
      case "Q4_K_M", "Q5_K_M" -> value || out ? TensorType.Q6_K : base;
      case "Q4_K_S" -> (value && block < 4) || out ? TensorType.Q5_K : base;
      case "Q3_K_M" -> value || out ? TensorType.Q4_K : base;
      case "Q3_K_L" -> value || out ? TensorType.Q5_K : base;
      default -> base;
    };
  }

  @Override
  public TensorType kernelType(String name) {
    return base == TensorType.F32 ? TensorType.F32 : TensorType.F16;
  }

  @Override
  public boolean widensQuantised() {
    return widens;
  }
}
