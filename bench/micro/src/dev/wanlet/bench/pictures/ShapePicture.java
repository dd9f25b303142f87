// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.pictures;

import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.quality.ShapeScore;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.Shape;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.util.Map;
import java.util.Random;

/**
 * Pictures of one flat shape on a flat background, as prompts of the demo model's grammar describe
 * the first and the last frame of a clip. Stateless.
 */
final class ShapePicture {
  static final int SIDE = 64;

  /** Room that a moving shape needs before it, and the way it goes. */
  private static final double WAY = 22;

  private static final Map<String, Integer> COLOURS =
      Map.ofEntries(
          Map.entry("red", 0xdc2828),
          Map.entry("green", 0x28b446),
          Map.entry("blue", 0x3250dc),
          Map.entry("yellow", 0xebd232),
          Map.entry("orange", 0xf08c28),
          Map.entry("purple", 0x963cbe),
          Map.entry("cyan", 0x3cc8d2),
          Map.entry("white", 0xf5f5f5),
          Map.entry("black", 0x0c0c0e),
          Map.entry("gray", 0x78787c),
          Map.entry("navy", 0x121c50),
          Map.entry("brown", 0x603e24));

  private ShapePicture() {}

  /**
   * The first frame of a clip, or its last one.
   *
   * @param asked what the clip shall show
   * @param seed of place and size
   */
  static RgbFrame draw(ShapeScore asked, long seed, boolean last) {
    Random random = new Random(seed);
    double radius = 8 + 4 * random.nextDouble();
    double x = SIDE / 2.0 + 6 * random.nextDouble() - 3;
    double y = SIDE / 2.0 + 6 * random.nextDouble() - 3;
    double side = last ? 0.5 : -0.5;
    switch (asked.motion()) {
      case "moving left" -> x -= side * WAY;
      case "moving right" -> x += side * WAY;
      case "moving up" -> y -= side * WAY;
      case "moving down" -> y += side * WAY;
      case "growing" -> radius *= last ? 1.5 : 0.9;
      case "shrinking" -> radius *= last ? 0.8 : 1.4;
      default -> {
        // stands still
      }
    }
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    g.setColor(new Color(COLOURS.get(asked.background())));
    g.fillRect(0, 0, SIDE, SIDE);
    g.setColor(new Color(COLOURS.get(asked.colour())));
    g.fill(outline(asked.shape(), x, y, radius));
    g.dispose();
    return frame(image);
  }

  private static Shape outline(String shape, double x, double y, double radius) {
    return switch (shape) {
      case "circle" -> new Ellipse2D.Double(x - radius, y - radius, 2 * radius, 2 * radius);
      case "square" -> polygon(x, y, 4, Math.PI / 4, radius * 1.2, radius * 1.2);
      case "triangle" -> polygon(x, y, 3, 0, radius * 1.2, radius * 1.2);
      default -> polygon(x, y, 10, 0, radius * 1.2, radius * 0.5);
    };
  }

  /** Corners at two distances in turn, the first at the top where {@code turn} is 0. */
  private static Path2D polygon(
      double x, double y, int corners, double turn, double even, double odd) {
    Path2D path = new Path2D.Double();
    for (int i = 0; i < corners; i++) {
      double angle = turn + 2 * Math.PI * i / corners;
      double radius = i % 2 == 0 || corners % 2 == 1 ? even : odd;
      double px = x + radius * Math.sin(angle);
      double py = y - radius * Math.cos(angle);
      if (i == 0) {
        path.moveTo(px, py);
      } else {
        path.lineTo(px, py);
      }
    }
    path.closePath();
    return path;
  }

  private static RgbFrame frame(BufferedImage image) {
    byte[] rgb = new byte[3 * SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++) {
      int pixel = image.getRGB(i % SIDE, i / SIDE);
      rgb[3 * i] = (byte) (pixel >> 16);
      rgb[3 * i + 1] = (byte) (pixel >> 8);
      rgb[3 * i + 2] = (byte) pixel;
    }
    return new RgbFrame(SIDE, SIDE, rgb);
  }
}
