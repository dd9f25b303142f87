// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Quantization;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.Optional;

/**
 * Delivers the weights of a checkpoint: as they are where type and arrangement fit, else widened,
 * narrowed, quantised or rearranged. Thread-safe; the source must stay open.
 */
public final class SourceReader implements WeightReader {
  /** Elements widened at a time, while they are in the processor's cache; whole blocks. */
  private static final long WIDENED_ELEMENTS = 1 << 17;

  private final WeightSource source;

  public SourceReader(WeightSource source) {
    this.source = source;
  }

  @Override
  public Optional<Parts> asStored(TensorSpec spec) throws IOException {
    return asStored(find(spec), spec);
  }

  /** As {@link #asStored(TensorSpec)}, of a tensor that fits the spec. */
  static Optional<Parts> asStored(WeightTensor tensor, TensorSpec spec) {
    boolean asStored =
        spec.transform() == TensorSpec.Transform.NONE
            && tensor.type().tensorType().filter(t -> t == spec.type()).isPresent();
    return asStored ? Optional.of(tensor::read) : Optional.empty();
  }

  @Override
  public void read(TensorSpec spec, long address) throws IOException {
    read(find(spec), spec, address);
  }

  /**
   * Writes a tensor that fits a spec as {@link #read(TensorSpec, long)} does.
   *
   * @throws WeightFormatException if it is of a type that no weight is
   * @throws IOException if the file cannot be read any more
   */
  static void read(WeightTensor tensor, TensorSpec spec, long address) throws IOException {
    long elements = spec.shape().elements();
    TensorType stored = tensor.type().tensorType().orElse(null);
    if (stored == spec.type() && spec.transform() == TensorSpec.Transform.NONE) {
      tensor.read(0, tensor.byteLength(), address);
      return;
    }
    try (HostMemory floats = new HostMemory(4 * elements)) {
      widen(tensor, stored, floats);
      if (spec.transform() == TensorSpec.Transform.NONE) {
        narrow(spec, floats, address);
        return;
      }
      try (HostMemory arranged = new HostMemory(4 * elements)) {
        Shape shape = spec.sourceShape();
        switch (spec.transform()) {
          case FOLD_TIME -> foldTime(shape, floats(floats), floats(arranged));
          case PAIR_CHANNELS_LAST -> channelsLast(halves(shape), floats(floats), floats(arranged));
          default -> channelsLast(shape, floats(floats), floats(arranged));
        }
        narrow(spec, arranged, address);
      }
    }
  }

  /**
   * Checks that the checkpoint holds a network's weights, in their shapes; reads none.
   *
   * @throws WeightFormatException with the first that is missing or has another shape
   */
  public void require(NetworkLayout network) throws WeightFormatException {
    require("", network.outer());
    for (BlockSpec block : network.blocks()) {
      require(block.prefix(), block.layout());
    }
  }

  private void require(String prefix, WeightLayout layout) throws WeightFormatException {
    for (TensorSpec spec : layout.specs()) {
      requireReadable(find(prefix + spec.name(), spec));
    }
  }

  /**
   * Refuses the quantised types that only activations have.
   *
   * @throws WeightFormatException if {@code tensor} is of one
   */
  public static void requireReadable(WeightTensor tensor) throws WeightFormatException {
    if (tensor.type().isQuantized()
        && !tensor.type().tensorType().filter(Quantization::canWiden).isPresent()) {
      throw new WeightFormatException(
          tensor.file(),
          String.format(
              "tensor '%s' is stored as %s, which no weight is; convert it again, to Q8_0 say",
              tensor.name(), tensor.type()));
    }
  }

  private WeightTensor find(TensorSpec spec) throws WeightFormatException {
    return find(spec.name(), spec);
  }

  private WeightTensor find(String name, TensorSpec spec) throws WeightFormatException {
    WeightTensor tensor = source.require(name);
    if (!fits(tensor.shape(), spec)) {
      throw new WeightFormatException(
          tensor.file(),
          String.format(
              "tensor '%s' has shape %s, expected %s; the file may mix two models, convert it again"
                  + " from the original checkpoint",
              name, tensor.shape(), spec.sourceShape()));
    }
    return tensor;
  }

