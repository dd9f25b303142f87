// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/** Finds the names a person may have meant. Stateless. */
final class NearestNames {
  private static final int SHOWN = 3;

  /** Keeps a message about a hostile file from taking minutes; models have about 2,000 tensors. */
  private static final int COMPARED = 20_000;

  private static final int LONGEST_NAME = 256;

  private NearestNames() {}

  /** The message for a tensor that is not there. */
  static String missing(String name, Collection<WeightTensor> tensors, int files) {
    String where = files == 1 ? "" : String.format("(and %d more files) ", files - 1);
    if (tensors.isEmpty()) {
      return where + "no tensor '" + name + "': there are no tensors at all";
    }
    String nearest =
        nearest(name, tensors.stream().map(WeightTensor::name).toList()).stream()
            .map(n -> "'" + n + "'")
            .collect(Collectors.joining(", "));
    return String.format(
        "%sno tensor '%s' among %d; nearest: %s. Is this the right model and part?",
        where, name, tensors.size(), nearest.isEmpty() ? "none" : nearest);
  }

  static List<String> nearest(String name, Collection<String> known) {
    record Candidate(String name, int distance) {}
    return known.stream()
        .limit(COMPARED)
        .filter(k -> k.length() <= LONGEST_NAME)
        .map(k -> new Candidate(k, distance(name, k)))
        .sorted(Comparator.comparingInt(Candidate::distance))
        .limit(SHOWN)
        .map(Candidate::name)
        .toList();
  }

  /** Edit distance, except that a whole name behind or before a prefix counts as near. */
  private static int distance(String a, String b) {
    if (a.endsWith("." + b) || b.endsWith("." + a)) {
      return 1;
    }
    int[] previous = new int[b.length() + 1];
    int[] current = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      current[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(replaced, 1 + Math.min(previous[j], current[j - 1]));
      }
      int[] swap = previous;
      previous = current;
      current = swap;
    }
    return previous[b.length()];
  }
}
