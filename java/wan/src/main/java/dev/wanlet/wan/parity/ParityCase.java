// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

import dev.wanlet.ggml.Backend;
import dev.wanlet.wan.nn.Precision;
import java.io.IOException;
import java.util.Map;

/** One kind of reference folder. Implementations are stateless. */
interface ParityCase {
  /** Where and how networks are computed. */
  record Engine(Backend backend, Precision precision) {}

  /** Takes what a run produced, by tap name. */
  interface Sink {
    void accept(String tap, float[] values);
  }

  /** The reference values of every tap, in the order they are reported. */
  default Map<String, float[]> expected(ParityFolder folder) throws IOException {
    return folder.outputValues();
  }

  /**
   * Runs what the folder asks for.
   *
   * @param sink takes the results; taps that never arrive count as failures
   * @throws ParityException if the folder asks for what this version cannot do
   */
  void run(ParityFolder folder, Engine engine, Sink sink) throws IOException;
}
