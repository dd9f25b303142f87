// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline.prompts;

import dev.wanlet.ggml.Device;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.nn.Precision;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The prompts of a clip: their tokens, and their contexts as far as they are known from earlier
 * runs. Confined to one thread.
 */
public final class ClipPrompts {
  private final List<int[]> ids;
  private final List<float[]> contexts = new ArrayList<>();
  private final PromptCache cache;
  private final PromptKeys keys;

  private ClipPrompts(List<int[]> ids, PromptCache cache, PromptKeys keys) {
    this.ids = List.copyOf(ids);
    this.cache = cache;
    this.keys = keys;
  }

  /**
   * Looks for contexts.
   *
   * @param ids tokens of each prompt, the end token included: the prompt, and the negative one
   *     where guidance is on
   * @throws IOException if the text encoder's files cannot be read
   */
  public static ClipPrompts of(
      List<int[]> ids,
      Optional<PromptCache> cache,
      OpenModel model,
      Device device,
      Precision precision)
      throws IOException {
    if (cache.isEmpty()) {
      return new ClipPrompts(ids, null, null);
    }
    PromptKeys keys = PromptKeys.of(model.textEncoder(), device, precision);
    ClipPrompts prompts = new ClipPrompts(ids, cache.get(), keys);
    for (int[] prompt : prompts.ids) {
      prompts.contexts.add(
          cache.get().find(keys.key(prompt), prompt.length, model.textConfig().dim()).orElse(null));
    }
    return prompts;
  }

  /** Tokens of each prompt. */
  public List<int[]> ids() {
    return ids;
  }

  private boolean isKnown(int prompt) {
    return prompt < contexts.size() && contexts.get(prompt) != null;
  }

  /** Tokens of the prompts that are to be encoded. */
  public List<int[]> missing() {
    List<int[]> missing = new ArrayList<>();
    for (int i = 0; i < ids.size(); i++) {
      if (!isKnown(i)) {
        missing.add(ids.get(i));
      }
    }
    return missing;
  }

  /**
   * The contexts of all prompts; keeps the new ones.
   *
   * @param encoded contexts of those that were {@linkplain #missing missing}
   */
  public List<float[]> complete(List<float[]> encoded) {
    List<float[]> all = new ArrayList<>();
    int next = 0;
    for (int i = 0; i < ids.size(); i++) {
      if (isKnown(i)) {
        all.add(contexts.get(i));
      } else {
        float[] context = encoded.get(next++);
        all.add(context);
        if (cache != null) {
          cache.keep(keys.key(ids.get(i)), context, ids.get(i).length);
        }
      }
    }
    return all;
  }
}
