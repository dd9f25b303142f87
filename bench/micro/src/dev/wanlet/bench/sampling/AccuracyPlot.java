// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.sampling;

import java.util.List;
import java.util.Locale;

/** Draws accuracy over network evaluations as SVG. Stateless. */
final class AccuracyPlot {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 620;
  private static final int LEFT = 60;
  private static final int BOTTOM = 560;
  private static final int TOP = 20;
  private static final int RIGHT = 560;

  private AccuracyPlot() {}

  /**
   * A row of the table.
   *
   * @param accuracy mean of all attributes, in percent
   */
  record Point(String name, double evaluations, double accuracy) {}

  static String svg(List<Point> points) {
    double most = points.stream().mapToDouble(Point::evaluations).max().orElse(1) * 1.05;
    double least = points.stream().mapToDouble(Point::accuracy).min().orElse(0);
    double floor = Math.floor((least - 1) / 5) * 5;
    StringBuilder svg = new StringBuilder();
    add(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\""
            + " font-family=\"sans-serif\" font-size=\"12\">",
        WIDTH,
        HEIGHT);
    add(svg, "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>");
    for (double y = floor; y <= 100; y += 5) {
      double at = BOTTOM - (y - floor) / (100 - floor) * (BOTTOM - TOP);
      add(
          svg,
          "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>",
          LEFT,
          RIGHT,
          at,
          at);
      add(svg, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.0f%%</text>", LEFT - 6, at + 4, y);
    }
    for (int x = 0; x <= most; x += 20) {
      double at = LEFT + x / most * (RIGHT - LEFT);
      add(svg, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d</text>", at, BOTTOM + 18, x);
    }
    add(
        svg,
        "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">network evaluations a clip</text>",
        (LEFT + RIGHT) / 2,
        BOTTOM + 40);
    for (int i = 0; i < points.size(); i++) {
      Point p = points.get(i);
      double x = LEFT + p.evaluations() / most * (RIGHT - LEFT);
      double y = BOTTOM - (p.accuracy() - floor) / (100 - floor) * (BOTTOM - TOP);
      add(svg, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"#2a6fb0\"/>", x, y);
      add(svg, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"10\">%d</text>", x + 5, y - 4, i + 1);
      add(
          svg,
          "<text x=\"%d\" y=\"%d\" font-size=\"10\">%d %s: %.1f%%</text>",
          RIGHT + 15,
          TOP + 12 + 18 * i,
          i + 1,
          p.name().length() <= 46 ? p.name() : p.name().substring(0, 45) + "…",
          p.accuracy());
    }
    return svg.append("</svg>\n").toString();
  }

  private static void add(StringBuilder svg, String format, Object... values) {
    svg.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
