// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Collects intermediate results by name, to compare them with a reference. Confined to one thread.
 *
 * <p>While a graph is built, {@link #tap} marks what is wanted; after it ran, {@link #collect}
 * downloads it.
 */
public final class Taps {
  /** One collected result. */
  public record Tap(Shape shape, float[] values) {}

  /** Collects nothing. */
  public static final Taps NONE = new Taps(name -> false);

  private final Predicate<String> wanted;
  private final Map<String, Tensor> pending = new LinkedHashMap<>();
  private final Map<String, Tap> collected = new LinkedHashMap<>();
  private String prefix = "";
  private boolean joins;

  public Taps(Predicate<String> wanted) {
    this.wanted = wanted;
  }

  /**
   * Takes what graphs give under one name for rows that follow each other: chunks of one run. For
   * others the last one counts.
   */
  public Taps joiningRows() {
    joins = isActive();
    return this;
  }

  /** Whether anything can be wanted at all. */
  public boolean isActive() {
    return this != NONE;
  }

  /** Puts a prefix before the names that follow, such as {@code block.3.}. */
  public Taps under(String newPrefix) {
    if (isActive()) {
      prefix = newPrefix;
    }
    return this;
  }

  /** Keeps a copy of a result for {@link #collect}, if its name is wanted. */
  public void tap(GraphBuilder g, Tensor result, String name) {
    if (isActive() && wanted.test(prefix + name)) {
      pending.put(prefix + name, g.output(g.duplicate(result)));
    }
  }

  /** Takes a result that is on the host already. */
  public void accept(String name, Shape shape, float[] values) {
    if (isActive() && wanted.test(prefix + name)) {
      collected.put(prefix + name, new Tap(shape, values));
    }
  }

  /** Downloads what the graph that just ran kept. */
  public void collect() {
    pending.forEach(
        (name, t) ->
            collected.merge(
                name,
                new Tap(t.shape(), t.toFloats()),
                (before, now) -> joins ? joined(before, now) : now));
    pending.clear();
  }

  private static Tap joined(Tap first, Tap second) {
    long[] dims = new long[first.shape().rank()];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = first.shape().dim(i) + (i == 0 ? second.shape().dim(i) : 0);
    }
    float[] values = Arrays.copyOf(first.values(), first.values().length + second.values().length);
    System.arraycopy(second.values(), 0, values, first.values().length, second.values().length);
    return new Tap(Shape.of(dims), values);
  }

  public Map<String, Tap> collected() {
    return collected;
  }
}
