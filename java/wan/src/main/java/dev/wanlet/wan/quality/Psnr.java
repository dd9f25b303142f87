// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

import dev.wanlet.wan.media.RgbFrame;
import java.util.OptionalDouble;

/**
 * Peak signal to noise ratio in dB: 10 log10(255² / MSE), where MSE is the mean squared difference
 * over all frames, pixels and the three channels of RGB. {@link Double#POSITIVE_INFINITY} where no
 * value differs. Confined to one thread.
 */
final class Psnr {
  private long squares;
  private long count;

  void accept(RgbFrame frame, RgbFrame reference) {
    byte[] a = frame.rgb24();
    byte[] b = reference.rgb24();
    for (int i = 0; i < a.length; i++) {
      int d = (a[i] & 0xff) - (b[i] & 0xff);
      squares += (long) d * d;
    }
    count += a.length;
  }

  OptionalDouble value() {
    if (count == 0) {
      return OptionalDouble.empty();
    }
    double mse = squares / (double) count;
    return OptionalDouble.of(10 * Math.log10(255.0 * 255.0 / mse));
  }
}
