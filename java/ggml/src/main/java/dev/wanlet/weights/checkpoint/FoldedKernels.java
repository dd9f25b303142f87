// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.CompositeSource;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Gives the kernels of video convolutions their five dimensions back where a writer of GGUF files
 * without {@code comfy.gguf.orig_shape} (stable-diffusion.cpp) made one of output and input
 * channels: the bias tells how many outputs there are. Stateless.
 */
final class FoldedKernels {
  private static final int FOLDED_RANK = 4;

  private FoldedKernels() {}

  /** The source with kernels unfolded; the source itself if none was folded. */
  static WeightSource unfold(WeightSource source) {
    Map<String, WeightTensor> tensors = new LinkedHashMap<>();
    boolean found = false;
    for (WeightTensor tensor : source.tensors()) {
      long outputs = outputs(source, tensor);
      found |= outputs > 0;
      tensors.put(tensor.name(), outputs > 0 ? unfold(tensor, outputs) : tensor);
    }
    return found ? CompositeSource.of(source.description(), List.of(source), tensors) : source;
  }

  /** How many output channels a folded kernel has; 0 if the tensor is none. */
  private static long outputs(WeightSource source, WeightTensor kernel) {
    Shape shape = kernel.shape();
    if (shape.rank() != FOLDED_RANK || !kernel.name().endsWith(".weight")) {
      return 0;
    }
    String module = kernel.name().substring(0, kernel.name().length() - ".weight".length());
    long outputs = source.find(module + ".bias").map(WeightTensor::elements).orElse(0L);
    return outputs > 0 && shape.dim(0) > outputs && shape.dim(0) % outputs == 0 ? outputs : 0;
  }

  private static WeightTensor unfold(WeightTensor kernel, long outputs) {
    Shape s = kernel.shape();
    return kernel.withShape(Shape.of(outputs, s.dim(0) / outputs, s.dim(1), s.dim(2), s.dim(3)));
  }
}
