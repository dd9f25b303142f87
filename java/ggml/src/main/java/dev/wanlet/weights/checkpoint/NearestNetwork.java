// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Explains a file that holds none of our networks: what was expected, and which network it has most
 * names in common with. Stateless.
 */
final class NearestNetwork {
  /** Keeps a message about a hostile file from taking minutes; no model has as many kinds. */
  private static final int COMPARED = 2000;

  private static final int LONGEST_NAME = 256;
  private static final int SHOWN = 3;

  private static final List<CheckpointKind> KINDS =
      List.of(
          CheckpointKind.TRANSFORMER,
          CheckpointKind.TEXT_ENCODER,
          CheckpointKind.VAE_2_1,
          CheckpointKind.VAE_2_2,
          CheckpointKind.TAE);

  private NearestNetwork() {}

  /** Such as "none of Wan's networks: expected is ...; nearest is ...". */
  static String explain(WeightSource source) {
    Set<String> names = new LinkedHashSet<>();
    Set<String> seen = new TreeSet<>();
    for (WeightTensor tensor : source.tensors()) {
      // One name stands for all that differ in numbers.
      if (tensor.name().length() <= LONGEST_NAME
          && names.size() < COMPARED
          && seen.add(NetworkNames.pattern(tensor.name()))) {
        names.add(tensor.name());
      }
    }
    CheckpointKind best = null;
    Set<String> bestHits = Set.of();
    for (CheckpointKind kind : KINDS) {
      for (CheckpointLayout layout : CheckpointLayout.values()) {
        Set<String> hits = hits(kind, layout, names);
        if (hits.size() > bestHits.size()) {
          best = kind;
          bestHits = hits;
        }
      }
    }
    String expected =
        Arrays.stream(CheckpointKind.values())
            .filter(kind -> kind != CheckpointKind.UNKNOWN)
            .map(CheckpointKind::title)
            .collect(Collectors.joining(", "));
    return String.format(
        "its %,d tensors are none of Wan's networks; expected is one of these: %s. %s",
        source.tensors().size() + source.passedOver().size(),
        expected,
        best == null ? "Nothing in it is like any of them" : nearest(best, bestHits));
  }

  private static String nearest(CheckpointKind best, Set<String> hits) {
    Set<String> missing = kinds(best);
    int all = missing.size();
    missing.removeAll(hits);
    return String.format(
        "Nearest is the %s, of whose %d kinds of tensors it has %d, such as %s%s",
        best.title(),
        all,
        hits.size(),
        some(hits),
        missing.isEmpty() ? "" : ", and lacks " + some(missing));
  }

  private static String some(Set<String> names) {
    return names.stream()
        .limit(SHOWN)
        .map(name -> "'" + name + "'")
        .collect(Collectors.joining(", "));
  }

  /** The patterns of a kind that names have, behind any prefix and in one layout. */
  private static Set<String> hits(CheckpointKind kind, CheckpointLayout layout, Set<String> names) {
    Set<String> patterns = kinds(kind);
    Map<String, Boolean> known = new LinkedHashMap<>();
    Set<String> hits = new TreeSet<>();
    for (String name : names) {
      for (String ending : endings(name)) {
        String pattern = NetworkNames.pattern(Checkpoint.official(kind, layout, ending));
        if (known.computeIfAbsent(pattern, patterns::contains)) {
          hits.add(pattern);
        }
      }
    }
    return hits;
  }

  /** The names of a network with {@code *} for every number, so that they compare with others. */
  private static Set<String> kinds(CheckpointKind kind) {
    return NetworkNames.of(kind).patterns().stream()
        .map(NetworkNames::pattern)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static List<String> endings(String name) {
    List<String> endings = new ArrayList<>();
    endings.add(name);
    for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      endings.add(name.substring(dot + 1));
    }
    return endings;
  }
}
