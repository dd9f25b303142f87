// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.lora;

import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.checkpoint.WeightFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A LoRA file, sorted into what it does to which module, whatever its naming: kohya ({@code
 * lora_down}, {@code lora_up}, {@code alpha}), peft ({@code lora_A}, {@code lora_B}), older
 * diffusers ({@code lora.down}), and whole differences ({@code diff}, {@code diff_b}, {@code
 * diff_m}). Owner of the file. Thread-safe for reading.
 */
public final class LoraAdapter implements AutoCloseable {
  /** What a tensor of the file is to its module. */
  public enum Part {
    DOWN,
    UP,
    ALPHA,
    /** Added to the weight. */
    DIFF,
    /** Added to the bias. */
    DIFF_BIAS,
    /** Added to the modulation. */
    DIFF_MODULATION
  }

  /** Endings of names; the longest that fits wins because longer ones come first. */
  private static final Map<String, Part> ENDINGS = new LinkedHashMap<>();

  static {
    for (String weight : new String[] {".default.weight", ".weight", ""}) {
      for (String down : new String[] {".lora_down", ".lora_A", ".lora.down"}) {
        ENDINGS.put(down + weight, Part.DOWN);
      }
      for (String up : new String[] {".lora_up", ".lora_B", ".lora.up"}) {
        ENDINGS.put(up + weight, Part.UP);
      }
    }
    ENDINGS.put(".alpha", Part.ALPHA);
    ENDINGS.put(".diff", Part.DIFF);
    ENDINGS.put(".diff_b", Part.DIFF_BIAS);
    ENDINGS.put(".diff_m", Part.DIFF_MODULATION);
  }

  /** Parts of adapters that are no plain low-rank products. */
  private static final List<String> OTHER_KINDS =
      List.of(".lora_mid", ".dora_scale", ".lokr_", ".hada_", ".oft_", ".lora_magnitude_vector");

  private final WeightSource file;
  private final double strength;
  private final Map<String, Map<Part, WeightTensor>> modules = new LinkedHashMap<>();
  private final Set<String> unknown = new LinkedHashSet<>();

  private LoraAdapter(WeightSource file, double strength) {
    this.file = file;
    this.strength = strength;
  }

  /**
   * Opens a LoRA file.
   *
   * @param strength what its changes are multiplied by; 1 for as trained
   * @throws WeightFormatException if it holds no adapter, or one of a kind that cannot be merged
   */
  public static LoraAdapter open(Path path, double strength) throws IOException {
    if (!Double.isFinite(strength)) {
      throw new IllegalArgumentException("the strength of " + path + " is " + strength);
    }
    WeightSource file = WeightFiles.open(path);
    try {
      LoraAdapter adapter = new LoraAdapter(file, strength);
      adapter.sort();
      return adapter;
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  private void sort() throws WeightFormatException {
    for (WeightTensor tensor : file.tensors()) {
      for (String other : OTHER_KINDS) {
        if (tensor.name().contains(other)) {
          throw new WeightFormatException(
              tensor.file(),
              "'"
                  + tensor.name()
                  + "' belongs to an adapter that is no plain LoRA (DoRA, LoKr, LoHa or LoCon);"
                  + " merge it with the tool it is from");
        }
      }
      String ending =
          ENDINGS.keySet().stream().filter(tensor.name()::endsWith).findFirst().orElse(null);
      if (ending == null) {
        unknown.add(tensor.name());
      } else {
        String module = tensor.name().substring(0, tensor.name().length() - ending.length());
        modules
            .computeIfAbsent(module, m -> new LinkedHashMap<>())
            .put(ENDINGS.get(ending), tensor);
      }
    }
    if (modules.isEmpty()) {
      throw new WeightFormatException(
          file.files().get(0),
          "no LoRA tensors in it (lora_up/lora_down, lora_A/lora_B, diff); is it a checkpoint?");
    }
    for (Map.Entry<String, Map<Part, WeightTensor>> module : modules.entrySet()) {
      if (module.getValue().containsKey(Part.DOWN) != module.getValue().containsKey(Part.UP)) {
        throw new WeightFormatException(
            file.files().get(0),
            "module '" + module.getKey() + "' has only one of its two low-rank matrices");
      }
    }
  }

  /** The file it was read from. */
  public Path path() {
    return file.files().get(0);
  }

  /** What its changes are multiplied by. */
  public double strength() {
    return strength;
  }

  /** Parts by module, under the file's own module names; valid until closed. */
  public Map<String, Map<Part, WeightTensor>> modules() {
    return Collections.unmodifiableMap(modules);
  }

  /** Tensors that are no part of an adapter. */
  public Set<String> unknown() {
    return Collections.unmodifiableSet(unknown);
  }

  /**
   * What the low-rank product of a module is multiplied by: alpha over rank. Without alpha it is 1,
   * as peft and ComfyUI have it, unless kohya's metadata gives one alpha for all.
   *
   * @param parts of one module, {@link Part#DOWN} among them
   * @throws WeightFormatException if alpha is not one finite number
   */
  public double scale(Map<Part, WeightTensor> parts) throws WeightFormatException {
    double rank = parts.get(Part.DOWN).shape().dim(0);
    WeightTensor alpha = parts.get(Part.ALPHA);
    double value = rank;
    if (alpha != null) {
      if (alpha.elements() != 1) {
        throw new WeightFormatException(path(), "'" + alpha + "' is not one number");
      }
      value = alpha.toFloats()[0];
    } else if (file.metadata().containsKey("ss_network_alpha")) {
      try {
        value = Double.parseDouble(file.metadata().get("ss_network_alpha"));
      } catch (NumberFormatException e) {
        value = rank; // training tools write "None" where nothing was set
      }
    }
    if (!Double.isFinite(value)) {
      throw new WeightFormatException(path(), "alpha is " + value);
    }
    return strength * value / rank;
  }

  @Override
  public void close() {
    file.close();
  }
}
