// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

/** Hears how a run goes on. Called on the thread that started the run. */
public interface QuantizeListener {
  /** Hears nothing and never stops. */
  QuantizeListener SILENT = new QuantizeListener() {};

  /** So many bytes of tensors are written, or measured before types are chosen. */
  default void progress(long doneBytes, long totalBytes) {}

  /** A tensor is finished. */
  default void tensorDone(TensorReport report) {}

  /** Something the user should know, such as a source that was quantised before. */
  default void warning(String message) {}

  /** Asked often; true stops the run with a {@link java.util.concurrent.CancellationException}. */
  default boolean isCancelled() {
    return false;
  }
}
