// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.lora;

import dev.wanlet.base.Printable;
import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightTensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What an adapter does to a model: every part of it is either a change to one of the model's
 * tensors or among what was left out, with the reason. Valid while the adapter is open. Immutable,
 * thread-safe.
 *
 * @param adapter the adapter
 * @param lowRank changes by products of two matrices
 * @param differences changes by whole tensors
 * @param modules modules of the model that it changes
 * @param leftOut parts that change nothing
 * @param notes what is worth saying about its scale
 */
public record LoraMatch(
    LoraAdapter adapter,
    List<LowRank> lowRank,
    List<Difference> differences,
    int modules,
    List<LeftOut> leftOut,
    List<String> notes) {

  /**
   * Adds scale * up * down to a tensor; convolution kernels count as matrices of their first
   * dimension.
   *
   * @param tensor the model's name of the tensor
   * @param down [rank, in], also with more dimensions for a kernel
   * @param up [out, rank]
   * @param scale strength times alpha over rank
   */
  public record LowRank(String tensor, WeightTensor down, WeightTensor up, double scale) {
    public int rank() {
      return (int) down.shape().dim(0);
    }
  }

  /**
   * Adds scale * difference to a tensor of as many elements.
   *
   * @param tensor the model's name of the tensor
   */
  public record Difference(String tensor, WeightTensor difference, double scale) {}

  /** Why a part of an adapter changes nothing. */
  public enum Reason {
    NOT_IN_MODEL("not in this model"),
    TEXT_ENCODER("of a text encoder, which adapters do not change here"),
    SECOND_TIME("there a second time under another name"),
    OTHER_EXPERT("for the other expert"),
    OTHER_CHANNELS("for another number of channels"),
    ALONE("of a module whose matrices are not in the file"),
    UNKNOWN("of a form that is not known");

    private final String text;

    Reason(String text) {
      this.text = text;
    }
  }

  /**
   * A part that changes nothing.
   *
   * @param name of the module or tensor, as the file calls it
   */
  public record LeftOut(String name, Reason reason) {}

  public LoraMatch {
    lowRank = List.copyOf(lowRank);
    differences = List.copyOf(differences);
    leftOut = List.copyOf(leftOut);
    notes = List.copyOf(notes);
  }

  /**
   * Matches an adapter with a model.
   *
   * @param model shapes by official names of all its tensors
   * @throws WeightFormatException if nothing of the adapter matches, a part has the wrong shape, or
   *     an alpha is no number
   */
  public static LoraMatch of(LoraAdapter adapter, Map<String, Shape> model)
      throws WeightFormatException {
    return new LoraMatcher(adapter, model).match();
  }

  /**
   * Reads the whole adapter once and refuses a damaged one.
   *
   * @throws WeightFormatException naming a tensor of the adapter that holds infinities or NaN
   */
  public void requireFinite() throws WeightFormatException {
    for (LowRank change : lowRank) {
      requireFinite(change.down());
      requireFinite(change.up());
    }
    for (Difference change : differences) {
      requireFinite(change.difference());
    }
  }

  private static void requireFinite(WeightTensor tensor) throws WeightFormatException {
    if (!FiniteCheck.isFinite(tensor)) {
      throw new WeightFormatException(
          tensor.file(),
          "tensor '"
              + tensor.name()
              + "' of this adapter holds infinities or NaN; the adapter is damaged, download it"
              + " again");
    }
  }

  /** What became of it, in one line. */
  public String summary() {
    StringBuilder text = new StringBuilder();
    text.append("adapter ")
        .append(adapter.path())
        .append(", strength ")
        .append(adapter.strength())
        .append(": ");
    text.append(modules).append(modules == 1 ? " module" : " modules").append(" matched");
    Map<Reason, List<LeftOut>> reasons =
        leftOut.stream()
            .collect(
                Collectors.groupingBy(LeftOut::reason, LinkedHashMap::new, Collectors.toList()));
    List<String> parts = new ArrayList<>();
    reasons.forEach(
        (reason, some) ->
            parts.add(
                String.format(
                    "%d %s (%s%s)",
                    some.size(),
                    reason.text,
                    some.size() == 1 ? "" : "such as ",
                    "'" + Printable.name(some.get(0).name()) + "'")));
    text.append(parts.isEmpty() ? ", none left out" : "; left out: " + String.join(", ", parts));
    notes.forEach(note -> text.append("; ").append(note));
    return Printable.message(text.toString());
  }
}