  // Writers drop or fold dimensions of length 1, and some fold a convolution kernel into a matrix;
  // the elements and
  // the outermost dimension stay.
  private static boolean fits(Shape found, TensorSpec spec) {
    Shape expected = spec.sourceShape();
    return found.equals(expected)
        || (found.elements() == expected.elements() && squeezed(found).equals(squeezed(expected)))
        || (found.elements() == expected.elements()
            && expected.rank() > 2
            && found.rank() >= 2
            && found.dim(0) == expected.dim(0));
  }

  private static Shape squeezed(Shape shape) {
    return Shape.of(java.util.Arrays.stream(shape.dims()).filter(d -> d != 1).toArray());
  }

  private static void widen(WeightTensor tensor, TensorType stored, HostMemory floats)
      throws IOException {
    requireReadable(tensor);
    if (stored != null && Quantization.canWiden(stored)) {
      dequantize(tensor, stored, floats);
      return;
    }
    float[] part = new float[(int) Math.min(1 << 20, tensor.elements())];
    for (long done = 0; done < tensor.elements(); done += part.length) {
      int n = (int) Math.min(part.length, tensor.elements() - done);
      tensor.readFloats(done, part, 0, n);
      floats.view(done * 4, n * 4).asFloatBuffer().put(part, 0, n);
    }
  }

  private static void dequantize(WeightTensor tensor, TensorType stored, HostMemory floats)
      throws IOException {
    long elements = tensor.elements();
    try (HostMemory piece = new HostMemory(stored.bytes(Math.min(WIDENED_ELEMENTS, elements)))) {
      for (long done = 0; done < elements; done += WIDENED_ELEMENTS) {
        long n = Math.min(WIDENED_ELEMENTS, elements - done);
        tensor.read(stored.bytes(done), stored.bytes(n), piece.address());
        Quantization.dequantize(stored, piece.address(), floats.address() + 4 * done, n);
      }
    }
  }

  static void narrow(TensorSpec spec, HostMemory floats, long address) {
    Quantization.quantize(
        spec.type(), floats.address(), address, spec.shape().rows(), spec.shape().columns(), 0);
  }

  private static FloatBuffer floats(HostMemory memory) {
    return memory.view(0, Math.toIntExact(memory.bytes())).asFloatBuffer();
  }

  /** [OC, 2 * IC, taps..] as [2 * OC, IC, taps], which has the same elements in the same order. */
  private static Shape halves(Shape shape) {
    long inputs = shape.dim(1) / 2;
    long outputs = 2 * shape.dim(0);
    return Shape.of(outputs, inputs, shape.elements() / outputs / inputs);
  }

  /** [OC, IC, taps..] to [OC, taps.., IC]. */
  private static void channelsLast(Shape shape, FloatBuffer from, FloatBuffer to) {
    int oc = (int) shape.dim(0);
    int ic = (int) shape.dim(1);
    int taps = (int) (shape.elements() / oc / ic);
    for (int o = 0; o < oc; o++) {
      for (int i = 0; i < ic; i++) {
        for (int t = 0; t < taps; t++) {
          to.put((o * taps + t) * ic + i, from.get((o * ic + i) * taps + t));
        }
      }
    }
  }

  /** [OC, IC, KT, KH, KW] to [OC, KT * IC, KH, KW]. */
  private static void foldTime(Shape shape, FloatBuffer from, FloatBuffer to) {
    int oc = (int) shape.dim(0);
    int ic = (int) shape.dim(1);
    int kt = (int) shape.dim(2);
    int area = (int) (shape.dim(3) * shape.dim(4));
    for (int o = 0; o < oc; o++) {
      for (int i = 0; i < ic; i++) {
        for (int t = 0; t < kt; t++) {
          int source = ((o * ic + i) * kt + t) * area;
          int target = ((o * kt + t) * ic + i) * area;
          for (int k = 0; k < area; k++) {
            to.put(target + k, from.get(source + k));
          }
        }
      }
    }
  }
}
