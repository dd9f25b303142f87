// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import dev.wanlet.ggml.TensorType;
import dev.wanlet.quantize.TypeOptimizer.Option;
import dev.wanlet.weights.recipe.StoredAs.Reason;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Future;

/**
 * Measures tensors on all cores: to choose types for a target, and for a dry run's figures.
 * Confined to one thread.
 */
final class TargetTypes {
  private final QuantizeRequest request;
  private final Conversion.Extras extras;
  private final QuantizeListener listener;

  TargetTypes(QuantizeRequest request, Conversion.Extras extras, QuantizeListener listener) {
    this.request = request;
    this.extras = extras;
    this.listener = listener;
  }

  /**
   * The plans with types chosen for the request's target.
   *
   * @param overheadBytes of the file beside tensor data
   * @throws IllegalArgumentException if the target cannot be reached
   */
  List<TensorPlan> choose(List<TensorPlan> plans, long overheadBytes) throws IOException {
    List<TensorPlan> free = plans.stream().filter(TargetTypes::isFree).toList();
    if (free.isEmpty()) {
      requireRoom(plans, overheadBytes);
      listener.warning(
          "no matrix of this network has a type to choose: none is quantised, or rules name all that"
              + " are; it is stored as without a target");
      return plans;
    }
    List<List<TensorType>> types = free.stream().map(TypeOptimizer::candidates).toList();
    List<List<ErrorStatistics>> errors = measure(free, types);
    List<List<Option>> options = new ArrayList<>();
    for (int i = 0; i < free.size(); i++) {
      List<Option> each = new ArrayList<>();
      for (int k = 0; k < types.get(i).size(); k++) {
        TensorType type = types.get(i).get(k);
        double relative = errors.get(i).get(k).relativeRmse();
        long bytes = GgufMetadata.padded(type.bytes(free.get(i).shape()));
        each.add(new Option(type, bytes, relative * relative));
      }
      options.add(each);
    }
    List<Option> chosen;
    if (request.targetBytes().isPresent()) {
      chosen =
          withinBytes(options, request.targetBytes().getAsLong(), fixedBytes(plans, overheadBytes));
    } else {
      double target = request.targetError().getAsDouble();
      chosen = TypeOptimizer.withinError(options, target * target);
    }
    List<TensorPlan> result = new ArrayList<>();
    int next = 0;
    for (TensorPlan plan : plans) {
      result.add(isFree(plan) ? plan.with(chosen.get(next++).type(), Reason.CHOSEN) : plan);
    }
    return result;
  }

  private static long fixedBytes(List<TensorPlan> plans, long overheadBytes) {
    return overheadBytes
        + plans.stream()
            .filter(p -> !isFree(p))
            .mapToLong(p -> GgufMetadata.padded(p.bytes()))
            .sum();
  }

  /** Where there is nothing to choose the file has one size, and the target may be below it. */
  private void requireRoom(List<TensorPlan> plans, long overheadBytes) {
    long bytes = fixedBytes(plans, overheadBytes);
    if (request.targetBytes().isPresent() && request.targetBytes().getAsLong() < bytes) {
      throw new IllegalArgumentException(
          String.format(
              "the target size of %,d bytes is too small; nothing of this network can be quantised"
                  + " further, and it takes %,d",
              request.targetBytes().getAsLong(), bytes));
    }
  }

  private static List<Option> withinBytes(List<List<Option>> options, long target, long fixed) {
    try {
      return TypeOptimizer.withinBytes(options, target - fixed);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          String.format(
              "the target size of %,d bytes is too small; %,d go to what is not quantised, and %s",
              target, fixed, e.getMessage()),
          e);
    }
  }

  private static boolean isFree(TensorPlan plan) {
    return plan.reason() == Reason.FALLBACK
        || (plan.reason() == Reason.RECIPE && plan.type().isQuantized());
  }

  /** The sampled error of each tensor in its planned type. */
  List<ErrorStatistics> measure(List<TensorPlan> plans) throws IOException {
    List<List<TensorType>> types = plans.stream().map(p -> List.of(p.type())).toList();
    return measure(plans, types).stream().map(each -> each.get(0)).toList();
  }

  private List<List<ErrorStatistics>> measure(List<TensorPlan> plans, List<List<TensorType>> types)
      throws IOException {
    try (Workers workers = new Workers(request.threads())) {
      List<Future<List<ErrorStatistics>>> tasks = new ArrayList<>();
      for (int i = 0; i < plans.size(); i++) {
        TensorPlan plan = plans.get(i);
        List<TensorType> candidates = types.get(i);
        float[] importance = extras.importance(plan);
        tasks.add(workers.submit(() -> sample(plan, candidates, importance)));
      }
      long done = 0;
      long total = plans.stream().mapToLong(TensorPlan::bytes).sum();
      List<List<ErrorStatistics>> errors = new ArrayList<>();
      for (int i = 0; i < plans.size(); i++) {
        errors.add(Workers.result(tasks.get(i)));
        done += plans.get(i).bytes();
        listener.progress(done, total);
      }
      return errors;
    }
  }

  private List<ErrorStatistics> sample(
      TensorPlan plan, List<TensorType> types, float[] importance) {
    if (listener.isCancelled()) {
      throw new CancellationException("stopped; nothing was written");
    }
    List<TensorPatch> patches = extras.patches(plan);
    try (ErrorSampler sampler = new ErrorSampler()) {
      return sampler.measure(plan, types, patches, importance);
    } finally {
      patches.forEach(TensorPatch::release);
      SliceReader.forget(plan.source(), 0, plan.shape().elements());
    }
  }
}
