// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.bench;

import dev.wanlet.base.Printable;
import dev.wanlet.cli.console.Json;
import dev.wanlet.wan.memory.ByteSize;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Prints rows as they come, in one of four forms. Confined to one thread. */
final class BenchOutput {
  /** Forms of output. */
  enum Form {
    /** A Markdown table of what people compare. */
    MD,
    /** Every fact, with a line of names. */
    CSV,
    /** One array at the end. */
    JSON,
    /** An object a line. */
    JSONL
  }

  private final Form form;
  private final PrintWriter out;
  private final List<Map<String, Object>> rows = new ArrayList<>();

  BenchOutput(Form form, PrintWriter out) {
    this.form = form;
    this.out = out;
  }

  void add(Map<String, Object> row) {
    boolean first = rows.isEmpty();
    rows.add(row);
    switch (form) {
      case MD -> {
        if (first) {
          out.println(
              "| model | type | device | threads | memory | clip | blocks | test | seconds |");
          out.println("|---|---|---|---:|---|---|---|---|---:|");
        }
        out.println(markdown(row));
      }
      case CSV -> {
        if (first) {
          out.println(String.join(",", row.keySet()));
        }
        out.println(row.values().stream().map(BenchOutput::field).collect(Collectors.joining(",")));
      }
      case JSONL -> out.println(Json.line(row));
      case JSON -> {}
    }
    out.flush();
  }

  /** What comes after the last row. */
  void finish() {
    if (form == Form.JSON) {
      out.println(rows.stream().map(Json::text).collect(Collectors.joining(",\n", "[", "]")));
    } else if (form == Form.MD && !rows.isEmpty()) {
      Map<String, Object> row = rows.get(0);
      out.println();
      out.println(
          Printable.text(
              String.format(
                  Locale.ROOT,
                  "wanlet %s (commit %s), ggml %s, %s%s",
                  row.get("version"),
                  row.get("commit"),
                  row.get("ggml"),
                  row.get("device_name"),
                  row.get("driver") == null ? "" : ", driver " + row.get("driver"))));
    }
    out.flush();
  }

  private static String markdown(Map<String, Object> row) {
    Object budget = row.get("budget_bytes");
    Object deviation = row.get("seconds_deviation");
    List<String> cells =
        List.of(
            String.valueOf(row.get("model")),
            String.valueOf(row.get("type")),
            String.valueOf(row.get("device")),
            String.valueOf(row.get("threads")),
            budget == null ? "all" : ByteSize.format((Long) budget),
            row.get("size") + "x" + row.get("frames"),
            row.get("resident_blocks") + " of " + row.get("blocks") + " resident",
            row.get("test") + (row.get("test").equals("step") ? passes(row) : ""),
            number(row.get("seconds_mean")) + (deviation == null ? "" : " ± " + number(deviation)));
    return cells.stream().map(Printable::text).collect(Collectors.joining(" | ", "| ", " |"));
  }

  private static String passes(Map<String, Object> row) {
    return row.get("passes_per_step").equals(1) ? " (1 pass)" : " (2 passes)";
  }

  /** Three digits at least. */
  private static String number(Object seconds) {
    double value = (Double) seconds;
    return String.format(Locale.ROOT, value < 10 ? "%.3f" : "%.1f", value);
  }

  private static String field(Object value) {
    String text =
        value instanceof List<?> several
            ? several.stream().map(String::valueOf).collect(Collectors.joining(";"))
            : value == null ? "" : value.toString();
    return text.matches("(?s).*[\",\r\n].*") ? '"' + text.replace("\"", "\"\"") + '"' : text;
  }
}
