// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What one measurement found: figures under stable names, and whether they are within their bounds.
 * Confined to one thread.
 */
final class Facts {
  private final Map<String, Object> values = new LinkedHashMap<>();
  private boolean ok = true;

  /** Adds a figure; what JSON cannot hold (an infinity, no number) becomes null. */
  Facts put(String name, Object value) {
    values.put(name, value instanceof Double d && !Double.isFinite(d) ? null : value);
    return this;
  }

  /** Adds a bound that the figures must keep; once broken, the result is a failure. */
  Facts require(boolean kept) {
    ok &= kept;
    return this;
  }

  boolean ok() {
    return ok;
  }

  Map<String, Object> values() {
    return values;
  }
}
