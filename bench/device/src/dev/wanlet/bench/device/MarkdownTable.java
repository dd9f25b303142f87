// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import java.util.ArrayList;
import java.util.List;

/** A table in Markdown under a heading. Confined to one thread. */
final class MarkdownTable {
  private final String heading;
  private final List<String> columns;
  private final List<List<String>> rows = new ArrayList<>();

  MarkdownTable(String heading, String... columns) {
    this.heading = heading;
    this.columns = List.of(columns);
  }

  MarkdownTable row(String... cells) {
    rows.add(List.of(cells));
    return this;
  }

  /** The table, with its heading and an empty line behind it; nothing if it has no rows. */
  String text() {
    if (rows.isEmpty()) {
      return "";
    }
    StringBuilder text = new StringBuilder("### " + heading + "\n\n");
    text.append(line(columns)).append("|").append("---|".repeat(columns.size())).append("\n");
    rows.forEach(row -> text.append(line(row)));
    return text.append("\n").toString();
  }

  private static String line(List<String> cells) {
    return "| "
        + String.join(" | ", cells.stream().map(c -> c.replace("|", "\\|")).toList())
        + " |\n";
  }
}
