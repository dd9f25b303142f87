// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import java.io.IOException;

/** Delivers weights in the type and arrangement a spec asks for. Thread-safe. */
public interface WeightReader {
  /**
   * The address of the weight where it lies in mapped memory, if it is there in just the wanted
   * form; else 0. Valid until the source closes.
   */
  long mappedAddress(TensorSpec spec) throws IOException;

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
      public long mappedAddress(TensorSpec spec) throws IOException {
        return outer.mappedAddress(prefixed(spec));
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
