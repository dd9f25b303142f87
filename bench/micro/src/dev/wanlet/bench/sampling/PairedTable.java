// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.sampling;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Makes of a log of {@link SamplingTable} a Markdown table with what differs from its first row,
 * clip by clip, and a plot. Arguments: the log, and the plot's file (SVG). Rows that lack clips
 * which the first row has are left out, with a line.
 */
public final class PairedTable {
  private PairedTable() {}

  public static void main(String[] args) throws IOException {
    Map<String, List<ClipResult>> rows = read(Path.of(args[0]));
    List<ClipResult> base = rows.values().iterator().next();
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    out.println(
        "| settings | evaluations | processor seconds | "
            + String.join(" | ", ClipResult.ATTRIBUTES)
            + " | error to 50 steps | "
            + String.join(" | ", ClipResult.ATTRIBUTES.stream().map(a -> "&Delta; " + a).toList())
            + " | &Delta; error |");
    out.println("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    List<AccuracyPlot.Point> points = new ArrayList<>();
    for (Map.Entry<String, List<ClipResult>> row : rows.entrySet()) {
      if (row.getValue().size() != base.size()) {
        System.err.println(
            row.getKey()
                + ": "
                + row.getValue().size()
                + " clips of "
                + base.size()
                + ", left out");
        continue;
      }
      out.println(line(row.getKey(), row.getValue(), base));
      points.add(point(row.getKey(), row.getValue()));
    }
    if (args.length > 1) {
      Files.writeString(Path.of(args[1]), AccuracyPlot.svg(points));
    }
  }

  private static Map<String, List<ClipResult>> read(Path log) throws IOException {
    Map<String, List<ClipResult>> rows = new LinkedHashMap<>();
    for (String line : Files.readAllLines(log)) {
      ClipResult clip = ClipResult.parse(line);
      rows.computeIfAbsent(clip.row(), r -> new ArrayList<>()).add(clip);
    }
    return rows;
  }

  private static String line(String row, List<ClipResult> clips, List<ClipResult> base) {
    List<String> cells = new ArrayList<>();
    cells.add(name(row));
    cells.add(String.format(Locale.ROOT, "%.1f", mean(clips, ClipResult::evaluations)));
    cells.add(String.format(Locale.ROOT, "%.2f", mean(clips, ClipResult::seconds)));
    for (int a = 0; a < ClipResult.ATTRIBUTES.size(); a++) {
      int attribute = a;
      double share = mean(clips, c -> c.right().get(attribute) ? 1 : 0);
      cells.add(String.format(Locale.ROOT, "%.1f%%", 100 * share));
    }
    cells.add(String.format(Locale.ROOT, "%.3f", mean(clips, ClipResult::error)));
    for (int a = 0; a < ClipResult.ATTRIBUTES.size(); a++) {
      int attribute = a;
      cells.add(difference(clips, base, c -> c.right().get(attribute) ? 1 : 0).points());
    }
    cells.add(difference(clips, base, ClipResult::error).number());
    return "| " + String.join(" | ", cells) + " |";
  }

  private static AccuracyPlot.Point point(String row, List<ClipResult> clips) {
    double right =
        mean(clips, c -> c.right().stream().mapToInt(r -> r ? 1 : 0).average().orElse(0));
    return new AccuracyPlot.Point(name(row), mean(clips, ClipResult::evaluations), 100 * right);
  }

  private static String name(String row) {
    return row.isEmpty() ? "the model's own" : row.replaceAll("\\S*/", "");
  }

  private static double mean(List<ClipResult> clips, ToDoubleFunction<ClipResult> value) {
    return clips.stream().mapToDouble(value).average().orElse(0);
  }

  private static PairedDifference difference(
      List<ClipResult> clips, List<ClipResult> base, ToDoubleFunction<ClipResult> value) {
    return PairedDifference.of(
        IntStream.range(0, base.size())
            .mapToDouble(i -> value.applyAsDouble(clips.get(i)) - value.applyAsDouble(base.get(i)))
            .toArray());
  }
}
