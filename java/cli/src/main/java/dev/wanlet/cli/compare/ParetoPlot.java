// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import dev.wanlet.wan.quality.Better;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Draws variants by time and a measure, each the mean of its clips, with those that none beats in
 * both. Stateless.
 */
final class ParetoPlot {
  private static final int WIDTH = 320;
  private static final int HEIGHT = 220;
  private static final int MARGIN = 40;

  private ParetoPlot() {}

  /** A variant: means over its clips. */
  record Dot(String variant, double seconds, double value) {}

  /** The variants of some clips, in their order. */
  static List<Dot> dots(List<ComparedClip> clips, String measure) {
    Map<String, List<ComparedClip>> variants = new LinkedHashMap<>();
    for (ComparedClip clip : clips) {
      variants.computeIfAbsent(clip.text("variant"), v -> new ArrayList<>()).add(clip);
    }
    List<Dot> dots = new ArrayList<>();
    variants.forEach(
        (variant, its) ->
            dots.add(
                new Dot(
                    variant,
                    its.stream().mapToDouble(ComparedClip::seconds).average().orElseThrow(),
                    its.stream().mapToDouble(c -> value(c, measure)).average().orElseThrow())));
    return dots;
  }

  /** The variants that no other beats in both, the fastest first; none where nothing is better. */
  static List<Dot> front(List<Dot> dots, Better better) {
    if (better == Better.NEITHER) {
      return List.of();
    }
    List<Dot> front = new ArrayList<>();
    double best = Double.NEGATIVE_INFINITY;
    for (Dot dot : dots.stream().sorted(Comparator.comparingDouble(Dot::seconds)).toList()) {
      double goodness = dot.value() * (better == Better.HIGHER ? 1 : -1);
      if (goodness > best) {
        front.add(dot);
        best = goodness;
      }
    }
    return front;
  }

  private static double value(ComparedClip clip, String measure) {
    return ((Number) ComparisonReport.measure(clip, measure)).doubleValue();
  }

  static String svg(String measure, Better better, List<ComparedClip> clips) {
    List<Dot> dots = dots(clips, measure);
    double most = clips.stream().mapToDouble(ComparedClip::seconds).max().orElse(1);
    double low = clips.stream().mapToDouble(c -> value(c, measure)).min().orElse(0);
    double high = clips.stream().mapToDouble(c -> value(c, measure)).max().orElse(1);
    double pad = Math.max(1e-6, (high - low) / 10);
    StringBuilder svg = new StringBuilder();
    svg.append(
        String.format(
            Locale.ROOT,
            "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s against seconds\">"
                + "<path d=\"M%d 10V%dH%d\" fill=\"none\" stroke=\"currentColor\"/>",
            WIDTH,
            HEIGHT,
            measure,
            MARGIN,
            HEIGHT - MARGIN,
            WIDTH - 10));
    for (ComparedClip clip : clips) {
      circle(svg, 2, x(clip.seconds(), most), y(value(clip, measure), low - pad, high + pad));
    }
    StringBuilder line = new StringBuilder();
    for (Dot dot : front(dots, better)) {
      line.append(x(dot.seconds(), most)).append(',');
      line.append(y(dot.value(), low - pad, high + pad)).append(' ');
    }
    svg.append("<polyline fill=\"none\" stroke=\"#38c\" stroke-width=\"2\" points=\"")
        .append(line.toString().strip())
        .append("\"/>");
    for (Dot dot : dots) {
      String x = x(dot.seconds(), most);
      String y = y(dot.value(), low - pad, high + pad);
      circle(svg, 5, x, y);
      svg.append("<text text-anchor=\"middle\" x=\"").append(x).append("\" y=\"").append(y);
      svg.append("\" dy=\"-8\">").append(ReportPage.escaped(dot.variant())).append("</text>");
    }
    return svg.append(label(MARGIN, HEIGHT - MARGIN + 16, "0"))
        .append(label(WIDTH - 50, HEIGHT - MARGIN + 16, ReportPage.number(most) + " s"))
        .append(label(2, 20, ReportPage.number(high)))
        .append(label(2, HEIGHT - MARGIN, ReportPage.number(low)))
        .append(label(MARGIN, HEIGHT - 6, measure + says(better)))
        .append("</svg>")
        .toString();
  }

  private static String says(Better better) {
    return switch (better) {
      case HIGHER -> ", higher is better";
      case LOWER -> ", lower is better";
      case NEITHER -> "";
    };
  }

  private static void circle(StringBuilder svg, int radius, String x, String y) {
    svg.append("<circle r=\"").append(radius).append("\" fill=\"#38c\" cx=\"").append(x);
    svg.append("\" cy=\"").append(y).append("\"/>");
  }

  private static String x(double seconds, double most) {
    double share = most == 0 ? 0 : seconds / most;
    return String.format(Locale.ROOT, "%.1f", MARGIN + share * (WIDTH - MARGIN - 40));
  }

  private static String y(double value, double low, double high) {
    double share = (value - low) / (high - low);
    return String.format(Locale.ROOT, "%.1f", HEIGHT - MARGIN - share * (HEIGHT - MARGIN - 20));
  }

  private static String label(int x, int y, String text) {
    return "<text x=\"" + x + "\" y=\"" + y + "\">" + ReportPage.escaped(text) + "</text>";
  }
}
