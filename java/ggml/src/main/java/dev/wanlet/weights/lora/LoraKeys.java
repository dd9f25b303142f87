// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.lora;

import dev.wanlet.weights.checkpoint.Checkpoint;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Finds the module of a model that a LoRA file means. Knows the prefixes of the usual training
 * tools, official and diffusers names, and kohya's way of writing dots as underscores. Immutable,
 * thread-safe.
 */
public final class LoraKeys {
  private static final List<String> PREFIXES =
      List.of(
          "base_model.model.",
          "model.diffusion_model.",
          "diffusion_model.",
          "transformer.",
          "pipe.dit.",
          "model.",
          "lora_unet__",
          "lora_unet_",
          "lora_transformer_",
          "lycoris_",
          "lora_te1_",
          "lora_te_",
          "text_encoder.");

  private final Map<String, String> byKey = new HashMap<>();

  /**
   * @param modules official names of all modules of the model
   */
  public LoraKeys(Collection<String> modules) {
    for (String module : modules) {
      byKey.put(module, module);
      byKey.putIfAbsent(module.replace('.', '_'), module);
    }
    for (String module : modules) {
      String diffusers = Checkpoint.diffusersTransformerName(module);
      byKey.putIfAbsent(diffusers.replace('.', '_'), module);
    }
  }

  /** The official name of the module that a file calls {@code key}. */
  public Optional<String> find(String key) {
    String rest = key;
    for (boolean stripped = true; stripped; ) {
      // Diffusers names go first: its norm2 is the official norm3.
      String official = Checkpoint.officialTransformerName(rest);
      String found = byKey.getOrDefault(official, byKey.get(rest));
      if (found != null) {
        return Optional.of(found);
      }
      stripped = false;
      for (String prefix : PREFIXES) {
        if (rest.startsWith(prefix)) {
          rest = rest.substring(prefix.length());
          stripped = true;
          break;
        }
      }
    }
    return Optional.empty();
  }
}
