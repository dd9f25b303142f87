// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.console;

import dev.wanlet.base.Printable;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Rows in columns as wide as they need to be; what cannot be seen is escaped. Confined to one
 * thread.
 */
public final class Table {
  private static final String GAP = "  ";

  private final List<List<String>> rows = new ArrayList<>();

  public Table row(String... cells) {
    rows.add(Stream.of(cells).map(Printable::text).toList());
    return this;
  }

  boolean isEmpty() {
    return rows.isEmpty();
  }

  /** One line a row, each after {@code indent}; no spaces at the ends. */
  public String render(String indent) {
    int columns = rows.stream().mapToInt(List::size).max().orElse(0);
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int i = 0; i < row.size(); i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder(indent);
      for (int i = 0; i < row.size(); i++) {
        line.append(row.get(i)).append(" ".repeat(widths[i] - row.get(i).length())).append(GAP);
      }
      text.append(line.toString().stripTrailing()).append(System.lineSeparator());
    }
    return text.toString();
  }
}
