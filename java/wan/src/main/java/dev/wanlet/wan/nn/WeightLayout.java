// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import dev.wanlet.ggml.BufferType;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorArena;
import dev.wanlet.ggml.TensorType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The weights of one network or one block, in the order they lie in memory. Known from a
 * configuration alone, so that memory can be planned without a checkpoint. Immutable.
 *
 * @param widensQuantised see {@link TypePolicy#widensQuantised}
 */
public record WeightLayout(List<TensorSpec> specs, boolean widensQuantised) {
  public WeightLayout {
    specs = List.copyOf(specs);
    Set<String> names = new HashSet<>();
    for (TensorSpec spec : specs) {
      if (!names.add(spec.name())) {
        throw new IllegalArgumentException("weight " + spec.name() + " appears twice");
      }
    }
  }

  /** Exact bytes of a buffer of this type that holds all weights, ggml's padding included. */
  public long bytes(BufferType type) {
    try (TensorArena arena = TensorArena.forTensors(Math.max(1, specs.size()))) {
      long end = 0;
      for (TensorSpec spec : specs) {
        Tensor tensor = arena.tensor(spec.name(), spec.type(), spec.shape());
        end = type.align(end) + type.allocationBytes(tensor);
      }
      return type.align(end);
    }
  }

  /** Bytes of the weights alone, as they travel from a file. */
  public long dataBytes() {
    return specs.stream().mapToLong(s -> s.type().bytes(s.shape())).sum();
  }

  /** The types in order: blocks of equal signature can share a slot and its graph. */
  public List<TensorType> signature() {
    return specs.stream().map(TensorSpec::type).toList();
  }

  public static Builder builder(TypePolicy types) {
    return new Builder(types);
  }

  /** Collects specs; confined to one thread. */
  public static final class Builder {
    private final TypePolicy types;
    private final List<TensorSpec> specs = new ArrayList<>();

    private Builder(TypePolicy types) {
      this.types = types;
    }

    /** A matrix multiplied with activations; its type is the policy's choice. */
    public Builder matrix(String name, long rows, long columns) {
      return add(TensorSpec.of(name, types.matrixType(name, rows, columns), rows, columns));
    }

    /**
     * A weight matrix [out, in] and its bias [out]: {@code name.weight}, {@code name.bias}; and the
     * paths beside it.
     */
    public Builder linear(String name, long out, long in) {
      return matrix(name + ".weight", out, in).f32(name + ".bias", out).sidePaths(name, out, in);
    }

    /** The paths beside a weight matrix [out, in] that the policy asks for. */
    public Builder sidePaths(String name, long out, long in) {
      List<SidePath> paths = types.sidePaths(name);
      for (int i = 0; i < paths.size(); i++) {
        paths.get(i).specs(name, i, out, in).forEach(this::add);
      }
      return this;
    }

    /** A small weight that is always computed with in F32: norms, biases, modulation tables. */
    public Builder f32(String name, long... shape) {
      return add(TensorSpec.of(name, TensorType.F32, shape));
    }

    public Builder add(TensorSpec spec) {
      specs.add(spec);
      return this;
    }

    public TypePolicy types() {
      return types;
    }

    public WeightLayout build() {
      return new WeightLayout(specs, types != null && types.widensQuantised());
    }
  }
}
