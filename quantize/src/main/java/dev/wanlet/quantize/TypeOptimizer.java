// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import dev.wanlet.ggml.TensorType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Chooses a type for each matrix so that the measured error is smallest at a given size, or the
 * size smallest at a given error: a knapsack over the real tensors. Stateless, thread-safe.
 *
 * <p>Error is the mean over matrices of the squared error relative to the matrix's own squared size
 * (weighted by column importance where that was gathered), because a matrix passes its relative
 * error on to its output. All matrices start at their cheapest type and the upgrade that removes
 * most error for a byte is made again and again. On each matrix's lower convex hull this greedy
 * choice is optimal up to the last upgrade that no longer fits.
 */
public final class TypeOptimizer {
  /**
   * A type a matrix could have.
   *
   * @param bytes size in that type
   * @param error relative squared error in that type
   */
  public record Option(TensorType type, long bytes, double error) {}

  private static final List<TensorType> CANDIDATES =
      List.of(
          TensorType.Q2_K,
          TensorType.Q3_K,
          TensorType.Q4_K,
          TensorType.IQ4_NL,
          TensorType.Q4_0,
          TensorType.Q4_1,
          TensorType.Q5_K,
          TensorType.Q5_0,
          TensorType.Q5_1,
          TensorType.Q6_K,
          TensorType.Q8_0);

  /** Upgrading one matrix from the option at {@code index} of its hull to the next. */
  private record Upgrade(int matrix, int index, double gainPerByte) {}

  private TypeOptimizer() {}

  /** The types that a matrix of that row length could have, a 16-bit float among them. */
  static List<TensorType> candidates(TensorPlan plan) {
    List<TensorType> types = new ArrayList<>();
    for (TensorType type : CANDIDATES) {
      if (type.fits(plan.shape().columns())) {
        types.add(type);
      }
    }
    types.add(TypeSelector.half(plan.source().type()));
    return types;
  }

  /**
   * The options with the least error within a budget.
   *
   * @param matrices the options of each matrix
   * @param budgetBytes for all of them together
   * @return the chosen option of each
   * @throws IllegalArgumentException if even the smallest options are too large
   */
  public static List<Option> withinBytes(List<List<Option>> matrices, long budgetBytes) {
    return choose(matrices, budgetBytes, 0);
  }

  /**
   * The smallest options found whose mean relative squared error is at most a bound.
   *
   * @param meanError the bound
   * @return the chosen option of each
   * @throws IllegalArgumentException if even the finest options are worse
   */
  public static List<Option> withinError(List<List<Option>> matrices, double meanError) {
    List<Option> chosen = choose(matrices, Long.MAX_VALUE, meanError);
    double reached = chosen.stream().mapToDouble(Option::error).average().orElse(0);
    if (reached > meanError) {
      throw new IllegalArgumentException(
          String.format(
              "a relative error of %.2e cannot be reached; 16-bit floats give %.2e",
              Math.sqrt(meanError), Math.sqrt(reached)));
    }
    return chosen;
  }

  private static List<Option> choose(
      List<List<Option>> matrices, long budgetBytes, double meanError) {
    List<List<Option>> hulls = matrices.stream().map(TypeOptimizer::hull).toList();
    int[] chosen = new int[hulls.size()];
    long bytes = hulls.stream().mapToLong(hull -> hull.get(0).bytes()).sum();
    double error = hulls.stream().mapToDouble(hull -> hull.get(0).error()).sum();
    if (bytes > budgetBytes) {
      throw new IllegalArgumentException(
          String.format(
              "%,d bytes are too few for the matrices: in the smallest types they take %,d",
              budgetBytes, bytes));
    }
    PriorityQueue<Upgrade> upgrades =
        new PriorityQueue<>(Comparator.comparingDouble(Upgrade::gainPerByte).reversed());
    for (int i = 0; i < hulls.size(); i++) {
      offer(upgrades, hulls.get(i), i, 0);
    }
    while (!upgrades.isEmpty() && error > meanError * hulls.size()) {
      Upgrade best = upgrades.remove();
      Option from = hulls.get(best.matrix).get(best.index);
      Option to = hulls.get(best.matrix).get(best.index + 1);
      if (bytes + to.bytes() - from.bytes() > budgetBytes) {
        continue; // too large for what is left; smaller matrices may still fit
      }
      bytes += to.bytes() - from.bytes();
      error += to.error() - from.error();
      chosen[best.matrix] = best.index + 1;
      offer(upgrades, hulls.get(best.matrix), best.matrix, best.index + 1);
    }
    List<Option> result = new ArrayList<>();
    for (int i = 0; i < chosen.length; i++) {
      result.add(hulls.get(i).get(chosen[i]));
    }
    return result;
  }

  private static void offer(
      PriorityQueue<Upgrade> upgrades, List<Option> hull, int matrix, int index) {
    if (index + 1 < hull.size()) {
      upgrades.add(new Upgrade(matrix, index, slope(hull.get(index), hull.get(index + 1))));
    }
  }

  /** The options on the lower left convex hull: each next one removes less error for a byte. */
  static List<Option> hull(List<Option> options) {
    List<Option> sorted = new ArrayList<>(options);
    sorted.sort(Comparator.comparingLong(Option::bytes).thenComparingDouble(Option::error));
    List<Option> hull = new ArrayList<>();
    for (Option option : sorted) {
      if (!hull.isEmpty() && option.error() >= hull.get(hull.size() - 1).error()) {
        continue;
      }
      while (hull.size() > 1
          && slope(hull.get(hull.size() - 2), hull.get(hull.size() - 1))
              <= slope(hull.get(hull.size() - 1), option)) {
        hull.remove(hull.size() - 1);
      }
      hull.add(option);
    }
    return hull;
  }

  private static double slope(Option from, Option to) {
    return (from.error() - to.error()) / (to.bytes() - from.bytes());
  }
}
