// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import dev.wanlet.weights.CompositeSource;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Applies the scales of "scaled fp8" checkpoints, as Comfy-Org and others publish them: a matrix in
 * 8-bit floats and, beside it, the factor that brings it to its true size. Stateless, thread-safe.
 *
 * <p>Scales are called {@code X.scale_weight} or {@code X.weight_scale} for {@code X.weight}; there
 * is one, or one for each output row. Marks and the scales of activations ({@code scaled_fp8},
 * {@code scale_input}, {@code input_scale}, {@code comfy_quant}) are left out.
 */
public final class ScaledWeights {
  private static final String WEIGHT = ".weight";
  private static final List<String> WEIGHT_SCALES = List.of(".scale_weight", ".weight_scale");
  private static final List<String> IGNORED = List.of(".scale_input", ".input_scale");
  private static final String MARKER = "scaled_fp8";
  private static final String FORMAT = ".comfy_quant";
  private static final int MAX_FORMAT_BYTES = 4096;

  private ScaledWeights() {}

  /**
   * The source with true-size weights and without the tensors that describe scaling; the source
   * itself if there are none. The result owns the source.
   *
   * @throws WeightFormatException if a scale has no weight, does not fit it, or belongs to a format
   *     other than 8-bit floats
   */
  public static WeightSource apply(WeightSource source) throws WeightFormatException {
    Map<String, WeightTensor> scaled = new LinkedHashMap<>();
    boolean found = false;
    for (WeightTensor tensor : source.tensors()) {
      String name = tensor.name();
      if (name.endsWith(FORMAT)) {
        checkFormat(tensor);
      }
      String scaleSuffix = WEIGHT_SCALES.stream().filter(name::endsWith).findFirst().orElse(null);
      if (scaleSuffix != null) {
        String module = name.substring(0, name.length() - scaleSuffix.length());
        WeightTensor weight = source.find(module + WEIGHT).orElse(null);
        if (weight == null) {
          throw new WeightFormatException(
              tensor.file(),
              String.format("scale '%s' has no tensor '%s%s' beside it", name, module, WEIGHT));
        }
        scaled.put(weight.name(), scaled(weight, tensor));
      }
      found |= isDescription(name);
    }
    if (!found) {
      return source;
    }
    Map<String, WeightTensor> tensors = new LinkedHashMap<>();
    for (WeightTensor tensor : source.tensors()) {
      if (!isDescription(tensor.name())) {
        tensors.put(tensor.name(), scaled.getOrDefault(tensor.name(), tensor));
      }
    }
    return CompositeSource.of(source.description(), List.of(source), tensors);
  }

  private static boolean isDescription(String name) {
    return name.equals(MARKER)
        || name.endsWith("." + MARKER)
        || name.endsWith(FORMAT)
        || WEIGHT_SCALES.stream().anyMatch(name::endsWith)
        || IGNORED.stream().anyMatch(name::endsWith);
  }

  private static WeightTensor scaled(WeightTensor weight, WeightTensor scale)
      throws WeightFormatException {
    boolean one = scale.elements() == 1;
    boolean perRow = weight.shape().rank() > 0 && scale.elements() == weight.shape().dim(0);
    if (!scale.type().isFloat() || !(one || perRow)) {
      throw new WeightFormatException(
          scale.file(),
          String.format(
              "scale '%s' does not fit '%s': expected one floating-point number or one for each"
                  + " row",
              scale, weight));
    }
    float[] factors = scale.toFloats();
    for (float factor : factors) {
      if (!Float.isFinite(factor)) {
        throw new WeightFormatException(
            scale.file(), "scale '" + scale.name() + "' holds " + factor);
      }
    }
    if (weight.type() == StoredType.F8_E4M3 || weight.type() == StoredType.F8_E5M2) {
      return weight.withScales(factors);
    }
    for (float factor : factors) {
      if (!weight.type().isFloat() || factor != 1) {
        throw new WeightFormatException(
            weight.file(),
            String.format(
                "'%s' has the scale %s; scales are understood for 8-bit floats only. Take the"
                    + " F16, BF16 or fp8 version of this model",
                weight, factor));
      }
    }
    return weight;
  }

  /** The newer mark is a JSON text in bytes; only its name of the format matters here. */
  private static void checkFormat(WeightTensor mark) throws WeightFormatException {
    String text = "";
    if (mark.type() == StoredType.U8 && mark.byteLength() <= MAX_FORMAT_BYTES) {
      text = StandardCharsets.UTF_8.decode(mark.buffer()).toString();
    }
    if (!text.contains("\"float8_e4m3fn\"") && !text.contains("\"float8_e5m2\"")) {
      throw new WeightFormatException(
          mark.file(),
          String.format(
              "'%s' says the weight is stored as %s, expected float8_e4m3fn or float8_e5m2; take"
                  + " the F16, BF16 or fp8 version of this model",
              mark.name(), text.isEmpty() ? "something unreadable" : text));
    }
  }
}
