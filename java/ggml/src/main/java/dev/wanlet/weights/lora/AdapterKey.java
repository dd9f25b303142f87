// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.lora;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of a tensor in an adapter file, taken apart. Immutable.
 *
 * <p>Known are kohya's names ({@code lora_down}, {@code lora_up}, {@code alpha}), those of peft
 * ({@code lora_A}, {@code lora_B}, with the adapter's own name behind them or not), those of older
 * diffusers ({@code lora.down}, {@code lora_linear_layer.down}, {@code processor.to_q_lora.down})
 * and whole differences ({@code diff}, {@code diff_b}, {@code diff_m}; LyCORIS' {@code w_norm} and
 * {@code b_norm}), in capitals or not.
 *
 * @param module the module it belongs to, as the file calls it
 * @param adapter the adapter's name inside the file; empty for the usual ones
 * @param part what it is to its module
 */
record AdapterKey(String module, String adapter, Part part) {
  /** What a tensor of the file is to its module. */
  enum Part {
    /** The matrix [rank, in] that comes first. */
    DOWN,
    /** The matrix [out, rank] that comes second. */
    UP,
    /** Times the scale, added to the module's bias. */
    UP_BIAS,
    /** Over the rank, what the product of the two is multiplied by. */
    ALPHA,
    /** Added to the weight. */
    DIFF,
    /** Added to the bias. */
    DIFF_BIAS,
    /** Added to the modulation. */
    DIFF_MODULATION
  }

  private static final Pattern LOW_RANK =
      Pattern.compile(
          "(?<module>.+?)[._]lora(_linear_layer\\.|[._])(?<side>a|b|down|up)"
              + "((\\.(?<adapter>[^.]+))?\\.(?<kind>weight|bias))?",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern OTHER =
      Pattern.compile("(?<module>.+)\\.(?<part>alpha|diff|diff_b|diff_m|w_norm|b_norm)");

  /** The name that peft gives an adapter unless told otherwise, and diffusers' first ones. */
  private static final Pattern USUAL_ADAPTER = Pattern.compile("default(_0)?");

  private static final List<String> DORA = List.of("dora_scale", "lora_magnitude_vector");
  private static final List<String> OTHER_KINDS =
      List.of("lora_mid", "lokr_", "hada_", "oft_", "boft_", "glora_", "set_weight");

  /** Takes a name apart; empty if it is no part of an adapter. */
  static Optional<AdapterKey> parse(String name) {
    Matcher lowRank = LOW_RANK.matcher(name);
    if (lowRank.matches()) {
      String side = lowRank.group("side").toLowerCase(Locale.ROOT);
      boolean down = side.equals("a") || side.equals("down");
      boolean bias = "bias".equalsIgnoreCase(lowRank.group("kind"));
      String adapter = lowRank.group("adapter");
      return bias && down
          ? Optional.empty() // nothing trains it
          : Optional.of(
              new AdapterKey(
                  lowRank.group("module"),
                  adapter == null || USUAL_ADAPTER.matcher(adapter).matches() ? "" : adapter,
                  bias ? Part.UP_BIAS : down ? Part.DOWN : Part.UP));
    }
    Matcher other = OTHER.matcher(name);
    if (!other.matches()) {
      return Optional.empty();
    }
    Part part =
        switch (other.group("part")) {
          case "alpha" -> Part.ALPHA;
          case "diff", "w_norm" -> Part.DIFF;
          case "diff_b", "b_norm" -> Part.DIFF_BIAS;
          default -> Part.DIFF_MODULATION;
        };
    return Optional.of(new AdapterKey(other.group("module"), "", part));
  }

  /** Whether the tensor makes its adapter a DoRA: one that gives whole columns a new length. */
  static boolean isDora(String name) {
    return DORA.stream().anyMatch(name::contains);
  }

  /** Whether the tensor belongs to an adapter that is no plain product of two matrices. */
  static boolean isOtherKind(String name) {
    return OTHER_KINDS.stream()
        .anyMatch(kind -> name.contains("." + kind) || name.startsWith(kind));
  }
}
