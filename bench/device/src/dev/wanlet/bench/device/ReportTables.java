// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** The tables of a report. Immutable. */
record ReportTables(List<ResultLine> lines) {
  /** Fields of every line, which say nothing of what was measured. */
  private static final Set<String> COMMON =
      Set.of("part", "case", "status", "time", "commit", "size", "device", "card");

  /** All tables that have rows. */
  String text() {
    return overview().text()
        + budgets().text()
        + steps().text()
        + attention().text()
        + profile().text()
        + list("Failed", l -> l.text("status").equals("fail")).text()
        + list("Not run", l -> l.text("status").equals("not run")).text();
  }

  private MarkdownTable overview() {
    Map<String, int[]> counts = new LinkedHashMap<>();
    for (ResultLine l : lines) {
      int[] count = counts.computeIfAbsent(l.part() + " on " + l.text("device"), p -> new int[3]);
      count[l.isOk() ? 0 : l.text("status").equals("fail") ? 1 : 2]++;
    }
    MarkdownTable table = new MarkdownTable("Parts", "part", "ok", "fail", "not run");
    counts.forEach((part, n) -> table.row(part, "" + n[0], "" + n[1], "" + n[2]));
    return table;
  }

  private MarkdownTable budgets() {
    MarkdownTable table =
        new MarkdownTable(
            "Plan against measured",
            "clip",
            "planned peak",
            "in buffers",
            "the driver sees",
            "of it context",
            "resident blocks",
            "step");
    for (ResultLine l : lines) {
      if (l.has("budgets", "held_bytes")) {
        table.row(
            l.title(),
            l.gib("planned_peak_bytes"),
            l.gib("held_bytes"),
            l.gib("card_peak_bytes"),
            l.gib("card_context_bytes"),
            l.text("resident_blocks") + " of " + l.text("blocks"),
            ResultLine.figure(l.smallest("step_seconds")) + " s");
      }
    }
    return table;
  }

  private MarkdownTable steps() {
    MarkdownTable table =
        new MarkdownTable(
            "A guided step",
            "clip",
            "device",
            "resident",
            "streamed / resident",
            "measured / predicted");
    for (ResultLine l : lines) {
      if (l.has("steps", "streamed_of_resident")) {
        table.row(
            l.title(),
            l.text("device"),
            ResultLine.figure(l.smallest("step_seconds")) + " s",
            l.figure("streamed_of_resident"),
            l.figure("measured_of_predicted"));
      }
    }
    return table;
  }

  private MarkdownTable attention() {
    MarkdownTable table =
        new MarkdownTable(
            "Self-attention", "case", "a pass", "operations/s", "share of peak", "error of signal");
    for (ResultLine l : lines) {
      if (l.part().equals("attention") && l.isOk()) {
        table.row(
            l.title(),
            l.figure("seconds_of_a_pass"),
            l.figure("flops_per_second"),
            l.figure("share_of_peak"),
            l.figure("nmse_of_signal"));
      }
    }
    return table;
  }

  private MarkdownTable profile() {
    MarkdownTable table =
        new MarkdownTable(
            "Where a step's time goes",
            "operation",
            "runs",
            "seconds",
            "share",
            "product operations/s",
            "bytes/s");
    for (ResultLine l : lines) {
      if (l.has("profile", "runs")) {
        table.row(
            l.title(),
            l.text("runs"),
            l.figure("seconds"),
            l.figure("share"),
            l.figure("flops_per_second"),
            l.figure("bytes_per_second"));
      } else if (l.has("profile", "graphs")) {
        table.row(
            l.title() + ": all, one at a time",
            l.text("graphs") + " graphs",
            l.figure("sum_of_operations_seconds"),
            "1",
            "a usual step: " + l.figure("measured_step_seconds") + " s",
            "");
      }
    }
    return table;
  }

  private MarkdownTable list(String heading, Predicate<ResultLine> which) {
    MarkdownTable table = new MarkdownTable(heading, "part", "case", "why");
    lines.stream()
        .filter(which)
        .forEach(l -> table.row(l.part() + " on " + l.text("device"), l.title(), why(l)));
    return table;
  }

  private static String why(ResultLine l) {
    if (!l.text("why").isEmpty()) {
      return l.text("why");
    }
    Map<String, String> figures = new LinkedHashMap<>();
    l.json().properties().forEach(f -> figures.put(f.getKey(), f.getValue().asText()));
    figures.keySet().removeAll(COMMON);
    return figures.toString();
  }
}
