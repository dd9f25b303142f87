// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import dev.wanlet.cli.console.Durations;
import dev.wanlet.wan.quality.Better;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Draws variants by time and a measure, each the mean of its clips, with those that none beats in
 * both. Stateless.
 */
final class ParetoPlot {
  private static final int WIDTH = 320;
  private static final int HEIGHT = 220;
  private static final int MARGIN = 68;

  /** Values that lie closer together are shown with more digits. */
  private static final double CLOSE = 0.01;

  /** Width of a letter and height of a line of names, about. */
  private static final double LETTER = 6.5;

  private static final double LINE = 12;

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
    return clip.measure(measure);
  }

  static String svg(String measure, Better better, List<ComparedClip> clips) {
    List<Dot> dots = dots(clips, measure);
    double most = clips.stream().mapToDouble(ComparedClip::seconds).max().orElse(1);
    double low = clips.stream().mapToDouble(c -> value(c, measure)).min().orElse(0);
    double high = clips.stream().mapToDouble(c -> value(c, measure)).max().orElse(1);
    int digits = high - low < CLOSE ? ReportPage.FINE : ReportPage.COARSE;
    double pad = Math.max(1e-9, (high - low) / 10);
    StringBuilder svg = new StringBuilder();
    svg.append(
        String.format(
            Locale.ROOT,
            "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">"
                + "<path d=\"M%d 10V%dH%d\" fill=\"none\" stroke=\"currentColor\"/>",
            WIDTH,
            HEIGHT,
            ReportPage.escaped(words(measure, better, dots, digits)),
            MARGIN,
            HEIGHT - MARGIN,
            WIDTH - 10));
    for (ComparedClip clip : clips) {
      circle(svg, 2, x(clip.seconds(), most), y(value(clip, measure), low - pad, high + pad));
    }
    StringBuilder line = new StringBuilder();
    for (Dot dot : front(dots, better)) {
      line.append(text(x(dot.seconds(), most))).append(',');
      line.append(text(y(dot.value(), low - pad, high + pad))).append(' ');
    }
    svg.append("<polyline fill=\"none\" stroke=\"#38c\" stroke-width=\"2\" points=\"")
        .append(line.toString().strip())
        .append("\"/>");
    List<double[]> names = new ArrayList<>();
    for (Dot dot : dots) {
      double x = x(dot.seconds(), most);
      double y = y(dot.value(), low - pad, high + pad);
      circle(svg, 5, x, y);
      double[] place = free(names, x, y, dot.variant());
      names.add(place);
      svg.append("<text text-anchor=\"middle\" x=\"").append(text(place[0])).append("\" y=\"");
      svg.append(text(place[1])).append("\">").append(ReportPage.escaped(dot.variant()));
      svg.append("</text>");
    }
    return svg.append(label(MARGIN, HEIGHT - MARGIN + 16, "0"))
        .append(end(WIDTH - 10, HEIGHT - MARGIN + 16, Durations.text(most)))
        .append(label(2, 20, ReportPage.number(high, digits)))
        .append(label(2, HEIGHT - MARGIN, ReportPage.number(low, digits)))
        .append(label(MARGIN, HEIGHT - 6, measure + says(better)))
        .append("</svg>")
        .toString();
  }

  /** What the picture shows, for who cannot see it. */
  private static String words(String measure, Better better, List<Dot> dots, int digits) {
    return measure
        + says(better)
        + ", against time: "
        + dots.stream()
            .map(
                d ->
                    String.format(
                        "%s %s in %s",
                        d.variant(),
                        ReportPage.number(d.value(), digits),
                        Durations.text(d.seconds())))
            .collect(Collectors.joining("; "));
  }

  /**
   * A place for a name above its dot, or below or farther above where others are: middle, base line
   * and half its width.
   */
  private static double[] free(List<double[]> taken, double x, double y, String name) {
    double half = LETTER * name.length() / 2.0;
    double middle = Math.min(Math.max(x, half), WIDTH - half);
    for (double dy : new double[] {-8, 18, -20, 30, -32, 42}) {
      double[] place = {middle, y + dy, half};
      boolean inside = place[1] > 10 && place[1] < HEIGHT - MARGIN;
      if (inside && taken.stream().noneMatch(t -> overlap(t, place))) {
        return place;
      }
    }
    return new double[] {middle, y - 8, half};
  }

  private static boolean overlap(double[] a, double[] b) {
    return Math.abs(a[0] - b[0]) < a[2] + b[2] && Math.abs(a[1] - b[1]) < LINE;
  }

  private static String says(Better better) {
    return switch (better) {
      case HIGHER -> ", higher is better";
      case LOWER -> ", lower is better";
      case NEITHER -> "";
    };
  }

  private static void circle(StringBuilder svg, int radius, double x, double y) {
    svg.append("<circle r=\"").append(radius).append("\" fill=\"#38c\" cx=\"").append(text(x));
    svg.append("\" cy=\"").append(text(y)).append("\"/>");
  }

  private static double x(double seconds, double most) {
    double share = most == 0 ? 0 : seconds / most;
    return MARGIN + share * (WIDTH - MARGIN - 40);
  }

  private static double y(double value, double low, double high) {
    double share = (value - low) / (high - low);
    return HEIGHT - MARGIN - share * (HEIGHT - MARGIN - 20);
  }

  private static String text(double coordinate) {
    return String.format(Locale.ROOT, "%.1f", coordinate);
  }

  private static String label(int x, int y, String text) {
    return "<text x=\"" + x + "\" y=\"" + y + "\">" + ReportPage.escaped(text) + "</text>";
  }

  private static String end(int x, int y, String text) {
    return label(x, y, text).replace("<text ", "<text text-anchor=\"end\" ");
  }
}
