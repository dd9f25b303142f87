// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.lora;

import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.lora.AdapterAlphas.Alpha;
import dev.wanlet.weights.lora.AdapterKey.Part;
import dev.wanlet.weights.lora.LoraAdapter.ModuleKey;
import dev.wanlet.weights.lora.LoraMatch.Difference;
import dev.wanlet.weights.lora.LoraMatch.LeftOut;
import dev.wanlet.weights.lora.LoraMatch.LowRank;
import dev.wanlet.weights.lora.LoraMatch.Reason;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Makes a {@link LoraMatch}. Used once. */
final class LoraMatcher {
  private static final String KOHYA_ALPHA = "ss_network_alpha";

  /** A module of the file that means a module of the model. */
  private record Candidate(ModuleKey key, Map<Part, WeightTensor> parts, boolean secondExpert) {
    boolean hasMatrices() {
      return parts.containsKey(Part.DOWN);
    }
  }

  private final LoraAdapter adapter;
  private final Map<String, Shape> model;
  private final List<LowRank> lowRank = new ArrayList<>();
  private final List<Difference> differences = new ArrayList<>();
  private final List<LeftOut> leftOut = new ArrayList<>();
  private final Set<String> notes = new LinkedHashSet<>();
  private boolean hasAlpha;

  LoraMatcher(LoraAdapter adapter, Map<String, Shape> model) {
    this.adapter = adapter;
    this.model = model;
  }

  LoraMatch match() throws WeightFormatException {
    adapter.unknown().forEach(name -> leaveOut(name, Reason.UNKNOWN));
    adapter.repeated().forEach(name -> leaveOut(name, Reason.SECOND_TIME));
    notes.addAll(adapter.alphas().notes());
    int matched = 0;
    for (Map.Entry<String, List<Candidate>> module : candidates().entrySet()) {
      int before = lowRank.size() + differences.size();
      add(module.getKey(), module.getValue());
      if (lowRank.size() + differences.size() > before) {
        matched++;
      }
    }
    if (matched == 0) {
      throw new WeightFormatException(
          adapter.path(),
          String.format(
              "none of its %d modules is in this model, such as '%s'; it is for another model",
              adapter.modules().size(), adapter.modules().keySet().iterator().next()));
    }
    String kohya = adapter.metadata().get(KOHYA_ALPHA);
    if (kohya != null && !hasAlpha && !lowRank.isEmpty()) {
      notes.add(
          String.format(
              "its matrices have no alpha beside them, so the %s %s of its metadata is taken to be"
                  + " multiplied in already",
              KOHYA_ALPHA, kohya));
    }
    return new LoraMatch(adapter, lowRank, differences, matched, leftOut, new ArrayList<>(notes));
  }

  private void leaveOut(String name, Reason reason) {
    leftOut.add(new LeftOut(name, reason));
  }

  /** By official names, in the file's order. */
  private Map<String, List<Candidate>> candidates() {
    Set<String> modules = new LinkedHashSet<>();
    for (String tensor : model.keySet()) {
      modules.add(tensor);
      int dot = tensor.lastIndexOf('.');
      if (dot > 0) {
        modules.add(tensor.substring(0, dot));
      }
    }
    ModuleNames names = new ModuleNames(modules);
    Map<String, List<Candidate>> candidates = new LinkedHashMap<>();
    adapter
        .modules()
        .forEach(
            (key, parts) -> {
              Optional<ModuleNames.Found> found = names.find(key.name());
              if (found.isEmpty()) {
                leaveOut(
                    key.toString(),
                    ModuleNames.isTextEncoder(key.name())
                        ? Reason.TEXT_ENCODER
                        : Reason.NOT_IN_MODEL);
              } else {
                candidates
                    .computeIfAbsent(found.get().name(), m -> new ArrayList<>())
                    .add(new Candidate(key, parts, found.get().secondExpert()));
              }
            });
    return candidates;
  }

  /** Adds what a module's candidates say, each thing once. */
  private void add(String module, List<Candidate> candidates) throws WeightFormatException {
    List<Candidate> ordered = new ArrayList<>(candidates);
    ordered.sort(
        Comparator.comparing(Candidate::secondExpert)
            .thenComparing(Candidate::hasMatrices, Comparator.reverseOrder()));
    boolean bothExperts = ordered.stream().anyMatch(c -> !c.secondExpert());
    Map<Part, WeightTensor> chosen = new EnumMap<>(Part.class);
    ModuleKey named = ordered.get(0).key();
    for (Candidate candidate : ordered) {
      if (candidate.secondExpert() && bothExperts) {
        leaveOut(candidate.key().toString(), Reason.OTHER_EXPERT);
      } else if (candidate.hasMatrices() && chosen.containsKey(Part.DOWN)) {
        leaveOut(candidate.key().toString(), Reason.SECOND_TIME);
      } else {
        candidate
            .parts()
            .forEach(
                (part, tensor) -> {
                  if (chosen.putIfAbsent(part, tensor) != null) {
                    leaveOut(tensor.name(), Reason.SECOND_TIME);
                  }
                });
      }
    }
    addMatrices(module, named, chosen);
    addDifference(module + weightSuffix(module), module, chosen.get(Part.DIFF), strength());
    addDifference(module + ".bias", module, chosen.get(Part.DIFF_BIAS), strength());
    addDifference(module + ".modulation", module, chosen.get(Part.DIFF_MODULATION), strength());
  }

