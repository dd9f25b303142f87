// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.SyntheticClip;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleBinaryOperator;

/** What goes wrong with clips, in four strengths each, none (0) to 4. */
public enum Damage {
  /** Gaussian of so many pixels. */
  BLUR("sharpness") {
    @Override
    List<RgbFrame> apply(List<RgbFrame> clip, int strength) {
      double sigma = new double[] {0.7, 1.2, 2, 3.2}[strength - 1];
      return clip.stream().map(f -> blurred(f, sigma)).toList();
    }
  },
  /** Every other frame is darker. */
  FLICKER("flicker") {
    @Override
    List<RgbFrame> apply(List<RgbFrame> clip, int strength) {
      double gain = 1 - new double[] {0.06, 0.12, 0.24, 0.48}[strength - 1];
      return mapped(clip, (v, t, c, random) -> t % 2 == 0 ? v : v * gain);
    }
  },
  /** All stands still from a frame on. */
  FROZEN("dynamic_degree") {
    @Override
    List<RgbFrame> apply(List<RgbFrame> clip, int strength) {
      int from = clip.size() - 1 - 2 * strength;
      List<RgbFrame> out = new ArrayList<>();
      for (int t = 0; t < clip.size(); t++) {
        out.add(clip.get(Math.min(t, from)));
      }
      return out;
    }
  },
  /** Single frames are shown twice, and the next one is lost. */
  STUTTER("motion_roughness") {
    @Override
    List<RgbFrame> apply(List<RgbFrame> clip, int strength) {
      List<RgbFrame> out = new ArrayList<>(clip);
      for (int t : List.of(2, 4, 6, 8).subList(0, strength)) {
        out.set(t, clip.get(t - 1));
      }
      return out;
    }
  },
  /** Red grows and green falls by so many levels until the end. */
  COLOUR_DRIFT("subject_consistency", "background_consistency") {
    @Override
    List<RgbFrame> apply(List<RgbFrame> clip, int strength) {
      double levels = 10 << strength - 1;
      double each = levels / (clip.size() - 1);
      return mapped(clip, (v, t, c, random) -> v + (c == 0 ? each * t : c == 1 ? -each * t : 0));
    }
  },
  /** White, of so many levels. */
  NOISE("noise") {
    @Override
    List<RgbFrame> apply(List<RgbFrame> clip, int strength) {
      double sigma = 3 << strength - 1;
      return mapped(clip, (v, t, c, random) -> v + sigma * random.nextGaussian());
    }
  };

  public static final int STRENGTHS = 4;
  public static final int CLIPS = 24;
  private static final int SIZE = 48;
  private static final int FRAMES = 11;

  private final List<String> measures;

  Damage(String... measures) {
    this.measures = List.of(measures);
  }

  abstract List<RgbFrame> apply(List<RgbFrame> clip, int strength);

  /** What must see it. */
  public List<String> measures() {
    return measures;
  }

  /** The clip, damaged; 0 leaves it as it is. */
  public List<RgbFrame> of(List<RgbFrame> clip, int strength) {
    return strength == 0 ? clip : apply(clip, strength);
  }

  /** A shape that moves one of four ways, in one of three pairs of colours: 24 clips of 48x48. */
  public static List<RgbFrame> clip(int number) {
    int[][] fore = {SyntheticClip.RED, SyntheticClip.WHITE, SyntheticClip.GREEN};
    int[][] back = {SyntheticClip.GRAY, SyntheticClip.NAVY, {96, 62, 36}};
    DoubleBinaryOperator shape =
        number % 2 == 0
            ? (x, y) -> Math.hypot(x, y) - 9
            : (x, y) -> Math.max(Math.abs(x), Math.abs(y)) - 8;
    int way = number / 2 % 4;
    List<RgbFrame> clip = new ArrayList<>();
    for (int t = 0; t < FRAMES; t++) {
      double along = SIZE * (0.3 + 0.4 * t / (FRAMES - 1));
      double at = way % 2 == 0 ? along : SIZE - along;
      clip.add(
          SyntheticClip.draw(
              SIZE,
              SIZE,
              way < 2 ? at : SIZE / 2.0,
              way < 2 ? SIZE / 2.0 : at,
              shape,
              fore[number / 8],
              back[number / 8]));
    }
    return clip;
  }

  private interface Change {
    double of(double value, int frame, int channel, Random random);
  }

  private static List<RgbFrame> mapped(List<RgbFrame> clip, Change change) {
    Random random = new Random(7);
    List<RgbFrame> out = new ArrayList<>();
    for (int t = 0; t < clip.size(); t++) {
      RgbFrame f = clip.get(t);
      byte[] bytes = new byte[f.rgb24().length];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = level(change.of(f.rgb24()[i] & 0xff, t, i % 3, random));
      }
      out.add(new RgbFrame(f.width(), f.height(), bytes));
    }
    return out;
  }

  private static byte level(double value) {
    return (byte) Math.round(Math.max(0, Math.min(255, value)));
  }

  private static RgbFrame blurred(RgbFrame f, double sigma) {
    int reach = (int) Math.ceil(3 * sigma);
    double[] kernel = new double[2 * reach + 1];
    double total = 0;
    for (int k = -reach; k <= reach; k++) {
      kernel[k + reach] = Math.exp(-k * k / (2 * sigma * sigma));
      total += kernel[k + reach];
    }
    int w = f.width();
    int h = f.height();
    double[] rows = new double[w * h * 3];
    byte[] out = new byte[w * h * 3];
    for (int pass = 0; pass < 2; pass++) {
      for (int i = 0; i < out.length; i++) {
        int x = i / 3 % w;
        int y = i / 3 / w;
        double sum = 0;
        for (int k = -reach; k <= reach; k++) {
          int sx = pass == 0 ? Math.max(0, Math.min(w - 1, x + k)) : x;
          int sy = pass == 0 ? y : Math.max(0, Math.min(h - 1, y + k));
          int from = (sy * w + sx) * 3 + i % 3;
          sum += kernel[k + reach] / total * (pass == 0 ? f.rgb24()[from] & 0xff : rows[from]);
        }
        if (pass == 0) {
          rows[i] = sum;
        } else {
          out[i] = level(sum);
        }
      }
    }
    return new RgbFrame(w, h, out);
  }
}
