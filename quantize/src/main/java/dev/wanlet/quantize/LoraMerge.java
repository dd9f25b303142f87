// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.lora.LoraAdapter;
import dev.wanlet.weights.lora.LoraAdapter.Part;
import dev.wanlet.weights.lora.LoraKeys;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The changes that adapters make to a model's tensors. Valid while model and adapters are open.
 * Immutable, thread-safe.
 */
public final class LoraMerge {
  /**
   * How an adapter fitted.
   *
   * @param file its path
   * @param strength what its changes were multiplied by
   * @param matched modules of it that the model has
   * @param unmatched names in it that the model does not have
   */
  public record Report(String file, double strength, int matched, List<String> unmatched) {}

  private final Map<String, List<TensorPatch>> patches = new LinkedHashMap<>();
  private final List<Report> reports = new ArrayList<>();

  private LoraMerge() {}

  /**
   * Matches adapters with a model.
   *
   * @throws WeightFormatException if nothing of an adapter matches, or a part has the wrong shape
   */
  public static LoraMerge of(WeightSource model, List<LoraAdapter> adapters)
      throws WeightFormatException {
    LoraMerge merge = new LoraMerge();
    Set<String> modules = new LinkedHashSet<>();
    for (WeightTensor tensor : model.tensors()) {
      modules.add(tensor.name());
      int dot = tensor.name().lastIndexOf('.');
      if (dot > 0) {
        modules.add(tensor.name().substring(0, dot));
      }
    }
    LoraKeys keys = new LoraKeys(modules);
    for (LoraAdapter adapter : adapters) {
      merge.add(model, keys, adapter);
    }
    return merge;
  }

  private void add(WeightSource model, LoraKeys keys, LoraAdapter adapter)
      throws WeightFormatException {
    List<String> unmatched = new ArrayList<>(adapter.unknown());
    int matched = 0;
    for (Map.Entry<String, Map<Part, WeightTensor>> entry : adapter.modules().entrySet()) {
      String module = keys.find(entry.getKey()).orElse(null);
      if (module != null && addModule(model, adapter, module, entry.getValue())) {
        matched++;
      } else {
        unmatched.add(entry.getKey());
      }
    }
    if (matched == 0) {
      throw new WeightFormatException(
          adapter.path(),
          String.format(
              "none of its %d modules is in this model, such as '%s'; it is for another model",
              unmatched.size(), unmatched.get(0)));
    }
    reports.add(new Report(adapter.path().toString(), adapter.strength(), matched, unmatched));
  }

  /** Returns whether the model has a tensor for each part. */
  private boolean addModule(
      WeightSource model, LoraAdapter adapter, String module, Map<Part, WeightTensor> parts)
      throws WeightFormatException {
    List<Map.Entry<WeightTensor, TensorPatch>> found = new ArrayList<>();
    WeightTensor weight = model.find(module + ".weight").or(() -> model.find(module)).orElse(null);
    if (parts.containsKey(Part.DOWN)) {
      if (weight == null) {
        return false;
      }
      TensorPatch patch =
          LowRankPatch.of(
              adapter.path(),
              weight,
              parts.get(Part.DOWN),
              parts.get(Part.UP),
              adapter.scale(parts));
      found.add(Map.entry(weight, patch));
    }
    if (parts.containsKey(Part.DIFF)) {
      if (weight == null) {
        return false;
      }
      found.add(Map.entry(weight, difference(adapter, weight, parts.get(Part.DIFF))));
    }
    WeightTensor bias = model.find(module + ".bias").orElse(null);
    if (parts.containsKey(Part.DIFF_BIAS)) {
      if (bias == null) {
        return false;
      }
      found.add(Map.entry(bias, difference(adapter, bias, parts.get(Part.DIFF_BIAS))));
    }
    WeightTensor modulation = model.find(module + ".modulation").orElse(null);
    if (parts.containsKey(Part.DIFF_MODULATION)) {
      if (modulation == null) {
        return false;
      }
      found.add(
          Map.entry(modulation, difference(adapter, modulation, parts.get(Part.DIFF_MODULATION))));
    }
    found.forEach(
        entry ->
            patches
                .computeIfAbsent(entry.getKey().name(), n -> new ArrayList<>())
                .add(entry.getValue()));
    return !found.isEmpty();
  }

  private static TensorPatch difference(
      LoraAdapter adapter, WeightTensor tensor, WeightTensor difference)
      throws WeightFormatException {
    if (difference.elements() != tensor.elements()) {
      throw new WeightFormatException(
          adapter.path(), String.format("'%s' does not fit the model's '%s'", difference, tensor));
    }
    return new DifferencePatch(difference, (float) adapter.strength());
  }

  /** The changes to a tensor, in the order of the adapters. */
  List<TensorPatch> patches(String tensorName) {
    return patches.getOrDefault(tensorName, List.of());
  }

  /** How each adapter fitted, in order. */
  public List<Report> reports() {
    return List.copyOf(reports);
  }
}
