// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;

/** One line of a results file. Immutable. */
record ResultLine(JsonNode json) {
  private static final double GIB = 1L << 30;
  private static final String UNKNOWN = "-";

  String text(String name) {
    JsonNode value = json.path(name);
    return value.isMissingNode() || value.isNull() ? "" : value.asText();
  }

  String part() {
    return text("part");
  }

  String title() {
    return text("case");
  }

  boolean isOk() {
    return text("status").equals("ok");
  }

  /** Whether it belongs to a part and holds this figure. */
  boolean has(String part, String figure) {
    return part().equals(part) && json.path(figure).isNumber();
  }

  double number(String name) {
    return json.path(name).asDouble(Double.NaN);
  }

  /** A size in GiB with two decimals. */
  String gib(String name) {
    return json.path(name).isNumber()
        ? String.format(Locale.ROOT, "%.2f GiB", number(name) / GIB)
        : UNKNOWN;
  }

  /** A figure with three significant digits or so. */
  String figure(String name) {
    return figure(number(name));
  }

  /** A figure with three significant digits or so. */
  static String figure(double value) {
    if (!Double.isFinite(value)) {
      return UNKNOWN;
    }
    boolean plain = value == 0 || (Math.abs(value) >= 0.001 && Math.abs(value) < 100_000);
    return String.format(Locale.ROOT, plain ? "%.4g" : "%.2e", value);
  }

  /** The smallest of a list of figures. */
  double smallest(String name) {
    double smallest = Double.NaN;
    for (JsonNode value : json.path(name)) {
      smallest = Double.isNaN(smallest) ? value.asDouble() : Math.min(smallest, value.asDouble());
    }
    return smallest;
  }
}
