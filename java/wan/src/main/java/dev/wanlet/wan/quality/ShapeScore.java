// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

import dev.wanlet.wan.media.RgbFrame;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a clip of the demo model shows: one flat shape moving on a flat background. Told from the
 * pixels alone, so that the loss of quantisation or of few steps can be counted.
 *
 * <p>Background: the median of the border. Shape's colour: the median of the pixels far from it.
 * Motion: the path of the centroid, else the ratio of last to first area, else whether the outline
 * turns. Shape: the 3rd, 4th and 5th harmonic of the outline's radius over the angle. A part that
 * cannot be told, as in a clip without a shape, is {@link #NONE}. Immutable.
 *
 * @param colour red, green, blue, yellow, orange, purple, cyan or white
 * @param shape circle, square, triangle or star
 * @param motion moving left, moving right, moving up, moving down, growing, shrinking, spinning or
 *     standing still; a spinning circle stands still, since nothing shows that it turns
 * @param background black, gray, navy or brown
 */
public record ShapeScore(String colour, String shape, String motion, String background) {
  /** A part that the clip or the prompt does not tell. */
  public static final String NONE = "none";

  /** The demo model's colours of shapes, sRGB. */
  private static final Map<String, int[]> COLOURS = new LinkedHashMap<>();

  /** The demo model's backgrounds, sRGB. */
  private static final Map<String, int[]> BACKGROUNDS = new LinkedHashMap<>();

  static {
    COLOURS.put("red", new int[] {220, 40, 40});
    COLOURS.put("green", new int[] {40, 180, 70});
    COLOURS.put("blue", new int[] {50, 80, 220});
    COLOURS.put("yellow", new int[] {235, 210, 50});
    COLOURS.put("orange", new int[] {240, 140, 40});
    COLOURS.put("purple", new int[] {150, 60, 190});
    COLOURS.put("cyan", new int[] {60, 200, 210});
    COLOURS.put("white", new int[] {245, 245, 245});
    BACKGROUNDS.put("black", new int[] {12, 12, 14});
    BACKGROUNDS.put("gray", new int[] {120, 120, 124});
    BACKGROUNDS.put("navy", new int[] {18, 28, 80});
    BACKGROUNDS.put("brown", new int[] {96, 62, 36});
  }

  private static final List<String> SHAPES = List.of("circle", "square", "triangle", "star");
  private static final List<String> MOTIONS =
      List.of(
          "moving left",
          "moving right",
          "moving up",
          "moving down",
          "growing",
          "shrinking",
          "spinning",
          "standing still");

  /** Share of the shorter side that a centroid covers when it moves; wobble stays below. */
  private static final double MOVING = 0.08;

  private static final double GROWING = 1.25;

  /** A turn of the outline over the whole clip that is no wobble. */
  private static final double SPINNING_RADIANS = Math.toRadians(20);

  /** Relative amplitude: a square's 4th harmonic is 0.14, the weakest of the three. */
  private static final double ROUND = 0.06;

  /** The colours a shape may have. */
  public static List<String> colours() {
    return List.copyOf(COLOURS.keySet());
  }

  /** The shapes. */
  public static List<String> shapes() {
    return SHAPES;
  }

  /** The motions. */
  public static List<String> motions() {
    return MOTIONS;
  }

  /** The colours a background may have. */
  public static List<String> backgrounds() {
    return List.copyOf(BACKGROUNDS.keySet());
  }

  /** Scores a decoded clip; all frames of one size. */
  public static ShapeScore of(List<RgbFrame> frames) {
    if (frames.isEmpty()) {
      throw new IllegalArgumentException("no frames to score");
    }
    int[] back = ShapeOutline.borderMedian(frames);
    Optional<int[]> fore = ShapeOutline.shapeMedian(frames, back);
    String background = nearest(BACKGROUNDS, back);
    if (fore.isEmpty()) {
      return new ShapeScore(NONE, NONE, NONE, background);
    }
    List<ShapeOutline> outlines =
        frames.stream()
            .map(f -> ShapeOutline.of(f, back, fore.get()))
            .flatMap(Optional::stream)
            .toList();
    String shape = shape(outlines);
    return new ShapeScore(
        nearest(COLOURS, fore.get()), shape, motion(outlines, shape, frames.get(0)), background);
  }

  /** What a prompt of the demo model's grammar asks for; empty if it leaves a part open. */
  public static Optional<ShapeScore> fromWholePrompt(String prompt) {
    ShapeScore asked = fromPrompt(prompt);
    boolean open =
        Stream.of(asked.colour, asked.shape, asked.motion, asked.background).anyMatch(NONE::equals);
    return open ? Optional.empty() : Optional.of(asked);
  }

  /** What a prompt of the demo model's grammar asks for; {@link #NONE} for what it leaves open. */
  public static ShapeScore fromPrompt(String prompt) {
    String text = " " + prompt.toLowerCase(Locale.ROOT).replaceAll("[^a-z]+", " ") + " ";
    int on = text.lastIndexOf(" on ");
    String subject = on < 0 ? text : text.substring(0, on + 1);
    return new ShapeScore(
        firstIn(subject, COLOURS.keySet()),
        firstIn(subject, SHAPES),
        firstIn(subject, MOTIONS),
        firstIn(on < 0 ? "" : text.substring(on), BACKGROUNDS.keySet()));
  }

  /** How many of the four parts agree, 0 to 4. */
  public int agreement(ShapeScore other) {
    return (colour.equals(other.colour) ? 1 : 0)
        + (shape.equals(other.shape) ? 1 : 0)
        + (motion.equals(other.motion) ? 1 : 0)
        + (background.equals(other.background) ? 1 : 0);
  }

  private static String firstIn(String text, Iterable<String> names) {
    for (String name : names) {
      if (text.contains(" " + name + " ")) {
        return name;
      }
    }
    return NONE;
  }

  private static String nearest(Map<String, int[]> names, int[] rgb) {
    return names.entrySet().stream()
        .min(
            (a, b) ->
                Integer.compare(
                    ShapeOutline.squaredDistance(a.getValue(), rgb),
                    ShapeOutline.squaredDistance(b.getValue(), rgb)))
        .orElseThrow()
        .getKey();
  }

  private static String shape(List<ShapeOutline> outlines) {
    if (outlines.isEmpty()) {
      return NONE;
    }
    double triangle = medianAmplitude(outlines, 3);
    double square = medianAmplitude(outlines, 4);
    double star = medianAmplitude(outlines, 5);
    double most = Math.max(triangle, Math.max(square, star));
    if (most < ROUND) {
      return "circle";
    }
    return most == triangle ? "triangle" : most == square ? "square" : "star";
  }

  /** Over all frames: a frame in which the shape is cut or torn does not decide. */
  private static double medianAmplitude(List<ShapeOutline> outlines, int harmonic) {
    double[] amplitudes = outlines.stream().mapToDouble(o -> o.amplitude(harmonic)).toArray();
    Arrays.sort(amplitudes);
    return amplitudes[amplitudes.length / 2];
  }

  private static String motion(List<ShapeOutline> outlines, String shape, RgbFrame frame) {
    if (outlines.isEmpty()) {
      return NONE;
    }
    ShapeOutline first = outlines.get(0);
    ShapeOutline last = outlines.get(outlines.size() - 1);
    double dx = last.x() - first.x();
    double dy = last.y() - first.y();
    if (Math.hypot(dx, dy) > MOVING * Math.min(frame.width(), frame.height())) {
      if (Math.abs(dx) > Math.abs(dy)) {
        return dx < 0 ? "moving left" : "moving right";
      }
      return dy < 0 ? "moving up" : "moving down";
    }
    double ratio = last.area() / first.area();
    if (ratio > GROWING) {
      return "growing";
    }
    if (ratio < 1 / GROWING) {
      return "shrinking";
    }
    return turn(outlines, shape) > SPINNING_RADIANS ? "spinning" : "standing still";
  }

  /** By how much the outline turns from the first frame to the last, either way round. */
  private static double turn(List<ShapeOutline> outlines, String shape) {
    int harmonic =
        switch (shape) {
          case "triangle" -> 3;
          case "square" -> 4;
          case "star" -> 5;
          default -> 0;
        };
    if (harmonic == 0) {
      return 0;
    }
    double sum = 0;
    for (int t = 1; t < outlines.size(); t++) {
      double step = outlines.get(t).phase(harmonic) - outlines.get(t - 1).phase(harmonic);
      sum += Math.IEEEremainder(step, 2 * Math.PI);
    }
    return Math.abs(sum) / harmonic;
  }
}