  private double strength() {
    return adapter.strength();
  }

  /** Some tensors are modules of their own, such as tables. */
  private String weightSuffix(String module) {
    return model.containsKey(module) && !model.containsKey(module + ".weight") ? "" : ".weight";
  }

  private void addMatrices(String module, ModuleKey named, Map<Part, WeightTensor> parts)
      throws WeightFormatException {
    WeightTensor down = parts.get(Part.DOWN);
    WeightTensor up = parts.get(Part.UP);
    WeightTensor bias = parts.get(Part.UP_BIAS);
    if (down == null) {
      for (Part alone : new Part[] {Part.ALPHA, Part.UP_BIAS}) {
        if (parts.containsKey(alone)) {
          leaveOut(parts.get(alone).name(), Reason.ALONE);
        }
      }
      return;
    }
    String tensor = module + weightSuffix(module);
    Shape shape = model.get(tensor);
    if (shape == null) {
      leaveOut(named.toString(), Reason.NOT_IN_MODEL);
      return;
    }
    if (!fits(module, shape, down, up)) {
      leaveOut(named.toString(), Reason.OTHER_CHANNELS);
      return;
    }
    double scale = strength() * scale(named, parts.get(Part.ALPHA), down.shape().dim(0));
    lowRank.add(new LowRank(tensor, down, up, scale));
    addDifference(module + ".bias", module, bias, scale);
  }

  /**
   * Whether matrices fit a tensor, or are for one with other channels.
   *
   * @throws WeightFormatException if they are for another model
   */
  private boolean fits(String module, Shape shape, WeightTensor down, WeightTensor up)
      throws WeightFormatException {
    long out = shape.rank() == 0 ? 1 : shape.dim(0);
    long in = shape.elements() / Math.max(1, out);
    long rank = down.shape().rank() == 0 ? 0 : down.shape().dim(0);
    boolean small =
        rank > 0
            && down.elements() <= Integer.MAX_VALUE / 2
            && up.elements() <= Integer.MAX_VALUE / 2;
    boolean downFits = small && down.elements() == rank * in;
    boolean upFits =
        small && up.shape().rank() > 0 && up.shape().dim(0) == out && up.elements() == out * rank;
    if (downFits && upFits) {
      return true;
    }
    boolean otherChannels =
        (upFits && isFirst(module)) || (downFits && isLast(module) && up.elements() % rank == 0);
    if (otherChannels) {
      return false;
    }
    throw new WeightFormatException(
        adapter.path(),
        String.format(
            "'%s' and '%s' do not fit the model's '%s' of shape %s; the adapter is for another size"
                + " of the model",
            up, down, module, shape));
  }

  private static boolean isFirst(String module) {
    return module.equals("patch_embedding");
  }

  private static boolean isLast(String module) {
    return module.equals("head.head");
  }

  /** Alpha over rank. Without alpha it is 1, as peft and ComfyUI have it. */
  private double scale(ModuleKey module, WeightTensor tensor, long rank)
      throws WeightFormatException {
    if (tensor != null) {
      hasAlpha = true;
      return number(tensor) / rank;
    }
    Optional<Alpha> alpha = adapter.alphas().find(module.name());
    if (alpha.isEmpty()) {
      return 1;
    }
    hasAlpha = true;
    double stated = alpha.get().statedRank().orElse((double) rank);
    if (stated != rank) {
      notes.add(
          String.format(
              "%s speaks of rank %s, but the matrices of '%s' have %d, which is used",
              alpha.get().from(), plain(stated), module, rank));
    }
    notes.add("alpha from " + alpha.get().from());
    return alpha.get().value() / (alpha.get().rootRank() ? Math.sqrt((double) rank) : rank);
  }

  private static String plain(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }

  private double number(WeightTensor alpha) throws WeightFormatException {
    if (alpha.elements() != 1 || alpha.type().isQuantized()) {
      throw new WeightFormatException(adapter.path(), "'" + alpha + "' is not one number");
    }
    double value = alpha.toFloats()[0];
    if (!Double.isFinite(value)) {
      throw new WeightFormatException(
          adapter.path(), "'" + alpha.name() + "' is " + value + "; the adapter is damaged");
    }
    return value;
  }

  private void addDifference(String name, String module, WeightTensor difference, double scale)
      throws WeightFormatException {
    if (difference == null) {
      return;
    }
    Shape shape = model.get(name);
    if (shape == null) {
      leaveOut(difference.name(), Reason.NOT_IN_MODEL);
      return;
    }
    if (difference.elements() == shape.elements()) {
      differences.add(new Difference(name, difference, scale));
      return;
    }
    Shape found = difference.shape();
    boolean sameOut = found.rank() > 1 && shape.rank() > 1 && found.dim(0) == shape.dim(0);
    if ((isFirst(module) && sameOut) || isLast(module)) {
      leaveOut(difference.name(), Reason.OTHER_CHANNELS);
      return;
    }
    throw new WeightFormatException(
        adapter.path(),
        String.format("'%s' does not fit the model's '%s' of shape %s", difference, name, shape));
  }
}
