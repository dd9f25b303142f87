// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

import dev.wanlet.ggml.Backend;
import dev.wanlet.wan.nn.Placement;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.RowChunks;
import java.io.IOException;
import java.util.Map;

/** One kind of reference folder. Implementations are stateless. */
interface ParityCase {
  /**
   * Where and how networks are computed.
   *
   * @param streamed whether in the least memory: see {@link ParityOptions}
   */
  record Engine(Backend backend, Precision precision, boolean streamed) {
    // Reference clips are small: a frame is one band.
    private static final long WHOLE_FRAME_BYTES = 256L << 20;

    /** So little that a frame of a reference clip is several bands. */
    static final long NARROW_BAND_BYTES = 64L << 10;

    /** More convolutions than any VAE has. */
    private static final int ALL = 1000;

    /** Which of so many blocks stay on the device. */
    Placement placement(int blocks) {
      return streamed ? Placement.allStreamed(blocks, 1) : Placement.allResident(blocks);
    }

    /** How so many tokens are cut. */
    RowChunks chunks(int tokens) {
      return streamed ? new RowChunks(tokens, RowChunks.GRANULE) : RowChunks.whole(tokens);
    }

    /** What the activations of a band of a frame's rows may take. */
    long bandBytes() {
      return streamed ? NARROW_BAND_BYTES : WHOLE_FRAME_BYTES;
    }

    /** How many of a VAE's convolutions keep their past frames in host memory. */
    int hostHistories() {
      return streamed ? ALL : 0;
    }
  }

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
