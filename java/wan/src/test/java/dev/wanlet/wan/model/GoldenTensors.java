// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model;

import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.safetensors.SafetensorsFile;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;

/** Reference tensors among the test resources. */
public final class GoldenTensors {
  private GoldenTensors() {}

  static Path path(String resource) {
    URL url = GoldenTensors.class.getResource("/" + resource);
    if (url == null) {
      throw new IllegalStateException("no test resource " + resource);
    }
    try {
      return Path.of(url.toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  public static WeightSource open(String resource) throws IOException {
    return SafetensorsFile.open(path(resource));
  }

  public static double maxDifference(float[] actual, float[] expected) {
    if (actual.length != expected.length) {
      throw new AssertionError(actual.length + " values, expected " + expected.length);
    }
    double worst = 0;
    for (int i = 0; i < actual.length; i++) {
      worst = Math.max(worst, Math.abs((double) actual[i] - expected[i]));
      if (Float.isNaN(actual[i])) {
        return Double.POSITIVE_INFINITY;
      }
    }
    return worst;
  }
}
