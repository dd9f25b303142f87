// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.lora.LoraAdapter;
import dev.wanlet.weights.lora.LoraMatch;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The changes that adapters make to a model's tensors. Valid while model and adapters are open.
 * Immutable, thread-safe.
 */
public final class LoraMerge {
  private final Map<String, List<TensorPatch>> patches = new LinkedHashMap<>();
  private final List<LoraMatch> matches = new ArrayList<>();

  private LoraMerge() {}

  /**
   * Matches adapters with a model, and reads each through once.
   *
   * @throws WeightFormatException if nothing of an adapter matches, a part has the wrong shape, or
   *     one holds infinities or NaN
   */
  public static LoraMerge of(WeightSource model, List<LoraAdapter> adapters)
      throws WeightFormatException {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    for (WeightTensor tensor : model.tensors()) {
      shapes.put(tensor.name(), tensor.shape());
    }
    LoraMerge merge = new LoraMerge();
    for (LoraAdapter adapter : adapters) {
      LoraMatch match = LoraMatch.of(adapter, shapes);
      match.requireFinite();
      merge.add(match, shapes);
    }
    return merge;
  }

  private void add(LoraMatch match, Map<String, Shape> shapes) {
    for (LoraMatch.LowRank change : match.lowRank()) {
      add(change.tensor(), new LowRankPatch(change, shapes.get(change.tensor())));
    }
    for (LoraMatch.Difference change : match.differences()) {
      add(change.tensor(), new DifferencePatch(change.difference(), (float) change.scale()));
    }
    matches.add(match);
  }

  private void add(String tensor, TensorPatch patch) {
    patches.computeIfAbsent(tensor, n -> new ArrayList<>()).add(patch);
  }

  /** The changes to a tensor, in the order of the adapters. */
  List<TensorPatch> patches(String tensorName) {
    return patches.getOrDefault(tensorName, List.of());
  }

  /** How each adapter fitted, in order. */
  public List<LoraMatch> matches() {
    return List.copyOf(matches);
  }
}
