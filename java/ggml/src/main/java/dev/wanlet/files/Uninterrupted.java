// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.files;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;

/**
 * Work with files that an interrupt of its thread must not spoil: Java closes a channel whose
 * thread is interrupted, whatever is written to it. Stateless.
 */
public final class Uninterrupted {
  private Uninterrupted() {}

  /** Something with files that can be begun anew. */
  @FunctionalInterface
  public interface Work<T> {
    T run() throws IOException;
  }

  /**
   * Does the work to its end, once more if an interrupt came in between; the thread is interrupted
   * afterwards if it was before, or became so.
   */
  public static <T> T call(Work<T> work) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        try {
          return work.run();
        } catch (ClosedByInterruptException e) {
          interrupted |= Thread.interrupted();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
