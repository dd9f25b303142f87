// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.TensorSpec;
import dev.wanlet.wan.nn.TensorSpec.Transform;
import dev.wanlet.wan.nn.frames.ConvMethod;
import dev.wanlet.wan.nn.frames.FrameConvolution;
import dev.wanlet.wan.nn.frames.FrameConvolution.Geometry;
import dev.wanlet.wan.nn.frames.FrameEngine;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * A norm or a convolution of a layer: how a checkpoint names and stores its weights, and in which
 * form they are computed with. Immutable.
 *
 * <p>Source: Wan2.1 wan/modules/vae.py, {@code RMS_norm} and {@code CausalConv3d}.
 *
 * @param name the checkpoint's
 * @param out channels it makes
 * @param in channels it reads; of a norm, the same
 */
record ModuleSpec(String name, Kind kind, int out, int in) {
  /** What a module does, and the dimensions that its weight has besides channels. */
  enum Kind {
    /** A norm over channels. */
    NORM(1, 1, 1),
    /** The same, stored for the frames of a clip one by one. */
    IMAGE_NORM(1, 1),
    /** A convolution over three frames, which looks back in time only. */
    CAUSAL(3, 3, 3),
    /** A convolution within a frame. */
    IMAGE(3, 3),
    /** A convolution over three frames of one pixel. */
    TEMPORAL(3, 1, 1),
    /** A product with the channels of each pixel. */
    POINTWISE(1, 1, 1),
    /** The same, stored for the frames of a clip one by one. */
    IMAGE_POINTWISE(1, 1);

    private final int[] kernel;

    Kind(int... kernel) {
      this.kernel = kernel;
    }

    /** Frames that the kernel spans. */
    int frames() {
      return kernel.length == 3 ? kernel[0] : 1;
    }

    private boolean isNorm() {
      return this == NORM || this == IMAGE_NORM;
    }

    private int taps() {
      return IntStream.of(kernel).reduce(1, Math::multiplyExact);
    }
  }

  static ModuleSpec norm(String name, int channels) {
    return new ModuleSpec(name, Kind.NORM, channels, channels);
  }

  static ModuleSpec causal(String name, int out, int in) {
    return new ModuleSpec(name, Kind.CAUSAL, out, in);
  }

  /**
   * The convolution that a checkpoint has under this name; empty if it has none.
   *
   * @throws WeightFormatException if the tensor is no kernel
   */
  static Optional<ModuleSpec> find(WeightSource source, String name, Kind kind)
      throws WeightFormatException {
    ModuleSpec any = new ModuleSpec(name, kind, 1, 1);
    Optional<WeightTensor> found = source.find(any.weight());
    return found.isPresent() ? Optional.of(any.sized(found.get())) : Optional.empty();
  }

  /**
   * The convolution that a checkpoint must have under this name.
   *
   * @throws WeightFormatException if it has none, or the tensor is no kernel
   */
  static ModuleSpec require(WeightSource source, String name, Kind kind)
      throws WeightFormatException {
    ModuleSpec any = new ModuleSpec(name, kind, 1, 1);
    return any.sized(source.require(any.weight()));
  }

  private ModuleSpec sized(WeightTensor kernel) throws WeightFormatException {
    Shape shape = kernel.shape();
    if (shape.rank() < 2) {
      throw new WeightFormatException(
          kernel.file(),
          "tensor '" + weight() + "' has shape " + shape + ", expected a convolution kernel");
    }
    return new ModuleSpec(name, kind, Math.toIntExact(shape.dim(0)), Math.toIntExact(shape.dim(1)));
  }

  /** Multiplications and additions for each pixel it makes. */
  double flopsPerPixel() {
    return kind.isNorm() ? 0 : 2.0 * kind.taps() * in * out;
  }

  /** The checkpoint's name of the kernel, or of a norm's scale. */
  String weight() {
    return name + (kind.isNorm() ? ".gamma" : ".weight");
  }

  /** The checkpoint's name of the bias; norms have none. */
  String bias() {
    return name + ".bias";
  }

  /** A causal convolution, or one within a frame, with its weights from an engine. */
  FrameConvolution convolution(FrameEngine engine, Geometry geometry) {
    return new FrameConvolution(
        engine, engine.weight(weight()), engine.weight(bias()), kind.frames(), in, out, geometry);
  }

  /** Names and shapes as a checkpoint has them: the kernel [out, in, (kT,) kH, kW], its bias. */
  Map<String, Shape> stored() {
    Map<String, Shape> tensors = new LinkedHashMap<>();
    tensors.put(weight(), storedWeight());
    if (!kind.isNorm()) {
      tensors.put(bias(), Shape.of(out));
    }
    return tensors;
  }

  private Shape storedWeight() {
    LongStream channels = kind.isNorm() ? LongStream.of(out) : LongStream.of(out, in);
    return Shape.of(
        LongStream.concat(channels, IntStream.of(kind.kernel).asLongStream()).toArray());
  }

  /** The weights as they are computed with. */
  List<TensorSpec> tensors(VaeSettings settings) {
    TensorSpec weight = weight(settings);
    return kind.isNorm()
        ? List.of(weight)
        : List.of(weight, TensorSpec.of(bias(), TensorType.F32, out));
  }

  private TensorSpec weight(VaeSettings settings) {
    boolean gathers = settings.method() == ConvMethod.GATHER;
    TensorType type = settings.convolutionType();
    Shape matrix = Shape.of(out, (long) kind.taps() * in);
    return switch (kind) {
      case NORM, IMAGE_NORM -> weight(TensorType.F32, Shape.of(out), Transform.NONE);
      case POINTWISE, IMAGE_POINTWISE -> weight(TensorType.F32, matrix, Transform.NONE);
      // A product with the frames' channels joined. A GPU multiplies F16 matrices with F16 sums,
      // which is too coarse.
      case TEMPORAL -> weight(gathers ? type : TensorType.F32, matrix, Transform.CHANNELS_LAST);
      case CAUSAL, IMAGE ->
          gathers
              ? weight(type, matrix, Transform.CHANNELS_LAST)
              : weight(
                  type,
                  Shape.of(out, (long) kind.frames() * in, 3, 3),
                  kind == Kind.CAUSAL ? Transform.FOLD_TIME : Transform.NONE);
    };
  }

  private TensorSpec weight(TensorType type, Shape computed, Transform transform) {
    return new TensorSpec(weight(), type, computed, storedWeight(), transform);
  }
}
