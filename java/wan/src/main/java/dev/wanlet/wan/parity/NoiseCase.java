// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

import dev.wanlet.wan.sampling.TorchRandom;
import java.io.IOException;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** PyTorch's random numbers: the name of a tap says what was drawn. */
final class NoiseCase implements ParityCase {
  private static final Pattern SHAPE = Pattern.compile("seed(-?\\d+)\\.shape(\\d+(?:x\\d+)*)");
  private static final Pattern CONSECUTIVE =
      Pattern.compile("seed(-?\\d+)\\.consecutive_(\\d+(?:_then_\\d+)*)");

  @Override
  public void run(ParityFolder folder, Engine engine, Sink sink) throws IOException {
    for (String tap : folder.outputValues().keySet()) {
      Matcher shape = SHAPE.matcher(tap);
      Matcher draws = CONSECUTIVE.matcher(tap);
      if (shape.matches()) {
        int count =
            Arrays.stream(shape.group(2).split("x"))
                .mapToInt(Integer::parseInt)
                .reduce(1, Math::multiplyExact);
        sink.accept(tap, new TorchRandom(Long.parseLong(shape.group(1))).randn(count));
      } else if (draws.matches()) {
        int[] counts =
            Arrays.stream(draws.group(2).split("_then_")).mapToInt(Integer::parseInt).toArray();
        sink.accept(tap, consecutive(Long.parseLong(draws.group(1)), counts));
      }
    }
  }

  private static float[] consecutive(long seed, int[] counts) {
    TorchRandom random = new TorchRandom(seed);
    float[] joined = new float[Arrays.stream(counts).sum()];
    int at = 0;
    for (int count : counts) {
      System.arraycopy(random.randn(count), 0, joined, at, count);
      at += count;
    }
    return joined;
  }
}
