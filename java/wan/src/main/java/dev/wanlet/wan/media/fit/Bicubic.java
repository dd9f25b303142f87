// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.fit;

/**
 * Bicubic interpolation as the reference does it: a = -0.75, half-pixel centres, no smoothing
 * before a reduction, borders repeated, results not clamped. Stateless.
 *
 * <p>Source: Wan2.1 wan/image2video.py and wan/modules/clip.py, {@code
 * torch.nn.functional.interpolate(mode="bicubic")}.
 */
public final class Bicubic {
  private static final int TAPS = 4;
  private static final float A = -0.75f;

  private Bicubic() {}

  /** The samples of a picture. */
  public interface Samples {
    /** One sample; row and column are within the picture. */
    float at(int channel, int row, int column);
  }

  /**
   * A part of a picture that was made larger or smaller; only that part is computed.
   *
   * @param height of the whole result, like the width
   * @param top first row of the part, like its first column {@code left}
   */
  public record Window(int height, int width, int top, int left, int rows, int columns) {
    public Window {
      if (top < 0
          || left < 0
          || rows < 1
          || columns < 1
          || (long) top + rows > height
          || (long) left + columns > width) {
        throw new IllegalArgumentException(
            String.format("%d x %d at %d, %d of %d x %d", columns, rows, left, top, width, height));
      }
    }

    /** The whole result. */
    public static Window whole(int height, int width) {
      return new Window(height, width, 0, 0, height, width);
    }
  }

  /**
   * Makes a picture larger or smaller.
   *
   * @param height of the picture, like the width
   * @return [channels, window.rows, window.columns]
   */
  public static float[] resize(Samples in, int channels, int height, int width, Window window) {
    Axis rows = new Axis(height, window.height(), window.top(), window.rows());
    Axis columns = new Axis(width, window.width(), window.left(), window.columns());
    float[] out = new float[Math.multiplyExact(channels, window.rows() * window.columns())];
    int at = 0;
    for (int c = 0; c < channels; c++) {
      for (int y = 0; y < window.rows(); y++) {
        for (int x = 0; x < window.columns(); x++) {
          out[at++] = sample(in, c, rows, y, columns, x);
        }
      }
    }
    return out;
  }

  private static float sample(Samples in, int channel, Axis rows, int y, Axis columns, int x) {
    float sum = 0;
    for (int i = 0; i < TAPS; i++) {
      int row = rows.index[y * TAPS + i];
      float line = 0;
      for (int j = 0; j < TAPS; j++) {
        int column = columns.index[x * TAPS + j];
        line += in.at(channel, row, column) * columns.weight[x * TAPS + j];
      }
      sum += line * rows.weight[y * TAPS + i];
    }
    return sum;
  }

  /** Which samples of one direction make each result, and with which weights. */
  private static final class Axis {
    final int[] index;
    final float[] weight;

    Axis(int in, int out, int first, int count) {
      index = new int[count * TAPS];
      weight = new float[count * TAPS];
      float scale = (float) in / out;
      for (int i = 0; i < count; i++) {
        float at = scale * (first + i + 0.5f) - 0.5f;
        int floor = (int) Math.floor(at);
        float t = at - floor;
        float[] weights = {far(t + 1), near(t), near(1 - t), far(2 - t)};
        for (int k = 0; k < TAPS; k++) {
          index[i * TAPS + k] = Math.max(0, Math.min(in - 1, floor - 1 + k));
          weight[i * TAPS + k] = weights[k];
        }
      }
    }

    /** Of a sample less than 1 away. */
    private static float near(float x) {
      return ((A + 2) * x - (A + 3)) * x * x + 1;
    }

    /** Of a sample 1 to 2 away. */
    private static float far(float x) {
      return ((A * x - 5 * A) * x + 8 * A) * x - 4 * A;
    }
  }
}
