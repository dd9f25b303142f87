// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Quantization;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import dev.wanlet.weights.recipe.QuantizationRecipe;
import java.util.Optional;

/**
 * Computes with weights in the types a checkpoint stores them in, or would after quantising, as far
 * as the device does that well. Immutable; a source must stay open.
 */
public final class SourceTypes implements TypePolicy {
  /** Where types are looked up. */
  private interface Stored {
    /** Empty for a tensor that is missing or of a type that ggml does not know. */
    Optional<TensorType> type(String name, Shape shape);
  }

  private final Stored stored;
  private final boolean cpu;
  private final boolean widens;

  private SourceTypes(Stored stored, Device device) {
    this.stored = stored;
    this.cpu = device.isCpu();
    this.widens = device.multipliesBf16Faster();
  }

  /** The policy for a checkpoint on a device: everything F32, or as stored. */
  public static TypePolicy of(WeightSource source, Precision precision, Device device) {
    return precision == Precision.F32
        ? ALL_F32
        : new SourceTypes(
            (name, shape) -> source.find(name).flatMap(SourceTypes::plainType), device);
  }

  /** Integers with scales are widened, as 8-bit floats are. */
  private static Optional<TensorType> plainType(WeightTensor tensor) {
    StoredType type = tensor.type();
    return type.isFloat() || type.isQuantized() ? type.tensorType() : Optional.empty();
  }

  /**
   * The policy for a checkpoint that does not exist yet: everything F32, or as the quantise tool
   * stores it. Published checkpoints are F32 where it matters: what is not quantised becomes F16.
   *
   * @param kind the network whose official names will be asked for
   */
  public static TypePolicy planned(
      QuantizationRecipe recipe, CheckpointKind kind, Precision precision, Device device) {
    return precision == Precision.F32
        ? ALL_F32
        : new SourceTypes(
            (name, shape) -> Optional.of(recipe.storedAs(kind, name, shape, TensorType.F16).type()),
            device);
  }

  @Override
  public TensorType matrixType(String name, long rows, long columns) {
    TensorType type =
        stored.type(name, Shape.of(rows, columns)).orElse(cpu ? TensorType.F16 : TensorType.BF16);
    if (!cpu && type == TensorType.F16) {
      // CUDA multiplies F16 weights in F16, which overflows in these networks.
      return TensorType.BF16;
    }
    return Quantization.canWiden(type) && type.fits(columns) ? type : TensorType.F32;
  }

  @Override
  public boolean widensQuantised() {
    return widens;
  }
}
