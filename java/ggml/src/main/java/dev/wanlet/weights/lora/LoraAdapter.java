// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.lora;

import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.checkpoint.ScaledWeights;
import dev.wanlet.weights.checkpoint.WeightFiles;
import dev.wanlet.weights.lora.AdapterKey.Part;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Owner: a LoRA file, sorted by the modules it changes under the file's own names, whatever its
 * naming. {@link LoraMatch} says what it does to a model. Thread-safe for reading.
 */
public final class LoraAdapter implements AutoCloseable {
  /**
   * A module of the file.
   *
   * @param name as the file calls it
   * @param adapter the adapter's name inside the file; usually empty
   */
  record ModuleKey(String name, String adapter) {
    @Override
    public String toString() {
      return adapter.isEmpty() ? name : name + " (" + adapter + ")";
    }
  }

  private final AdapterFile origin;
  private final WeightSource file;
  private final AdapterAlphas alphas;
  private final Map<ModuleKey, Map<Part, WeightTensor>> modules = new LinkedHashMap<>();
  private final List<String> unknown = new ArrayList<>();
  private final List<String> repeated = new ArrayList<>();

  private LoraAdapter(AdapterFile origin, WeightSource file) throws WeightFormatException {
    this.origin = origin;
    this.file = file;
    refuseOtherKinds();
    this.alphas = AdapterAlphas.of(file);
    file.tensors().forEach(this::add);
    file.passedOver().forEach((name, form) -> unknown.add(name));
    if (modules.isEmpty()) {
      throw new WeightFormatException(
          path(),
          "no LoRA tensors in it (lora_up/lora_down, lora_A/lora_B, diff); is it a checkpoint?");
    }
    requirePairs();
  }

  /**
   * Opens a LoRA file.
   *
   * @throws WeightFormatException if it holds no adapter, or one of a kind that is not understood
   * @throws IOException if it cannot be read
   */
  public static LoraAdapter open(AdapterFile wanted) throws IOException {
    WeightSource source = WeightFiles.open(wanted.file());
    try {
      return new LoraAdapter(wanted, ScaledWeights.apply(source));
    } catch (Throwable e) {
      source.close();
      throw e;
    }
  }

  private void refuseOtherKinds() throws WeightFormatException {
    for (WeightTensor tensor : file.tensors()) {
      if (AdapterKey.isDora(tensor.name())) {
        throw dora(tensor.file(), "'" + tensor.name() + "' shows");
      }
      if (AdapterKey.isOtherKind(tensor.name())) {
        throw new WeightFormatException(
            tensor.file(),
            "'"
                + tensor.name()
                + "' belongs to an adapter that is no plain LoRA (LoKr, LoHa, OFT or LoCon);"
                + " merge it into the checkpoint with the tool it is from");
      }
    }
  }

  static WeightFormatException dora(Path file, String who) {
    return new WeightFormatException(
        file,
        who
            + " that it is a DoRA, which is no plain LoRA; merge it into the checkpoint with the"
            + " tool it is from");
  }

  private void add(WeightTensor tensor) {
    Optional<AdapterKey> key = AdapterKey.parse(tensor.name());
    if (key.isEmpty()) {
      unknown.add(tensor.name());
      return;
    }
    ModuleKey module = new ModuleKey(key.get().module(), key.get().adapter());
    Map<Part, WeightTensor> parts = modules.computeIfAbsent(module, m -> new EnumMap<>(Part.class));
    if (parts.putIfAbsent(key.get().part(), tensor) != null) {
      repeated.add(tensor.name());
    }
  }

  private void requirePairs() throws WeightFormatException {
    for (Map.Entry<ModuleKey, Map<Part, WeightTensor>> module : modules.entrySet()) {
      if (module.getValue().containsKey(Part.DOWN) != module.getValue().containsKey(Part.UP)) {
        throw new WeightFormatException(
            path(), "module '" + module.getKey() + "' has only one of its two low-rank matrices");
      }
    }
  }

  /** The file it was read from. */
  public Path path() {
    return file.files().get(0);
  }

  /** What was asked for. */
  public AdapterFile origin() {
    return origin;
  }

  /** What its changes are multiplied by. */
  public double strength() {
    return origin.strength();
  }

  /** Parts by module, in the file's order. */
  Map<ModuleKey, Map<Part, WeightTensor>> modules() {
    return Collections.unmodifiableMap(modules);
  }

  /** Tensors that are no part of an adapter. */
  List<String> unknown() {
    return Collections.unmodifiableList(unknown);
  }

  /** Tensors that say a second time, under another ending, what was said before. */
  List<String> repeated() {
    return Collections.unmodifiableList(repeated);
  }

  /** What the file says of alphas outside its tensors. */
  AdapterAlphas alphas() {
    return alphas;
  }

  /** What the file says about itself. */
  Map<String, String> metadata() {
    return file.metadata();
  }

  @Override
  public void close() {
    file.close();
  }
}
