// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import dev.wanlet.weights.CompositeSource;
import dev.wanlet.weights.Scales;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Applies the scales of checkpoints in 8-bit floats or integers, as Comfy-Org, LightX2V and others
 * publish them: a matrix and, beside it, the factors that bring it to its true size. Stateless,
 * thread-safe.
 *
 * <p>Scales of {@code X.weight} have one of the names in {@link #WEIGHT_SCALES}; there is one
 * factor, or one for each row, or one for each block of rows and columns. Marks and the scales of
 * activations are left out. A scale under any other name is an error, as is a matrix whose values
 * need one that is not there: they would be hundreds of times too large.
 */
public final class ScaledWeights {
  private static final String WEIGHT = ".weight";

  /** All of them multiply; {@code _inv} is the inverse of what the weight was multiplied by. */
  private static final List<String> WEIGHT_SCALES =
      List.of(
          ".scale_weight", ".weight_scale", ".weight_scales", ".weight_scale_inv", ".weight.scale");

  private static final Pattern ACTIVATION_SCALE =
      Pattern.compile("\\.(scale_(input|output)|(input|output|act)_scale)(_inv)?$");
  private static final List<String> SCALE_WORDS = List.of("scale", "zero_point");

  /** Elements of a matrix that tell whether it was scaled. */
  private static final int SAMPLE = 1024;

  /** Root mean square: weights of real networks are below 1, scaled ones around 100. */
  private static final double LARGEST_WEIGHTS = 16;

  private static final String MARKER = "scaled_fp8";
  private static final String FORMAT = ".comfy_quant";
  private static final int MAX_FORMAT_BYTES = 4096;
  private static final Pattern FORMAT_NAME = Pattern.compile("\"format\"\\s*:\\s*\"([\\w.-]+)\"");
  private static final Pattern ROTATED = Pattern.compile("\"convrot\"\\s*:\\s*true");
  private static final Set<String> FORMATS =
      Set.of("float8_e4m3fn", "float8_e5m2", "int8_tensorwise");

  private final WeightSource source;
  private final Map<String, WeightTensor> scaled = new LinkedHashMap<>();
  private final Set<String> descriptions = new LinkedHashSet<>();

  private ScaledWeights(WeightSource source) {
    this.source = source;
  }

  /**
   * The source with true-size weights and without the tensors that describe scaling; the source
   * itself if there are none. The result owns the source.
   *
   * @throws WeightFormatException if a scale has no weight, does not fit it or is of a form that is
   *     not understood, or is not there
   */
  public static WeightSource apply(WeightSource source) throws WeightFormatException {
    return new ScaledWeights(source).apply();
  }

  private WeightSource apply() throws WeightFormatException {
    for (WeightTensor tensor : source.tensors()) {
      read(tensor);
    }
    for (String name : source.passedOver().keySet()) {
      refuseUnknownScale(name);
    }
    for (WeightTensor tensor : source.tensors()) {
      requireScale(tensor);
    }
    if (descriptions.isEmpty()) {
      return source;
    }
    Map<String, WeightTensor> tensors = new LinkedHashMap<>();
    for (WeightTensor tensor : source.tensors()) {
      if (!descriptions.contains(tensor.name())) {
        tensors.put(tensor.name(), scaled.getOrDefault(tensor.name(), tensor));
      }
    }
    return CompositeSource.of(source.description(), List.of(source), tensors);
  }

  private void read(WeightTensor tensor) throws WeightFormatException {
    String name = tensor.name();
    String suffix = WEIGHT_SCALES.stream().filter(name::endsWith).findFirst().orElse(null);
    if (suffix != null) {
      descriptions.add(name);
      scale(tensor, name.substring(0, name.length() - suffix.length()) + WEIGHT);
    } else if (name.endsWith(FORMAT)) {
      descriptions.add(name);
      checkFormat(tensor);
    } else if (name.equals(MARKER) || name.endsWith("." + MARKER)) {
      descriptions.add(name);
    } else if (ACTIVATION_SCALE.matcher(name).find()) {
      descriptions.add(name);
    } else {
      refuseUnknownScale(name);
    }
  }

  private void scale(WeightTensor scale, String weightName) throws WeightFormatException {
    WeightTensor weight = source.find(weightName).orElse(null);
    if (weight == null) {
      throw new WeightFormatException(
          scale.file(),
          String.format("scale '%s' has no tensor '%s' beside it", scale.name(), weightName));
    }
    if (weight.type() == StoredType.U8 && scale.type() == StoredType.F8_E4M3) {
      throw ForeignForms.refusal(source, scale.name(), "NVFP4");
    }
    if (!scale.type().isFloat()) {
      throw ForeignForms.refusal(
          source, scale.name(), "blocks with scales of type " + scale.type());
    }
    float[] factors = scale.toFloats();
    for (float factor : factors) {
      if (!Float.isFinite(factor)) {
        throw new WeightFormatException(
            scale.file(), "scale '" + scale.name() + "' holds " + factor);
      }
    }
    Scales scales =
        Scales.of(factors, scale.shape(), weight.shape())
            .orElseThrow(
                () ->
                    new WeightFormatException(
                        scale.file(),
                        String.format(
                            "scale '%s' does not fit '%s': expected one number, one for each row or"
                                + " one for each block of a power of two",
                            scale, weight)));
    if (isEightBit(weight)) {
      scaled.put(weightName, weight.withScales(scales));
      return;
    }
    for (float factor : factors) {
      if (!weight.type().isFloat() || factor != 1) {
        throw new WeightFormatException(
            weight.file(),
            String.format(
                "'%s' has the scale %s; scales are understood for 8-bit floats and int8 only. Take"
                    + " the F16, BF16 or fp8 version of this model",
                weight, factor));
      }
    }
  }

  private static boolean isEightBit(WeightTensor tensor) {
    return switch (tensor.type()) {
      case F8_E4M3, F8_E5M2, I8 -> true;
      default -> false;
    };
  }

  /** Plain 8-bit floats are what they say; those that were scaled fill the type's whole range. */
  private void requireScale(WeightTensor tensor) throws WeightFormatException {
    boolean plain =
        (tensor.type() == StoredType.F8_E4M3 || tensor.type() == StoredType.F8_E5M2)
            && tensor.shape().rank() >= 2
            && !scaled.containsKey(tensor.name());
    if (!plain || tensor.elements() == 0) {
      return;
    }
    float[] sample = new float[(int) Math.min(SAMPLE, tensor.elements())];
    tensor.readFloats((tensor.elements() - sample.length) / 2, sample, 0, sample.length);
    double squares = 0;
    for (float value : sample) {
      squares += (double) value * value;
    }
    double size = Math.sqrt(squares / sample.length);
    if (size > LARGEST_WEIGHTS) {
      throw new WeightFormatException(
          tensor.file(),
          String.format(
              "the values of '%s' are of size %.0f, so they need a scale, and there is none beside"
                  + " it; the file is incomplete, download or convert it again",
              tensor, size));
    }
  }

  /** A scale beside an 8-bit matrix whose name says nothing certain about what it does. */
  private void refuseUnknownScale(String name) throws WeightFormatException {
    int last = name.lastIndexOf('.') + 1;
    int word = SCALE_WORDS.stream().mapToInt(w -> name.indexOf(w, last)).max().orElse(-1);
    if (word < 0) {
      return;
    }
    String before = name.substring(0, word).replaceFirst("[._]$", "");
    String module = name.substring(0, Math.max(0, last - 1));
    for (String stem : new String[] {before, module}) {
      WeightTensor weight = source.find(stem + WEIGHT).orElse(source.find(stem).orElse(null));
      if (weight != null && isEightBit(weight)) {
        String form = source.passedOver().get(name);
        throw new WeightFormatException(
            source.files().get(0),
            String.format(
                "'%s' stands beside '%s' and seems to be its scale, in a form that Wanlet does not"
                    + " know%s; expected is X.weight_scale or X.scale_weight. Take the F16, BF16 or"
                    + " fp8 version of this model",
                name, weight, form == null ? "" : " (" + form + ")"));
      }
    }
  }

  /** The newer mark is a JSON text in bytes; its name of the format matters here. */
  private static void checkFormat(WeightTensor mark) throws WeightFormatException {
    String text = "";
    if (mark.type() == StoredType.U8 && mark.byteLength() <= MAX_FORMAT_BYTES) {
      text = StandardCharsets.UTF_8.decode(mark.buffer()).toString();
    }
    Matcher matcher = FORMAT_NAME.matcher(text);
    String format = matcher.find() ? matcher.group(1) : "something unreadable";
    boolean rotated = ROTATED.matcher(text).find();
    if (!FORMATS.contains(format) || rotated) {
      throw new WeightFormatException(
          mark.file(),
          String.format(
              "'%s' says the weight is stored as %s%s, expected float8_e4m3fn, float8_e5m2 or"
                  + " int8_tensorwise; take the F16, BF16 or fp8 version of this model",
              mark.name(), format, rotated ? ", rotated" : ""));
    }
  }
}
