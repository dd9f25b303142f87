// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import java.io.IOException;
import java.util.Optional;

/** Delivers weights in the type and arrangement a spec asks for. Thread-safe. */
public interface WeightReader {
  /** Reads parts of a weight. */
  @FunctionalInterface
  interface Parts {
    /**
     * Writes bytes of the weight to native memory.
     *
     * @throws IOException if the file cannot be read any more
     */
    void read(long offset, long bytes, long address) throws IOException;
  }

  /**
   * A way to read the weight piece by piece, if it is stored in just the wanted form; valid until
   * the source closes.
   *
   * @throws IOException if the checkpoint lacks it or holds another shape
   */
  default Optional<Parts> asStored(TensorSpec spec) throws IOException {
    return Optional.empty();
  }

  /**
   * Writes the weight to native memory of {@code spec.type().bytes(spec.shape())} bytes.
   *
   * @throws IOException if the checkpoint lacks it or holds another shape; the message names both
   */
  void read(TensorSpec spec, long address) throws IOException;

  /** This reader for names below a prefix, such as {@code blocks.3.}. */
  default WeightReader under(String prefix) {
    WeightReader outer = this;
    return new WeightReader() {
      @Override
      public Optional<Parts> asStored(TensorSpec spec) throws IOException {
        return outer.asStored(prefixed(spec));
      }

      @Override
      public void read(TensorSpec spec, long address) throws IOException {
        outer.read(prefixed(spec), address);
      }

      private TensorSpec prefixed(TensorSpec s) {
        return new TensorSpec(
            prefix + s.name(), s.type(), s.shape(), s.sourceShape(), s.transform());
      }
    };
  }
}
