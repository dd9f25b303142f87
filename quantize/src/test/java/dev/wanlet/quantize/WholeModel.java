// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import java.util.ArrayList;
import java.util.List;

/** The names of a transformer of one block: the quantiser takes no half of a network. */
final class WholeModel {
  private WholeModel() {}

  static List<String> names() {
    List<String> names = new ArrayList<>(List.of("head.modulation", "blocks.0.modulation"));
    for (String layer :
        new String[] {
          "patch_embedding",
          "text_embedding.0",
          "text_embedding.2",
          "time_embedding.0",
          "time_embedding.2",
          "time_projection.1",
          "head.head",
          "blocks.0.norm3",
          "blocks.0.ffn.0",
          "blocks.0.ffn.2"
        }) {
      addLayer(names, layer);
    }
    for (String attention : new String[] {"blocks.0.self_attn.", "blocks.0.cross_attn."}) {
      for (String part : new String[] {"q", "k", "v", "o"}) {
        addLayer(names, attention + part);
      }
      names.add(attention + "norm_q.weight");
      names.add(attention + "norm_k.weight");
    }
    return names;
  }

  private static void addLayer(List<String> names, String layer) {
    names.add(layer + ".weight");
    names.add(layer + ".bias");
  }
}
