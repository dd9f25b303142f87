// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.pickle;

import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.pickle.PickleReader.Foreign;
import dev.wanlet.weights.pickle.PickleReader.Tuple;
import java.nio.file.Path;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * All tensors of a pickled value, however deep inside dictionaries, lists and objects, with names
 * made of the keys on the way, joined by dots: training programs put a model's state beside that of
 * the optimizer, of a moving average and of much else. Where one dictionary alone holds tensors,
 * names are those in it. Confined to one thread.
 */
final class StateDictionary {
  private static final int MAX_DEPTH = 64;
  private static final int MAX_NAME = 1024;

  /** Of all names together: a hundred times a model's. */
  private static final int MAX_CHARACTERS = 1 << 24;

  private final Path file;
  private final Map<String, Object> found = new LinkedHashMap<>();
  private final Set<String> holders = new LinkedHashSet<>();
  private final Set<Object> visited = Collections.newSetFromMap(new IdentityHashMap<>());

  private int characters;

  private StateDictionary(Path file) {
    this.file = file;
  }

  /**
   * Tensors by name: a {@link TensorView}, or a {@link Foreign} for one of a kind that cannot be
   * read.
   *
   * @throws WeightFormatException if there are none
   */
  static Map<String, Object> of(Object value, Path file) throws WeightFormatException {
    StateDictionary tree = new StateDictionary(file);
    tree.visit("", "", value, 0);
    if (tree.found.values().stream().noneMatch(TensorView.class::isInstance)) {
      throw new WeightFormatException(
          file,
          value instanceof Map
              ? "its dictionary holds no tensors; save model.state_dict()"
              : "it does not hold a dictionary of tensors; save model.state_dict()");
    }
    if (tree.holders.size() > 1) {
      return tree.found;
    }
    int prefix = tree.holders.iterator().next().length();
    Map<String, Object> named = new LinkedHashMap<>();
    tree.found.forEach((name, tensor) -> named.put(name.substring(prefix), tensor));
    return named;
  }

  /**
   * @param holder the name of the container with its dot; empty for the outermost
   * @param name of the value in it
   */
  private void visit(String holder, String name, Object value, int depth)
      throws WeightFormatException {
    if (value instanceof TensorView || isForeignTensor(value)) {
      holders.add(holder);
      characters += name.length();
      if (characters > MAX_CHARACTERS || found.putIfAbsent(name, value) != null) {
        throw new WeightFormatException(file, "tensors in it have the same name, or too long ones");
      }
      return;
    }
    boolean container =
        value instanceof Map
            || value instanceof List
            || value instanceof Tuple
            || value instanceof Foreign;
    // A container that is reached on two ways counts once: the work stays that of the pickle.
    if (!container || !visited.add(value)) {
      return;
    }
    if (depth > MAX_DEPTH || name.length() > MAX_NAME) {
      throw new WeightFormatException(file, "its values are nested too deep");
    }
    if (value instanceof Foreign object) {
      for (Object part : object.parts()) {
        visit(holder, name, part, depth + 1);
      }
      return;
    }
    String inside = name.isEmpty() ? "" : name + ".";
    if (value instanceof Map<?, ?> map) {
      for (Map.Entry<?, ?> item : map.entrySet()) {
        Object key = item.getKey();
        if (key instanceof String || key instanceof Long) {
          visit(inside, inside + key, item.getValue(), depth + 1);
        }
      }
    } else {
      int size = value instanceof Tuple tuple ? tuple.size() : ((List<?>) value).size();
      for (int i = 0; i < size; i++) {
        Object item = value instanceof Tuple tuple ? tuple.get(i) : ((List<?>) value).get(i);
        visit(inside, inside + i, item, depth + 1);
      }
    }
  }

  /** What PyTorch would rebuild as a tensor of a kind that we do not know. */
  private static boolean isForeignTensor(Object value) {
    return value instanceof Foreign object
        && !object.parts().isEmpty()
        && (object.name().startsWith("torch._utils._rebuild")
            || object.name().startsWith("torch._tensor._rebuild")
            || object.name().startsWith(TorchObjects.FOREIGN_TENSOR));
  }
}
