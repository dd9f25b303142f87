// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Draws clips by time and a measure, with those that none beats in both. Stateless. */
final class ParetoPlot {
  private static final int WIDTH = 320;
  private static final int HEIGHT = 220;
  private static final int MARGIN = 40;

  private ParetoPlot() {}

  /** The clips that no other beats in both, the fastest first. */
  static List<ComparedClip> front(List<ComparedClip> clips, String measure, boolean higher) {
    List<ComparedClip> front = new ArrayList<>();
    double best = Double.NEGATIVE_INFINITY;
    for (ComparedClip clip :
        clips.stream().sorted(Comparator.comparingDouble(ComparedClip::seconds)).toList()) {
      double goodness = value(clip, measure) * (higher ? 1 : -1);
      if (goodness > best) {
        front.add(clip);
        best = goodness;
      }
    }
    return front;
  }

  private static double value(ComparedClip clip, String measure) {
    return ((Number) ComparisonReport.measure(clip, measure)).doubleValue();
  }

  static String svg(String measure, boolean higher, List<ComparedClip> clips) {
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
    StringBuilder line = new StringBuilder();
    for (ComparedClip clip : front(clips, measure, higher)) {
      line.append(x(clip.seconds(), most)).append(',');
      line.append(y(value(clip, measure), low - pad, high + pad)).append(' ');
    }
    svg.append("<polyline fill=\"none\" stroke=\"#38c\" stroke-width=\"2\" points=\"")
        .append(line.toString().strip())
        .append("\"/>");
    for (ComparedClip clip : clips) {
      String x = x(clip.seconds(), most);
      String y = y(value(clip, measure), low - pad, high + pad);
      String name = ReportPage.escaped(clip.text("variant"));
      svg.append("<circle r=\"4\" fill=\"#38c\" cx=\"").append(x).append("\" cy=\"").append(y);
      svg.append("\"/><text text-anchor=\"middle\" x=\"").append(x).append("\" y=\"").append(y);
      svg.append("\" dy=\"-8\">").append(name).append("</text>");
    }
    return svg.append(label(MARGIN, HEIGHT - MARGIN + 16, "0"))
        .append(label(WIDTH - 50, HEIGHT - MARGIN + 16, ReportPage.number(most) + " s"))
        .append(label(2, 20, ReportPage.number(high)))
        .append(label(2, HEIGHT - MARGIN, ReportPage.number(low)))
        .append(
            label(MARGIN, HEIGHT - 6, measure + (higher ? ", higher" : ", lower") + " is better"))
        .append("</svg>")
        .toString();
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
