// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.checkpoint.WeightFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How much each input column of each matrix matters: the mean square of what flows into it,
 * gathered from real runs. Read from GGUF files in llama.cpp's form: for a matrix NAME, the sums of
 * squares in {@code NAME.in_sum2} and the number of rows they were gathered over in {@code
 * NAME.counts}. Immutable, thread-safe.
 */
public final class Importance {
  private static final String SUMS = ".in_sum2";
  private static final String COUNTS = ".counts";

  private final Path file;
  private final Map<String, float[]> byName;

  private Importance(Path file, Map<String, float[]> byName) {
    this.file = file;
    this.byName = byName;
  }

  /**
   * Reads all of a file.
   *
   * @throws WeightFormatException if it holds no importance, or values that are negative or not
   *     finite
   */
  public static Importance read(Path path) throws IOException {
    Map<String, float[]> byName = new HashMap<>();
    try (WeightSource source = WeightFiles.open(path)) {
      for (WeightTensor sums : source.tensors()) {
        if (sums.name().endsWith(SUMS)) {
          String name = sums.name().substring(0, sums.name().length() - SUMS.length());
          byName.put(name, means(sums, source.require(name + COUNTS)));
        }
      }
    }
    if (byName.isEmpty()) {
      throw new WeightFormatException(
          path, "no tensor named *" + SUMS + "; expected an importance matrix");
    }
    return new Importance(path, byName);
  }

  private static float[] means(WeightTensor sums, WeightTensor counts)
      throws WeightFormatException {
    float[] values = sums.toFloats();
    float count = counts.elements() == 1 ? counts.toFloats()[0] : Float.NaN;
    for (int i = 0; i < values.length; i++) {
      values[i] /= count;
      if (!(values[i] >= 0 && values[i] < Float.POSITIVE_INFINITY)) {
        throw new WeightFormatException(
            sums.file(),
            String.format(
                "'%s' over '%s' gives %s at %d, expected finite numbers from 0",
                sums.name(), counts.name(), values[i], i));
      }
    }
    return values;
  }

  /**
   * The weights for the columns of a matrix, if the file has them and not all are 0.
   *
   * @throws WeightFormatException if their number differs from the columns
   */
  public Optional<float[]> find(String name, long columns) throws WeightFormatException {
    float[] weights = byName.get(name);
    if (weights == null) {
      return Optional.empty();
    }
    if (weights.length != columns) {
      throw new WeightFormatException(
          file,
          String.format(
              "'%s' has importance for %d columns, the model's has %d; it was gathered on another"
                  + " model",
              name, weights.length, columns));
    }
    for (float weight : weights) {
      if (weight > 0) {
        return Optional.of(weights.clone());
      }
    }
    return Optional.empty();
  }

  /** How many matrices it knows. */
  public int size() {
    return byName.size();
  }
}
