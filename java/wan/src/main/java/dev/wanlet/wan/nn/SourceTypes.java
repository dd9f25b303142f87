// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Quantization;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.weights.WeightSource;
import java.util.Optional;

/**
 * Computes with weights in the types a checkpoint stores them in, as far as the device does that
 * well. Immutable; the source must stay open.
 */
public final class SourceTypes implements TypePolicy {
  private final WeightSource source;
  private final boolean cpu;
  private final boolean widens;

  private SourceTypes(WeightSource source, Device device) {
    this.source = source;
    this.cpu = device.isCpu();
    this.widens = device.multipliesBf16Faster();
  }

  /** The policy for a checkpoint on a device: everything F32, or as stored. */
  public static TypePolicy of(WeightSource source, Precision precision, Device device) {
    return precision == Precision.F32 ? ALL_F32 : new SourceTypes(source, device);
  }

  @Override
  public TensorType matrixType(String name, long rows, long columns) {
    Optional<TensorType> stored = source.find(name).flatMap(t -> t.type().tensorType());
    TensorType type = stored.orElse(cpu ? TensorType.F16 : TensorType.BF16);
    if (!cpu && type == TensorType.F16) {
      // CUDA multiplies F16 weights in F16, which overflows in these networks.
      return TensorType.BF16;
    }
    return Quantization.canWiden(type) && type.fits(columns) ? type : TensorType.F32;
  }

  /**
   * F16: convolutions round activations to F16 on the CPU and run on tensor cores on GPUs; the
   * published VAEs lose nothing by it.
   */
  @Override
  public TensorType kernelType(String name) {
    return TensorType.F16;
  }

  @Override
  public boolean widensQuantised() {
    return widens;
  }
}
