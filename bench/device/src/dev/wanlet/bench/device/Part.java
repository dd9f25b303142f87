// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import java.io.IOException;

/** One kind of measurement. Stateless. */
interface Part {
  /** Its name on the command line and in the results. */
  String id();

  /**
   * Measures, and writes each result as it comes.
   *
   * @throws IOException if files cannot be read or written; what was not measured then stays out
   */
  void run(Kit kit) throws IOException;
}
